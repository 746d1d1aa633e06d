//! `/v1/identities/{id}/references` and `/v1/identities/{id}/negatives`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::Problem;
use crate::api::extract::{Form, Id, SampleId};
use crate::api::middleware::auth::Caller;
use crate::api::state::AppState;
use crate::identity::{IdentityId, Sample, SampleKind, SampleSet};
use crate::service::{EnrollmentReport, RecordedService, ServiceError};

/// A reference or a negative; its template and its pixels are never part of an answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct SampleView {
    id: Uuid,
    /// `reference`, `not_this_person` or `known_fake`.
    #[schema(value_type = String)]
    kind: SampleKind,
    filename: Option<String>,
    image_sha256: String,
    #[schema(value_type = String)]
    added_at: Timestamp,
    /// 0..=100.
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

/// The images to enroll, one or more parts `image`; for negatives also `kind`.
#[derive(ToSchema)]
#[allow(dead_code, reason = "documents the form")]
pub(crate) struct ImagesForm {
    #[schema(value_type = Vec<String>, format = Binary)]
    image: Vec<String>,
    /// For negatives: `not_this_person` (unless given) or `known_fake`.
    kind: Option<String>,
}

/// 422 with the report when nothing was accepted.
fn accepted(report: EnrollmentReport) -> Result<Json<EnrollmentReport>, Problem> {
    if !report.accepted.is_empty() {
        return Ok(Json(report));
    }
    let all_too_large = report.rejected.iter().all(|r| r.code == "image_too_large");
    let status = if all_too_large { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::UNPROCESSABLE_ENTITY };
    let reasons: Vec<String> = report.rejected.iter().take(3).map(|r| r.detail.clone()).collect();
    let mut problem = Problem::new(status, "none_accepted", format!("no image was accepted: {}", reasons.join("; ")));
    problem.report = Some(Box::new(report));
    Err(problem)
}

/// Enroll photographs of the identity.
#[utoipa::path(post, path = "/v1/identities/{id}/references", tag = "references", params(("id" = String, Path)),
    request_body(content = ImagesForm, content_type = "multipart/form-data"),
    responses((status = 200, body = EnrollmentReport),
    (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn add_references(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Id(id): Id,
    form: Form,
) -> Result<Json<EnrollmentReport>, Problem> {
    let (images, held) = form.some_images()?;
    let enroll = move |service: &RecordedService| {
        let _held = held;
        service.acting_as(actor).enroll(&id, SampleKind::Reference, &images)
    };
    accepted(state.on_pool(enroll).await?)
}

/// Enroll images that do not show the identity, or fakes of it.
#[utoipa::path(post, path = "/v1/identities/{id}/negatives", tag = "negatives", params(("id" = String, Path)),
    request_body(content = ImagesForm, content_type = "multipart/form-data"),
    responses((status = 200, body = EnrollmentReport),
    (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn add_negatives(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Id(id): Id,
    form: Form,
) -> Result<Json<EnrollmentReport>, Problem> {
    let kind = match form.kind.as_deref() {
        None | Some("not_this_person") => SampleKind::NotThisPerson,
        Some("known_fake") => SampleKind::KnownFake,
        Some(_) => {
            let detail = "kind must be not_this_person or known_fake";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "field_invalid", detail));
        }
    };
    let (images, held) = form.some_images()?;
    let enroll = move |service: &RecordedService| {
        let _held = held;
        service.acting_as(actor).enroll(&id, kind, &images)
    };
    accepted(state.on_pool(enroll).await?)
}

fn listed(state: &AppState, id: &IdentityId, set: SampleSet) -> Result<Json<Vec<SampleView>>, Problem> {
    let enrolled = state.service.identity(id)?;
    let wanted = enrolled.samples.iter().filter(|s| set.holds(s.kind));
    Ok(Json(wanted.map(SampleView::of).collect()))
}

/// The references of an identity.
#[utoipa::path(get, path = "/v1/identities/{id}/references", tag = "references", params(("id" = String, Path)),
    responses((status = 200, body = Vec<SampleView>),
    (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn references(State(state): State<AppState>, Id(id): Id) -> Result<Json<Vec<SampleView>>, Problem> {
    listed(&state, &id, SampleSet::References)
}

/// The negatives of an identity.
#[utoipa::path(get, path = "/v1/identities/{id}/negatives", tag = "negatives", params(("id" = String, Path)),
    responses((status = 200, body = Vec<SampleView>),
    (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn negatives(State(state): State<AppState>, Id(id): Id) -> Result<Json<Vec<SampleView>>, Problem> {
    listed(&state, &id, SampleSet::Negatives)
}

pub(crate) fn sample_id(text: &str, identity: &IdentityId, set: SampleSet) -> Result<Uuid, Problem> {
    let unknown = |_| ServiceError::unknown_sample(identity, set, &text.chars().take(64).collect::<String>());
    Ok(Uuid::try_parse(text).map_err(unknown)?)
}

fn one(state: &AppState, id: &IdentityId, sample: &str, set: SampleSet) -> Result<Json<SampleView>, Problem> {
    let wanted = sample_id(sample, id, set)?;
    let all = listed(state, id, set)?;
    let unknown = || ServiceError::unknown_sample(id, set, &wanted);
    Ok(Json(all.0.into_iter().find(|s| s.id == wanted).ok_or_else(unknown)?))
}

async fn remove(
    state: AppState,
    Caller(actor): Caller,
    id: IdentityId,
    sample: String,
    set: SampleSet,
) -> Result<StatusCode, Problem> {
    let sample = sample_id(&sample, &id, set)?;
    let erase = move |service: &RecordedService| service.acting_as(actor).erase_sample(&id, set, sample);
    state.on_disk(erase).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One reference.
#[utoipa::path(get, path = "/v1/identities/{id}/references/{sample}", tag = "references",
    params(("id" = String, Path), ("sample" = String, Path)), responses((status = 200, body = SampleView),
    (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn reference(
    State(state): State<AppState>,
    Id(id): Id,
    SampleId(sample): SampleId,
) -> Result<Json<SampleView>, Problem> {
    one(&state, &id, &sample, SampleSet::References)
}

/// One negative.
#[utoipa::path(get, path = "/v1/identities/{id}/negatives/{sample}", tag = "negatives",
    params(("id" = String, Path), ("sample" = String, Path)), responses((status = 200, body = SampleView),
    (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn negative(
    State(state): State<AppState>,
    Id(id): Id,
    SampleId(sample): SampleId,
) -> Result<Json<SampleView>, Problem> {
    one(&state, &id, &sample, SampleSet::Negatives)
}

/// Delete a reference and erase its template.
#[utoipa::path(delete, path = "/v1/identities/{id}/references/{sample}", tag = "references",
    params(("id" = String, Path), ("sample" = String, Path)), responses((status = 204),
    (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn delete_reference(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
    SampleId(sample): SampleId,
) -> Result<StatusCode, Problem> {
    remove(state, caller, id, sample, SampleSet::References).await
}

/// Delete a negative and erase its template.
#[utoipa::path(delete, path = "/v1/identities/{id}/negatives/{sample}", tag = "negatives",
    params(("id" = String, Path), ("sample" = String, Path)), responses((status = 204),
    (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn delete_negative(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
    SampleId(sample): SampleId,
) -> Result<StatusCode, Problem> {
    remove(state, caller, id, sample, SampleSet::Negatives).await
}
