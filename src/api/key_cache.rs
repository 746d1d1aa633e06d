//! The keys of a running server: read again when they change, so that issuing, rotating and revoking need no restart.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::access::{ApiKey, KeyRefusal, KeyRing};
use crate::service::RecordedService;
use crate::store::{KeysVersion, StoreError, TOUCH_RESOLUTION};

/// How often the keys are looked at: a revoked key works at most this much longer.
const REFRESH: Duration = Duration::from_secs(1);

/// Who may pass.
pub(super) struct KeyCache {
    service: Arc<RecordedService>,
    ring: RwLock<Arc<KeyRing>>,
    version: Mutex<KeysVersion>,
    /// When each key's use was last noted, so that a busy key costs a look at this and not a query.
    noted: Mutex<HashMap<String, Instant>>,
}

impl KeyCache {
    /// Reads the keys of `service`.
    pub(super) fn open(service: Arc<RecordedService>) -> Result<Self, StoreError> {
        // The version first: a key issued in between is then read again, not missed.
        let version = Mutex::new(service.keys_version()?);
        let ring = RwLock::new(Arc::new(service.key_ring()?));
        Ok(Self { service, ring, version, noted: Mutex::default() })
    }

    /// Whether a key is asked for: from the first key that was ever issued on. Revoked and expired ones count, so that
    /// a server never opens because its last key has run out.
    pub(super) fn asks(&self) -> bool {
        !self.ring().is_empty()
    }

    /// The valid key that `presented` is.
    pub(super) fn admit(&self, presented: &str, now: Timestamp) -> Result<ApiKey, KeyRefusal> {
        self.ring().verify(presented, now).cloned()
    }

    /// Whether the use of this key is due to be noted; if so, it counts as noted.
    pub(super) fn due(&self, id: &str) -> bool {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let due = noted.get(id).is_none_or(|at| at.elapsed() >= TOUCH_RESOLUTION.unsigned_abs());
        if due {
            noted.insert(id.to_owned(), Instant::now());
        }
        due
    }

    /// Reads the keys again where they have changed. Blocks on the disk.
    fn refresh(&self) -> Result<(), StoreError> {
        let version = self.service.keys_version()?;
        let mut seen = self.version.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen != version {
            let ring = Arc::new(self.service.key_ring()?);
            *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
            *seen = version;
        }
        Ok(())
    }

    fn ring(&self) -> Arc<KeyRing> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Keeps the keys fresh for as long as the server runs. While the store fails, the keys stay as they were last read.
pub(super) async fn keep_fresh(gate: Arc<KeyCache>) {
    let mut ticks = tokio::time::interval(REFRESH);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        ticks.tick().await;
        let gate = gate.clone();
        match tokio::task::spawn_blocking(move || gate.refresh()).await {
            Ok(Ok(())) => failing = false,
            Ok(Err(e)) if !failing => {
                failing = true;
                tracing::error!(cause = %e, "the keys cannot be read again: changes to them are not seen until they can");
            }
            _ => {}
        }
    }
}
