//! `/v1/cases/{id}/image` and `/v1/cases/{id}/sample`: the picture of a case, and the picture as a reference or negative.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::cases::parse;
use super::samples::{Image, KeptImage, accepted, given};
use crate::api::Problem;
use crate::api::extract::{Fields, Form, Part};
use crate::api::middleware::auth::Caller;
use crate::api::state::AppState;
use crate::error_code::ErrorCode;
use crate::identity::{IdentityId, SampleKind};
use crate::service::{CaseSample, EnrollmentReport, RecordedService, ServiceError};

/// Get the image of a case as it was sent, where it is kept.
#[utoipa::path(get, path = "/v1/cases/{id}/image", operation_id = "get_case_image", tag = "cases",
    params(("id" = Uuid, Path, description = "The case's number")),
    responses((status = 200, description = "The image", body = KeptImage, content_type = "application/octet-stream")))]
pub(crate) async fn image(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Part(id): Part,
) -> Result<Image, Problem> {
    let id = parse(&id)?;
    let read = move |service: &RecordedService| service.acting_as(actor).case_picture(id);
    let bytes = state.on_disk(read).await?.ok_or(ServiceError::PictureNotKept)?;
    Ok(given(bytes))
}

/// What the picture of a case is enrolled as.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "documents the form")]
pub(crate) struct CaseSampleForm {
    /// The image of the case; needed where it is not kept. Its SHA-256 must be the case's.
    #[schema(value_type = String, format = Binary, required = false)]
    image: Option<String>,
    /// As what: a photograph of the person, another person, or a fake.
    kind: SampleKind,
    /// Whose; without it, the identity of the case.
    #[schema(value_type = IdentityId, required = false)]
    identity: Option<String>,
}

impl Fields for CaseSampleForm {
    const TEXTS: &'static [(&'static str, &'static str)] =
        &[("kind", "`reference`, `not_this_person` or `known_fake`"), ("identity", "the id of an identity")];
}

/// Enroll the image of a case as a reference or a negative.
///
/// It is accepted or rejected as any other image; one that is rejected is answered 422 with the report.
#[utoipa::path(post, path = "/v1/cases/{id}/sample", operation_id = "add_case_sample", tag = "cases",
    params(("id" = Uuid, Path, description = "The case's number")),
    request_body(content = CaseSampleForm, content_type = "multipart/form-data"),
    responses((status = 200, description = "The image was accepted", body = EnrollmentReport)))]
pub(crate) async fn add_sample(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Part(id): Part,
    form: Form<CaseSampleForm>,
) -> Result<Json<EnrollmentReport>, Problem> {
    let id = parse(&id)?;
    let named = form.text("kind").and_then(|text| SampleKind::ALL.into_iter().find(|kind| kind.name() == text));
    let kind = named.ok_or_else(|| {
        let detail = "the form field `kind` must be `reference`, `not_this_person` or `known_fake`";
        Problem::new(ErrorCode::FieldInvalid, detail)
    })?;
    let identity = form.text("identity").map(str::parse::<IdentityId>).transpose().map_err(ServiceError::from)?;
    let (mut images, held) = form.any_images();
    if images.len() > 1 {
        let detail = "the form has several parts named `image`: a case has one image";
        return Err(Problem::new(ErrorCode::TooManyImages, detail));
    }
    let sample = CaseSample { kind, identity, image: images.pop() };
    let enroll = move |service: &RecordedService| {
        let _held = held;
        service.acting_as(actor).enroll_case(id, sample)
    };
    accepted(state.on_pool(enroll).await?)
}
