//! Errors as problem documents (RFC 9457), each with a stable `code`.
//!
//! Every refusal of this server has this form, those of the extractors too: a client needs one parser. The `detail`
//! of what is the server's own fault says nothing of its insides; the log does.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::service::{EnrollmentReport, Overloaded, ServiceError};
use crate::verdict::TargetError;

/// A problem document.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the `code` tells problems apart.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The status in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// A stable, machine-readable code, see docs/errors.md.
    pub code: &'static str,
    /// What happened, for a person.
    pub detail: String,
    /// What became of each image, when an enrollment took none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Box<EnrollmentReport>>,
    /// Seconds to wait, for the `Retry-After` header.
    #[serde(skip)]
    pub retry_after: Option<u64>,
}

impl Problem {
    /// A problem with its status, code and sentence.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code,
            detail: detail.into(),
            report: None,
            retry_after: None,
        }
    }

    /// A fault of the server; `cause` goes to the log alone.
    pub(super) fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the server failed; its log says why")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry = self.retry_after.map(|s| s.max(1).to_string());
        let challenge = status == StatusCode::UNAUTHORIZED;
        let mut response = (status, Json(self)).into_response();
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
        use StatusCode as S;
        let status = match &e {
            ServiceError::Image(image) if image.is_too_large() => S::PAYLOAD_TOO_LARGE,
            ServiceError::Image(_)
            | ServiceError::InvalidField(_)
            | ServiceError::Key(_)
            | ServiceError::Target(TargetError::OutOfRange { .. }) => S::UNPROCESSABLE_ENTITY,
            ServiceError::InvalidId(_) => S::BAD_REQUEST,
            ServiceError::UnknownIdentity(_) | ServiceError::UnknownSample { .. } => S::NOT_FOUND,
            ServiceError::Expired(_) => S::GONE,
            ServiceError::NoReferences(_) | ServiceError::Target(TargetError::Unavailable { .. }) => S::CONFLICT,
            ServiceError::Store(_) => {
                tracing::error!(cause = %e, "the store failed");
                return Self::new(S::SERVICE_UNAVAILABLE, e.code(), "the store failed; the server's log says why");
            }
            ServiceError::Audit(cause) => {
                // Otherwise whoever fills the disk could act unseen.
                tracing::error!(%cause, "the audit log failed");
                let detail = "it could not be recorded in the audit log; the server's log says why";
                return Self::new(S::SERVICE_UNAVAILABLE, e.code(), detail);
            }
            ServiceError::Inference(_) | ServiceError::Poisoned => return Self::internal(e),
        };
        Self::new(status, e.code(), e.to_string())
    }
}

impl From<Overloaded> for Problem {
    fn from(e: Overloaded) -> Self {
        ::metrics::counter!("faceward_overloaded_total").increment(1);
        let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "overloaded", e.to_string());
        problem.retry_after = Some(e.retry_after.as_secs());
        problem
    }
}
