//! Metrics of requests: counts and durations.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

/// Counts and times every request by route, method and status.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
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

/// The method as a label. HTTP lets a client invent methods, and each would become a series that is kept for ever.
fn method(method: &Method) -> &'static str {
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS];
    let names = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
    known.iter().zip(names).find(|(k, _)| *k == method).map_or("other", |(_, name)| name)
}
