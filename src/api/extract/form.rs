//! Multipart forms: images and short texts.

use std::marker::PhantomData;

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;

use super::body::{Kind, broken, came_too_slowly, reason};
use crate::api::Problem;
use crate::api::middleware::budget::Held;
use crate::error_code::ErrorCode;
use crate::service::Upload;
use crate::unknown::unknown;

/// The fields that a form has beside its parts `image`.
pub(in crate::api) trait Fields {
    /// The names of its texts, each at most once, and what each holds.
    const TEXTS: &'static [(&'static str, &'static str)];
    /// Names that belong into the query instead.
    const PARAMETERS: &'static [&'static str] = &[];
}

/// A multipart form of parts `image` and of the texts that `F` lists. Any other part is refused.
pub(in crate::api) struct Form<F> {
    /// Parts named `image`, in their order.
    pub(in crate::api) images: Vec<Upload>,
    /// The texts that were sent, by name.
    texts: Vec<(&'static str, String)>,
    /// The form's share of the memory budget for request bodies.
    held: Option<Held>,
    fields: PhantomData<fn() -> F>,
}

/// The most parts a form may have.
pub(in crate::api) const MAX_PARTS: usize = 128;
/// The longest text part in bytes.
pub(in crate::api) const MAX_TEXT: usize = 256;

impl<S: Send + Sync, F: Fields> FromRequest<S> for Form<F> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let held = request.extensions().get::<Held>().cloned();
        Kind::of(request.headers(), &[Kind::Form])?;
        let multipart = Multipart::from_request(request, state).await;
        let mut multipart = multipart.map_err(|_| {
            let detail = "the header `Content-Type: multipart/form-data` has no boundary: let your HTTP library set this \
                          header, or add the boundary of the body (`; boundary=…`)";
            Problem::new(ErrorCode::ContentTypeUnsupported, detail)
        })?;
        let mut form = Self { images: Vec::new(), texts: Vec::new(), held, fields: PhantomData };
        for _ in 0..MAX_PARTS {
            let Some(field) = multipart.next_field().await.map_err(|e| malformed(&e))? else { return Ok(form) };
            form.add(field).await?;
        }
        let detail = format!("a form may have at most {MAX_PARTS} parts; send the images in several requests");
        Err(Problem::new(ErrorCode::TooManyParts, detail))
    }
}

impl<F: Fields> Form<F> {
    async fn add(&mut self, field: Field<'_>) -> Result<(), Problem> {
        let name = field.name().unwrap_or_default().to_owned();
        if let Some(coding) = field.headers().get("content-transfer-encoding") {
            let coding = coding.to_str().unwrap_or("?").trim().to_ascii_lowercase();
            if !["binary", "8bit", "7bit", ""].contains(&coding.as_str()) {
                let detail = "a part has a header `Content-Transfer-Encoding`: send its bytes as they are, without it";
                return Err(Problem::new(ErrorCode::MultipartInvalid, detail));
            }
        }
        if name == "image" {
            let filename = field.file_name().map(str::to_owned);
            let bytes = field.bytes().await.map_err(|e| malformed(&e))?;
            self.images.push(Upload { filename, bytes: bytes.into() });
            return Ok(());
        }
        let Some((known, holds)) = F::TEXTS.iter().find(|t| t.0 == name) else { return Err(Self::unknown(&name)) };
        if self.text(known).is_some() {
            let detail = format!("the form field `{known}` comes twice: send it once");
            return Err(Problem::new(ErrorCode::FieldRepeated, detail));
        }
        let bytes = field.bytes().await.map_err(|e| malformed(&e))?;
        self.texts.push((known, text(&format!("form field `{known}`"), holds, &bytes)?));
        Ok(())
    }

    fn unknown(name: &str) -> Problem {
        let known: Vec<&str> = std::iter::once("image").chain(F::TEXTS.iter().map(|t| t.0)).collect();
        let detail = match F::PARAMETERS.iter().find(|p| **p == name) {
            _ if name.is_empty() => "a part of the form has no name: name an image `image`".to_owned(),
            Some(parameter) => format!("`{parameter}` is not a form field: send it in the query, as `?{parameter}=…`"),
            None => unknown("form field", name, &known),
        };
        Problem::new(ErrorCode::FieldUnknown, detail)
    }

    /// The text `name`, without spaces around it.
    pub(in crate::api) fn text(&self, name: &str) -> Option<&str> {
        self.texts.iter().find(|(n, _)| *n == name).map(|(_, text)| text.as_str())
    }

    /// The images and their share of the memory budget, to be held as long as they are.
    ///
    /// # Errors
    /// When there is no image.
    pub(in crate::api) fn some_images(self) -> Result<(Vec<Upload>, Option<Held>), Problem> {
        if self.images.is_empty() {
            let detail = "the form has no part named `image`; send each image as such a part";
            return Err(Problem::new(ErrorCode::ImageMissing, detail));
        }
        Ok(self.any_images())
    }

    /// The same where there need be no image.
    pub(in crate::api) fn any_images(self) -> (Vec<Upload>, Option<Held>) {
        (self.images, self.held)
    }
}

fn malformed(e: &MultipartError) -> Problem {
    match e.status() {
        StatusCode::PAYLOAD_TOO_LARGE => broken(e.status(), e),
        // A body that breaks off or is not sent as its headers say: not the server's fault.
        status if status.is_server_error() || came_too_slowly(e) => broken(status, e),
        _ => Problem::new(ErrorCode::MultipartInvalid, format!("the multipart form is malformed: {}", reason(e))),
    }
}

/// The trimmed text of a field that names something. `field` says which one it is, and `holds` what it holds.
///
/// # Errors
/// When it is empty, too long or not UTF-8.
pub(in crate::api) fn text(field: &str, holds: &str, bytes: &[u8]) -> Result<String, Problem> {
    let text = Some(bytes).filter(|b| b.len() <= MAX_TEXT).and_then(|b| std::str::from_utf8(b).ok());
    match text.map(str::trim) {
        Some("") => {
            let detail = format!("the {field} is empty: give {holds}, or leave it out");
            Err(Problem::new(ErrorCode::FieldEmpty, detail))
        }
        Some(text) => Ok(text.to_owned()),
        None => {
            let detail = format!("the {field} must be UTF-8 text of at most {MAX_TEXT} bytes");
            Err(Problem::new(ErrorCode::FieldInvalid, detail))
        }
    }
}
