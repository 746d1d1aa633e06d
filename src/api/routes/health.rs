//! `/livez`, `/readyz`: outside authentication, for orchestrators.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Problem;
use crate::api::state::AppState;
use crate::models::Versions;

/// The process runs.
#[utoipa::path(get, path = "/livez", tag = "health", security(()), responses((status = 200, body = String)))]
pub(crate) async fn livez() -> &'static str {
    "ok"
}

/// What answers.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ready {
    status: String,
    versions: Versions,
    /// Requests that wait for a thread.
    queue: usize,
}

/// Models are loaded and the store can be read and written.
#[utoipa::path(get, path = "/readyz", tag = "health", security(()), responses((status = 200, body = Ready),
    (status = 503, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn readyz(State(state): State<AppState>) -> Result<Json<Ready>, Problem> {
    state.on_disk(|service| service.ready()).await.map_err(|_| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", "the store cannot be read or written")
    })?;
    Ok(Json(Ready { status: "ready".into(), versions: state.service.versions().clone(), queue: state.pool.waiting() }))
}
