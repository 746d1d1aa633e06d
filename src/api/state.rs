//! What every handler shares.

use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;

use super::Problem;
use crate::identity::keys::KeyRing;
use crate::service::{Pool, Service, ServiceError};

/// Shared by all requests; cheap to clone.
#[derive(Clone)]
pub(super) struct AppState {
    pub(super) service: Arc<Service>,
    pub(super) pool: Arc<Pool>,
    pub(super) keys: Arc<KeyRing>,
    /// Whether a key is asked for: not when none is configured.
    pub(super) authenticate: bool,
    pub(super) metrics: PrometheusHandle,
}

impl AppState {
    /// Runs `work` on the pool and waits for it without blocking the runtime.
    pub(super) async fn on_pool<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Service) -> Result<T, ServiceError> + Send + 'static,
    ) -> Result<T, Problem> {
        let service = self.service.clone();
        let answer = self.pool.submit(move || work(&service))?;
        let result = answer.await.map_err(|_| Problem::internal("the work broke off"))?;
        Ok(result?)
    }

    /// Runs short work on the store without waiting for the pool's queue.
    pub(super) async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Service) -> Result<T, ServiceError> + Send + 'static,
    ) -> Result<T, Problem> {
        let service = self.service.clone();
        let done = tokio::task::spawn_blocking(move || work(&service)).await;
        Ok(done.map_err(|_| Problem::internal("the work broke off"))??)
    }
}
