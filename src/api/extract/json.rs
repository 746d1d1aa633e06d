//! JSON bodies.

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;

use super::body::{Kind, bytes, reason};
use crate::api::Problem;
use crate::error_code::ErrorCode;
use crate::unknown::{shown, unknown};

/// A JSON body. A type that denies unknown fields has them refused with the nearest known name.
pub(in crate::api) struct Body<T>(pub(in crate::api) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Kind::of(request.headers(), &[Kind::Json])?;
        let body = bytes(request, state).await.map_err(|problem| match problem.code {
            ErrorCode::BodyTooLarge => {
                let detail = "the JSON body has more bytes than allowed";
                Problem::with_status(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::BodyUnreadable, detail)
            }
            _ => problem,
        })?;
        json(&body).map(Self)
    }
}

/// Parses a JSON body.
///
/// # Errors
/// When it is not JSON, or does not fit; the detail names the key.
pub(in crate::api) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    axum::Json::<T>::from_bytes(body).map(|json| json.0).map_err(|e| {
        let why = reason(&e);
        if let JsonRejection::JsonSyntaxError(_) = e {
            return Problem::new(ErrorCode::JsonInvalid, format!("the body is not JSON: {why}"));
        }
        misnamed(&why).unwrap_or_else(|| {
            let detail = format!("the JSON body does not fit: {why}; /openapi.json describes it");
            Problem::with_status(StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::JsonInvalid, detail)
        })
    })
}

/// The problem of a key that is not known or comes twice, from serde's sentence ``path: unknown field `name`, expected
/// one of `a`, `b` at line 1 column 2``; `None` for any other sentence.
fn misnamed(why: &str) -> Option<Problem> {
    // A repeated key may be reported at the object.
    let named = |start: &str| {
        let (path, rest) = why.split_once(start)?;
        let (name, rest) = rest.split_once('`')?;
        (path.is_empty() || path == format!("{name}: ")).then_some((name, rest))
    };
    if let Some((name, rest)) = named("unknown field `") {
        let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
        return Some(Problem::new(ErrorCode::FieldUnknown, unknown("JSON key", name, &known)));
    }
    let (name, _) = named("duplicate field `")?;
    let detail = format!("the JSON key `{}` comes twice: send it once", shown(name));
    Some(Problem::new(ErrorCode::FieldRepeated, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Input {
        #[allow(dead_code, reason = "only its name matters")]
        display_name: String,
        #[allow(dead_code, reason = "only its name matters")]
        expires: Option<u8>,
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (body, status, code, detail) in [
            (
                r#"{"display_nam":"x"}"#,
                400,
                ErrorCode::FieldUnknown,
                "unknown JSON key `display_nam`: did you mean `display_name`?",
            ),
            (
                r#"{"display_name":"x","y":{}}"#,
                400,
                ErrorCode::FieldUnknown,
                "unknown JSON key `y`: choose from `display_name` and `expires`",
            ),
            (
                r#"{"expires":1,"expires":2}"#,
                400,
                ErrorCode::FieldRepeated,
                "the JSON key `expires` comes twice: send it once",
            ),
            (
                r#"{"expires":"unknown field `x`"}"#,
                422,
                ErrorCode::JsonInvalid,
                "the JSON body does not fit: expires: invalid type",
            ),
            ("{}", 422, ErrorCode::JsonInvalid, "missing field `display_name`"),
            ("{", 400, ErrorCode::JsonInvalid, "the body is not JSON: EOF"),
        ] {
            let problem = json::<Input>(body.as_bytes()).unwrap_err();
            assert_eq!((problem.status, problem.code), (status, code), "{body}: {}", problem.detail);
            assert!(problem.detail.contains(detail), "{}", problem.detail);
        }
        assert!(json::<Input>(br#"{"display_name":"x","expires":null}"#).is_ok());
    }
}
