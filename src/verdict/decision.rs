//! The decision: evidence and score to a verdict, with what limits it.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Contributions, Evidence, Fusion, Thresholds, hidden};
use crate::face::{Area, Areas, Component, Quality, QualityComponent};
use crate::identity::{Claim, SampleKind};

/// The answer for a face or an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, serde::Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A genuine photograph of the person.
    Real,
    /// Depicts the person, but departs from their own variation; or a copy of a reference with another face in it.
    Fake,
    /// Does not depict the claimed person.
    DifferentPerson,
    /// Depicts nobody who is enrolled: the answer of a search that finds nobody.
    UnknownPerson,
    /// No decision. The quality is too low, the face is covered, data of the image is missing, the score lies between
    /// the thresholds, or a degraded copy of the face got the opposite verdict. Or the face, found by a search or beside
    /// one more like the person, is too little similar to be called fake; or another face in the picture may be a fake
    /// of the person.
    Inconclusive,
    /// No face was found.
    NoFace,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 6] =
        [Self::Real, Self::Fake, Self::DifferentPerson, Self::UnknownPerson, Self::Inconclusive, Self::NoFace];

    /// The name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Fake => "fake",
            Self::DifferentPerson => "different_person",
            Self::UnknownPerson => "unknown_person",
            Self::Inconclusive => "inconclusive",
            Self::NoFace => "no_face",
        }
    }
}

/// Something that limits how far a verdict carries.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Limit {
    /// The image is cut or damaged: pixels are missing, and no verdict rests on the others.
    #[schema(title = "IncompleteImageLimit")]
    IncompleteImage,
    /// Areas of the face are covered: their attributes and parts are not compared. The embeddings still see them.
    #[schema(title = "OccludedLimit")]
    Occluded {
        /// The areas.
        #[schema(value_type = Vec<Area>)]
        regions: Areas,
    },
    /// A quality component is weak.
    #[schema(title = "QualityLimit")]
    Quality {
        /// The component.
        component: Component,
        /// In its native unit.
        value: f32,
        /// 0..=100.
        #[schema(minimum = 0, maximum = 100)]
        score: f32,
    },
    /// The score lies between the thresholds.
    #[schema(title = "BetweenThresholdsLimit")]
    BetweenThresholds,
    /// A degraded copy of the face got the opposite verdict.
    #[schema(title = "UnstableLimit")]
    Unstable {
        /// The copy's verdict.
        verdict: Verdict,
        /// The copy's score, 0..=1.
        #[schema(minimum = 0, maximum = 1)]
        score: f32,
    },
    /// The face is grey or toned, so its colours are not compared.
    #[schema(title = "NoColourLimit")]
    NoColour,
    /// The face was found by a search or is beside one more like the person, and the similarity is too low to call it
    /// fake: it may be another person's.
    #[schema(title = "UncertainIdentityLimit")]
    UncertainIdentity {
        /// The similarity, -1..=1: the mean cosine of embeddings C and D, or the cosine of C where D is missing.
        similarity: f32,
        /// The least similarity of a face that is called fake.
        least: f32,
    },
    /// Another face in the picture resembles the person and does not pass as genuine: a companion's, or a fake.
    #[schema(title = "SuspiciousCompanionLimit")]
    SuspiciousCompanion,
    /// Few references: the person's own variation is known only roughly.
    #[schema(title = "FewReferencesLimit")]
    FewReferences {
        /// Their number.
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
    /// The terms of the log odds behind the score.
    pub contributions: Contributions,
    /// The thresholds that applied.
    pub thresholds: Thresholds,
    /// Whether the face is too poor to be judged.
    pub poor: bool,
    /// Whether so much of the face is covered that no verdict rests on the rest.
    pub hidden: bool,
    /// Whether the picture is a copy of a reference with another face in it.
    pub replaced: bool,
    /// The limits of the verdict, the worst first.
    pub limits: Vec<Limit>,
}

