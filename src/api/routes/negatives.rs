//! `/v1/identities/{id}/negatives`: images that do not show the person, or are fakes.

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
use crate::error_code::ErrorCode;
use crate::identity::{IdentityId, SampleKind, SampleSet};
use crate::service::EnrollmentReport;

/// Images that do not show the person, or are fakes of the person, 1 to 128 parts `image`, `kind` counted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "documents the form")]
pub(crate) struct NegativesForm {
    #[schema(value_type = Vec<String>, format = Binary, min_items = 1)]
    image: Vec<String>,
    /// What all images of the form are; without it, `not_this_person`.
    #[schema(value_type = NegativeKind, required = false)]
    kind: Option<NegativeKind>,
}

/// What an image that is not the person is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code, reason = "documents the form")]
enum NegativeKind {
    /// Another person, often mistaken for the identity.
    NotThisPerson,
    /// A known fake of the identity.
    KnownFake,
}

impl Fields for NegativesForm {
    const TEXTS: &'static [(&'static str, &'static str)] = &[("kind", "`not_this_person` or `known_fake`")];
}

/// Enroll images that do not show the identity, or are known fakes of it.
///
/// Each image is accepted or rejected by itself, and the report says why. Where none is accepted, the answer is a
/// problem with the code `none_accepted` and the same report.
#[utoipa::path(post, path = "/v1/identities/{id}/negatives", tag = "negatives",
    params(("id" = IdentityId, Path, description = "The identity's id")),
    request_body(content = NegativesForm, content_type = "multipart/form-data"),
    responses((status = 200, description = "At least one image was accepted", body = EnrollmentReport)))]
pub(crate) async fn add_negatives(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
    form: Form<NegativesForm>,
) -> Result<Json<EnrollmentReport>, Problem> {
    let kind = match form.text("kind") {
        None | Some("not_this_person") => SampleKind::NotThisPerson,
        Some("known_fake") => SampleKind::KnownFake,
        Some(_) => {
            let detail = "`kind` must be `not_this_person` or `known_fake`";
            return Err(Problem::new(ErrorCode::FieldInvalid, detail));
        }
    };
    samples::enroll(&state, caller, id, kind, form).await
}

/// List the negatives of an identity.
#[utoipa::path(get, path = "/v1/identities/{id}/negatives", operation_id = "list_negatives", tag = "negatives",
    params(("id" = IdentityId, Path, description = "The identity's id")),
    responses((status = 200, description = "All negatives", body = Vec<SampleView>)))]
pub(crate) async fn negatives(State(state): State<AppState>, Id(id): Id) -> Result<Json<Vec<SampleView>>, Problem> {
    samples::list(&state, &id, SampleSet::Negatives).await
}

/// Get one negative.
#[utoipa::path(get, path = "/v1/identities/{id}/negatives/{sample}", operation_id = "get_negative", tag = "negatives",
    params(("id" = IdentityId, Path, description = "The identity's id"),
    ("sample" = Uuid, Path, description = "The negative's id")),
    responses((status = 200, description = "The negative", body = SampleView)))]
pub(crate) async fn negative(
    State(state): State<AppState>,
    Id(id): Id,
    SampleId(sample): SampleId,
) -> Result<Json<SampleView>, Problem> {
    samples::show(&state, &id, SampleSet::Negatives, &sample).await
}

/// Delete a negative and erase its template.
#[utoipa::path(delete, path = "/v1/identities/{id}/negatives/{sample}", tag = "negatives",
    params(("id" = IdentityId, Path, description = "The identity's id"),
    ("sample" = Uuid, Path, description = "The negative's id")),
    responses((status = 204, description = "Erased")))]
pub(crate) async fn delete_negative(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
    SampleId(sample): SampleId,
) -> Result<StatusCode, Problem> {
    samples::erase(&state, caller, id, SampleSet::Negatives, &sample).await
}

/// Get the image of a negative as it was sent.
///
/// Images are kept only if the setting `keep_images` is on; if none was kept, the answer is 404 with the code
/// `image_not_kept`. Every read is recorded in the audit log.
#[utoipa::path(get, path = "/v1/identities/{id}/negatives/{sample}/image", operation_id = "get_negative_image", tag = "negatives",
    params(("id" = IdentityId, Path, description = "The identity's id"),
    ("sample" = Uuid, Path, description = "The negative's id")),
    responses(
    (status = 200, description = "The bytes that were sent", content_type = "application/octet-stream", body = KeptImage)))]
pub(crate) async fn negative_image(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
    SampleId(sample): SampleId,
) -> Result<Image, Problem> {
    samples::image(&state, caller, id, SampleSet::Negatives, &sample).await
}
