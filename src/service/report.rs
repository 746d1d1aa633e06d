//! The shapes of answers.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::review::FaceReview;
use super::{Enrolled, StageTiming};
use crate::face::{BoundingBox, Face, Pose, Quality};
use crate::identity::{IdentityId, Profile, SampleKind};
use crate::imaging::Decoded;
use crate::models::Versions;
use crate::template::{Sex, Template};
use crate::verdict::{CalibrationSource, Explanation, Judgement, Limit, Stability, Standing, Thresholds, Verdict};

/// The image as it was decoded.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImageReport {
    /// Columns of the upright image.
    pub width: u32,
    /// Rows of the upright image.
    pub height: u32,
    /// The format, by its first bytes.
    pub format: String,
    /// Frames in the file; 1 for a still.
    pub frames: u32,
    /// Whether nothing is missing: `false` for a file that is cut or damaged.
    pub complete: bool,
    /// The orientation that was undone, as Exif counts it, 1 to 8; 1 for an image stored upright. A HEIC or AVIF is
    /// turned as its properties say, not as its Exif data does.
    #[schema(minimum = 1, maximum = 8)]
    pub orientation: u8,
    /// Whether the image has too many pixels and was judged at a fraction of its size; `width` and `height` are those
    /// of the whole.
    pub scaled: bool,
    /// The colour profile; `null` for sRGB, or where the file names none.
    #[schema(required)]
    pub colour_profile: Option<ColourProfileReport>,
    /// SHA-256 of the encoded image, hex.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub sha256: String,
}

/// What the file says of its colours, other than sRGB.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ColourProfileReport {
    /// `icc`, or for a PNG, HEIC or AVIF `cicp`, or for a PNG `gamma`.
    pub source: String,
    /// The profile's own description.
    #[schema(required)]
    pub name: Option<String>,
    /// Whether the colours were brought to sRGB by it.
    pub applied: bool,
    /// Why it was not applied; `null` where it was.
    #[schema(required)]
    pub reason: Option<String>,
}

impl ImageReport {
    /// The report on a decoded image with this hash of its bytes.
    pub(super) fn of(decoded: &Decoded, sha256: String) -> Self {
        let Decoded { image, facts } = decoded;
        let profile = facts.profile.as_ref().map(|profile| ColourProfileReport {
            source: profile.source.into(),
            name: profile.name.clone(),
            applied: profile.ignored.is_none(),
            reason: profile.ignored.map(Into::into),
        });
        Self {
            width: image.width(),
            height: image.height(),
            format: facts.format.into(),
            frames: facts.frames,
            complete: facts.is_complete,
            orientation: facts.orientation,
            scaled: facts.is_scaled,
            colour_profile: profile,
            sha256,
        }
    }
}

/// An identity as answers name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct IdentityName {
    /// The operator's id.
    #[schema(value_type = IdentityId)]
    pub id: String,
    /// The name for reviewers.
    pub display_name: String,
}

/// Age, sex and expression as the networks read them; never part of the verdict.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ApparentTraits {
    /// Years.
    pub age: f32,
    /// Never gender.
    pub sex: Sex,
    /// The strongest of seven expressions.
    pub expression: String,
}

impl ApparentTraits {
    fn of(template: &Template) -> Self {
        let (expression, _) = template.expression.strongest();
        Self { age: template.demographics.age, sex: template.demographics.sex(), expression: expression.into() }
    }
}

/// The thresholds of the verdicts, and the error rates that they were fitted to.
pub type ThresholdReport = Thresholds;

/// A reference or negative that the image is a copy of, perhaps re-encoded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CopyReport {
    /// `reference`, `not_this_person` or `known_fake`.
    pub kind: SampleKind,
    /// The id of the reference or negative.
    pub id: Uuid,
    /// Bits of the perceptual hash that differ, of 256.
    #[schema(maximum = 256)]
    pub distance: u32,
}

