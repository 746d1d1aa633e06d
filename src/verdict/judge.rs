//! Judging a face: measure, decide, and look closer where the decision asks for it.
//!
//! What looking closer needs (the image encoder, the face in parts, a degraded copy of it) costs time, so it is asked
//! for only where it can change the answer. The caller passes closures that compute it.

use super::{Decision, Evidence, Fusion, Limit, Verdict};
use crate::identity::Profile;
use crate::template::{EncoderTraces, Parts, Template};

/// One face judged against one profile.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The measured differences.
    pub evidence: Evidence,
    /// The decision on them.
    pub decision: Decision,
    /// The stability check; `None` where none was made.
    pub stability: Option<Stability>,
}

/// The verdict on a degraded copy of a face.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, utoipa::ToSchema)]
#[schema(as = StabilityReport)]
pub struct Stability {
    /// `false` where `real` and `fake` contradict each other: the face's verdict is then `inconclusive`.
    pub stable: bool,
    /// The copy's verdict.
    pub verdict: Verdict,
    /// The copy's score, 0..=1.
    #[schema(minimum = 0, maximum = 1)]
    pub score: f32,
}

/// Judges the face of `probe` against a claimed identity in full: [`Judgement::of_whole_face`], confirmed by embedding
/// D (`confirm`) where [`Decision::wants_confirmation`], then [`Judgement::refined`].
///
/// # Errors
/// Those of `confirm`, `encode`, `parts` and `degraded`.
pub fn judge<E>(
    probe: &Template,
    profile: &Profile,
    fusion: &Fusion,
    confirm: impl FnOnce() -> Result<Vec<f32>, E>,
    encode: impl FnOnce() -> Result<Option<EncoderTraces>, E>,
    parts: impl FnOnce() -> Result<Option<Parts>, E>,
    degraded: impl FnOnce() -> Result<Option<Template>, E>,
) -> Result<Judgement, E> {
    let mut judgement = Judgement::of_whole_face(probe, profile, fusion);
    if judgement.decision.wants_confirmation(&judgement.evidence, fusion) {
        judgement.evidence.confirm(&confirm()?, profile);
        judgement.decision = Decision::decide(&judgement.evidence, &probe.quality, fusion);
    }
    judgement.refined(probe, profile, fusion, encode, parts, degraded)
}

/// Judges a face by its template alone: in parts where the template holds them, and without a stability check.
pub fn judge_template(probe: &Template, profile: &Profile, fusion: &Fusion) -> Judgement {
    let judgement = Judgement::of_whole_face(probe, profile, fusion);
    match &probe.parts {
        Some(parts) => judgement.with_parts(probe, profile, fusion, parts),
        None => judgement,
    }
}

impl Judgement {
    /// The judgement from the whole face, without its parts.
    pub fn of_whole_face(probe: &Template, profile: &Profile, fusion: &Fusion) -> Self {
        let evidence = Evidence::measure(probe, profile);
        let decision = Decision::decide(&evidence, &probe.quality, fusion);
        Self { evidence, decision, stability: None }
    }

    /// Whether the face depicts the person, genuine or not, or has replaced theirs in a copy of a reference. A face too
    /// poor to be judged counts as depicting the person only if its likeness reaches the threshold.
    pub fn depicts_person(&self) -> bool {
        let is_like = self.evidence.likeness >= self.decision.thresholds.likeness;
        self.decision.replaced || (self.decision.verdict != Verdict::DifferentPerson && is_like)
    }

    /// The judgement after a closer look: by the image encoder where [`Decision::wants_encoder`], at the face in parts
    /// where [`Decision::wants_parts`], and at a degraded copy where the verdict is then `real` or `fake`. `encode` is
    /// `None` where the encoder is not wanted, `parts` for a face that cannot be read in parts, `degraded` where no
    /// stability check is wanted. The copy is judged by what its template holds.
    ///
    /// # Errors
    /// Those of `encode`, `parts` and `degraded`.
    pub fn refined<E>(
        mut self,
        probe: &Template,
        profile: &Profile,
        fusion: &Fusion,
        encode: impl FnOnce() -> Result<Option<EncoderTraces>, E>,
        parts: impl FnOnce() -> Result<Option<Parts>, E>,
        degraded: impl FnOnce() -> Result<Option<Template>, E>,
    ) -> Result<Self, E> {
        if self.decision.wants_encoder()
            && let Some(traces) = encode()?
        {
            self.evidence.encode(&traces, profile);
            self.decision = Decision::decide(&self.evidence, &probe.quality, fusion);
        }
        if self.decision.wants_parts()
            && let Some(parts) = parts()?
        {
            self = self.with_parts(probe, profile, fusion, &parts);
        }
        if matches!(self.decision.verdict, Verdict::Real | Verdict::Fake)
            && let Some(copy) = degraded()?
        {
            self = self.confirmed_by(&judge_template(&copy, profile, fusion).decision);
        }
        Ok(self)
    }

