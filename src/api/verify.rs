//! `POST /v1/verify`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use utoipa::ToSchema;

use super::Problem;
use super::extract::Form;
use super::state::AppState;
use crate::identity::IdentityId;
use crate::service::{ServiceError, Verification};

/// One image, and whom it is said to show.
#[derive(ToSchema)]
#[allow(dead_code, reason = "documents the form")]
pub(super) struct VerifyForm {
    #[schema(value_type = String, format = Binary)]
    image: String,
    /// The claimed identity's id; without it each face is searched over all identities.
    identity: Option<String>,
}

/// Verify an image.
#[utoipa::path(post, path = "/v1/verify", tag = "verify",
    request_body(content = VerifyForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Verification),
    (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn verify(State(state): State<AppState>, form: Form) -> Result<Json<Verification>, Problem> {
    let claimed = form.identity.clone().filter(|t| !t.is_empty());
    let claimed = claimed.map(IdentityId::try_from).transpose().map_err(ServiceError::from)?;
    let mut images = form.some_images()?;
    let (Some(upload), true) = (images.pop(), images.is_empty()) else {
        let detail = "send one part named \"image\"; several images are several requests";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many_images", detail));
    };
    let answer = state.on_pool(move |service| service.verify(&upload.bytes, claimed.as_ref())).await?;
    ::metrics::counter!("faceward_verdicts_total", "verdict" => answer.verdict.name()).increment(1);
    Ok(Json(answer))
}
