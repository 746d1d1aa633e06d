//! From the faces of one image to one verdict for the image.

use super::{Decision, Evidence, Fusion, Verdict};
use crate::identity::Profile;
use crate::template::Template;

/// Every face of an image against one claimed person.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// What was measured and decided of each face, in their order.
    pub faces: Vec<(Evidence, Decision)>,
    /// The face that decides for the image: the one most like the person. `None` without a face.
    pub deciding: Option<usize>,
}

impl Claimed {
    /// Measures and decides; a template's parts are read where [`Decision::wants_parts`] says so.
    pub fn judge<'a>(faces: impl IntoIterator<Item = &'a Template>, profile: &Profile, fusion: &Fusion) -> Self {
        let judge = |t: &Template| {
            let mut evidence = Evidence::measure(t, profile);
            let decision = Decision::decide(&evidence, &t.quality, fusion);
            match &t.parts {
                Some(parts) if decision.wants_parts() => {
                    evidence.measure_parts(&t.embeddings, parts, profile);
                    let decision = Decision::decide(&evidence, &t.quality, fusion);
                    (evidence, decision)
                }
                _ => (evidence, decision),
            }
        };
        let faces: Vec<(Evidence, Decision)> = faces.into_iter().map(judge).collect();
        Self { deciding: most_alike(faces.iter().map(|(e, _)| e)), faces }
    }
}

/// The face that is most like the claimed person.
pub fn most_alike<'a>(faces: impl IntoIterator<Item = &'a Evidence>) -> Option<usize> {
    faces.into_iter().enumerate().max_by(|a, b| a.1.likeness.total_cmp(&b.1.likeness)).map(|(i, _)| i)
}

/// The image's verdict from its faces' verdicts when no identity was claimed: the most alarming face speaks. A fake
/// of anyone makes the image `fake`; else an undecided face makes it `inconclusive`; else a protected person's genuine
/// face makes it `real`; else the faces are nobody's: `different_person`. Without faces: `no_face`.
pub fn roll_up(faces: impl IntoIterator<Item = Verdict>) -> Verdict {
    let rank = |v: &Verdict| match v {
        Verdict::Fake => 4,
        Verdict::Inconclusive => 3,
        Verdict::Real => 2,
        Verdict::DifferentPerson => 1,
        Verdict::NoFace => 0,
    };
    faces.into_iter().max_by_key(rank).unwrap_or(Verdict::NoFace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_alarming_face_speaks() {
        use Verdict::{DifferentPerson, Fake, Inconclusive, NoFace, Real};
        assert_eq!(roll_up([Real, Fake, DifferentPerson]), Fake);
        assert_eq!(roll_up([Real, Inconclusive]), Inconclusive);
        assert_eq!(roll_up([DifferentPerson, Real]), Real);
        assert_eq!(roll_up([DifferentPerson]), DifferentPerson);
        assert_eq!(roll_up([]), NoFace);
    }
}
