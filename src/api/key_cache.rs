//! The API keys of a running server, reloaded when they change: issuing, rotating and revoking need no restart.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::access::{ApiKey, KeyRefusal, KeyRing, KeyTally};
use crate::service::RecordedService;
use crate::store::{KeysVersion, StoreError, TOUCH_RESOLUTION};

/// How often the keys are checked for changes; a revoked key stops working within twice this time.
const REFRESH: Duration = Duration::from_millis(500);
/// How soon after a failure.
const RETRY: Duration = Duration::from_millis(100);

/// The keys of the store, as last read.
pub(super) struct KeyCache {
    service: Arc<RecordedService>,
    ring: RwLock<Arc<KeyRing>>,
    version: Mutex<KeysVersion>,
    /// A moment of which every change of keys is known.
    current_at: Mutex<Instant>,
    /// When each key's use was last stored, so that a busy key costs a lookup here and not a query.
    noted: Mutex<HashMap<String, Instant>>,
}

impl KeyCache {
    /// Reads the keys of the store.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn open(service: Arc<RecordedService>) -> Result<Self, StoreError> {
        // The version first: a key issued in between is then read again, not missed.
        let current_at = Mutex::new(Instant::now());
        let version = Mutex::new(service.keys_version()?);
        let ring = RwLock::new(Arc::new(service.key_ring()?));
        Ok(Self { service, ring, version, current_at, noted: Mutex::default() })
    }

    /// Whether requests need a key: from the first key that was ever issued on. Revoked and expired keys count, so that
    /// a server never becomes open because its last key has expired.
    pub(super) fn required(&self) -> bool {
        !self.ring().is_empty()
    }

    /// How many keys are valid at `now`, and when the next of them expires.
    pub(super) fn tally(&self, now: Timestamp) -> KeyTally {
        self.ring().tally(now)
    }

    /// The valid key that `presented` is.
    ///
    /// # Errors
    /// When the key is unknown, revoked or expired.
    pub(super) fn admit(&self, presented: &str, now: Timestamp) -> Result<ApiKey, KeyRefusal> {
        self.ring().verify(presented, now).cloned()
    }

    /// Whether the last use of this key is due to be stored. If so, the caller stores it.
    pub(super) fn due(&self, id: &str) -> bool {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let due = noted.get(id).is_none_or(|at| at.elapsed() >= TOUCH_RESOLUTION.unsigned_abs());
        if due {
            noted.insert(id.to_owned(), Instant::now());
        }
        due
    }

    /// How long ago a key may have been revoked without this being known.
    pub(super) fn age(&self) -> Duration {
        self.current_at.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// Reloads the keys if they have changed. Blocks on the disk.
    fn refresh(&self) -> Result<(), StoreError> {
        let asked = Instant::now();
        let version = self.service.keys_version()?;
        let mut seen = self.version.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen != version {
            let ring = Arc::new(self.service.key_ring()?);
            *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
            *seen = version;
        }
        *self.current_at.lock().unwrap_or_else(PoisonError::into_inner) = asked;
        Ok(())
    }

    fn ring(&self) -> Arc<KeyRing> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Refreshes `cache` for as long as the server runs. While the store fails, the keys stay as they were last read.
pub(super) async fn keep_fresh(cache: Arc<KeyCache>) {
    let mut ticks = tokio::time::interval(REFRESH);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        ticks.tick().await;
        let cache = cache.clone();
        match tokio::task::spawn_blocking(move || cache.refresh()).await {
            Ok(Ok(())) => failing = false,
            Ok(Err(e)) => {
                if !std::mem::replace(&mut failing, true) {
                    tracing::error!(cause = %e, "the API keys cannot be reloaded: changes have no effect until they can");
                }
                ticks.reset_after(RETRY);
            }
            Err(_) => {}
        }
    }
}
