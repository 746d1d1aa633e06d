//! Who may do what: `Authorization: Bearer <key>`, one scope a group of routes.

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::Problem;
use super::state::AppState;
use crate::identity::keys::Scope;

/// Lets a request pass when its key allows `scope`, or when no key is configured (the server is then bound to
/// loopback only).
pub(super) async fn require(scope: Scope, state: AppState, request: Request, next: Next) -> Response {
    if state.authenticate
        && let Err(problem) = check(&state, &request, scope)
    {
        return problem.into_response();
    }
    next.run(request).await
}

fn check(state: &AppState, request: &Request, scope: Scope) -> Result<(), Problem> {
    let unauthorised = |detail: &str| Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail);
    let header = request.headers().get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let presented = header
        .and_then(|v| v.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, key)| key.trim())
        .ok_or_else(|| unauthorised("send a key: Authorization: Bearer <key>"))?;
    let key = state.keys.verify(presented, Timestamp::now()).map_err(|e| unauthorised(&e.to_string()))?;
    if !key.allows(scope) {
        let detail = format!("the key does not have the scope {:?}", scope.name());
        return Err(Problem::new(StatusCode::FORBIDDEN, "scope_missing", detail));
    }
    let (service, id) = (state.service.clone(), key.id.clone());
    tokio::task::spawn_blocking(move || {
        if let Err(e) = service.store().touch_key(&id, Timestamp::now()) {
            tracing::warn!(cause = %e, "the key's last use was not noted");
        }
    });
    Ok(())
}

macro_rules! scope_layer {
    ($name:ident, $scope:expr) => {
        #[doc = concat!("Middleware for routes that need ", stringify!($scope), ".")]
        pub(super) async fn $name(State(state): State<AppState>, request: Request, next: Next) -> Response {
            require($scope, state, request, next).await
        }
    };
}
scope_layer!(enroll, Scope::Enroll);
scope_layer!(verify, Scope::Verify);
