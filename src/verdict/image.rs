//! From the faces of one image to one verdict for the image.

use super::{Decision, Evidence, Verdict};

/// One face of an image with what was decided about it.
#[derive(Clone, Debug)]
pub struct FaceVerdict {
    /// What was measured; `None` where there is no identity to measure against.
    pub evidence: Option<Evidence>,
    /// What was decided; `None` likewise.
    pub decision: Option<Decision>,
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
