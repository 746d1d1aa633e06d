//! `…/image`: photographs of references and negatives, where the operator has them kept. For `admin` alone, and recorded.

use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use uuid::Uuid;

use crate::api::Problem;
use crate::api::extract::{Id, SampleId};
use crate::api::middleware::auth::Caller;
use crate::api::routes::samples::sample_id;
use crate::api::state::AppState;
use crate::audit::Actor;
use crate::identity::{IdentityId, SampleSet};
use crate::service::RecordedService;

/// To be saved, not shown: whatever the bytes are, a browser must not take them for a page.
type Image = ([(HeaderName, &'static str); 2], Vec<u8>);

async fn image(state: AppState, actor: Actor, id: IdentityId, set: SampleSet, sample: Uuid) -> Result<Image, Problem> {
    let read = move |service: &RecordedService| service.acting_as(actor).image(&id, set, sample);
    let bytes = state.on_disk(read).await?.ok_or_else(|| {
        let detail = "this image was not kept; the setting keep_images says whether images are";
        Problem::new(StatusCode::NOT_FOUND, "image_not_kept", detail)
    })?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"image\""),
    ];
    Ok((headers, bytes))
}

/// The photograph of a reference as it was sent, where photographs are kept.
#[utoipa::path(get, path = "/v1/identities/{id}/references/{sample}/image", tag = "references",
    params(("id" = String, Path), ("sample" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
    (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn reference_image(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Id(id): Id,
    SampleId(sample): SampleId,
) -> Result<Image, Problem> {
    let sample = sample_id(&sample, &id, SampleSet::References)?;
    image(state, actor, id, SampleSet::References, sample).await
}

/// The image of a negative as it was sent, where images are kept.
#[utoipa::path(get, path = "/v1/identities/{id}/negatives/{sample}/image", tag = "negatives",
    params(("id" = String, Path), ("sample" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
    (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn negative_image(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Id(id): Id,
    SampleId(sample): SampleId,
) -> Result<Image, Problem> {
    let sample = sample_id(&sample, &id, SampleSet::Negatives)?;
    image(state, actor, id, SampleSet::Negatives, sample).await
}
