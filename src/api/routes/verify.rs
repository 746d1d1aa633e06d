//! `POST /v1/verify`.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::api::Problem;
use crate::api::extract::{Form, Params};
use crate::api::middleware::auth::Caller;
use crate::api::state::AppState;
use crate::error_code::ErrorCode;
use crate::identity::IdentityId;
use crate::service::{RecordedService, ServiceError, Verification, VerifyOptions};

/// One image, and optionally the identity that it is said to show.
#[derive(ToSchema)]
#[allow(dead_code, reason = "documents the form")]
pub(crate) struct VerifyForm {
    #[schema(value_type = String, format = Binary)]
    image: String,
    /// The claimed identity's id; without it, all identities are searched for each face.
    identity: Option<String>,
}

/// Options of a verification.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct VerifyParams {
    /// Add the time that each stage took, under `timings`.
    #[serde(default)]
    timings: bool,
    /// Also verify a degraded copy of the face, and answer `inconclusive` if the two verdicts contradict each other.
    /// The default is the server's setting `stability_check`.
    stability: Option<bool>,
    /// Describe strangers' faces too: their apparent age, sex and expression. It changes no decision. Searches only leave them
    /// out, so with an identity it has no effect.
    #[serde(default)]
    full: bool,
    /// Searches only: the number of candidates to list for each face, the most similar first; 1 without it.
    #[param(minimum = 1, maximum = 100)]
    top_k: Option<usize>,
    /// Searches only: the share of strangers that may be taken for somebody enrolled, whatever the number enrolled
    /// (false-positive identification rate). The default is the server's setting `target_fpir`.
    #[param(minimum = 0.000_001, maximum = 0.5)]
    target_fpir: Option<f32>,
}

/// Verify an image.
///
/// With the part `identity`, the image is compared with that identity; without it, everybody enrolled is searched for each
/// face, and a face that depicts nobody of them is `unknown_person`. An image without a usable face is answered 200 with the verdict `no_face`.
#[utoipa::path(post, path = "/v1/verify", tag = "verify", params(VerifyParams),
    request_body(content = VerifyForm, content_type = "multipart/form-data"),
    responses((status = 200, description = "The verdict and its explanation", body = Verification),
    (status = "4XX", description = "Refused: see the code", body = Problem,
    content_type = "application/problem+json"),
    (status = "5XX", description = "Failed, or overloaded: see the code", body = Problem,
    content_type = "application/problem+json")))]
pub(crate) async fn verify(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Params(params): Params<VerifyParams>,
    form: Form,
) -> Result<Json<Verification>, Problem> {
    let claimed = form.identity.clone().filter(|t| !t.is_empty());
    let claimed = claimed.map(IdentityId::try_from).transpose().map_err(ServiceError::from)?;
    let (mut images, held) = form.some_images()?;
    let (Some(upload), true) = (images.pop(), images.is_empty()) else {
        let detail = "the form has several parts named `image`; send one image per request";
        return Err(Problem::new(ErrorCode::TooManyImages, detail));
    };
    let VerifyParams { timings, stability: stability_check, full, top_k, target_fpir } = params;
    let options = VerifyOptions { stability_check, full, top_k, target_fpir };
    let verify = move |service: &RecordedService| {
        let _held = held;
        service.acting_as(actor).verify_with(&upload.bytes, claimed.as_ref(), &options)
    };
    let mut answer = state.on_pool(verify).await?;
    ::metrics::counter!("faceward_verdicts_total", "verdict" => answer.verdict.name()).increment(1);
    for timing in answer.timings.iter().flatten() {
        let stage = timing.stage.name();
        let seconds = f64::from(timing.milliseconds) / 1000.0;
        ::metrics::histogram!("faceward_verify_stage_duration_seconds", "stage" => stage).record(seconds);
    }
    answer.timings = answer.timings.filter(|_| timings);
    Ok(Json(answer))
}
