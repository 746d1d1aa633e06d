//! Versions of a store that several servers share: a server that may be out of date does not answer, a client can ask for
//! what it has written, and is told the version of it.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::api::Problem;
use crate::api::state::AppState;
use crate::error_code::ErrorCode;

/// The header of an answer with the version that has what the request wrote.
pub(crate) const VERSION: HeaderName = HeaderName::from_static("store-version");
/// The header of a request with the version that its answer must have.
pub(crate) const WANTED: HeaderName = HeaderName::from_static("if-store-version");

/// How long a request waits for the version that it asks for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Refuses to answer while identities or keys may be out of date. It stands before authentication, which needs the keys.
pub(crate) async fn current(State(state): State<AppState>, request: Request, next: Next) -> Response {
    match state.current() {
        Ok(()) => next.run(request).await,
        Err(behind) => Problem::from(behind).into_response(),
    }
}

/// Waits for the version that a request asks for, and tells the version that a request has written.
pub(crate) async fn versioned(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if let Err(problem) = reached(&state, request.headers()).await {
        return problem.into_response();
    }
    let reads = [Method::GET, Method::HEAD].contains(request.method()) || request.uri().path() == "/v1/verify";
    let mut response = next.run(request).await;
    let written = state.service.written().filter(|_| !reads && response.status().is_success());
    if let Some(version) = written {
        response.headers_mut().insert(VERSION, HeaderValue::from(version));
    }
    response
}

async fn reached(state: &AppState, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(wanted) = headers.get(WANTED) else { return Ok(()) };
    // The database counts in 64 bits with a sign.
    let number = |text: &str| text.parse::<u64>().ok().filter(|number| i64::try_from(*number).is_ok());
    let wanted = wanted.to_str().ok().and_then(number).ok_or_else(|| {
        Problem::new(ErrorCode::FieldInvalid, "`If-Store-Version` must be a number that `Store-Version` has told")
    })?;
    // One server alone has everything that it has written.
    let Some(mut version) = state.service.version() else { return Ok(()) };
    let reached = tokio::time::timeout(PATIENCE, version.wait_for(|version| *version >= wanted)).await;
    if matches!(reached, Ok(Ok(_))) {
        return Ok(());
    }
    let detail = format!("this server has not reached version {wanted} of the store: try again soon");
    Err(Problem::new(ErrorCode::StoreBehind, detail).retry_after(1))
}
