//! `/metrics` for Prometheus. No label names an identity, and every label has few values.

use axum::extract::State;

use crate::api::state::AppState;

/// The upper bounds of the histograms' buckets, in seconds: all histograms are of durations.
pub(crate) const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Metrics in the text format of Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "health",
    responses((status = 200, description = "One line per series", body = String)))]
pub(crate) async fn metrics(State(state): State<AppState>) -> String {
    ::metrics::gauge!("faceward_queue_length").set(state.pool.waiting() as f64);
    state.metrics.render()
}
