//! Extractors whose rejections are problem documents.

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Multipart, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::Problem;
use super::middleware::budget::Held;
use crate::error_code::ErrorCode;
use crate::identity::IdentityId;
use crate::service::{ServiceError, Upload};

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

const BROKE_OFF: &str = "the body broke off; send the request again";

/// The cause of a rejection, without the framework's sentence around it.
fn reason(rejection: &dyn std::error::Error) -> String {
    rejection.source().map_or_else(|| rejection.to_string(), ToString::to_string)
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
        _ => format!("the query string does not fit: {reason}; /openapi.json describes it"),
    }
}

/// A JSON body.
pub(super) struct Body<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = axum::Json::<T>::from_request(request, state).await;
        body.map(|json| Self(json.0)).map_err(|e| {
            let status = e.status();
            let (code, detail) = match &e {
                JsonRejection::MissingJsonContentType(_) => {
                    (ErrorCode::ContentTypeUnsupported, "send the header `Content-Type: application/json`".to_owned())
                }
                JsonRejection::BytesRejection(_) if status == StatusCode::PAYLOAD_TOO_LARGE => {
                    (ErrorCode::BodyUnreadable, "the JSON body has more bytes than allowed".to_owned())
                }
                JsonRejection::BytesRejection(_) => (ErrorCode::BodyUnreadable, BROKE_OFF.to_owned()),
                JsonRejection::JsonSyntaxError(_) => {
                    (ErrorCode::JsonInvalid, format!("the body is not JSON: {}", reason(&e)))
                }
                _ => {
                    let why = reason(&e);
                    (ErrorCode::JsonInvalid, format!("the JSON body does not fit: {why}; /openapi.json describes it"))
                }
            };
            Problem::with_status(status, code, detail)
        })
    }
}

/// The query string.
pub(super) struct Params<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|q| Self(q.0)).map_err(|e| Problem::new(ErrorCode::QueryInvalid, parameter(&reason(&e))))
    }
}

/// The parts of a multipart form that this API knows: images and short texts.
#[derive(Default)]
pub(super) struct Form {
    /// Parts named `image`, in their order.
    pub(super) images: Vec<Upload>,
    /// Part `identity`.
    pub(super) identity: Option<String>,
    /// Part `kind`.
    pub(super) kind: Option<String>,
    /// The form's share of the memory budget for request bodies.
    held: Option<Held>,
}

/// The most parts a form may have.
pub(super) const MAX_PARTS: usize = 128;
/// The longest text part in bytes.
pub(super) const MAX_TEXT: usize = 256;

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let held = request.extensions().get::<Held>().cloned();
        let multipart = Multipart::from_request(request, state).await;
        let unsupported = |_| {
            let detail = "send a form, with the header `Content-Type: multipart/form-data; boundary=…`";
            Problem::new(ErrorCode::ContentTypeUnsupported, detail)
        };
        let mut multipart = multipart.map_err(unsupported)?;
        let broken = |e: axum::extract::multipart::MultipartError| {
            let (code, detail) = match e.status() {
                StatusCode::PAYLOAD_TOO_LARGE => {
                    let detail = "the body has more bytes than max_body_mib allows; send fewer or smaller images";
                    (ErrorCode::BodyTooLarge, detail.to_owned())
                }
                _ if came_too_slowly(&e) => {
                    (ErrorCode::BodyTooSlow, "the body stopped arriving; send the request again".to_owned())
                }
                // A body that breaks off or is not sent as its headers say: not the server's fault.
                status if status.is_server_error() => (ErrorCode::BodyUnreadable, BROKE_OFF.to_owned()),
                _ => (ErrorCode::MultipartInvalid, format!("the multipart form is malformed: {}", reason(&e))),
            };
            Problem::new(code, detail)
        };
        let mut form = Self { held, ..Self::default() };
        for _ in 0..MAX_PARTS {
            let Some(field) = multipart.next_field().await.map_err(broken)? else { return Ok(form) };
            let name = field.name().unwrap_or_default().to_owned();
            let filename = field.file_name().map(str::to_owned);
            let bytes = field.bytes().await.map_err(broken)?;
            match name.as_str() {
                "image" => form.images.push(Upload { filename, bytes: bytes.into() }),
                "identity" => form.identity = Some(text(&name, &bytes)?),
                "kind" => form.kind = Some(text(&name, &bytes)?),
                _ => {}
            }
        }
        let detail = format!("a form may have at most {MAX_PARTS} parts; send the images in several requests");
        Err(Problem::new(ErrorCode::TooManyParts, detail))
    }
}

fn came_too_slowly(error: &(dyn std::error::Error + 'static)) -> bool {
    let causes = std::iter::successors(Some(error), |e| e.source());
    causes.into_iter().any(<dyn std::error::Error>::is::<tower_http::timeout::TimeoutError>)
}

fn text(name: &str, bytes: &[u8]) -> Result<String, Problem> {
    let fits = Some(bytes).filter(|b| b.len() <= MAX_TEXT);
    fits.and_then(|b| std::str::from_utf8(b).ok()).map(|t| t.trim().to_owned()).ok_or_else(|| {
        let detail = format!("part `{name}` must be UTF-8 text of at most {MAX_TEXT} bytes");
        Problem::new(ErrorCode::FieldInvalid, detail)
    })
}

impl Form {
    /// The images and their share of the memory budget, to be held as long as they are.
    ///
    /// # Errors
    /// When there is no image.
    pub(super) fn some_images(self) -> Result<(Vec<Upload>, Option<Held>), Problem> {
        if self.images.is_empty() {
            let detail = "the form has no part named `image`; send each image as such a part";
            return Err(Problem::new(ErrorCode::ImageMissing, detail));
        }
        Ok((self.images, self.held))
    }
}
