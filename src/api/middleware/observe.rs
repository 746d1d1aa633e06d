//! What is noted of every request: metrics, a line in the access log, and its number in a refusal.

use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Extensions, HeaderName, Method};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::request_id::RequestId;

use super::auth::KeyName;
use crate::api::Problem;
use crate::api::meters::{self, InFlight};
use crate::api::trace::{Answered, Traced, Tracer};
use crate::verdict::Verdict;

/// The header with the number of a request, on the request and on its answer.
pub(crate) const NUMBER: HeaderName = HeaderName::from_static("x-request-id");
/// The longest number that is taken from a client.
const LONGEST: usize = 64;

/// Counts and times every request by route, method and status, and writes a line for it and, where a collector is given,
/// its trace.
pub(crate) async fn observe(State(tracer): State<Option<Tracer>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    // The route's pattern, never the path: ids must not become labels, nor come into a log.
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "none".to_owned(), |p| p.as_str().to_owned());
    let method = method(request.method());
    let number = number(&request).unwrap_or_default();
    let in_flight = InFlight::begin();
    // Orchestrators ask every few seconds.
    let frequent = ["/livez", "/readyz", "/metrics"].contains(&route.as_str());
    let traced = tracer.filter(|_| !frequent).and_then(|to| Traced::begin(to, request.headers()));
    let response = match &traced {
        Some(traced) => traced.scope(next.run(request)).await,
        None => next.run(request).await,
    };
    drop(in_flight);
    let (status, seconds) = (response.status().as_u16(), started.elapsed().as_secs_f64());
    meters::answered(&route, method, status, seconds);
    let facts = response.extensions();
    let (key, verdict, code) = (
        facts.get::<KeyName>().map(|key| key.0.as_str()),
        facts.get::<Verdict>().map(|verdict| verdict.name()),
        facts.get::<Problem>().map(|problem| problem.code.as_str()),
    );
    if let Some(traced) = &traced {
        traced.end(&Answered { method, route: &route, status, number: &number, verdict, code });
    }
    let (ms, trace) = ((seconds * 1e4).round() / 10.0, traced.map(|traced| traced.trace().to_string()));
    if frequent && status < 400 {
        tracing::debug!(target: "faceward::access", request = number, key, method, route, status, ms, verdict, code);
    } else {
        tracing::info!(
            target: "faceward::access", request = number, trace, key, method, route, status, ms, verdict, code
        );
    }
    response
}

/// Takes a number only from a client that sends a short one of letters, digits and `-._`: it is written into logs.
pub(crate) async fn plain_number(mut request: Request, next: Next) -> Response {
    let plain = |text: &[u8]| {
        (1..=LONGEST).contains(&text.len()) && text.iter().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(b))
    };
    if request.headers().get(&NUMBER).is_some_and(|given| !plain(given.as_bytes())) {
        request.headers_mut().remove(&NUMBER);
    }
    next.run(request).await
}

/// Writes the number of the request into a problem document.
pub(crate) async fn numbered(request: Request, next: Next) -> Response {
    let number = number(&request);
    let mut response = next.run(request).await;
    let problem = response.extensions().get::<Problem>().cloned();
    if let Some(problem) = problem
        && let Ok(text) = serde_json::to_vec(&Problem { request_id: number, ..problem })
    {
        *response.body_mut() = Body::from(text);
    }
    response
}

/// The number of a request.
pub(super) fn number(request: &Request) -> Option<String> {
    let id = |facts: &Extensions| facts.get::<RequestId>()?.header_value().to_str().ok().map(str::to_owned);
    id(request.extensions())
}

/// The method as a label. HTTP lets a client invent methods, and each would become a series that is kept for ever.
fn method(method: &Method) -> &'static str {
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS];
    let names = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
    known.iter().zip(names).find(|(k, _)| *k == method).map_or("other", |(_, name)| name)
}