/// An identity that a face was compared with in a search.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CandidateReport {
    /// The identity.
    pub identity: IdentityName,
    /// The similarity of the face to the mean of the references, -1..=1: the mean cosine of embeddings C and D where
    /// the candidate was confirmed, otherwise the cosine of embedding C.
    pub similarity: f32,
    /// Whether the second network compared them: only where the first one finds them more similar than most strangers
    /// are.
    pub confirmed: bool,
    /// The share of strangers who are as similar to one of the identities searched, 0..=1; `null` below the start of
    /// the fitted tail, where the rate is not modelled.
    #[schema(required, minimum = 0, maximum = 1)]
    pub expected_fpir: Option<f32>,
}

/// The search of everybody enrolled for one face.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SearchReport {
    /// The number of identities searched: those with references that the present networks have read, and not expired.
    /// Those with `enroll_again` are left out.
    pub gallery_size: usize,
    /// The similarity from which on the face depicts the first candidate, -1..=1; lower for a confirmed one. `null`
    /// where nobody is enrolled.
    #[schema(required)]
    pub threshold: Option<f32>,
    /// The false-positive identification rate asked for, 0.000001 to 0.5: the share of strangers who may be taken for
    /// somebody enrolled.
    #[schema(minimum = 0.000_001, maximum = 0.5)]
    pub target_fpir: f32,
    /// The rate expected at the threshold, 0..=1.
    #[schema(minimum = 0, maximum = 1)]
    pub expected_fpir: f32,
    /// The most similar identities, those over their threshold first, each group by similarity: one, or as many as
    /// `top_k` asks for. The face depicts the
    /// first that reaches the threshold and to whose negatives (`not_this_person`) the face is not nearer than to the
    /// references, except where the face is too poor, or the picture is a copy of a reference. A copy of another face in
    /// the image depicts whom that one depicts.
    pub candidates: Vec<CandidateReport>,
}

/// One face.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FaceReport {
    /// Its index in the list of faces, from 0; the largest comes first.
    pub index: usize,
    /// The face's box in pixels of the upright image: x, y, width, height.
    pub bbox: BoundingBox,
    /// The detector's confidence, 0..=1.
    #[schema(minimum = 0, maximum = 1)]
    pub confidence: f32,
    /// The pose of the head: `yaw`, `pitch` and `roll` in degrees, 0 for a level frontal face. Positive: turned to the
    /// person's own left, looking up, leaning to the person's own right shoulder.
    pub pose: Pose,
    /// The quality of the face: `score`, the least of the components' scores, 0..=100, and `components`, each with
    /// `component`, `value` in the component's unit and `score`, 0..=100. `occlusion` is not compared with
    /// `thresholds.min_quality`: what is covered stands in `limits`.
    pub quality: Quality,
    /// Apparent age, sex and expression; `null` unless the server's setting `verdict.apparent_traits` is on, and for a
    /// stranger's face, unless `full=true` asks for them, or the face reached the threshold of an identity and was
    /// passed over for a negative.
    #[schema(required)]
    pub apparent: Option<ApparentTraits>,
    /// The identity that it was compared with; `null` for a stranger's face.
    #[schema(required)]
    pub identity: Option<IdentityName>,
    /// The search for the face's identity; `null` where an identity was claimed.
    #[schema(required)]
    pub search: Option<SearchReport>,
    /// What the face brings to the verdict on the image.
    #[serde(skip)]
    pub(super) standing: Standing,
    /// The answer for this face.
    pub verdict: Verdict,
    /// The calibrated probability of a genuine photograph of that identity, 0..=1; `null` without one.
    #[schema(required, minimum = 0, maximum = 1)]
    pub score: Option<f32>,
    /// The thresholds for that identity, and the error rates that they were fitted to; `null` without one. `fake` and
    /// `real` are scores, 0..=1, `likeness` natural log odds, `similarity` a cosine, `min_quality` 0..=100, and the
    /// targets are shares, 0..=1. `likeness` is `null` where a search found the identity by the search's own
    /// threshold.
    #[schema(required)]
    pub thresholds: Option<ThresholdReport>,
    /// The natural log odds that the face depicts that identity, genuine or not. Above zero: more likely than not.
    /// `null` without one.
    #[schema(required)]
    pub likeness: Option<f32>,
    /// The enrolled image that this one is a copy of by its perceptual hash; `null` for none. It changes the verdict
    /// only where the face in a copy of a reference is another person's: `fake` instead of `different_person`.
    #[schema(required)]
    pub copy_of: Option<CopyReport>,
    /// The verdict on a degraded copy of the face; `null` without a stability check, or where the face would be
    /// neither `real` nor `fake` without it.
    #[schema(required)]
    pub stability: Option<Stability>,
    /// The limits of the verdict, the worst first, each with its `kind`: `incomplete_image`; `unstable` (with `verdict`
    /// and `score`, 0..=1, of the degraded copy); `suspicious_companion`; `uncertain_identity` (with `similarity` and
    /// the `least` that is needed); `occluded` (with the covered `regions`); `quality` (with `component`, `value` in the
    /// component's unit, `score` 0..=100); `between_thresholds`; `no_colour`; `few_references` (with `references`).
    pub limits: Vec<Limit>,
    /// The reasons for the verdict.
    pub explanation: Explanation,
    /// What a person who reviews the verdict looks at; only where `review=true` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<FaceReview>,
}

