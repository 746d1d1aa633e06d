//! A bound on the memory of all request bodies together.
//!
//! A body may be large, and many may arrive at the same time. Before a body is read, its length is taken from a budget,
//! and given back when the work on it is done. A request whose body does not fit is refused immediately with a
//! `Retry-After`. A body without a stated length counts as the longest that is accepted, and a JSON body counts twice:
//! the image that is decoded from it is in memory beside it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::api::Problem;
use crate::api::extract::Kind;
use crate::api::meters;
use crate::error_code::ErrorCode;

/// The memory left for request bodies, in KiB.
#[derive(Clone)]
pub(crate) struct Budget {
    left: Arc<Semaphore>,
    total: usize,
    max_body: usize,
}

/// A share of the budget, held by a request and by the work on its bytes.
#[derive(Clone)]
pub(crate) struct Held(#[allow(dead_code, reason = "it is dropped, no more")] Arc<OwnedSemaphorePermit>);

impl Budget {
    /// `bytes` for all bodies together, of which one has at most `max_body`.
    pub(crate) fn new(bytes: usize, max_body: usize) -> Self {
        let total = bytes.max(max_body);
        Self { left: Arc::new(Semaphore::new(total.div_ceil(1024))), total, max_body }
    }

    /// Takes the share of a body with these headers; `None` where there is no body.
    fn take(&self, headers: &HeaderMap) -> Result<Option<Held>, Problem> {
        let length = match headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok()) {
            Some(length) => self.max_body.min(length),
            None if headers.contains_key(header::TRANSFER_ENCODING) => self.max_body,
            None => 0,
        };
        let length = if Kind::of(headers, &[Kind::Json]).is_ok() { self.total.min(2 * length) } else { length };
        let Ok(kib @ 1..) = u32::try_from(length.div_ceil(1024)) else { return Ok(None) };
        let held = self.left.clone().try_acquire_many_owned(kib).map_err(|_| {
            meters::overloaded();
            let detail = "the server is receiving too many bytes at the moment; try again in 1 s";
            Problem::new(ErrorCode::UploadMemoryFull, detail).retry_after(1)
        })?;
        Ok(Some(Held(Arc::new(held))))
    }
}

/// Lets a request pass whose body fits into the budget.
pub(crate) async fn within(State(budget): State<Budget>, mut request: Request, next: Next) -> Response {
    match budget.take(request.headers()) {
        Ok(held) => {
            if let Some(held) = held.clone() {
                request.extensions_mut().insert(held);
            }
            let response = next.run(request).await;
            drop(held);
            response
        }
        Err(problem) => problem.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn shares_are_taken_and_given_back() {
        let budget = Budget::new(10 << 20, 4 << 20);
        let length = |n| headers(header::CONTENT_LENGTH, n);
        let first = budget.take(&length("4194304")).unwrap().unwrap();
        // Without a length it may be as long as any; one that is too long is cut off at that.
        let second = budget.take(&headers(header::TRANSFER_ENCODING, "chunked")).unwrap().unwrap();
        let refused = budget.take(&length("999999999999")).err().unwrap();
        assert_eq!((refused.status, refused.code, refused.retry_after), (503, ErrorCode::UploadMemoryFull, Some(1)));
        assert!(budget.take(&length("2097152")).unwrap().is_some());
        assert!(budget.take(&HeaderMap::new()).unwrap().is_none() && budget.take(&length("0")).unwrap().is_none());
        // The work may still have the bytes when the request is gone.
        let worker = first.clone();
        drop((first, second));
        assert!(budget.take(&length("4194304")).unwrap().is_some() && budget.left.available_permits() == 6 << 10);
        drop(worker);
        assert_eq!(budget.left.available_permits(), 10 << 10);
    }

    #[test]
    fn json_counts_twice_within_the_whole() {
        let budget = Budget::new(10 << 20, 6 << 20);
        let json = |length| {
            let mut all = headers(header::CONTENT_LENGTH, length);
            all.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            all
        };
        let held = budget.take(&json("2097152")).unwrap().unwrap();
        assert_eq!(budget.left.available_permits(), 6 << 10);
        drop(held);
        assert!(budget.take(&json("6291456")).unwrap().is_some(), "the largest body still fits");
    }
}
