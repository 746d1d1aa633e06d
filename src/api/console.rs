//! `/`: a page on which a person can try the service.

use axum::http::header;
use axum::response::{IntoResponse, Response};

/// Nothing is loaded from elsewhere, and the page may speak to this server alone.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src blob: data:; connect-src 'self'";

pub(super) async fn page() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, POLICY)];
    (headers, include_str!("../../web/console.html")).into_response()
}
