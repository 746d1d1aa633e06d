//! `/metrics` for Prometheus. No label names an identity, and every label has few values.

use ::metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge};
use axum::extract::State;

use crate::api::state::AppState;
use crate::models::Versions;
use crate::verdict::Verdict;

/// The upper bounds of the histograms' buckets, in seconds: all histograms are of durations.
pub(crate) const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Says what each metric is, and starts the counters whose labels are known at zero: a rate of a counter that appears
/// with its first event misses that event.
pub(crate) fn begin(versions: &Versions) {
    describe_counter!("faceward_http_requests_total", "Requests that were answered, by route, method and status.");
    describe_histogram!("faceward_http_request_duration_seconds", "Time from a request's head to its answer.");
    describe_counter!("faceward_verdicts_total", "Images that were verified, by verdict.");
    describe_histogram!("faceward_verify_stage_duration_seconds", "Time of each stage of a verification.");
    describe_counter!(
        "faceward_overloaded_total",
        "Requests refused because the queue or the memory for bodies was full."
    );
    describe_counter!("faceward_connections_refused_total", "Connections refused because their address had too many.");
    describe_gauge!("faceward_queue_length", "Requests that wait for an inference thread.");
    describe_gauge!("faceward_build_info", "Always 1; its labels are the versions of the program, models and engine.");
    for verdict in Verdict::ALL {
        counter!("faceward_verdicts_total", "verdict" => verdict.name()).increment(0);
    }
    counter!("faceward_overloaded_total").increment(0);
    counter!("faceward_connections_refused_total").increment(0);
    let Versions { faceward, models, engine } = versions.clone();
    gauge!("faceward_build_info", "version" => faceward, "models" => models, "engine" => engine).set(1.0);
}

/// Metrics in the text format of Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "health",
    responses((status = 200, description = "One line per series", body = String)))]
pub(crate) async fn metrics(State(state): State<AppState>) -> String {
    gauge!("faceward_queue_length").set(state.pool.waiting() as f64);
    state.metrics.render()
}
