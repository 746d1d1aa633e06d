//! `POST /v1/verify`.

use axum::extract::State;
use axum::{Extension, Json};

use super::probe::{BareImage, Probe, VerifyForm, VerifyJson, VerifyParams};
use crate::api::Problem;
use crate::api::meters;
use crate::api::middleware::auth::Caller;
use crate::api::state::AppState;
use crate::service::{RecordedService, Verification};
use crate::verdict::Verdict;

/// Verify an image.
///
/// With `identity`, the image is compared with that identity; without it, everybody enrolled is searched for each face,
/// and a face that depicts nobody of them is `unknown_person`. An image in which no face is found is answered 200 with
/// the verdict `no_face`.
///
/// The body is a form, JSON with the image in base64, or the bare image; its `Content-Type` says which. The claim is
/// the form field `identity`, the JSON key `identity`, or beside a bare image the query parameter `identity`. Unknown
/// and repeated fields, keys and parameters are refused with 400, and so is an empty `identity` or parameter.
#[utoipa::path(post, path = "/v1/verify", tag = "verify", params(VerifyParams),
    request_body(description = "The image", content((VerifyForm = "multipart/form-data"),
    (VerifyJson = "application/json"), (BareImage = "image/*"), (BareImage = "application/octet-stream"))),
    responses((status = 200, description = "The verdict and its explanation", body = Verification)))]
pub(crate) async fn verify(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Probe { bytes, claimed, options, timings, held }: Probe,
) -> Result<(Extension<Verdict>, Json<Verification>), Problem> {
    let verify = move |service: &RecordedService| {
        let _held = held;
        service.acting_as(actor).verify_with(&bytes, claimed.as_ref(), &options)
    };
    let mut answer = state.on_pool(verify).await?;
    meters::verified(&answer);
    answer.timings = answer.timings.filter(|_| timings);
    // For the access log.
    Ok((Extension(answer.verdict), Json(answer)))
}
