//! What a server does beside answering.

use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::service::{Expiry, RecordedService};

/// How long a verdict may be with the operating system alone.
const FLUSH: Duration = Duration::from_secs(1);
/// How long what was measured may wait to be counted into its histogram.
const COUNT: Duration = Duration::from_secs(5);
/// How often expired identities are looked for, at most.
const SWEEP: Duration = Duration::from_secs(30);

/// Brings what the audit log has recorded to the disk, once a second.
pub(super) async fn flush(service: Arc<RecordedService>) {
    let mut ticks = interval(FLUSH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let service = service.clone();
        if let Ok(Err(e)) = tokio::task::spawn_blocking(move || service.flush()).await {
            tracing::error!(cause = %e, "the audit log was not flushed");
        }
    }
}

/// Counts what was measured into the histograms' buckets. Until then every duration is kept by itself: where nobody reads
/// `/metrics`, which counts them too, memory would grow with each request.
pub(super) async fn count(metrics: PrometheusHandle) {
    let mut ticks = interval(COUNT);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        metrics.run_upkeep();
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
