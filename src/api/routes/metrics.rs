//! `/metrics` for Prometheus.

use axum::extract::State;

use crate::api::meters;
use crate::api::state::AppState;

/// Metrics in the text format of Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "health",
    responses((status = 200, description = "One line per series", body = String)))]
pub(crate) async fn metrics(State(state): State<AppState>) -> String {
    meters::render(&state).await
}
