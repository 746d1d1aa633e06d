//! The companions of a person: the other faces in a picture that shows the person claimed.
//!
//! Relatives and colleagues are photographed together, so a face beside the person's own that resembles the person is
//! more often a companion's than a stranger's face is. But whoever pastes a genuine face beside a fake one must not
//! excuse the fake. So such a face needs more similarity to count, and still more to be called fake.

use super::{Judgement, Verdict};
use crate::identity::{Claim, Profile};

/// Weighs the faces beside the one that is most like the person, where that one depicts the person: a suspicious face
/// that resembles the person little is another person's, and a `fake` that a companion may be is `inconclusive`.
/// `confirm` gives the vector of embedding D of a face by its index; `None` where it is known already.
///
/// # Errors
/// Those of `confirm`.
pub fn weigh_companions<E>(
    faces: &mut [Judgement],
    profile: &Profile,
    claim: Option<&Claim>,
    mut confirm: impl FnMut(usize) -> Result<Option<Vec<f32>>, E>,
) -> Result<(), E> {
    let by_likeness = |a: &&Judgement, b: &&Judgement| a.evidence.likeness.total_cmp(&b.evidence.likeness);
    let most_alike = faces.iter().max_by(by_likeness).filter(|face| face.depicts_person());
    let (Some(claim), Some(likeness)) = (claim, most_alike.map(|face| face.evidence.likeness)) else { return Ok(()) };
    for (i, face) in faces.iter_mut().enumerate().filter(|(_, face)| face.evidence.likeness < likeness) {
        let suspicious = matches!(face.decision.verdict, Verdict::Fake | Verdict::Inconclusive);
        if !suspicious || face.decision.poor || face.decision.replaced || !face.depicts_person() {
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
        if similarity.score() < claim.companion_from(similarity) {
            face.decision.verdict = Verdict::DifferentPerson;
        } else {
            face.hold_fake_below(claim.companion_called_fake_from(similarity), similarity.score());
        }
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

    /// The verdicts on a genuine face and on a fake one beside it with this similarity.
    fn beside(similarity: f32) -> (Verdict, Judgement) {
        let population = population();
        let profile = Profile::of_templates((0..8).map(|i| in_parts(1, i, None)).collect(), &population).unwrap();
        let claim = population.model.tail.claim(0.001);
        let fusion: Fusion = fusion();
        let mut faces = [near(1, 50), near(1, 51)].map(|face| judge_template(&face, &profile, &fusion));
        faces[1].evidence.likeness -= 1.0;
        faces[1].decision.verdict = Verdict::Fake;
        faces[1].evidence.similarity = Some(Similarity { searched: similarity, confirming: Some(similarity) });
        let done: Result<(), Infallible> = weigh_companions(&mut faces, &profile, Some(&claim), |_| Ok(None));
        assert!(done.is_ok());
        let [own, other] = faces;
        (own.decision.verdict, other)
    }

    #[test]
    fn a_fake_beside_the_person_counts_by_its_similarity() {
        let claim = population().model.tail.claim(0.001);
        let kind = Similarity { searched: 0.0, confirming: Some(0.0) };
        let (counts, fake) = (claim.companion_from(kind), claim.companion_called_fake_from(kind));
        assert!(counts < claim.threshold_for(kind) && claim.threshold_for(kind) < fake);
        let (own, other) = beside(counts - 0.01);
        assert_eq!((own, other.decision.verdict), (beside(1.0).0, Verdict::DifferentPerson));
        let other = beside(counts + 0.01).1.decision;
        assert_eq!(other.verdict, Verdict::Inconclusive);
        assert!(matches!(other.limits[0], Limit::UncertainIdentity { .. }));
        assert_eq!(beside(fake).1.decision.verdict, Verdict::Fake);
    }

    #[test]
    fn where_no_face_depicts_the_person_nothing_changes() {
        let population = population();
        let profile = Profile::of_templates((0..8).map(|i| in_parts(1, i, None)).collect(), &population).unwrap();
        let claim = population.model.tail.claim(0.001);
        let mut faces = [template(2), template(3)].map(|face| judge_template(&face, &profile, &fusion()));
        let before = faces.clone();
        let done: Result<(), Infallible> = weigh_companions(&mut faces, &profile, Some(&claim), |_| Ok(None));
        assert!(done.is_ok() && faces == before);
    }
}
