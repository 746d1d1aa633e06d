//! What a request's body is, by its `Content-Type`, and its bytes.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest as _, Request};
use axum::http::{HeaderMap, StatusCode, header};

use crate::api::Problem;
use crate::error_code::ErrorCode;
use crate::unknown::shown;

/// What a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) enum Kind {
    /// `multipart/form-data`.
    Form,
    /// `application/json`, or a type that ends in `+json`.
    Json,
    /// `image/*` or `application/octet-stream`: an image and nothing else.
    Image,
}

impl Kind {
    /// The kind by the header `Content-Type`, one of `taken`.
    ///
    /// # Errors
    /// Without the header, or with another type; the detail says which are taken.
    pub(in crate::api) fn of(headers: &HeaderMap, taken: &[Self]) -> Result<Self, Problem> {
        let mut types = headers.get_all(header::CONTENT_TYPE).iter();
        let (first, second) = (types.next().map(|v| v.to_str().unwrap_or("?")), types.next());
        let wrong = match (first, second) {
            (Some(first), None) => match Self::parse(first).filter(|kind| taken.contains(kind)) {
                Some(kind) => return Ok(kind),
                None => format!("the content type `{}` is not taken here", shown(first)),
            },
            (None, _) => "the request has no header `Content-Type`".to_owned(),
            (Some(_), Some(_)) => "the request has several headers `Content-Type`".to_owned(),
        };
        let taken: Vec<&str> = taken.iter().map(|kind| kind.described()).collect();
        let detail = format!("{wrong}: send {}", taken.join(", or "));
        Err(Problem::new(ErrorCode::ContentTypeUnsupported, detail))
    }

    fn parse(value: &str) -> Option<Self> {
        let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.split_once('/')? {
            ("multipart", "form-data") => Some(Self::Form),
            ("application", json) if json == "json" || json.ends_with("+json") => Some(Self::Json),
            ("application", "octet-stream") => Some(Self::Image),
            ("image", kind) if !kind.is_empty() => Some(Self::Image),
            _ => None,
        }
    }

    fn described(self) -> &'static str {
        match self {
            Self::Form => "a form with `Content-Type: multipart/form-data; boundary=…`",
            Self::Json => "JSON with `Content-Type: application/json`",
            Self::Image => {
                "the image itself with `Content-Type: image/jpeg` or the like, or `application/octet-stream`"
            }
        }
    }
}

/// All bytes of the body.
///
/// # Errors
/// When it has more than the limit, stops arriving or breaks off.
pub(in crate::api) async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|e: BytesRejection| broken(e.status(), &e))
}

/// The problem of a body that ended with `error`, of this status.
pub(super) fn broken(status: StatusCode, error: &(dyn std::error::Error + 'static)) -> Problem {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        let detail = "the body has more bytes than max_body_mib allows; send fewer or smaller images";
        return Problem::new(ErrorCode::BodyTooLarge, detail);
    }
    if came_too_slowly(error) {
        return Problem::new(ErrorCode::BodyTooSlow, "the body stopped arriving; send the request again");
    }
    Problem::new(ErrorCode::BodyUnreadable, "the body broke off; send the request again")
}

pub(super) fn came_too_slowly(error: &(dyn std::error::Error + 'static)) -> bool {
    let causes = std::iter::successors(Some(error), |e| e.source());
    causes.into_iter().any(<dyn std::error::Error>::is::<tower_http::timeout::TimeoutError>)
}

/// The cause of a rejection, without the framework's sentence around it.
pub(super) fn reason(rejection: &dyn std::error::Error) -> String {
    rejection.source().map_or_else(|| rejection.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Kind; 3] = [Kind::Form, Kind::Json, Kind::Image];

    fn kind(values: &[&'static str], taken: &[Kind]) -> Result<Kind, String> {
        let headers = values.iter().map(|v| (header::CONTENT_TYPE, v.parse().unwrap())).collect::<Vec<_>>();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, value);
        }
        Kind::of(&map, taken).map_err(|p| {
            assert_eq!((p.status, p.code), (415, ErrorCode::ContentTypeUnsupported));
            p.detail
        })
    }

    #[test]
    fn the_kind_follows_from_the_content_type() {
        for (value, is) in [
            ("multipart/form-data; boundary=x", Kind::Form),
            ("Application/JSON ; charset=utf-8", Kind::Json),
            ("application/problem+json", Kind::Json),
            ("image/jpeg", Kind::Image),
            ("image/x-anything", Kind::Image),
            ("application/octet-stream", Kind::Image),
        ] {
            assert_eq!(kind(&[value], &ALL), Ok(is), "{value}");
        }
    }

    #[test]
    fn a_type_that_is_not_taken_is_refused_with_those_that_are() {
        let form = "send a form with `Content-Type: multipart/form-data; boundary=…`";
        assert_eq!(
            kind(&["application/json"], &[Kind::Form]),
            Err(format!("the content type `application/json` is not taken here: {form}"))
        );
        assert_eq!(kind(&[], &[Kind::Form]), Err(format!("the request has no header `Content-Type`: {form}")));
        assert!(kind(&["image/png", "application/json"], &ALL).is_err());
        for odd in
            ["application/x-www-form-urlencoded", "text/plain", "image/", "multipart/mixed; boundary=x", "", "json"]
        {
            let detail = kind(&[odd], &ALL).unwrap_err();
            assert!(
                detail.contains("application/json") && detail.contains("image/jpeg") && detail.contains(form),
                "{detail}"
            );
        }
    }
}
