//! Errors as problem documents (RFC 9457), each with a stable `code`.
//!
//! Every refusal of this server has this form, including those of the extractors: a client needs one parser. Where the
//! server is at fault, the `detail` says nothing of its internals; the log does.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::meters;
use crate::error_code::ErrorCode;
use crate::service::{EnrollmentReport, Overloaded, ServiceError};

/// A problem document (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`; the `code` tells problems apart.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The status in words.
    pub title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// The stable code to match on.
    pub code: ErrorCode,
    /// What is wrong and what to do about it, for a person. Do not match on it.
    pub detail: String,
    /// What became of each image; only when an enrollment accepted none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = EnrollmentReport, required = false)]
    pub report: Option<Box<EnrollmentReport>>,
    /// The number of the request, as in the header `X-Request-Id`: the server's logs have it. Absent where the
    /// connection was refused before a request was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub request_id: Option<String>,
    /// Seconds to wait, for the `Retry-After` header.
    #[serde(skip)]
    pub retry_after: Option<u64>,
}

impl Problem {
    /// A problem with the usual status of its code.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        let status = code.statuses().first().and_then(|s| StatusCode::from_u16(*s).ok());
        Self::with_status(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), code, detail)
    }

    /// A problem whose code has several statuses, with one of them.
    pub(super) fn with_status(status: StatusCode, code: ErrorCode, detail: impl Into<String>) -> Self {
        debug_assert!(code.statuses().contains(&status.as_u16()), "{code} is not documented with {status}");
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code,
            detail: detail.into(),
            report: None,
            request_id: None,
            retry_after: None,
        }
    }

    /// A fault of the server; `cause` goes to the log alone.
    pub(super) fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed");
        Self::new(ErrorCode::Internal, "the server failed; its log says why")
    }

    /// The problem with a `Retry-After` header.
    pub(super) fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds.max(1)), ..self }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry = self.retry_after.map(|s| s.to_string());
        let challenge = status == StatusCode::UNAUTHORIZED;
        let mut response = (status, Json(&self)).into_response();
        // The layers outside tell of it, and add the number of the request.
        response.extensions_mut().insert(self);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(value) = retry.and_then(|s| HeaderValue::from_str(&s).ok()) {
            headers.insert(header::RETRY_AFTER, value);
        }
        if challenge {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<ServiceError> for Problem {
    fn from(e: ServiceError) -> Self {
        meters::failed(&e);
        match &e {
            ServiceError::Store(_) => {
                tracing::error!(cause = %e, "the store failed");
                Self::new(e.code(), "the store failed; the server's log says why")
            }
            ServiceError::Audit(cause) => {
                // Otherwise whoever fills the disk could act unseen.
                tracing::error!(%cause, "the audit log failed");
                let detail = "the request could not be recorded in the audit log; the server's log says why";
                Self::new(e.code(), detail)
            }
            ServiceError::Behind => Self::new(e.code(), e.to_string()).retry_after(1),
            ServiceError::Inference(_) | ServiceError::Poisoned => Self::internal(e),
            _ => Self::new(e.code(), e.to_string()),
        }
    }
}

impl From<Overloaded> for Problem {
    fn from(e: Overloaded) -> Self {
        meters::overloaded();
        Self::new(ErrorCode::Overloaded, e.to_string()).retry_after(e.retry_after.as_secs())
    }
}