/// One face compared with one identity.
pub(super) struct Comparison<'a> {
    pub(super) enrolled: &'a Enrolled,
    pub(super) profile: &'a Profile,
    pub(super) judgement: Judgement,
}

impl Comparison<'_> {
    /// The enrolled image that the face's picture is a copy of.
    fn copy_of(&self) -> Option<CopyReport> {
        let copy = self.judgement.evidence.copy?;
        let id = self.profile.sample_id(copy.kind, copy.index)?;
        Some(CopyReport { kind: copy.kind, id, distance: copy.distance })
    }

    fn explanation(&self) -> Explanation {
        let Judgement { evidence, decision, .. } = &self.judgement;
        Explanation::of(&self.enrolled.record.fields.display_name, decision, evidence)
    }
}

impl Enrolled {
    /// The name in answers.
    pub(super) fn name(&self) -> IdentityName {
        IdentityName { id: self.record.id.to_string(), display_name: self.record.fields.display_name.clone() }
    }
}

impl FaceReport {
    /// The report on one face, described as far as it was looked at; without `comparison` it is a stranger's.
    pub(super) fn new(index: usize, face: &Face, template: Option<&Template>, comparison: Option<&Comparison>) -> Self {
        let decision = comparison.map(|c| &c.judgement.decision);
        Self {
            index,
            bbox: face.detection.bbox,
            confidence: face.detection.confidence,
            pose: face.pose,
            quality: template.map_or(&face.quality, |t| &t.quality).clone(),
            apparent: template.map(ApparentTraits::of),
            identity: comparison.map(|c| c.enrolled.name()),
            search: None,
            standing: comparison.map_or(Standing::STRANGER, |c| Standing::of(&c.judgement)),
            verdict: decision.map_or(Verdict::UnknownPerson, |d| d.verdict),
            score: decision.map(|d| d.score),
            thresholds: decision.map(|d| d.thresholds),
            likeness: comparison.map(|c| c.judgement.evidence.likeness),
            copy_of: comparison.and_then(Comparison::copy_of),
            stability: comparison.and_then(|c| c.judgement.stability),
            limits: decision.map(|d| d.limits.clone()).unwrap_or_default(),
            explanation: comparison.map_or_else(|| Explanation::only(""), Comparison::explanation),
            review: None,
        }
    }

    /// The report with its review, where one is `asked` for.
    pub(super) fn with_review(self, asked: bool, review: impl FnOnce() -> FaceReview) -> Self {
        Self { review: asked.then(review), ..self }
    }
}

/// The explanation of a face in an image with missing pixels.
const INCOMPLETE: &str =
    "Data of the image is missing or damaged, so no verdict rests on what is left of it: send the original file.";

