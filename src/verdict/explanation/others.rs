//! Sentences on the faces beside the one that decides.

use super::Explanation;
use super::words::listed;
use crate::verdict::Verdict;

/// A face beside the one that decides. It depicts a person, may do so, or has replaced the person's in a copy of a
/// reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherFace<'a> {
    /// The person's display name.
    pub person: &'a str,
    /// The verdict on the face.
    pub verdict: Verdict,
    /// Whether it is another person's in a copy of a reference.
    pub replaced: bool,
}

impl Explanation {
    /// The explanation with a sentence for each person whom the other faces of the image depict.
    #[must_use]
    pub fn beside(mut self, others: &[OtherFace]) -> Self {
        let mut told: Vec<&str> = Vec::new();
        for other in others {
            if !told.contains(&other.person) {
                told.push(other.person);
                self.summary.push(' ');
                self.summary.push_str(&sentence(other.person, others));
            }
        }
        self
    }
}

/// What is said of this person.
fn sentence(person: &str, others: &[OtherFace]) -> String {
    let (replaced, own): (Vec<&OtherFace>, Vec<&OtherFace>) =
        others.iter().filter(|o| o.person == person).partition(|o| o.replaced);
    let replaced = match replaced.len() {
        0 => None,
        1 => Some(format!("One more face is another person's in a copy of a reference of {person}.")),
        n => Some(format!("{n} more faces are other people's in copies of references of {person}.")),
    };
    let told = [(!own.is_empty()).then(|| resembling(person, &own)), replaced];
    told.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The faces that depict this person.
fn resembling(person: &str, others: &[&OtherFace]) -> String {
    let count = |verdict: Verdict| others.iter().filter(|o| o.verdict == verdict).count();
    let kinds = [
        (count(Verdict::Fake), ["does not pass as genuine", "do not pass as genuine"]),
        (count(Verdict::Inconclusive), ["is undecided", "are undecided"]),
        (count(Verdict::Real), ["looks genuine", "look genuine"]),
    ];
    let kinds: Vec<(usize, &str)> = kinds
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, [one, more])| (n, if n == 1 { one } else { more }))
        .collect();
    match kinds[..] {
        [(1, is)] => format!("One more face resembles {person} and {is}."),
        [(n, are)] => format!("{n} more faces resemble {person} and {are}."),
        _ => {
            let each: Vec<String> = kinds.iter().map(|(n, is)| format!("{n} {is}")).collect();
            let each: Vec<&str> = each.iter().map(String::as_str).collect();
            let n: usize = kinds.iter().map(|(n, _)| n).sum();
            format!("{n} more faces resemble {person}: {}.", listed(&each))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Fake, Inconclusive, Real};

    fn told(others: &[(&str, Verdict)]) -> String {
        let of = |&(person, verdict): &(_, _)| OtherFace { person, verdict, replaced: false };
        let others: Vec<_> = others.iter().map(of).collect();
        Explanation::only("Fake.").beside(&others).summary
    }

    #[test]
    fn a_face_that_replaced_the_persons_resembles_nobody() {
        let replaced = OtherFace { person: "Jane", verdict: Fake, replaced: true };
        let own = OtherFace { replaced: false, ..replaced };
        let said = |others: &[OtherFace]| Explanation::only("Fake.").beside(others).summary;
        assert_eq!(said(&[replaced]), "Fake. One more face is another person's in a copy of a reference of Jane.");
        assert_eq!(
            said(&[replaced, own, replaced]),
            "Fake. One more face resembles Jane and does not pass as genuine. 2 more faces are other people's in copies \
             of references of Jane."
        );
    }

    #[test]
    fn other_faces_are_counted_by_their_verdicts() {
        assert_eq!(told(&[]), "Fake.");
        assert_eq!(told(&[("Jane", Real)]), "Fake. One more face resembles Jane and looks genuine.");
        assert_eq!(
            told(&[("Jane", Fake), ("Jane", Fake)]),
            "Fake. 2 more faces resemble Jane and do not pass as genuine."
        );
        assert_eq!(
            told(&[("Jane", Real), ("Joe", Inconclusive), ("Jane", Fake), ("Jane", Real)]),
            "Fake. 3 more faces resemble Jane: 1 does not pass as genuine and 2 look genuine. One more face resembles Joe \
             and is undecided."
        );
    }
}
