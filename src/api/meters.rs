//! What the server counts and measures, under the names that `/metrics` shows. No label names an identity, and every
//! label has few values.

use std::fmt::Write as _;
use std::time::Duration;

use ::metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use jiff::Timestamp;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use super::connection::CertificateFacts;
use super::state::AppState;
use crate::models::Versions;
use crate::service::{RecordedService, ServiceError, StageTiming, Verification};
use crate::store::{Ruling, StoreError};
use crate::system::{Process, max_open_files};
use crate::verdict::Verdict;

/// The upper bounds of the buckets of histograms of durations, in seconds.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// The upper bounds of the buckets of scores: fine where most scores lie, near 0 and near 1. They do not follow the
/// thresholds, so that distributions from before and after a calibration can be compared.
const SCORES: [f64; 16] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0];

/// The verdicts that come with a score.
const SCORED: [Verdict; 4] = [Verdict::Real, Verdict::Fake, Verdict::DifferentPerson, Verdict::Inconclusive];

/// How long the store may take to say that it is ready before it counts as not ready.
const PATIENCE: Duration = Duration::from_secs(2);

const REQUESTS: &str = "faceward_http_requests_total";
const REQUEST_SECONDS: &str = "faceward_http_request_duration_seconds";
const IN_FLIGHT: &str = "faceward_http_requests_in_flight";
const VERDICTS: &str = "faceward_verdicts_total";
const DECISIONS: &str = "faceward_decisions_total";
const SCORE: &str = "faceward_verdict_score";
const STAGE_SECONDS: &str = "faceward_verify_stage_duration_seconds";
const OVERLOADED: &str = "faceward_overloaded_total";
const REFUSED: &str = "faceward_connections_refused_total";
const STORE_ERRORS: &str = "faceward_store_errors_total";
const AUDIT_ERRORS: &str = "faceward_audit_errors_total";
const UNFINISHED: &str = "faceward_erasures_unfinished_total";

/// Installs the recorder of the process.
///
/// # Errors
/// When there is one already.
pub(super) fn install() -> Result<PrometheusHandle, BuildError> {
    let builder = PrometheusBuilder::new().set_buckets(&SECONDS)?;
    builder.set_buckets_for_metric(Matcher::Full(SCORE.to_owned()), &SCORES)?.install_recorder()
}

/// Says what each metric is, and starts the series whose labels are known at zero: a rate of a counter that appears with
/// its first event misses that event.
pub(super) fn begin(versions: &Versions, threads: usize, queue: usize, certificate: Option<&CertificateFacts>) {
    describe();
    for verdict in Verdict::ALL {
        counter!(VERDICTS, "verdict" => verdict.name()).increment(0);
    }
    for verdict in SCORED {
        let _registered = histogram!(SCORE, "verdict" => verdict.name());
    }
    for (verdict, ruling) in Verdict::ALL.into_iter().flat_map(|v| Ruling::ALL.map(|ruling| (v, ruling))) {
        counter!(DECISIONS, "verdict" => verdict.name(), "decision" => ruling.name()).increment(0);
    }
    for name in [OVERLOADED, REFUSED, STORE_ERRORS, AUDIT_ERRORS, UNFINISHED] {
        counter!(name).increment(0);
    }
    gauge!(IN_FLIGHT).set(0.0);
    gauge!("faceward_inference_threads").set(threads as f64);
    gauge!("faceward_queue_capacity").set(queue as f64);
    if let Some(facts) = certificate {
        gauge!("faceward_tls_certificate_expiry_timestamp_seconds").set(facts.not_after.as_second() as f64);
    }
    let Versions { faceward, models, engine } = versions.clone();
    gauge!("faceward_build_info", "version" => faceward, "models" => models, "engine" => engine).set(1.0);
}

