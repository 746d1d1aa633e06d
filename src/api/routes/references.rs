//! `/v1/identities/{id}/references`: photographs of the person.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::samples::{self, Image, KeptImage, SampleView};
use crate::api::Problem;
use crate::api::extract::{Fields, Form, Id, SampleId};
use crate::api::middleware::auth::Caller;
use crate::api::state::AppState;
use crate::identity::{IdentityId, SampleKind, SampleSet};
use crate::service::EnrollmentReport;

/// Photographs of the person, 1 to 128 parts `image`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "documents the form")]
pub(crate) struct ImagesForm {
    #[schema(value_type = Vec<String>, format = Binary, min_items = 1)]
    image: Vec<String>,
}

impl Fields for ImagesForm {
    const TEXTS: &'static [(&'static str, &'static str)] = &[];
}

/// Enroll photographs of the identity.
///
/// Each image is accepted or rejected by itself, and the report says why. Where none is accepted, the answer is a
/// problem with the code `none_accepted` and the same report.
#[utoipa::path(post, path = "/v1/identities/{id}/references", tag = "references",
    params(("id" = IdentityId, Path, description = "The identity's id")),
    request_body(content = ImagesForm, content_type = "multipart/form-data"),
    responses((status = 200, description = "At least one image was accepted", body = EnrollmentReport)))]
pub(crate) async fn add_references(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
    form: Form<ImagesForm>,
) -> Result<Json<EnrollmentReport>, Problem> {
    samples::enroll(&state, caller, id, SampleKind::Reference, form).await
}

/// List the references of an identity.
#[utoipa::path(get, path = "/v1/identities/{id}/references", operation_id = "list_references", tag = "references",
    params(("id" = IdentityId, Path, description = "The identity's id")),
    responses((status = 200, description = "All references", body = Vec<SampleView>)))]
pub(crate) async fn references(State(state): State<AppState>, Id(id): Id) -> Result<Json<Vec<SampleView>>, Problem> {
    samples::list(&state, &id, SampleSet::References).await
}

/// Get one reference.
#[utoipa::path(get, path = "/v1/identities/{id}/references/{sample}", operation_id = "get_reference", tag = "references",
    params(("id" = IdentityId, Path, description = "The identity's id"),
    ("sample" = Uuid, Path, description = "The reference's id")),
    responses((status = 200, description = "The reference", body = SampleView)))]
pub(crate) async fn reference(
    State(state): State<AppState>,
    Id(id): Id,
    SampleId(sample): SampleId,
) -> Result<Json<SampleView>, Problem> {
    samples::show(&state, &id, SampleSet::References, &sample).await
}

/// Delete a reference and erase its template.
#[utoipa::path(delete, path = "/v1/identities/{id}/references/{sample}", tag = "references",
    params(("id" = IdentityId, Path, description = "The identity's id"),
    ("sample" = Uuid, Path, description = "The reference's id")),
    responses((status = 204, description = "Erased")))]
pub(crate) async fn delete_reference(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
    SampleId(sample): SampleId,
) -> Result<StatusCode, Problem> {
    samples::erase(&state, caller, id, SampleSet::References, &sample).await
}

/// Get the image of a reference as it was sent.
///
/// Images are kept only if the setting `keep_images` is on; if none was kept, the answer is 404 with the code
/// `image_not_kept`. Every read is recorded in the audit log.
#[utoipa::path(get, path = "/v1/identities/{id}/references/{sample}/image", operation_id = "get_reference_image", tag = "references",
    params(("id" = IdentityId, Path, description = "The identity's id"),
    ("sample" = Uuid, Path, description = "The reference's id")),
    responses(
    (status = 200, description = "The bytes that were sent", content_type = "application/octet-stream", body = KeptImage)))]
pub(crate) async fn reference_image(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
    SampleId(sample): SampleId,
) -> Result<Image, Problem> {
    samples::image(&state, caller, id, SampleSet::References, &sample).await
}
