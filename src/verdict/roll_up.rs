//! From the faces of one image to one verdict for the image.

use super::{Evidence, Fusion, Judgement, Verdict, judge_template};
use crate::identity::Profile;
use crate::template::Template;

/// Every face of an image judged against one claimed person.
#[derive(Clone, Debug)]
pub struct ImageDecision {
    /// One judgement per face, in the order of the faces.
    pub faces: Vec<Judgement>,
    /// The index of the face that decides for the image, [`best_match`]; `None` without a face.
    pub deciding: Option<usize>,
}

impl ImageDecision {
    /// Judges every face by its template alone, see [`judge_template`].
    pub fn judge<'a>(faces: impl IntoIterator<Item = &'a Template>, profile: &Profile, fusion: &Fusion) -> Self {
        Self::of(faces.into_iter().map(|t| judge_template(t, profile, fusion)).collect())
    }

    /// The image's decision from the judgements of its faces.
    pub fn of(faces: Vec<Judgement>) -> Self {
        Self { deciding: best_match(faces.iter().map(|j| &j.evidence)), faces }
    }
}

/// The index of the face that is most like the claimed person; on a tie, the last. `None` without a face.
pub fn best_match<'a>(faces: impl IntoIterator<Item = &'a Evidence>) -> Option<usize> {
    faces.into_iter().enumerate().max_by(|a, b| a.1.likeness.total_cmp(&b.1.likeness)).map(|(i, _)| i)
}

/// The image's verdict from its faces' verdicts when no identity was claimed, the most alarming first: a fake of anyone
/// makes the image `fake`; else an undecided face makes it `inconclusive`; else a protected person's genuine face makes
/// it `real`; else all faces are strangers': `unknown_person`. Without faces: `no_face`.
pub fn roll_up(faces: impl IntoIterator<Item = Verdict>) -> Verdict {
    let rank = |v: &Verdict| match v {
        Verdict::Fake => 4,
        Verdict::Inconclusive => 3,
        Verdict::Real => 2,
        Verdict::DifferentPerson | Verdict::UnknownPerson => 1,
        Verdict::NoFace => 0,
    };
    faces.into_iter().max_by_key(rank).unwrap_or(Verdict::NoFace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_alarming_face_decides() {
        use Verdict::{Fake, Inconclusive, NoFace, Real, UnknownPerson};
        assert_eq!(roll_up([Real, Fake, UnknownPerson]), Fake);
        assert_eq!(roll_up([Real, Inconclusive]), Inconclusive);
        assert_eq!(roll_up([UnknownPerson, Real]), Real);
        assert_eq!(roll_up([UnknownPerson]), UnknownPerson);
        assert_eq!(roll_up([]), NoFace);
    }
}