/// A face with this score or a higher one is not measured in parts.
const PARTS_BELOW_SCORE: f32 = 0.97;
/// Quality components under this score are named as limits.
const WEAK_COMPONENT_SCORE: f32 = 40.0;
/// In natural log odds: a face of too little quality is `different_person` only where its likeness lies this far below
/// the threshold.
const POOR_QUALITY_MARGIN: f32 = 2.0;
/// With fewer references than this the answer says so.
const FEW_REFERENCES: usize = 5;

impl Decision {
    /// Decides on one face.
    ///
    /// A face of too little quality is `inconclusive`, unless it is clearly another's, and so is a face that is too
    /// covered (`hidden.rs`). Then the identity axis comes
    /// first: too little likeness, a negative of another person that is nearer than the references, or too little
    /// similarity to a claimed person where the score would be `real`, is `different_person`; in a copy of a reference,
    /// which showed the person, such a face has replaced theirs, and is `fake`. Otherwise the score decides.
    pub fn decide(evidence: &Evidence, quality: &Quality, fusion: &Fusion) -> Self {
        let mut thresholds = fusion.thresholds;
        if !evidence.confirmable
            && let Some((claim, similarity)) = fusion.claim.zip(evidence.similarity)
        {
            thresholds.similarity = Some(claim.threshold_for(similarity));
        }
        let contributions = fusion.contributions(evidence);
        let score = fusion.score(&contributions);
        let nearer_to_negative =
            evidence.negative.is_some_and(|n| n.kind == SampleKind::NotThisPerson && n.margin > 0.0);
        let stranger = fusion
            .claim
            .zip(evidence.similarity)
            .is_some_and(|(claim, similarity)| !awaits_confirmation(&claim, evidence) && claim.rejects(similarity));
        // What covers a face makes it no worse to read elsewhere.
        let readable = quality.apart_from(Component::Occlusion);
        let poor = readable < thresholds.min_quality;
        let verdict = match thresholds.verdict(score, evidence.likeness, readable) {
            Verdict::Inconclusive if poor => Verdict::Inconclusive,
            _ if nearer_to_negative => Verdict::DifferentPerson,
            Verdict::Real if stranger => Verdict::DifferentPerson,
            verdict => verdict,
        };
        let hidden = hidden::is_hidden(verdict, score, evidence, &thresholds);
        let verdict = if hidden { Verdict::Inconclusive } else { verdict };
        // In a poor copy of a reference the person's own face may be too unlike.
        let replaced = verdict == Verdict::DifferentPerson
            && !poor
            && evidence.copy.is_some_and(|copy| copy.kind == SampleKind::Reference);
        let verdict = if replaced { Verdict::Fake } else { verdict };
        let limits = limits(verdict, score, evidence, quality, &thresholds);
        Self { verdict, score, contributions, thresholds, poor, hidden, replaced, limits }
    }

    /// Whether embedding D has to confirm that the face is the person's before `real` stands.
    pub fn wants_confirmation(&self, evidence: &Evidence, fusion: &Fusion) -> bool {
        self.verdict == Verdict::Real && fusion.claim.is_some_and(|claim| awaits_confirmation(&claim, evidence))
    }

    /// Whether the image encoder can change the answer: it speaks against a photograph alone, so not where the face is
    /// a fake or a stranger's without it, or is not judged.
    pub fn wants_encoder(&self) -> bool {
        !self.poor
            && !self.hidden
            && matches!(self.verdict, Verdict::Real | Verdict::Inconclusive)
            && self.score > self.thresholds.fake
    }

    /// Whether measuring the face in parts can change the answer or explain it: not for a stranger, who departs in all
    /// of them, and not for a photograph that is clearly genuine as a whole.
    pub fn wants_parts(&self) -> bool {
        !self.replaced
            && !self.hidden
            && matches!(self.verdict, Verdict::Real | Verdict::Fake | Verdict::Inconclusive)
            && self.score < PARTS_BELOW_SCORE
    }

