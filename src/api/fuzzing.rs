//! The parsers of requests, for `crate::fuzzing`.
#![allow(clippy::unwrap_used, reason = "to panic is what this is for")]

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::{FromRequest as _, FromRequestParts as _, Request};
use axum::http::{HeaderValue, header};
use hyper::body::{Body as HttpBody, Bytes, Frame};

use super::Problem;
use super::extract::{Fields, Form, Kind, MAX_PARTS, MAX_TEXT, Params};
use super::routes::identities::PageParams;
use super::routes::probe::Probe;

/// A form with every text that any route takes.
struct Any;

impl Fields for Any {
    const TEXTS: &'static [(&'static str, &'static str)] = &[("identity", "an id"), ("kind", "a kind")];
}

/// A body that arrives in pieces.
struct Pieces(std::vec::IntoIter<Bytes>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.next().map(|piece| Ok(Frame::data(piece))))
    }
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

fn is_the_clients_fault(problem: &Problem) {
    assert!((400..500).contains(&problem.status), "{problem:?}");
}

/// A content type, a line end, the length of a piece (one byte) and a body.
pub(crate) fn multipart(bytes: &[u8]) {
    let Some(end) = bytes.iter().position(|b| *b == b'\n') else { return };
    let (Ok(kind), Some((&length, body))) = (HeaderValue::from_bytes(&bytes[..end]), bytes[end + 1..].split_first())
    else {
        return;
    };
    let pieces: Vec<Bytes> = body.chunks(usize::from(length).max(1)).map(Bytes::copy_from_slice).collect();
    let mut request = Request::new(Body::new(Pieces(pieces.into_iter())));
    request.headers_mut().insert(header::CONTENT_TYPE, kind);
    match wait(Form::<Any>::from_request(request, &())) {
        Ok(form) => {
            assert!(form.images.len() <= MAX_PARTS);
            let texts = [form.text("identity"), form.text("kind")].into_iter().flatten();
            assert!(texts.into_iter().all(|t| !t.is_empty() && t.len() <= MAX_TEXT && t.trim() == t));
        }
        Err(problem) => is_the_clients_fault(&problem),
    }
}

/// A content type and a query, each with a line end, the length of a piece (one byte) and a body.
pub(crate) fn probe(bytes: &[u8]) {
    let mut lines = bytes.splitn(3, |b| *b == b'\n');
    let (Some(kind), Some(query), Some((&length, body))) =
        (lines.next(), lines.next(), lines.next().and_then(<[u8]>::split_first))
    else {
        return;
    };
    let (Ok(kind), Ok(query)) = (HeaderValue::from_bytes(kind), std::str::from_utf8(query)) else { return };
    let Ok(uri) = format!("/v1/verify?{query}").parse() else { return };
    let pieces: Vec<Bytes> = body.chunks(usize::from(length).max(1)).map(Bytes::copy_from_slice).collect();
    let mut request = Request::new(Body::new(Pieces(pieces.into_iter())));
    *request.uri_mut() = uri;
    request.headers_mut().insert(header::CONTENT_TYPE, kind);
    let is_bare = Kind::of(request.headers(), &[Kind::Image]).is_ok();
    match wait(Probe::from_request(request, &())) {
        Ok(probe) => {
            assert!(probe.claimed.is_none_or(|id| id.as_str().parse() == Ok(id.clone())));
            assert!(if is_bare { probe.bytes == body } else { probe.bytes.len() <= body.len() });
        }
        Err(problem) => is_the_clients_fault(&problem),
    }
}

/// The query of a list: a cursor and a limit.
pub(crate) fn page(query: &str) {
    let Ok(uri) = format!("/v1/identities?{query}").parse() else { return };
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = uri;
    let (mut parts, _) = request.into_parts();
    let page = wait(Params::<PageParams>::from_request_parts(&mut parts, &())).and_then(|p| p.0.range());
    match page {
        Ok(page) => {
            assert!((1..=500).contains(&page.limit));
            assert!(page.after.is_none_or(|id| id.as_str().parse() == Ok(id.clone())));
        }
        Err(problem) => is_the_clients_fault(&problem),
    }
}
