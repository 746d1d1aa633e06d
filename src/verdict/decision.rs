//! The decision: evidence and score to a verdict, with what limits it.

use serde::Serialize;

use super::{Contributions, Evidence, Fusion, Thresholds};
use crate::face::{Component, Quality};
use crate::identity::SampleKind;

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A genuine photograph of the person.
    Real,
    /// Depicts the person, but departs from their own variation.
    Fake,
    /// Does not depict the person.
    DifferentPerson,
    /// Quality or conflicting evidence does not carry a decision.
    Inconclusive,
    /// No usable face.
    NoFace,
}

impl Verdict {
    /// The name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Fake => "fake",
            Self::DifferentPerson => "different_person",
            Self::Inconclusive => "inconclusive",
            Self::NoFace => "no_face",
        }
    }
}

/// Something that limits how far a verdict carries.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Limit {
    /// A quality component is weak.
    Quality {
        /// Which.
        component: Component,
        /// In its native unit.
        value: f32,
        /// 0..=100.
        score: f32,
    },
    /// The score lies between the thresholds.
    BetweenThresholds,
    /// A copy of the face, encoded anew and scaled, got the opposite verdict.
    Unstable {
        /// The copy's verdict.
        verdict: Verdict,
        /// The copy's score, 0..=1.
        score: f32,
    },
    /// Few references: the person's own variation is known only roughly.
    FewReferences {
        /// How many.
        references: usize,
    },
}

/// The verdict on one face against one profile.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// The answer.
    pub verdict: Verdict,
    /// The calibrated probability of a genuine photograph of this person, 0..=1.
    pub score: f32,
    /// What the score is made of.
    pub contributions: Contributions,
    /// What it was decided by.
    pub thresholds: Thresholds,
    /// What limits it, the worst first.
    pub limits: Vec<Limit>,
}

/// From this score on a face is not looked at in parts.
const CLEAR: f32 = 0.9;
/// Quality components under this score are named as limits.
const WEAK: f32 = 40.0;
/// With fewer references than this the answer says so.
const FEW_REFERENCES: usize = 5;

impl Decision {
    /// Decides.
    ///
    /// The identity axis comes first: too little likeness, or a look-alike marked by the operator that is nearer than
    /// the references, is `different_person`. Then the score speaks. A face too poor to be read carries neither.
    pub fn decide(evidence: &Evidence, quality: &Quality, fusion: &Fusion) -> Self {
        let thresholds = fusion.thresholds;
        let contributions = fusion.contributions(evidence);
        let score = fusion.score(&contributions);
        let look_alike = evidence.negative.is_some_and(|n| n.kind == SampleKind::NotThisPerson && n.margin > 0.0);
        let verdict = match thresholds.verdict(score, evidence.likeness, quality.score) {
            Verdict::Inconclusive if quality.score < thresholds.min_quality => Verdict::Inconclusive,
            _ if look_alike => Verdict::DifferentPerson,
            verdict => verdict,
        };
        let limits = limits(verdict, score, evidence, quality, &thresholds);
        Self { verdict, score, contributions, thresholds, limits }
    }
}

impl Decision {
    /// Whether to look at the face in parts: a stranger departs in all of them, and a photograph that is clearly genuine so
    /// far need not be looked at closer.
    pub fn wants_parts(&self) -> bool {
        matches!(self.verdict, Verdict::Real | Verdict::Fake | Verdict::Inconclusive) && self.score < CLEAR
    }

    /// Whether a copy of the face was judged the opposite: `real` where this is `fake`, or the other way round.
    pub fn is_contradicted_by(&self, copy: &Self) -> bool {
        use Verdict::{Fake, Real};
        matches!((self.verdict, copy.verdict), (Real, Fake) | (Fake, Real))
    }

    /// The decision in view of the one on a degraded copy of the same face: where that contradicts, neither stands.
    #[must_use]
    pub fn in_view_of(mut self, copy: &Self) -> Self {
        if self.is_contradicted_by(copy) {
            self.verdict = Verdict::Inconclusive;
            self.limits.insert(0, Limit::Unstable { verdict: copy.verdict, score: copy.score });
        }
        self
    }
}

impl Thresholds {
    /// The verdict on a face by its score (0..=1), likeness (a logit) and quality (0..=100), negatives apart.
    pub fn verdict(&self, score: f32, likeness: f32, quality: f32) -> Verdict {
        if quality < self.min_quality {
            Verdict::Inconclusive
        } else if likeness < self.likeness {
            Verdict::DifferentPerson
        } else if score >= self.real {
            Verdict::Real
        } else if score <= self.fake {
            Verdict::Fake
        } else {
            Verdict::Inconclusive
        }
    }
}

fn limits(verdict: Verdict, score: f32, evidence: &Evidence, quality: &Quality, t: &Thresholds) -> Vec<Limit> {
    let mut weak: Vec<_> = quality.components.iter().filter(|c| c.score < WEAK).collect();
    weak.sort_by(|a, b| a.score.total_cmp(&b.score));
    let mut limits: Vec<Limit> =
        weak.iter().map(|c| Limit::Quality { component: c.component, value: c.value, score: c.score }).collect();
    if verdict == Verdict::Inconclusive && score > t.fake && score < t.real {
        limits.push(Limit::BetweenThresholds);
    }
    if evidence.references < FEW_REFERENCES {
        limits.push(Limit::FewReferences { references: evidence.references });
    }
    limits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(verdict: Verdict, score: f32) -> Decision {
        let contributions = Contributions { embeddings: vec![], attributes: vec![], parts: vec![], negative: 0.0 };
        let thresholds = Thresholds {
            real: 0.6,
            fake: 0.4,
            likeness: 0.0,
            target_genuine_called_fake: 0.0,
            target_fake_called_real: 0.0,
            target_fnmr: 0.0,
            min_quality: 0.0,
        };
        Decision { verdict, score, contributions, thresholds, limits: vec![Limit::FewReferences { references: 2 }] }
    }

    #[test]
    fn only_the_opposite_verdict_of_a_copy_takes_a_verdict_away() {
        use Verdict::{DifferentPerson, Fake, Inconclusive, NoFace, Real};
        for (own, copy) in [(Real, Fake), (Fake, Real)] {
            let seen = decision(own, 0.9).in_view_of(&decision(copy, 0.1));
            assert_eq!((seen.verdict, seen.limits.len()), (Inconclusive, 2));
            assert_eq!(seen.limits[0], Limit::Unstable { verdict: copy, score: 0.1 });
        }
        for own in [Real, Fake, DifferentPerson, Inconclusive, NoFace] {
            for copy in [own, Inconclusive, DifferentPerson, NoFace] {
                let before = decision(own, 0.5);
                assert_eq!(before.clone().in_view_of(&decision(copy, 0.5)), before);
            }
        }
    }
}
