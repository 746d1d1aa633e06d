//! What a search says about a face's identity.

use super::Explanation;
use super::words::distinct;

/// What a search for one face found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SearchFacts<'a> {
    /// The number of identities searched.
    pub gallery_size: usize,
    /// The similarity from which on a face depicts an identity, a cosine.
    pub threshold: f32,
    /// The most similar identity, by its display name, and its similarity; `None` where nobody is enrolled.
    pub nearest: Option<(&'a str, f32)>,
}

impl SearchFacts<'_> {
    /// The nearest identity among how many.
    fn of(&self) -> String {
        match self.gallery_size {
            1 => "the one enrolled person".into(),
            n => format!("the nearest of {n} enrolled people"),
        }
    }
}

impl Explanation {
    /// The explanation of a face that depicts nobody who is enrolled. Where the similarity reaches the threshold, the face was
    /// nearer to an image enrolled as not that person.
    pub fn of_nobody(facts: &SearchFacts) -> Self {
        let Some((person, similarity)) = facts.nearest else {
            return Self::only("Nobody is enrolled with a reference, so there is nobody whom this face could depict.");
        };
        if similarity >= facts.threshold {
            return Self::only(format!(
                "Depicts nobody who is enrolled: the face resembles {person}, but is nearer to an image enrolled as not this \
                 person."
            ));
        }
        let ([similarity, least], of) = (distinct([similarity, facts.threshold], 2), facts.of());
        Self::only(format!(
            "Depicts nobody who is enrolled: the similarity to {of} is {similarity}; at least {least} is needed."
        ))
    }

    /// The explanation of a face that a search found to depict a person: how it was found is said first.
    #[must_use]
    pub fn found_by(mut self, facts: &SearchFacts) -> Self {
        if let Some((person, similarity)) = facts.nearest {
            let ([similarity, least], of) = (distinct([similarity, facts.threshold], 2), facts.of());
            let found = format!("Found to depict {person}, {of}: the similarity is {similarity} ({least} is needed). ");
            self.summary.insert_str(0, &found);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(gallery_size: usize, nearest: Option<(&str, f32)>) -> SearchFacts<'_> {
        SearchFacts { gallery_size, threshold: 0.58, nearest }
    }

    #[test]
    fn a_stranger_is_told_how_far_from_whom() {
        let said = |n, nearest| Explanation::of_nobody(&facts(n, nearest)).summary;
        assert_eq!(
            said(220, Some(("Jane Doe", 0.31))),
            "Depicts nobody who is enrolled: the similarity to the nearest of 220 enrolled people is 0.31; at least 0.58 is \
             needed."
        );
        assert_eq!(
            said(1, Some(("Jane Doe", 0.5799))),
            "Depicts nobody who is enrolled: the similarity to the one enrolled person is 0.5799; at least 0.5800 is needed."
        );
        assert!(said(2, Some(("Jane Doe", 0.7))).contains("resembles Jane Doe, but"));
        assert!(said(0, None).starts_with("Nobody is enrolled"));
    }

    #[test]
    fn a_found_person_is_named_before_the_verdict() {
        let told = Explanation::only("Consistent.").found_by(&facts(3, Some(("Jane Doe", 0.7)))).summary;
        assert_eq!(
            told,
            "Found to depict Jane Doe, the nearest of 3 enrolled people: the similarity is 0.70 (0.58 is needed). Consistent."
        );
    }
}