fn describe() {
    describe_counter!(REQUESTS, "Requests that were answered, by route, method and status.");
    describe_histogram!(REQUEST_SECONDS, Unit::Seconds, "Time from a request's head to its answer.");
    describe_gauge!(IN_FLIGHT, "Requests that are being answered, those that wait for a thread included.");
    describe_counter!(VERDICTS, "Images that were verified, by verdict.");
    describe_counter!(DECISIONS, "Decisions on cases, by verdict and decision.");
    describe_histogram!(SCORE, "Scores of verified images, by verdict: near 1 genuine, near 0 fake.");
    describe_histogram!(STAGE_SECONDS, Unit::Seconds, "Time of each stage of a verification.");
    describe_counter!(OVERLOADED, "Requests refused because the queue or the memory for bodies was full.");
    describe_counter!(REFUSED, "Connections refused because their address had too many.");
    describe_counter!(STORE_ERRORS, "Requests and background work that failed because the store failed.");
    describe_counter!(AUDIT_ERRORS, "Acts that could not be recorded, and flushes of the audit log that failed.");
    describe_counter!(
        UNFINISHED,
        "Deletions after which the bytes may still be on disk until the next one or a restart."
    );
    describe_gauge!("faceward_queue_length", "Requests that wait for an inference thread.");
    describe_gauge!("faceward_queue_capacity", "Requests that may wait for an inference thread; others are refused.");
    describe_gauge!("faceward_inference_threads", "Threads for inference.");
    describe_gauge!("faceward_inference_threads_busy", "Threads for inference that are working.");
    describe_gauge!("faceward_identities", "Identities that are enrolled, expired ones included.");
    describe_gauge!(
        "faceward_identities_outdated",
        "Identities that searches cannot find until they are enrolled again (docs/store.md)."
    );
    describe_gauge!("faceward_ready", "Whether the store can be read and written: 1 or 0, as /readyz says.");
    describe_gauge!("faceward_api_keys", "API keys by state: valid, expired or revoked.");
    describe_gauge!(
        "faceward_api_key_next_expiry_timestamp_seconds",
        Unit::Seconds,
        "When the next valid API key expires, in seconds since 1970; infinite where none does."
    );
    describe_gauge!(
        "faceward_tls_certificate_expiry_timestamp_seconds",
        Unit::Seconds,
        "When the server's certificate expires, in seconds since 1970; absent without TLS."
    );
    describe_gauge!("faceward_build_info", "Always 1; its labels are the versions of the program, models and engine.");
}

/// A request that is being answered; counted until it is dropped.
pub(super) struct InFlight(());

impl InFlight {
    pub(super) fn begin() -> Self {
        gauge!(IN_FLIGHT).increment(1.0);
        Self(())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        gauge!(IN_FLIGHT).decrement(1.0);
    }
}

/// Counts a request that was answered.
pub(super) fn answered(route: &str, method: &'static str, status: u16, seconds: f64) {
    let labels = [("route", route.to_owned()), ("method", method.to_owned()), ("status", status.to_string())];
    counter!(REQUESTS, &labels).increment(1);
    histogram!(REQUEST_SECONDS, &labels).record(seconds);
}

/// Counts an image that was verified.
pub(super) fn verified(answer: &Verification) {
    let verdict = answer.verdict.name();
    counter!(VERDICTS, "verdict" => verdict).increment(1);
    if let Some(score) = answer.score {
        histogram!(SCORE, "verdict" => verdict).record(f64::from(score));
    }
    for StageTiming { stage, milliseconds, .. } in answer.timings.iter().flatten() {
        histogram!(STAGE_SECONDS, "stage" => stage.name()).record(f64::from(*milliseconds) / 1000.0);
    }
}

/// Counts a reviewer's decision on a case of `verdict`.
pub(super) fn decided(verdict: &'static str, ruling: &'static str) {
    counter!(DECISIONS, "verdict" => verdict, "decision" => ruling).increment(1);
}

/// Counts a request that was refused because the queue or the memory for bodies was full.
pub(super) fn overloaded() {
    counter!(OVERLOADED).increment(1);
}

/// Counts a connection that was refused because its address had too many.
pub(super) fn refused() {
    counter!(REFUSED).increment(1);
}

