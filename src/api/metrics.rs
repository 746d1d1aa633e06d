//! `/metrics` for Prometheus. No label names an identity, and labels take few values.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

use super::state::AppState;

/// The upper bounds of the histograms' buckets; all of them are of durations.
pub(super) const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Metrics in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "health", security(()), responses((status = 200, body = String)))]
pub(super) async fn metrics(State(state): State<AppState>) -> String {
    ::metrics::gauge!("faceward_queue_length").set(state.pool.waiting() as f64);
    state.metrics.render()
}

/// Counts and times every request by route, method and status.
pub(super) async fn observe(request: Request, next: Next) -> Response {
    let started = Instant::now();
    // The route's pattern, never the path: ids must not become labels.
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "none".to_owned(), |p| p.as_str().to_owned());
    let method = method(request.method());
    let response = next.run(request).await;
    let labels = [("route", route), ("method", method.to_owned()), ("status", response.status().as_u16().to_string())];
    ::metrics::counter!("faceward_http_requests_total", &labels).increment(1);
    ::metrics::histogram!("faceward_http_request_duration_seconds", &labels).record(started.elapsed().as_secs_f64());
    response
}

/// The method as a label. HTTP lets a client make up methods, and each would be a series that is kept for ever.
fn method(method: &Method) -> &'static str {
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS];
    let names = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
    known.iter().zip(names).find(|(k, _)| *k == method).map_or("other", |(_, name)| name)
}
