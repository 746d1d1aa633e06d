//! What the routes of references and of negatives share.

use axum::Json;
use axum::http::{HeaderName, StatusCode, header};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::Problem;
use crate::api::extract::{Fields, Form};
use crate::api::middleware::auth::Caller;
use crate::api::state::AppState;
use crate::error_code::ErrorCode;
use crate::identity::{IdentityId, Sample, SampleKind, SampleSet};
use crate::service::{EnrollmentReport, RecordedService, ServiceError};

/// A reference or a negative. Its template and its pixels are never part of an answer.
#[derive(Serialize, ToSchema)]
#[schema(as = Sample)]
pub(crate) struct SampleView {
    id: Uuid,
    kind: SampleKind,
    /// The name of the file that was sent.
    #[schema(required)]
    filename: Option<String>,
    /// SHA-256 of the bytes that were sent, hex.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    image_sha256: String,
    /// RFC 3339.
    #[schema(value_type = String, format = DateTime)]
    added_at: Timestamp,
    /// Quality of the face, 0..=100.
    #[schema(minimum = 0, maximum = 100)]
    quality: f32,
}

impl SampleView {
    fn of(sample: &Sample) -> Self {
        Self {
            id: sample.id,
            kind: sample.kind,
            filename: sample.filename.clone(),
            image_sha256: sample.image_sha256.clone(),
            added_at: sample.added_at,
            quality: sample.template.quality.score,
        }
    }
}

/// Enrolls the images of a form.
///
/// # Errors
/// As [`accepted`].
pub(super) async fn enroll(
    state: &AppState,
    Caller(actor): Caller,
    id: IdentityId,
    kind: SampleKind,
    form: Form<impl Fields>,
) -> Result<Json<EnrollmentReport>, Problem> {
    let (images, held) = form.some_images()?;
    let enroll = move |service: &RecordedService| {
        let _held = held;
        service.acting_as(actor).enroll(&id, kind, &images)
    };
    accepted(state.on_pool(enroll).await?)
}

/// The answer to an enrollment.
///
/// # Errors
/// When no image was accepted: `none_accepted` with the report, 413 where all images are too large, else 422.
pub(super) fn accepted(report: EnrollmentReport) -> Result<Json<EnrollmentReport>, Problem> {
    if !report.accepted.is_empty() {
        return Ok(Json(report));
    }
    let all_too_large = report.rejected.iter().all(|r| r.code == ErrorCode::ImageTooLarge);
    let status = if all_too_large { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::UNPROCESSABLE_ENTITY };
    let reasons: Vec<String> = report.rejected.iter().take(3).map(|r| r.detail.clone()).collect();
    let detail = format!("no image was accepted: {}", reasons.join("; "));
    let mut problem = Problem::with_status(status, ErrorCode::NoneAccepted, detail);
    problem.report = Some(Box::new(report));
    Err(problem)
}

/// All samples of `set`.
pub(super) async fn list(state: &AppState, id: &IdentityId, set: SampleSet) -> Result<Json<Vec<SampleView>>, Problem> {
    let id = id.clone();
    let samples = state.on_disk(move |service| service.samples(&id)).await?;
    let wanted = samples.iter().filter(|s| set.holds(s.kind));
    Ok(Json(wanted.map(SampleView::of).collect()))
}

/// The sample of `set` with the id `sample`, as sent.
pub(super) async fn show(
    state: &AppState,
    id: &IdentityId,
    set: SampleSet,
    sample: &str,
) -> Result<Json<SampleView>, Problem> {
    let wanted = parse(sample, id, set)?;
    let Json(all) = list(state, id, set).await?;
    let unknown = || ServiceError::unknown_sample(id, set, &wanted);
    Ok(Json(all.into_iter().find(|s| s.id == wanted).ok_or_else(unknown)?))
}

/// Deletes a sample and erases its template.
pub(super) async fn erase(
    state: &AppState,
    Caller(actor): Caller,
    id: IdentityId,
    set: SampleSet,
    sample: &str,
) -> Result<StatusCode, Problem> {
    let sample = parse(sample, &id, set)?;
    let erase = move |service: &RecordedService| service.acting_as(actor).erase_sample(&id, set, sample);
    state.on_disk(erase).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An image to be saved, not shown: whatever the bytes are, a browser must not take them for a page.
pub(super) type Image = ([(HeaderName, &'static str); 2], Vec<u8>);

/// The bytes of an image as it was sent.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code, reason = "documents the body")]
pub(crate) struct KeptImage(Vec<u8>);

/// The image of a sample as it was sent.
pub(super) async fn image(
    state: &AppState,
    Caller(actor): Caller,
    id: IdentityId,
    set: SampleSet,
    sample: &str,
) -> Result<Image, Problem> {
    let sample = parse(sample, &id, set)?;
    let read = move |service: &RecordedService| service.acting_as(actor).image(&id, set, sample);
    let bytes = state.on_disk(read).await?.ok_or_else(|| {
        let detail = "this image was not kept; images enrolled from now on are kept if `keep_images` is turned on";
        Problem::new(ErrorCode::ImageNotKept, detail)
    })?;
    Ok(given(bytes))
}

/// An image to be saved.
pub(super) fn given(bytes: Vec<u8>) -> Image {
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"image\""),
    ];
    (headers, bytes)
}

/// The id of a sample; one that is no UUID is unknown.
fn parse(text: &str, identity: &IdentityId, set: SampleSet) -> Result<Uuid, Problem> {
    let unknown = |_| ServiceError::unknown_sample(identity, set, &text.chars().take(64).collect::<String>());
    Ok(Uuid::try_parse(text).map_err(unknown)?)
}