/// Counts a failure of the store or of the audit log; others are not counted here.
pub(super) fn failed(error: &ServiceError) {
    match error {
        ServiceError::Store(e) => {
            counter!(STORE_ERRORS).increment(1);
            if matches!(e, StoreError::ErasureUnfinished { .. }) {
                counter!(UNFINISHED).increment(1);
            }
        }
        ServiceError::Audit(_) => unrecorded(),
        _ => {}
    }
}

/// Counts a failure of the audit log.
pub(super) fn unrecorded() {
    counter!(AUDIT_ERRORS).increment(1);
}

/// Every metric in the text format of Prometheus, as of now.
pub(super) async fn render(state: &AppState) -> String {
    gauge!("faceward_queue_length").set(state.pool.waiting() as f64);
    gauge!("faceward_inference_threads_busy").set(state.pool.busy() as f64);
    let now = Timestamp::now();
    let keys = state.keys.tally(now);
    for (name, count) in [("valid", keys.valid), ("expired", keys.expired), ("revoked", keys.revoked)] {
        gauge!("faceward_api_keys", "state" => name).set(count as f64);
    }
    let next = keys.next_expiry.map_or(f64::INFINITY, |end| end.as_second() as f64);
    gauge!("faceward_api_key_next_expiry_timestamp_seconds").set(next);
    let asked = |service: &RecordedService| {
        let enrolled = service.identities(None, usize::MAX)?.len();
        Ok::<_, ServiceError>((enrolled, service.outdated()?, service.ready().is_ok()))
    };
    let counts = tokio::time::timeout(PATIENCE, state.on_disk(asked)).await;
    let ready = matches!(counts, Ok(Ok((_, _, true))));
    gauge!("faceward_ready").set(f64::from(u8::from(ready)));
    if let Ok(Ok((enrolled, outdated, _))) = counts {
        gauge!("faceward_identities").set(enrolled as f64);
        gauge!("faceward_identities_outdated").set(outdated as f64);
    }
    let mut text = state.metrics.render();
    if let Some(process) = Process::read() {
        text.push_str(&process_lines(&process, max_open_files()));
    }
    text
}

/// The metrics of a process under the names that all exporters give them
/// (<https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>). Written here, because the recorder
/// counts in whole numbers only.
fn process_lines(process: &Process, max_files: Option<u64>) -> String {
    let mut text = String::new();
    let mut line = |name: &str, kind: &str, help: &str, value: f64| {
        // Writing to a string does not fail.
        let _ = write!(text, "# HELP process_{name} {help}\n# TYPE process_{name} {kind}\nprocess_{name} {value}\n\n");
    };
    line("cpu_seconds_total", "counter", "Processor time in user and system mode, in seconds.", process.cpu_seconds);
    line("resident_memory_bytes", "gauge", "Memory in use.", process.resident_bytes as f64);
    line("virtual_memory_bytes", "gauge", "Address space.", process.virtual_bytes as f64);
    line("open_fds", "gauge", "Open files, connections included.", process.open_files as f64);
    if let Some(most) = max_files {
        line("max_fds", "gauge", "The most files that may be open.", most as f64);
    }
    line("threads", "gauge", "Threads of the process.", process.threads as f64);
    line("start_time_seconds", "gauge", "When the process started, in seconds since 1970.", process.started);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_process_have_help_type_and_value() {
        let process = Process {
            cpu_seconds: 12.34,
            resident_bytes: 5 << 20,
            virtual_bytes: 1 << 30,
            threads: 9,
            open_files: 20,
            started: 1_700_000_000.25,
        };
        let text = process_lines(&process, Some(1024));
        assert!(text.starts_with(
            "# HELP process_cpu_seconds_total Processor time in user and system mode, in seconds.\n\
             # TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 12.34\n"
        ));
        assert!(text.contains("\nprocess_start_time_seconds 1700000000.25\n"), "{text}");
        assert!(text.contains("\nprocess_max_fds 1024\n") && text.matches("# TYPE ").count() == 7, "{text}");
        assert!(!process_lines(&process, None).contains("max_fds"));
    }

    #[test]
    fn buckets_of_scores_end_at_one() {
        assert!(SCORES.is_sorted() && SCORES.last() == Some(&1.0));
    }
}
