//! What a cover does to a verdict: a mask, dark glasses, a hand, a thing held before the face.
//!
//! A cover lowers every likeness, because each embedding sees the whole face, and a genuine photograph is lowered as a
//! fake or another person is. So what may be the cover's work is not held against the face. Nor does a cover help: the
//! part that it hides may be forged.

use super::{Evidence, Thresholds, Verdict};
use crate::face::{Area, Areas};

/// In natural log odds: a covered face is `different_person` only where its likeness lies this far below the threshold.
const MARGIN: f32 = 3.0;
/// A covered face is `fake` up to this score, 0..=1: no cover takes so much from a genuine one.
const CLEARLY_FAKE: f32 = 0.002;
/// What hides half of the face: both eyes, or the mouth with what is above or below it.
const HALVES: [Areas; 3] = [Areas::EYES, Areas::of(&[Area::Nose, Area::Mouth]), Areas::of(&[Area::Mouth, Area::Chin])];

/// Whether a face is too covered for this verdict, by its score.
pub(super) fn is_hidden(verdict: Verdict, score: f32, evidence: &Evidence, t: &Thresholds) -> bool {
    let features = evidence.covered.and(Areas::FEATURES);
    match verdict {
        _ if features.is_empty() => false,
        Verdict::Real => HALVES.iter().any(|half| evidence.covered.contains_all(*half)),
        Verdict::Fake => score > CLEARLY_FAKE,
        // A search, which has no threshold of likeness, passes over who is nearer to another person.
        Verdict::DifferentPerson => t.likeness.is_finite() && evidence.likeness >= t.likeness - MARGIN,
        Verdict::Inconclusive | Verdict::UnknownPerson | Verdict::NoFace => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::Occlusion;
    use crate::identity::fixtures::{in_parts, near, population, stepped};
    use crate::identity::{Profile, SampleKind};
    use crate::template::{FaceHash, Part, Template};
    use crate::verdict::fixtures::fusion;
    use crate::verdict::{CopyEvidence, Judgement, Limit, judge_template};

    fn profile() -> Profile {
        Profile::of_templates((0..8).map(|i| in_parts(1, i, None)).collect(), &population()).unwrap()
    }

    fn covered(face: Template, areas: &[Area]) -> Template {
        let shares = Area::ALL.map(|a| if areas.contains(&a) { 0.9 } else { 0.05 });
        Template { occlusion: Some(Occlusion::new(shares)), ..face }
    }

    fn judged(face: &Template, areas: &[Area]) -> Judgement {
        judge_template(&covered(face.clone(), areas), &profile(), &fusion())
    }

    /// A face that is `fake` while nothing covers it, but not clearly so.
    fn fake() -> Template {
        let mut each = (0..300).map(|i| stepped(1, 1000 + i, 0.4 + 0.005 * i as f32));
        let mild = |face: &Template| {
            let seen = judged(face, &[]).decision;
            seen.verdict == Verdict::Fake && seen.score > 0.05
        };
        each.find(mild).unwrap()
    }

    #[test]
    fn a_face_behind_a_mask_or_dark_glasses_is_neither_real_nor_fake() {
        for areas in [&[Area::Nose, Area::Mouth][..], &[Area::Mouth, Area::Chin], &[Area::RightEye, Area::LeftEye]] {
            for face in [near(1, 50), fake()] {
                let seen = judged(&face, areas).decision;
                assert_eq!((seen.verdict, seen.hidden), (Verdict::Inconclusive, true), "{areas:?}");
                assert_eq!(seen.limits[0], Limit::Occluded { regions: Areas::of(areas) });
                assert!(!seen.wants_parts() && !seen.rests_on_quality());
            }
        }
    }

    #[test]
    fn one_covered_feature_leaves_a_genuine_face_genuine_and_accuses_none() {
        for area in [Area::Mouth, Area::LeftEye, Area::Nose] {
            assert_eq!(judged(&near(1, 50), &[area]).decision.verdict, Verdict::Real, "{area:?}");
            let seen = judged(&fake(), &[area]).decision;
            assert_eq!((seen.verdict, seen.hidden), (Verdict::Inconclusive, true), "{area:?}");
        }
        for area in [Area::Chin, Area::Forehead, Area::RightCheek] {
            let seen = judged(&fake(), &[area]).decision;
            assert_eq!(seen.verdict, Verdict::Fake, "{area:?} tells nobody apart");
            assert_eq!(seen.limits[0], Limit::Occluded { regions: Areas::of(&[area]) });
        }
    }

    #[test]
    fn what_no_cover_explains_stands() {
        let (mut evidence, t) = (judged(&near(1, 50), &[Area::Nose, Area::Mouth]).evidence, fusion().thresholds);
        for (likeness, hidden) in [(t.likeness - MARGIN + 0.1, true), (t.likeness - MARGIN - 0.1, false)] {
            evidence.likeness = likeness;
            assert_eq!(is_hidden(Verdict::DifferentPerson, 0.5, &evidence, &t), hidden);
        }
        let searched = Thresholds { likeness: f32::NEG_INFINITY, ..t };
        assert!(!is_hidden(Verdict::DifferentPerson, 0.5, &evidence, &searched), "nearer to another person");
        assert!(is_hidden(Verdict::Fake, CLEARLY_FAKE + 0.001, &evidence, &t));
        assert!(!is_hidden(Verdict::Fake, CLEARLY_FAKE, &evidence, &t));
    }

    #[test]
    fn a_masked_face_in_a_copy_of_a_reference_has_replaced_nobody() {
        let mut references: Vec<Template> = (0..8).map(|i| in_parts(1, i, None)).collect();
        let hash = Some(FaceHash([7; 32]));
        references[3].hash = hash;
        let profile = Profile::of_templates(references, &population()).unwrap();
        let mut each = (0..300).map(|i| stepped(1, 2000 + i, 0.01 * i as f32));
        // One that is just too unlike without the mask.
        let unlike = each.find(|face| {
            let seen = judge_template(face, &profile, &fusion());
            seen.decision.verdict == Verdict::DifferentPerson
        });
        let face = Template { hash, ..unlike.unwrap() };
        let seen = judge_template(&covered(face.clone(), &[Area::Nose, Area::Mouth]), &profile, &fusion());
        assert!(matches!(seen.evidence.copy, Some(CopyEvidence { kind: SampleKind::Reference, .. })));
        assert_eq!((seen.decision.verdict, seen.decision.replaced), (Verdict::Inconclusive, false));
        assert!(judge_template(&face, &profile, &fusion()).decision.replaced);
    }

    #[test]
    fn covered_parts_are_not_compared() {
        let face = in_parts(1, 50, Some(Part::Nose));
        for (area, open) in [
            (Area::Chin, &Part::ALL[..]),
            (Area::LeftEye, &[Part::Nose, Part::Mouth]),
            (Area::Nose, &[Part::Eyes, Part::Mouth]),
        ] {
            let mut evidence = judged(&face, &[area]).evidence;
            evidence.measure_parts(&face.embeddings, face.parts.as_ref().unwrap(), &profile());
            let parts: Vec<Part> = evidence.parts.iter().map(|p| p.part).collect();
            assert_eq!(parts, open, "{area:?}");
        }
    }
}