    /// The judgement of a face that a search found: a `fake` stands only if the similarity is at least `least`, so that
    /// a stranger who resembles somebody is not called a fake of them.
    #[must_use]
    pub fn called_fake_from(mut self, least: f32, similarity: f32) -> Self {
        self.hold_fake_below(least, similarity);
        self
    }

    /// Makes a `fake` `inconclusive` where the similarity is below `least`, unless the face has replaced a reference's.
    pub(super) fn hold_fake_below(&mut self, least: f32, similarity: f32) {
        if self.decision.verdict == Verdict::Fake && !self.decision.replaced && similarity < least {
            self.decision.verdict = Verdict::Inconclusive;
            self.decision.limits.insert(0, Limit::UncertainIdentity { similarity, least });
        }
    }

    fn with_parts(mut self, probe: &Template, profile: &Profile, fusion: &Fusion, parts: &Parts) -> Self {
        if self.decision.wants_parts() {
            self.evidence.measure_parts(&probe.embeddings, parts, profile);
            self.decision = Decision::decide(&self.evidence, &probe.quality, fusion);
        }
        self
    }

    /// The judgement after the stability check: where the verdict on the degraded copy is the opposite one, the face is
    /// `inconclusive`.
    fn confirmed_by(mut self, copy: &Decision) -> Self {
        use Verdict::{Fake, Real};
        let stable = !matches!((self.decision.verdict, copy.verdict), (Real, Fake) | (Fake, Real));
        if !stable {
            self.decision.verdict = Verdict::Inconclusive;
            self.decision.limits.insert(0, Limit::Unstable { verdict: copy.verdict, score: copy.score });
        }
        self.stability = Some(Stability { stable, verdict: copy.verdict, score: copy.score });
        self
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::identity::fixtures::{in_parts, near, population, stepped, template};
    use crate::template::{FaceHash, Part};
    use crate::verdict::Contributions;
    use crate::verdict::fixtures::fusion;

    fn profile() -> Profile {
        Profile::of_templates((0..8).map(|i| in_parts(1, i, None)).collect(), &population()).unwrap()
    }

    fn judgement(verdict: Verdict, score: f32) -> Judgement {
        let contributions = Contributions { embeddings: vec![], attributes: vec![], parts: vec![], negative: 0.0 };
        let limits = vec![Limit::FewReferences { references: 2 }];
        let decision = Decision {
            verdict,
            score,
            contributions,
            thresholds: fusion().thresholds,
            poor: false,
            hidden: false,
            replaced: false,
            limits,
        };
        Judgement { evidence: Evidence::measure(&near(1, 1), &profile()), decision, stability: None }
    }

    #[test]
    fn only_the_opposite_verdict_of_a_copy_takes_a_verdict_away() {
        use Verdict::{DifferentPerson, Fake, Inconclusive, NoFace, Real};
        for (own, copy) in [(Real, Fake), (Fake, Real)] {
            let seen = judgement(own, 0.9).confirmed_by(&judgement(copy, 0.1).decision);
            assert_eq!(seen.stability, Some(Stability { stable: false, verdict: copy, score: 0.1 }));
            assert_eq!((seen.decision.verdict, seen.decision.limits.len()), (Inconclusive, 2));
            assert_eq!(seen.decision.limits[0], Limit::Unstable { verdict: copy, score: 0.1 });
        }
        for own in [Real, Fake, DifferentPerson, Inconclusive, NoFace] {
            for copy in [own, Inconclusive, DifferentPerson, NoFace] {
                let seen = judgement(own, 0.5).confirmed_by(&judgement(copy, 0.5).decision);
                assert_eq!(seen.stability, Some(Stability { stable: true, verdict: copy, score: 0.5 }));
                assert_eq!(seen.decision, judgement(own, 0.5).decision);
            }
        }
    }

    #[test]
    fn parts_and_copies_are_asked_for_only_where_they_can_change_the_answer() {
        let (profile, fusion) = (profile(), fusion());
        let asked = |probe: &Template| {
            let (mut parts, mut copy) = (false, false);
            let seen: Result<_, Infallible> = judge(
                probe,
                &profile,
                &fusion,
                || Ok(Vec::new()),
                || Ok(None),
                || {
                    parts = true;
                    Ok(probe.parts.clone())
                },
                || {
                    copy = true;
                    Ok(Some(probe.clone()))
                },
            );
            let Ok(seen) = seen;
            assert_eq!((seen.stability.is_some(), seen.evidence.parts.is_empty()), (copy, !parts));
            (seen.decision.verdict, parts, copy)
        };
        assert_eq!(asked(&in_parts(1, 50, None)), (Verdict::Real, false, true));
        assert_eq!(asked(&in_parts(1, 50, Some(Part::Nose))), (Verdict::Fake, true, true));
        assert_eq!(asked(&template(2)), (Verdict::DifferentPerson, false, false));
    }

    #[test]
    fn the_encoder_is_asked_where_it_can_change_the_answer_and_speaks_against_a_photograph_alone() {
        let plain = EncoderTraces::new(Some(0.0), Some(0.0));
        let reference = |i| {
            let template = in_parts(1, i, None);
            Template { attributes: template.attributes.clone().with_encoder(&plain), ..template }
        };
        let (profile, fusion) =
            (Profile::of_templates((0..8).map(reference).collect(), &population()).unwrap(), fusion());
        let judged = |probe: &Template, traces: EncoderTraces| {
            let mut asked = false;
            let encode = || {
                asked = true;
                Ok(Some(traces))
            };
            let seen: Result<_, Infallible> =
                judge(probe, &profile, &fusion, || Ok(Vec::new()), encode, || Ok(probe.parts.clone()), || Ok(None));
            let Ok(seen) = seen;
            (seen.decision.score, asked)
        };
        let person = in_parts(1, 50, None);
        let usual = judged(&person, plain);
        assert!(usual.1);
        assert_eq!(judged(&person, EncoderTraces::new(Some(-9.0), Some(-9.0))), usual, "fewer traces are no merit");
        assert_eq!(judged(&person, EncoderTraces::default()), usual, "a face that cannot be read");
        for traces in [EncoderTraces::new(Some(9.0), None), EncoderTraces::new(None, Some(9.0))] {
            assert!(judged(&person, traces).0 < usual.0 - 0.01, "{traces:?}");
        }
        assert!(!judged(&template(2), plain).1, "another person");
    }

    #[test]
    fn a_template_with_parts_is_judged_as_one_whose_parts_are_asked_for() {
        let (profile, fusion) = (profile(), fusion());
        for probe in [in_parts(1, 50, None), in_parts(1, 51, Some(Part::Mouth)), stepped(1, 52, 0.8), template(3)] {
            let asked: Result<_, Infallible> = judge(
                &probe,
                &profile,
                &fusion,
                || Ok(Vec::new()),
                || Ok(None),
                || Ok(probe.parts.clone()),
                || Ok(None),
            );
            assert_eq!(Ok(judge_template(&probe, &profile, &fusion)), asked);
        }
    }

    #[test]
    fn a_face_that_replaced_the_persons_in_a_copy_of_a_reference_is_a_fake_of_the_person() {
        let mut references: Vec<Template> = (0..8).map(|i| in_parts(1, i, None)).collect();
        let hash = Some(FaceHash([7; 32]));
        references[3].hash = hash;
        let (profile, mut fusion) = (Profile::of_templates(references, &population()).unwrap(), fusion());
        let judged = |probe: Template, fusion: &Fusion| {
            let judgement = judge_template(&probe, &profile, fusion);
            (judgement.decision.verdict, judgement.depicts_person())
        };
        assert_eq!(judged(Template { hash, ..template(2) }, &fusion), (Verdict::Fake, true));
        assert_eq!(judged(template(2), &fusion), (Verdict::DifferentPerson, false), "another picture");
        assert_eq!(judged(Template { hash, ..near(1, 3) }, &fusion), (Verdict::Real, true), "the person's own face");
        // A poor copy may be too unlike by itself.
        fusion.thresholds.min_quality = 101.0;
        assert_eq!(judged(Template { hash, ..template(2) }, &fusion), (Verdict::DifferentPerson, false));
    }

    #[test]
    fn a_stranger_is_not_depicted_even_where_the_face_is_too_poor_to_be_judged() {
        let (profile, mut fusion) = (profile(), fusion());
        let depicted =
            |probe: &Template, fusion: &_| Judgement::of_whole_face(probe, &profile, fusion).depicts_person();
        assert!(depicted(&near(1, 60), &fusion) && !depicted(&template(2), &fusion));
        fusion.thresholds.min_quality = 101.0;
        assert!(depicted(&near(1, 60), &fusion) && !depicted(&template(2), &fusion));
    }
}