    /// The verdict and the score of the degraded copy that contradicts.
    pub(super) fn contradiction(&self) -> Option<(Verdict, f32)> {
        self.limits.iter().find_map(|limit| match limit {
            Limit::Unstable { verdict, score } => Some((*verdict, *score)),
            _ => None,
        })
    }

    /// Whether the face would be `real` but for another face in the picture.
    pub(super) fn has_suspicious_companion(&self) -> bool {
        self.limits.contains(&Limit::SuspiciousCompanion)
    }

    /// The similarity and the least one to call the face fake, where it is too low for that.
    pub fn uncertain_identity(&self) -> Option<(f32, f32)> {
        self.limits.iter().find_map(|limit| match limit {
            Limit::UncertainIdentity { similarity, least } => Some((*similarity, *least)),
            _ => None,
        })
    }

    /// Weak quality components with their scores, 0..=100, the weakest first.
    pub(super) fn flaws(&self) -> impl Iterator<Item = (Component, f32)> {
        self.limits.iter().filter_map(|limit| match limit {
            Limit::Quality { component, score, .. } => Some((*component, *score)),
            _ => None,
        })
    }

    /// Whether there is no decision because the quality is too low.
    pub(super) fn rests_on_quality(&self) -> bool {
        let t = &self.thresholds;
        let undecided = self.score > t.fake && self.score < t.real;
        let weakest = self.flaws().next().map(|(_, quality)| quality);
        self.verdict == Verdict::Inconclusive
            && self.contradiction().is_none()
            && self.uncertain_identity().is_none()
            && !self.hidden
            && !self.has_suspicious_companion()
            && (!undecided || weakest.is_some_and(|quality| quality < t.min_quality))
    }

    /// Whether the verdict is `fake` for another reason than a replaced face, or `inconclusive` for another reason than
    /// the quality, a cover or a companion.
    pub(super) fn is_suspect(&self) -> bool {
        matches!(self.verdict, Verdict::Fake | Verdict::Inconclusive)
            && !self.rests_on_quality()
            && !self.hidden
            && !self.replaced
            && !self.has_suspicious_companion()
    }
}

impl Thresholds {
    /// The verdict on a face by its score (0..=1), likeness (log odds) and quality (0..=100), without regard to
    /// negatives.
    pub fn verdict(&self, score: f32, likeness: f32, quality: f32) -> Verdict {
        let least = if quality < self.min_quality { self.likeness - POOR_QUALITY_MARGIN } else { self.likeness };
        if likeness < least {
            Verdict::DifferentPerson
        } else if quality < self.min_quality {
            Verdict::Inconclusive
        } else if score >= self.real {
            Verdict::Real
        } else if score <= self.fake {
            Verdict::Fake
        } else {
            Verdict::Inconclusive
        }
    }
}

fn awaits_confirmation(claim: &Claim, evidence: &Evidence) -> bool {
    evidence.confirmable && evidence.similarity.is_some_and(|similarity| claim.wants_confirmation(similarity))
}

fn limits(verdict: Verdict, score: f32, evidence: &Evidence, quality: &Quality, t: &Thresholds) -> Vec<Limit> {
    // What is covered is said by its areas.
    let weak = |c: &&QualityComponent| c.score < WEAK_COMPONENT_SCORE && c.component != Component::Occlusion;
    let mut weak: Vec<_> = quality.components.iter().filter(weak).collect();
    weak.sort_by(|a, b| a.score.total_cmp(&b.score));
    let covered = Some(evidence.covered).filter(|areas| !areas.is_empty());
    let mut limits: Vec<Limit> = covered.map(|regions| Limit::Occluded { regions }).into_iter().collect();
    limits.extend(weak.iter().map(|c| Limit::Quality { component: c.component, value: c.value, score: c.score }));
    if verdict == Verdict::Inconclusive && score > t.fake && score < t.real {
        limits.push(Limit::BetweenThresholds);
    }
    if evidence.lacks_colour {
        limits.push(Limit::NoColour);
    }
    if evidence.references < FEW_REFERENCES {
        limits.push(Limit::FewReferences { references: evidence.references });
    }
    limits
}
