//! From the faces of one image to one verdict for the image.

use std::convert::Infallible;

use super::{Evidence, Fusion, Judgement, Verdict, judge_template, weigh_companions};
use crate::identity::Profile;
use crate::template::Template;

/// Every face of an image judged against one claimed person.
#[derive(Clone, Debug)]
pub struct ImageDecision {
    /// One judgement per face, in the order of the faces.
    pub faces: Vec<Judgement>,
    /// The index of the face that decides for the image, by [`deciding`]; `None` without a face.
    pub deciding: Option<usize>,
}

impl ImageDecision {
    /// Judges every face by its template alone, see [`judge_template`].
    pub fn judge<'a>(faces: impl IntoIterator<Item = &'a Template>, profile: &Profile, fusion: &Fusion) -> Self {
        let judged = faces.into_iter().map(|t| (judge_template(t, profile, fusion), t.hash));
        let (mut faces, hashes): (Vec<Judgement>, Vec<_>) = judged.unzip();
        let Ok(()) =
            weigh_companions(&mut faces, &hashes, profile, fusion.claim.as_ref(), |_| Ok::<_, Infallible>(None));
        Self::of(faces)
    }

    /// The image's decision from the judgements of its faces.
    pub fn of(faces: Vec<Judgement>) -> Self {
        Self { deciding: deciding(faces.iter().map(Standing::of)), faces }
    }
}

/// What one face brings to the verdict on the image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// The verdict on the face.
    pub verdict: Verdict,
    /// Whether the face depicts the claimed person, or in a search anybody enrolled, genuine or not; or has replaced the
    /// person's in a copy of a reference.
    pub depicts_person: bool,
    /// Whether it is another person's in a copy of a reference.
    pub replaced: bool,
    /// Whether the face is too poor to be judged.
    pub poor: bool,
    /// The natural log odds that it depicts that person; below all others for a face that was compared with nobody.
    pub likeness: f32,
}

impl Standing {
    /// The standing of a face that was judged.
    pub fn of(judgement: &Judgement) -> Self {
        Self {
            verdict: judgement.decision.verdict,
            depicts_person: judgement.depicts_person(),
            replaced: judgement.decision.replaced,
            poor: judgement.decision.poor,
            likeness: judgement.evidence.likeness,
        }
    }

    /// The standing of a face that was compared with nobody.
    pub const STRANGER: Self = Self {
        verdict: Verdict::UnknownPerson,
        depicts_person: false,
        replaced: false,
        poor: false,
        likeness: f32::NEG_INFINITY,
    };

    /// How alarming the face is: a fake of the person most, then an undecided face, then a genuine one, then one that
    /// is like the person but too poor to be judged, as in the crowd behind them, then a face that does not depict the
    /// person.
    fn alarm(self) -> u8 {
        match self.verdict {
            _ if !self.depicts_person => 0,
            Verdict::Fake => 4,
            Verdict::Inconclusive if self.poor => 1,
            Verdict::Inconclusive => 3,
            Verdict::Real => 2,
            Verdict::DifferentPerson | Verdict::UnknownPerson | Verdict::NoFace => 0,
        }
    }
}

/// The index of the face that decides for the image: of the faces that depict the person the most alarming, so that a
/// genuine face beside a fake one excuses nothing. Where no face depicts the person, and among equally alarming ones,
/// the face most like the person decides; on a tie, the first. `None` without a face.
pub fn deciding(faces: impl IntoIterator<Item = Standing>) -> Option<usize> {
    let order = |(i, a): &(usize, Standing), (j, b): &(usize, Standing)| {
        a.alarm().cmp(&b.alarm()).then(a.likeness.total_cmp(&b.likeness)).then(j.cmp(i))
    };
    faces.into_iter().enumerate().max_by(order).map(|(i, _)| i)
}

/// The index of the face that is most like the claimed person; on a tie, the last. `None` without a face.
pub fn best_match<'a>(faces: impl IntoIterator<Item = &'a Evidence>) -> Option<usize> {
    faces.into_iter().enumerate().max_by(|a, b| a.1.likeness.total_cmp(&b.1.likeness)).map(|(i, _)| i)
}

#[cfg(test)]
mod tests {
    use super::*;

    use Verdict::{DifferentPerson, Fake, Inconclusive, Real};

    fn depicts(verdict: Verdict, likeness: f32) -> Standing {
        Standing { verdict, depicts_person: true, likeness, ..Standing::STRANGER }
    }

    fn another(verdict: Verdict, likeness: f32) -> Standing {
        Standing { verdict, likeness, ..Standing::STRANGER }
    }

    #[test]
    fn the_most_alarming_of_the_faces_that_depict_the_person_decides() {
        let poor = Standing { poor: true, ..depicts(Inconclusive, 1.0) };
        let cases: [(&[Standing], usize); 8] = [
            (&[depicts(Real, 9.0), depicts(Fake, 2.0)], 1),
            (&[depicts(Fake, 2.0), depicts(Inconclusive, 9.0), depicts(Real, 9.0)], 0),
            (&[depicts(Real, 9.0), depicts(Inconclusive, 2.0)], 1),
            (&[another(DifferentPerson, -9.0), depicts(Real, 2.0)], 1),
            (&[Standing::STRANGER, depicts(Real, 2.0)], 1),
            // A face too poor to be judged takes nothing from a genuine one.
            (&[another(Inconclusive, -1.0), depicts(Real, 2.0)], 1),
            (&[poor, depicts(Real, 0.5)], 1),
            (&[poor, another(DifferentPerson, 0.5)], 0),
        ];
        for (faces, decides) in cases {
            assert_eq!(deciding(faces.iter().copied()), Some(decides), "{faces:?}");
        }
    }

    #[test]
    fn among_equals_the_face_most_like_the_person_decides() {
        assert_eq!(deciding([depicts(Fake, 2.0), depicts(Fake, 3.0), depicts(Real, 9.0)]), Some(1));
        assert_eq!(deciding([another(DifferentPerson, -9.0), another(Inconclusive, -1.0)]), Some(1));
        assert_eq!(deciding([another(DifferentPerson, -1.0), another(Inconclusive, -3.0)]), Some(0));
        assert_eq!(deciding([Standing::STRANGER, Standing::STRANGER]), Some(0));
        assert_eq!(deciding([]), None);
    }
}
