//! The companions of a person: the other faces in a picture that shows the person claimed.
//!
//! Relatives and colleagues are photographed together, so a face beside the person's own that resembles the person is
//! more often a companion's than a stranger's face is. But whoever pastes a genuine face beside a fake one must not
//! excuse the fake. So such a face is called fake only with more similarity, and without it the picture is undecided.
//! No companion's face repeats the pose, the light and the surroundings of the person's own: where they are the same, as
//! in a comparison of before and after, one face is an edited copy of the other.

use super::{Judgement, Limit, Verdict};
use crate::identity::{Claim, Profile};
use crate::template::FaceHash;

/// Weighs the faces beside the one that is most like the person, where that one depicts the person: a `fake` that a
/// companion may be is `inconclusive`, and then the person's own face is no longer `real` but `inconclusive` too.
/// `hashes` are those of the faces, in the same order: a copy of the person's own face is no companion's. `confirm` gives the vector of embedding D of a face by its index; `None` where it cannot be computed.
///
/// # Errors
/// Those of `confirm`.
pub fn weigh_companions<E>(
    faces: &mut [Judgement],
    hashes: &[Option<FaceHash>],
    profile: &Profile,
    claim: Option<&Claim>,
    mut confirm: impl FnMut(usize) -> Result<Option<Vec<f32>>, E>,
) -> Result<(), E> {
    let own = faces.iter().enumerate().max_by(|(_, a), (_, b)| a.evidence.likeness.total_cmp(&b.evidence.likeness));
    let Some((own, _)) = own.filter(|(_, face)| face.depicts_person()) else { return Ok(()) };
    let Some(claim) = claim else { return Ok(()) };
    let hash = |i: usize| hashes.get(i).copied().flatten();
    let is_copy =
        |i: usize| hash(own).zip(hash(i)).is_some_and(|(own, other)| own.distance(other) <= FaceHash::COPY_DISTANCE);
    let mut doubted = false;
    for (i, face) in faces.iter_mut().enumerate().filter(|(i, _)| *i != own) {
        if face.decision.verdict != Verdict::Fake || face.decision.replaced || !face.depicts_person() || is_copy(i) {
            continue;
        }
        let unconfirmed = face.evidence.similarity.is_some_and(|s| s.confirming.is_none());
        if unconfirmed
            && face.evidence.confirmable
            && let Some(vector) = confirm(i)?
        {
            face.evidence.confirm(&vector, profile);
        }
        let Some(similarity) = face.evidence.similarity else { continue };
        face.hold_fake_below(claim.companion_called_fake_from(similarity), similarity.score());
        doubted |= face.decision.verdict == Verdict::Inconclusive;
    }
    if doubted && faces[own].decision.verdict == Verdict::Real {
        faces[own].decision.verdict = Verdict::Inconclusive;
        faces[own].decision.limits.insert(0, Limit::SuspiciousCompanion);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::identity::Similarity;
    use crate::identity::fixtures::{in_parts, near, population, template};
    use crate::verdict::fixtures::fusion;
    use crate::verdict::{Fusion, Limit, judge_template};

    /// The verdicts on a genuine face and on a fake one beside it with this similarity and these hashes.
    fn beside(similarity: f32, hashes: [u8; 2]) -> (Verdict, Judgement) {
        let population = population();
        let profile = Profile::of_templates((0..8).map(|i| in_parts(1, i, None)).collect(), &population).unwrap();
        let claim = population.model.tail.claim(0.001);
        let fusion: Fusion = fusion();
        let mut faces = [near(1, 50), near(1, 51)].map(|face| judge_template(&face, &profile, &fusion));
        faces[1].evidence.likeness -= 1.0;
        faces[1].decision.verdict = Verdict::Fake;
        faces[1].evidence.similarity = Some(Similarity { searched: similarity, confirming: Some(similarity) });
        let hashes = hashes.map(|byte| Some(FaceHash([byte; 32])));
        let done: Result<(), Infallible> = weigh_companions(&mut faces, &hashes, &profile, Some(&claim), |_| Ok(None));
        assert!(done.is_ok());
        let [own, other] = faces;
        (own.decision.verdict, other)
    }

    #[test]
    fn a_fake_beside_the_person_is_one_by_its_similarity_and_never_excused() {
        let claim = population().model.tail.claim(0.001);
        let kind = Similarity { searched: 0.0, confirming: Some(0.0) };
        let fake = claim.companion_called_fake_from(kind);
        assert!(claim.threshold_for(kind) < fake);
        let (own, other) = beside(fake - 0.01, [0, 255]);
        assert_eq!((own, other.decision.verdict), (Verdict::Inconclusive, Verdict::Inconclusive));
        assert!(matches!(other.decision.limits[0], Limit::UncertainIdentity { .. }));
        let (own, other) = beside(fake, [0, 255]);
        assert_eq!((own, other.decision.verdict), (Verdict::Real, Verdict::Fake));
    }

    #[test]
    fn an_edited_copy_of_the_face_beside_it_is_no_companion() {
        let (own, other) = beside(0.2, [0, 0]);
        assert_eq!((own, other.decision.verdict), (Verdict::Real, Verdict::Fake));
        assert_eq!(beside(0.2, [0, 255]).0, Verdict::Inconclusive);
    }

    #[test]
    fn where_no_face_depicts_the_person_nothing_changes() {
        let population = population();
        let profile = Profile::of_templates((0..8).map(|i| in_parts(1, i, None)).collect(), &population).unwrap();
        let claim = population.model.tail.claim(0.001);
        let mut faces = [template(2), template(3)].map(|face| judge_template(&face, &profile, &fusion()));
        let before = faces.clone();
        let done: Result<(), Infallible> = weigh_companions(&mut faces, &[], &profile, Some(&claim), |_| Ok(None));
        assert!(done.is_ok() && faces == before);
    }
}
