//! The shapes of answers.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::compared::Compared;
use super::{StabilityReport, StageTiming};
use crate::face::{BoundingBox, Face, Pose, Quality};
use crate::identity::SampleKind;
use crate::models::Versions;
use crate::template::Template;
use crate::verdict::{CalibrationSource, Explanation, Limit, Thresholds, Verdict};

/// The image as it was decoded.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImageReport {
    /// Columns, upright.
    pub width: u32,
    /// Rows, upright.
    pub height: u32,
    /// The container, by its first bytes.
    pub format: String,
    /// SHA-256 of the bytes sent, hex.
    pub sha256: String,
}

/// Whom a face was compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct IdentityName {
    /// The operator's id.
    pub id: String,
    /// The name for reviewers.
    pub display_name: String,
}

/// What the networks read from a face; never part of the verdict.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ApparentTraits {
    /// Years.
    pub age: f32,
    /// `female`, `male` or `unclear`.
    pub sex: String,
    /// The strongest of seven expressions.
    pub expression: String,
}

impl ApparentTraits {
    fn of(template: &Template) -> Self {
        let sex = match template.demographics.sex() {
            crate::template::Sex::Female => "female",
            crate::template::Sex::Male => "male",
            crate::template::Sex::Unclear => "unclear",
        };
        let (expression, _) = template.expression.strongest();
        Self { age: template.demographics.age, sex: sex.into(), expression: expression.into() }
    }
}

/// Where the verdicts begin, and the error rates that they were fitted to.
pub type ThresholdReport = Thresholds;

/// A reference or negative of which a picture is a copy, encoded anew perhaps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CopyReport {
    /// `reference`, `not_this_person` or `known_fake`.
    #[schema(value_type = String)]
    pub kind: SampleKind,
    /// Its id.
    pub id: Uuid,
    /// Bits of the perceptual hash that differ, of 256.
    pub distance: u32,
}

/// One face.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FaceReport {
    /// Its place in the list, the largest first.
    pub index: usize,
    /// Where it stands, in pixels of the upright image: x, y, width, height.
    #[schema(value_type = Object)]
    pub bbox: BoundingBox,
    /// The detector's confidence, 0..=1.
    pub confidence: f32,
    /// Degrees.
    #[schema(value_type = Object)]
    pub pose: Pose,
    /// How well it can be read.
    #[schema(value_type = Object)]
    pub quality: Quality,
    /// Age, sex and expression as read.
    pub apparent: ApparentTraits,
    /// Whom it was compared with; `null` for a face that is nobody's.
    pub identity: Option<IdentityName>,
    /// The answer for this face.
    pub verdict: Verdict,
    /// The calibrated probability of a genuine photograph of that identity, 0..=1; `null` without one.
    pub score: Option<f32>,
    /// Where the verdicts about that identity begin, and the error rates that they were fitted to; `null` without one.
    #[schema(value_type = Option<Object>)]
    pub thresholds: Option<ThresholdReport>,
    /// The logit that it depicts that identity; `null` without one.
    pub likeness: Option<f32>,
    /// The enrolled image that this one is a copy of, as a perceptual hash sees it; `null` for none. It never changes the
    /// verdict.
    pub copy_of: Option<CopyReport>,
    /// What a degraded copy of the face was judged; `null` where that was not asked for, or the face is called neither
    /// `real` nor `fake`.
    pub stability: Option<StabilityReport>,
    /// What limits the verdict, the worst first.
    #[schema(value_type = Vec<Object>)]
    pub limits: Vec<Limit>,
    /// Why.
    pub explanation: Explanation,
}

impl FaceReport {
    pub(super) fn new(index: usize, (face, template): &(Face, Template), compared: Option<&Compared>) -> Self {
        let explanation = compared.map_or_else(
            || Explanation::only("The face is like none of the enrolled identities."),
            |c| Explanation::of(&c.enrolled.record.fields.display_name, &c.decision, &c.evidence),
        );
        Self {
            index,
            bbox: template.bbox,
            confidence: face.detection.confidence,
            pose: template.pose,
            quality: template.quality.clone(),
            apparent: ApparentTraits::of(template),
            identity: compared.map(|c| c.enrolled.name()),
            verdict: compared.map_or(Verdict::DifferentPerson, |c| c.decision.verdict),
            score: compared.map(|c| c.decision.score),
            thresholds: compared.map(|c| c.decision.thresholds),
            likeness: compared.map(|c| c.evidence.likeness),
            copy_of: compared.and_then(Compared::copy_of),
            stability: compared.and_then(|c| c.stability),
            limits: compared.map(|c| c.decision.limits.clone()).unwrap_or_default(),
            explanation,
        }
    }
}

/// The answer to one image.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Verification {
    /// The answer for the image: with a claimed identity, that of the face most like it; else the most alarming.
    pub verdict: Verdict,
    /// The calibrated probability that the face is a genuine photograph of the identity, 0..=1; `null` where there is
    /// no face or no identity.
    pub score: Option<f32>,
    /// The claimed identity, or the one that the deciding face was found to be; `null` for nobody.
    pub identity: Option<IdentityName>,
    /// Index of the face that decided; `null` without a face.
    pub deciding_face: Option<usize>,
    /// Every face that was looked at, the largest first.
    pub faces: Vec<FaceReport>,
    /// Whether there are more: `max_faces` of them, 16 unless it is set otherwise, are looked at, the largest by area.
    pub more_faces: bool,
    /// Why, for the deciding face.
    pub explanation: Explanation,
    /// What the deciding face was decided by: the identity's own thresholds where it has error rates of its own, with
    /// the rates that they were fitted to.
    #[schema(value_type = Object)]
    pub thresholds: ThresholdReport,
    /// The operator's own data that thresholds and score were fitted to, with the error rates seen there; `null` with
    /// those that faceward ships.
    #[schema(value_type = Option<Object>)]
    pub calibration: Option<CalibrationSource>,
    /// The image.
    pub image: ImageReport,
    /// What answered.
    pub versions: Versions,
    /// What each stage took; over HTTP only where `timings=true` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timings: Option<Vec<StageTiming>>,
}
