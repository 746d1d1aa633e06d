//! Extractors whose rejections are problem documents. A request with a name that its route does not know is refused:
//! dropped silently, the answer would be to another question.

mod body;
mod form;
mod json;
mod query;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use super::Problem;
use crate::error_code::ErrorCode;
use crate::identity::IdentityId;
use crate::service::ServiceError;

pub(super) use body::{Kind, bytes};
pub(super) use form::{Fields, Form, text};
#[cfg(any(test, fuzzing))]
pub(super) use form::{MAX_PARTS, MAX_TEXT};
pub(super) use json::{Body, json};
pub(super) use query::Params;

/// The `{id}` of a path.
pub(super) struct Id(pub(super) IdentityId);

/// The `{sample}` of a path, as sent.
pub(super) struct SampleId(pub(super) String);

async fn path_part<S: Send + Sync>(parts: &mut Parts, state: &S, name: &str) -> Result<String, Problem> {
    let path = Path::<Vec<(String, String)>>::from_request_parts(parts, state).await;
    let invalid = |_| Problem::new(ErrorCode::PathInvalid, "the path must be UTF-8, percent-encoded");
    let path = path.map_err(invalid)?;
    Ok(path.0.into_iter().find(|(k, _)| k == name).map(|(_, v)| v).unwrap_or_default())
}

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = path_part(parts, state, "id").await?;
        Ok(Self(text.parse::<IdentityId>().map_err(ServiceError::from)?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SampleId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(path_part(parts, state, "sample").await?))
    }
}

/// The `{id}` of a path that does not name an identity, as sent.
pub(super) struct Part(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Part {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(path_part(parts, state, "id").await?))
    }
}
