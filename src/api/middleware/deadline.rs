//! The time that a request may take.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::api::Problem;

/// Answers 503 when a request takes longer than its deadline; work that has not begun by then is never begun.
pub(crate) async fn within_deadline(
    State((deadline, enroll)): State<(Duration, Duration)>,
    request: Request,
    next: Next,
) -> Response {
    let enrolls =
        [Method::POST, Method::PUT].contains(request.method()) && request.uri().path().contains("/identities/");
    let deadline = if enrolls { enroll } else { deadline };
    tokio::time::timeout(deadline, next.run(request)).await.unwrap_or_else(|_| {
        let detail = format!("the request was not finished within {} s", deadline.as_secs());
        let mut problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "deadline_exceeded", detail);
        problem.retry_after = Some(5);
        problem.into_response()
    })
}
