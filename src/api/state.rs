//! The state that all handlers share.

use std::sync::Arc;
use std::time::Instant;

use metrics_exporter_prometheus::PrometheusHandle;

use super::key_cache::KeyCache;
use super::{Problem, trace};
use crate::service::{CURRENT, Pool, RecordedService, ServiceError, traced};

/// Shared by all requests; cheap to clone.
#[derive(Clone)]
pub(super) struct AppState {
    pub(super) service: Arc<RecordedService>,
    pub(super) pool: Arc<Pool>,
    pub(super) keys: Arc<KeyCache>,
    pub(super) metrics: PrometheusHandle,
}

impl AppState {
    /// Whether identities and keys are as all servers of the store know them, but for a moment.
    ///
    /// # Errors
    /// [`ServiceError::Behind`].
    pub(super) fn current(&self) -> Result<(), ServiceError> {
        self.service.current()?;
        let shared = self.service.version().is_some();
        if shared && self.keys.age() > CURRENT { Err(ServiceError::Behind) } else { Ok(()) }
    }

    /// Runs `work` on the pool and waits for it without blocking the runtime.
    pub(super) async fn on_pool<T: Send + 'static, E: Into<Problem> + Send + 'static>(
        &self,
        work: impl FnOnce(&RecordedService) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem> {
        let (service, request, submitted) = (self.service.clone(), trace::current(), Instant::now());
        let answer = self.pool.submit(move || {
            let Some(request) = request else { return work(&service) };
            let began = Instant::now();
            let (done, stages) = traced(|| work(&service));
            request.worked(submitted, began, &stages);
            done
        })?;
        let result = answer.await.map_err(|_| Problem::internal("the work broke off"))?;
        result.map_err(Into::into)
    }

    /// Runs short work on the store without waiting for the pool's queue.
    pub(super) async fn on_disk<T: Send + 'static, E: Into<Problem> + Send + 'static>(
        &self,
        work: impl FnOnce(&RecordedService) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem> {
        let service = self.service.clone();
        let done = tokio::task::spawn_blocking(move || work(&service)).await;
        done.map_err(|_| Problem::internal("the work broke off"))?.map_err(Into::into)
    }
}
