//! Content codings. Images are compressed already, so bodies come as they are: a compressed one would cost memory that
//! no header tells in advance, and one that is taken for an image would be refused for a reason that is not the true
//! one.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::api::Problem;
use crate::error_code::ErrorCode;
use crate::unknown::shown;

/// The coding of the body; `None` for one that is sent as it is.
fn coding(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(header::CONTENT_ENCODING).iter().map(|v| v.to_str().unwrap_or("?"));
    let codings: Vec<&str> = values.flat_map(|v| v.split(',')).map(str::trim).filter(|c| !c.is_empty()).collect();
    let plain = codings.iter().all(|c| c.eq_ignore_ascii_case("identity"));
    (!plain).then(|| shown(&codings.join(", ")))
}

/// Lets a request pass whose body is sent as it is.
pub(crate) async fn plain(request: Request, next: Next) -> Response {
    let Some(coding) = coding(request.headers()) else { return next.run(request).await };
    let detail = format!("`Content-Encoding: {coding}` is not taken: send the body as it is, without this header");
    let mut response = Problem::new(ErrorCode::ContentEncodingUnsupported, detail).into_response();
    response.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&'static str]) -> Option<String> {
        coding(&values.iter().map(|v| (header::CONTENT_ENCODING, HeaderValue::from_static(v))).fold(
            HeaderMap::new(),
            |mut map, (name, value)| {
                map.append(name, value);
                map
            },
        ))
    }

    #[test]
    fn only_a_body_as_it_is_passes() {
        assert_eq!((of(&[]), of(&[""]), of(&["Identity"]), of(&["identity, identity"])), (None, None, None, None));
        assert_eq!(of(&["gzip"]).as_deref(), Some("gzip"));
        assert_eq!(of(&["identity", "br"]).as_deref(), Some("identity, br"));
        assert_eq!(of(&["x-unheard-of"]).as_deref(), Some("x-unheard-of"));
    }
}
