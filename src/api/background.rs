//! The tasks that a server runs in the background.

use std::sync::Arc;
use std::time::{Duration, Instant};

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::meters;
use super::state::AppState;
use crate::audit::Actor;
use crate::service::{CaseSweep, Expiry, RecordedService, ServiceError};
use crate::telemetry::Telemetry;

/// How long a record of a verdict may be in the page cache only.
const FLUSH: Duration = Duration::from_secs(1);
/// How long measured durations may wait to be counted into their histogram.
const COUNT: Duration = Duration::from_secs(5);
/// The longest interval between two sweeps of cases. A sweep that erases rewrites the file of the embedded store.
const SWEEP_CASES: Duration = Duration::from_mins(10);
/// The longest interval between two searches for expired identities.
const SWEEP: Duration = Duration::from_secs(30);

/// Flushes the audit log to the disk once per second.
pub(super) async fn flush(service: Arc<RecordedService>) {
    let mut ticks = interval(FLUSH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let service = service.clone();
        if let Ok(Err(e)) = tokio::task::spawn_blocking(move || service.flush()).await {
            meters::unrecorded();
            tracing::error!(cause = %e, "the audit log was not flushed");
        }
    }
}

/// Writes waiting cases once per second, and erases those that are past their time.
pub(super) async fn keep_cases(service: Arc<RecordedService>, grace: Duration) {
    let mut ticks = interval(FLUSH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let every = grace.clamp(FLUSH, SWEEP_CASES);
    let (mut sweep, mut last) = (CaseSweep::default(), None::<Instant>);
    loop {
        ticks.tick().await;
        let due = last.is_none_or(|at| at.elapsed() >= every);
        if due {
            last = Some(Instant::now());
        }
        let service = service.clone();
        let done = tokio::task::spawn_blocking(move || {
            if let Err(e) = service.flush_cases().map_err(ServiceError::from) {
                meters::failed(&e);
                tracing::error!(cause = %e, "cases were not written");
            }
            if due && let Err(e) = sweep.sweep(&service) {
                meters::failed(&e);
                tracing::error!(cause = %e, "old cases were not erased");
            }
            sweep
        });
        sweep = done.await.unwrap_or_default();
    }
}

/// Counts measured durations into the buckets of their histograms. Until then each is kept by itself: memory would grow
/// with every request where nothing reads `/metrics`, which counts them too.
pub(super) async fn count(metrics: PrometheusHandle) {
    let mut ticks = interval(COUNT);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        metrics.run_upkeep();
    }
}

/// Sends every metric to the collector, once per `period`.
pub(super) async fn send_metrics(telemetry: Option<Arc<Telemetry>>, state: AppState, period: Duration) {
    let Some(telemetry) = telemetry else { return };
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        telemetry.metrics(meters::render(&state).await);
    }
}

/// Makes the templates of earlier networks again from kept images, one identity after the other, once.
pub(super) async fn read_again(service: Arc<RecordedService>) {
    let ids = match service.partly_outdated() {
        Ok(ids) => ids,
        Err(e) => return tracing::error!(cause = %e, "kept images could not be read again"),
    };
    let (mut read, mut left) = (0, 0);
    for id in ids {
        let service = service.clone();
        // Each by itself, so that a server that stops waits for one at most.
        match tokio::task::spawn_blocking(move || service.acting_as(Actor::Service).refresh(&id)).await {
            Ok(Ok(done)) => (read, left) = (read + done.read.len(), left + done.left.len()),
            Ok(Err(ServiceError::UnknownIdentity(_))) | Err(_) => {}
            Ok(Err(e)) => tracing::error!(cause = %e, "kept images of an identity could not be read again"),
        }
    }
    if read + left > 0 {
        let text = "templates of earlier networks: `read` made again from kept images, `left` without a usable image";
        tracing::info!(read, left, "{text}");
    }
}

/// Erases identities that have been expired for `grace`.
pub(super) async fn erase_expired(service: Arc<RecordedService>, grace: Duration) {
    let mut ticks = interval((grace / 4).clamp(Duration::from_secs(1), SWEEP));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut expiry = Expiry::new(grace);
    loop {
        ticks.tick().await;
        let service = service.clone();
        let swept = tokio::task::spawn_blocking(move || {
            if let Err(e) = expiry.sweep(&service) {
                meters::failed(&e);
                tracing::error!(cause = %e, "expired identities could not be erased");
            }
            expiry
        });
        match swept.await {
            Ok(back) => expiry = back,
            Err(_) => expiry = Expiry::new(grace),
        }
    }
}
