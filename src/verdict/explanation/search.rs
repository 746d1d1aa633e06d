//! Sentences on the identity that a search found.

use super::Explanation;
use super::words::distinct;

/// What a search for one face found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SearchFacts<'a> {
    /// The number of identities searched.
    pub gallery_size: usize,
    /// The identity that the sentences name; `None` where nobody is enrolled.
    pub candidate: Option<CandidateFacts<'a>>,
}

/// One identity that a face was compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CandidateFacts<'a> {
    /// Its display name.
    pub person: &'a str,
    /// The similarity, -1..=1: the mean cosine of embeddings C and D, or the cosine of C where D is missing.
    pub similarity: f32,
    /// The similarity from which on a face depicts the identity.
    pub threshold: f32,
}

impl CandidateFacts<'_> {
    /// Similarity and threshold, with as many digits as tell them apart.
    fn figures(&self) -> [String; 2] {
        distinct([self.similarity, self.threshold], 2)
    }
}

impl Explanation {
    /// The explanation of a face that depicts nobody who is enrolled, by its nearest candidate. Where the similarity
    /// reaches the threshold, the face was nearer to an image enrolled as another person.
    pub fn of_nobody(facts: &SearchFacts) -> Self {
        let Some(nearest) = facts.candidate else {
            return Self::only(
                "There is nobody to compare this face with: every enrolled identity has expired, has no references, or \
                 has only references that earlier networks read. Enroll a photograph; the list of identities marks \
                 those to be enrolled again with `enroll_again`.",
            );
        };
        if nearest.similarity >= nearest.threshold {
            return Self::only(format!(
                "Depicts nobody who is enrolled: the face resembles {}, but is nearer to an image enrolled as another \
                 person.",
                nearest.person
            ));
        }
        let [similarity, least] = nearest.figures();
        let of = match facts.gallery_size {
            1 => "the one enrolled person".into(),
            n => format!("the nearest of {n} enrolled people"),
        };
        Self::only(format!(
            "Depicts nobody who is enrolled: the similarity to {of} is {similarity}; at least {least} is needed (1 is the \
             same)."
        ))
    }

    /// The explanation of a face that a search found to depict a person. It says first how the person was found;
    /// `certain` where the similarity suffices to call the face fake, or need not; not where another face replaced the
    /// person's.
    #[must_use]
    pub fn found_by(mut self, facts: &SearchFacts, certain: bool) -> Self {
        if let Some(found) = facts.candidate {
            let [similarity, least] = found.figures();
            let (person, people) = (found.person, facts.gallery_size);
            let found = match (certain, people) {
                (true, 1) => format!("Found to depict {person}, the only person enrolled"),
                (true, _) => format!("Found to depict {person}, one of {people} enrolled people"),
                (false, 1) => format!("Resembles {person}, the only person enrolled"),
                (false, _) => format!("Most similar to {person}, one of {people} enrolled people"),
            };
            let found = format!(
                "{found}: the similarity is {similarity}; at least {least} is needed to name a person (1 is the same). "
            );
            self.summary.insert_str(0, &found);
        }
        self
    }

    /// The explanation of a face that is a copy of another one in the image, which a search found to depict `person`.
    #[must_use]
    pub fn copied_from_a_face_of(mut self, person: &str) -> Self {
        let found = format!(
            "A copy, perhaps edited, of another face in the image that was found to depict {person}: pose, light and \
             surroundings are the same. "
        );
        self.summary.insert_str(0, &found);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(gallery_size: usize, nearest: Option<(&str, f32)>) -> SearchFacts<'_> {
        let of = |(person, similarity)| CandidateFacts { person, similarity, threshold: 0.58 };
        SearchFacts { gallery_size, candidate: nearest.map(of) }
    }

    #[test]
    fn a_stranger_is_told_how_far_from_whom() {
        let said = |n, nearest| Explanation::of_nobody(&facts(n, nearest)).summary;
        assert_eq!(
            said(220, Some(("Jane Doe", 0.31))),
            "Depicts nobody who is enrolled: the similarity to the nearest of 220 enrolled people is 0.31; at least 0.58 \
             is needed (1 is the same)."
        );
        assert_eq!(
            said(1, Some(("Jane Doe", 0.5799))),
            "Depicts nobody who is enrolled: the similarity to the one enrolled person is 0.5799; at least 0.5800 is \
             needed (1 is the same)."
        );
        assert!(said(2, Some(("Jane Doe", 0.7))).contains("resembles Jane Doe, but"));
        assert!(said(0, None).starts_with("There is nobody to compare this face with"));
    }

    #[test]
    fn a_found_person_is_named_before_the_verdict() {
        let told =
            |n, certain| Explanation::only("So it is.").found_by(&facts(n, Some(("Jane Doe", 0.7))), certain).summary;
        assert_eq!(
            told(3, true),
            "Found to depict Jane Doe, one of 3 enrolled people: the similarity is 0.70; at least 0.58 is needed to name \
             a person (1 is the same). So it is."
        );
        assert!(told(1, true).starts_with("Found to depict Jane Doe, the only person enrolled: "));
        assert!(told(3, false).starts_with("Most similar to Jane Doe, one of 3 enrolled people: "));
        assert!(told(1, false).starts_with("Resembles Jane Doe, the only person enrolled: "));
    }

    #[test]
    fn a_copy_says_whom_its_original_depicts() {
        assert_eq!(
            Explanation::only("So it is.").copied_from_a_face_of("Jane Doe").summary,
            "A copy, perhaps edited, of another face in the image that was found to depict Jane Doe: pose, light and \
             surroundings are the same. So it is."
        );
    }
}
