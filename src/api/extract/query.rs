//! Query strings.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::body::reason;
use crate::api::Problem;
use crate::error_code::ErrorCode;

/// The query string. Unknown, repeated and empty parameters never get here: `middleware::query` refuses them.
pub(in crate::api) struct Params<T>(pub(in crate::api) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|q| Self(q.0)).map_err(|e| Problem::new(ErrorCode::QueryInvalid, parameter(&reason(&e))))
    }
}

/// The refusal of a query string, from ``name: cause``.
fn parameter(reason: &str) -> String {
    match reason.split_once(": ") {
        Some((name, why)) if why.contains("`true` or `false`") => {
            format!("the query parameter `{name}` must be `true` or `false`")
        }
        Some((name, why)) if why.contains("digit") || why.contains("integer") => {
            format!("the query parameter `{name}` must be a whole number")
        }
        Some((name, why)) if why.contains("float") => format!("the query parameter `{name}` must be a number"),
        _ => format!("the query string does not fit: {reason}; /openapi.json describes it"),
    }
}