impl FaceReport {
    /// Takes back what an image with missing pixels does not carry. A stranger stays unknown.
    pub(super) fn hold_back(&mut self) {
        self.limits.insert(0, Limit::IncompleteImage);
        if self.verdict != Verdict::UnknownPerson {
            self.verdict = Verdict::Inconclusive;
            self.explanation = Explanation::only(INCOMPLETE);
        }
    }
}

/// The frames of an animation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AnimationReport {
    /// The index of the frame that decided, from 0. The faces of the answer are those of this frame.
    pub deciding_frame: u32,
    /// The frames that were looked at, in the order of the file: different ones that are not blank, `max_frames` at
    /// most.
    pub frames: Vec<FrameReport>,
    /// Whether these were chosen from all frames; `false` where the file has too many to read, or some are damaged.
    pub all_read: bool,
}

/// One frame of an animation, judged as a picture of its own.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FrameReport {
    /// Its index among the frames of the file, from 0.
    pub index: u32,
    /// Milliseconds from the beginning to when it is first shown.
    pub at_ms: u64,
    /// Milliseconds that it is shown, repetitions included.
    pub shown_ms: u64,
    /// The faces that were judged in it.
    pub faces: usize,
    /// The verdict on it.
    pub verdict: Verdict,
    /// Its score, 0..=1; `null` without a face or an identity.
    #[schema(required, minimum = 0, maximum = 1)]
    pub score: Option<f32>,
}

/// The answer to one image.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Verification {
    /// The answer for the image: the most alarming (`fake`, `inconclusive`, `real`) of the faces that depict the
    /// claimed identity, or in a search anybody enrolled, in all frames that were looked at; where none does, that of
    /// the face most like the claimed identity.
    pub verdict: Verdict,
    /// The calibrated probability that the face is a genuine photograph of the identity, 0..=1; `null` where there is
    /// no face or no identity.
    #[schema(required, minimum = 0, maximum = 1)]
    pub score: Option<f32>,
    /// The claimed identity, or the one that the deciding face was found to depict; `null` where it depicts none.
    #[schema(required)]
    pub identity: Option<IdentityName>,
    /// Index of the face that decided; `null` without a face.
    #[schema(required)]
    pub deciding_face: Option<usize>,
    /// The faces that were judged, the largest first.
    pub faces: Vec<FaceReport>,
    /// The search for the identity of the deciding face; `null` where an identity was claimed, or without a face.
    #[schema(required)]
    pub search: Option<SearchReport>,
    /// The number of faces that were found, of an animation in the deciding frame.
    pub faces_found: usize,
    /// From which size on faces were looked for in the whole image: the longer side of a face's box, in pixels of the
    /// upright image. Smaller faces may have been missed. It depends on the size of the image, and on what it shows.
    pub smallest_face: u32,
    /// Whether the image shows more faces: only the `max_faces` largest by area are judged, 16 by default, and of an
    /// animation four times as many in all its frames together, but at least one per frame.
    pub more_faces: bool,
    /// The explanation of the deciding face, with what was found of the others that depict an identity.
    pub explanation: Explanation,
    /// The thresholds that applied to the deciding face, with the error rates that they were fitted to: the identity's
    /// own where it has error rates of its own. Where no identity was compared (`unknown_person`, `no_face`), those of
    /// claims in general: they decided nothing.
    pub thresholds: ThresholdReport,
    /// The operator's own data that thresholds and score were fitted to, with the error rates seen there; `null` with
    /// the thresholds that faceward ships.
    #[schema(required)]
    pub calibration: Option<CalibrationSource>,
    /// The image.
    pub image: ImageReport,
    /// The frames that were looked at; `null` for a still.
    #[schema(required)]
    pub animation: Option<AnimationReport>,
    /// The versions behind the answer.
    pub versions: Versions,
    /// The number of the case that the verdict is kept as, for reviewers; absent where it is not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Uuid, required = false)]
    pub case: Option<Uuid>,
    /// The time of each stage; over HTTP only where `timings=true` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<StageTiming>, required = false)]
    pub timings: Option<Vec<StageTiming>>,
}
