//! Authentication: `Authorization: Bearer <key>`, one scope per group of routes.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::observe::number;
use crate::access::{ApiKey, Scope};
use crate::api::Problem;
use crate::api::state::AppState;
use crate::audit::{Actor, Author};
use crate::error_code::ErrorCode;

/// The sender of a request and its number, for the audit log; set on every request that passed authentication.
#[derive(Clone, Debug)]
pub(crate) struct Caller(pub(crate) Author);

/// The name of the key of a request, for the access log; set on its answer.
#[derive(Clone, Debug)]
pub(crate) struct KeyName(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // Only a route without a scope layer gets here, which would be a defect of this program.
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::internal("the caller is not known"))
    }
}

/// Lets a request pass when its key allows one of `scopes`, or as long as no key has been issued (the server is then bound to
/// loopback only, unless the operator allows otherwise).
async fn require(scopes: &[Scope], state: AppState, mut request: Request, next: Next) -> Response {
    let passed = if state.keys.required() {
        check(&state, request.headers(), scopes).map(|key| (Actor::Key(key.id), Some(KeyName(key.name))))
    } else {
        same_site(request.headers()).map(|()| (Actor::Unauthenticated, None))
    };
    match passed {
        Ok((actor, name)) => {
            let caller = Caller(Author { actor, request: number(&request) });
            request.extensions_mut().insert(caller);
            let mut response = next.run(request).await;
            if let Some(name) = name {
                response.extensions_mut().insert(name);
            }
            response
        }
        Err(problem) => problem.into_response(),
    }
}

fn check(state: &AppState, headers: &HeaderMap, scopes: &[Scope]) -> Result<ApiKey, Problem> {
    let unauthorised = |detail: &str| Problem::new(ErrorCode::Unauthenticated, detail);
    let header = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let presented = header
        .and_then(|v| v.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, key)| key.trim())
        .ok_or_else(|| unauthorised("send an API key in the header `Authorization: Bearer <key>`"))?;
    let key = state.keys.admit(presented, Timestamp::now()).map_err(|e| unauthorised(&e.to_string()))?;
    if !scopes.iter().any(|scope| key.allows(*scope)) {
        let names: Vec<String> = scopes.iter().map(|scope| format!("`{}`", scope.name())).collect();
        let detail = format!("the key does not have the scope {}; use a key that has it", names.join(" or "));
        return Err(Problem::new(ErrorCode::ScopeMissing, detail));
    }
    if state.keys.due(&key.id) {
        let (service, id) = (state.service.clone(), key.id.clone());
        tokio::task::spawn_blocking(move || {
            if let Err(e) = service.note_key_use(&id) {
                tracing::warn!(cause = %e, "the key's last use was not noted");
            }
        });
    }
    Ok(key)
}

/// While no key is required, every client that reaches loopback is let in, except web pages of other sites that are
/// open in a browser on the same machine. A browser says where a request comes from; other clients do not send these
/// headers.
fn same_site(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: header::HeaderName| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
    let site = headers.get("sec-fetch-site").map(|v| v.to_str().unwrap_or("?"));
    let host = text(header::HOST);
    let foreign = site.is_some_and(|s| !matches!(s, "same-origin" | "none"));
    let origin =
        text(header::ORIGIN).map(|o| o.parse::<Uri>().ok().and_then(|u| u.authority().map(ToString::to_string)));
    let elsewhere = origin.is_some_and(|o| o.as_deref() != host);
    // An attacker's host name that resolves to 127.0.0.1 passes for the same origin; only a local name is ours.
    let browser = site.is_some() || headers.contains_key(header::ORIGIN);
    if foreign || elsewhere || (browser && !host.is_some_and(is_local)) {
        let detail = "while no API key exists, only web pages opened by IP address or as localhost may send requests: \
                      open the page so, or create a key (`faceward keys create --scope verify`) and send it";
        return Err(Problem::new(ErrorCode::CrossSiteRefused, detail));
    }
    Ok(())
}

/// Whether a `Host` is an IP address or `localhost`, and so not a name that somebody else controls.
fn is_local(host: &str) -> bool {
    let Some(authority) = host.parse::<axum::http::uri::Authority>().ok() else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok()
}

macro_rules! scope_layer {
    ($name:ident, $($scope:ident)|+) => {
        #[doc = concat!("Middleware for routes that need ", stringify!($($scope)|+), ".")]
        pub(crate) async fn $name(State(state): State<AppState>, request: Request, next: Next) -> Response {
            require(&[$(Scope::$scope),+], state, request, next).await
        }
    };
}
scope_layer!(enroll, Enroll);
scope_layer!(enroll_or_review, Enroll | Review);
scope_layer!(verify, Verify);
scope_layer!(review, Review);
scope_layer!(admin, Admin);

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(headers: &[(&'static str, &str)]) -> bool {
        let headers = headers.iter().map(|(n, v)| (header::HeaderName::from_static(n), v.parse().unwrap())).collect();
        same_site(&headers).is_ok()
    }

    #[test]
    fn pages_of_other_sites_are_kept_out_while_no_key_is_asked_for() {
        assert!(passes(&[]) && passes(&[("host", "127.0.0.1:8080")]) && passes(&[("host", "faceward.internal")]));
        let ours = [("host", "localhost:8080"), ("origin", "http://localhost:8080"), ("sec-fetch-site", "same-origin")];
        assert!(passes(&ours));
        assert!(passes(&[("host", "[::1]:8080"), ("sec-fetch-site", "none")]));
        assert!(!passes(&[("host", "127.0.0.1:8080"), ("origin", "https://evil.example")]));
        assert!(!passes(&[("host", "127.0.0.1:8080"), ("origin", "null")]));
        assert!(!passes(&[("host", "127.0.0.1:8080"), ("sec-fetch-site", "cross-site")]));
        let rebound = [("host", "evil.example:8080"), ("origin", "http://evil.example:8080")];
        assert!(!passes(&rebound));
    }
}
