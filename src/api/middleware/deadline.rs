//! A time limit for every request.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::api::Problem;
use crate::error_code::ErrorCode;

/// Answers 503 when a request takes longer than its deadline; work that is still in the queue by then is never begun.
pub(crate) async fn within_deadline(
    State((deadline, enroll)): State<(Duration, Duration)>,
    request: Request,
    next: Next,
) -> Response {
    let enrolls =
        [Method::POST, Method::PUT].contains(request.method()) && request.uri().path().contains("/identities/");
    let deadline = if enrolls { enroll } else { deadline };
    tokio::time::timeout(deadline, next.run(request)).await.unwrap_or_else(|_| {
        let detail = format!("the request was not finished within {} s; try again later", deadline.as_secs());
        Problem::new(ErrorCode::DeadlineExceeded, detail).retry_after(5).into_response()
    })
}
