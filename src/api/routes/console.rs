//! `/`: the console, a page for enrolling and verifying by hand.

use axum::Router;
use axum::http::header;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::api::middleware::query;

/// The page loads nothing from elsewhere, talks only to this server, and no other page frames it.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src blob:; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page and its parts.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", get(|| async { part("text/html", include_str!("../../../web/console.html")) }))
        .route("/console.css", get(|| async { part("text/css", include_str!("../../../web/console.css")) }))
        .route("/console.js", get(|| async { part("text/javascript", include_str!("../../../web/console.js")) }))
        .route_layer(from_fn_with_state(query::Known::default(), query::known))
}

fn part(kind: &'static str, text: &'static str) -> Response {
    let kind = format!("{kind}; charset=utf-8");
    ([(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, POLICY.to_owned())], text).into_response()
}
