//! `/livez`, `/readyz`: outside authentication, for orchestrators.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Problem;
use crate::api::state::AppState;
use crate::error_code::ErrorCode;
use crate::models::Versions;
use crate::service::RecordedService;

/// The process is running.
#[utoipa::path(get, path = "/livez", tag = "health",
    responses((status = 200, description = "`ok`", body = String)))]
pub(crate) async fn livez() -> &'static str {
    "ok"
}

/// The state of a server that is ready.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ready {
    /// Always `ready`.
    #[schema(pattern = "^ready$")]
    status: String,
    /// The versions behind its answers.
    versions: Versions,
    /// Requests that wait for an inference thread.
    queue: usize,
    /// Identities that searches cannot find until they are enrolled again, because their templates were made by
    /// networks that are no longer used.
    enroll_again: usize,
}

/// The models are loaded, and the store can be read and written.
#[utoipa::path(get, path = "/readyz", tag = "health",
    responses((status = 200, description = "Ready", body = Ready)))]
pub(crate) async fn readyz(State(state): State<AppState>) -> Result<Json<Ready>, Problem> {
    let ready = |service: &RecordedService| service.ready().and_then(|()| service.outdated());
    let not_ready =
        || Problem::new(ErrorCode::NotReady, "the store cannot be read or written; the server's log says why");
    state.current().map_err(|_| not_ready())?;
    let enroll_again = state.on_disk(ready).await.map_err(|_: Problem| not_ready())?;
    let (versions, queue) = (state.service.versions().clone(), state.pool.waiting());
    Ok(Json(Ready { status: "ready".into(), versions, queue, enroll_again }))
}
