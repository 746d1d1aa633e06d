//! Following a store that several servers share: what others change is read again, and an answer that may be out of
//! date is not given.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::gallery::Gallery;
use super::{Service, ServiceError};
use crate::store::{Changed, Follower, StoreError};

/// The longest wait before the store is asked without having said anything.
const ASK: Duration = Duration::from_millis(250);
/// A pause after a failure.
const PAUSE: Duration = Duration::from_millis(100);
/// How old what is in memory may be at most. Two seconds after an erasure or a revocation nothing answers with it,
/// whatever became of the connection.
pub(crate) const CURRENT: Duration = Duration::from_millis(1500);

/// What a server knows of the versions of its store.
#[derive(Debug)]
pub(super) struct Position {
    version: watch::Sender<u64>,
    /// A moment of which everything that had been changed is in memory.
    current_at: Mutex<Instant>,
}

impl Position {
    fn age(&self) -> Duration {
        self.current_at.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    fn reached(&self, version: u64, at: Instant) {
        *self.current_at.lock().unwrap_or_else(PoisonError::into_inner) = at;
        self.version.send_if_modified(|known| std::mem::replace(known, version) != version);
    }
}

impl Service {
    /// The service that follows what other processes change, for as long as it lives; the same service where none can.
    ///
    /// # Errors
    /// A failing store; when the system gives no thread.
    pub fn following(mut self) -> Result<Self, ServiceError> {
        let Some(mut follower) = self.follower.take() else { return Ok(self) };
        // What was changed while the gallery was read.
        let start = follower.start();
        let (asked, version) = catch_up(follower.as_mut(), &self.gallery, start, Duration::ZERO)?;
        let position = Arc::new(Position { version: watch::Sender::new(version), current_at: asked.into() });
        self.position = Some(position.clone());
        let gallery = Arc::downgrade(&self.gallery);
        let thread = std::thread::Builder::new().name("follow".to_owned());
        let started = thread.spawn(move || follow(follower, &gallery, &position, version));
        started.map_err(|e| StoreError::Backend(Box::new(e)))?;
        Ok(self)
    }

    /// Whether answers are up to date: what other processes changed up to a moment ago is in memory.
    ///
    /// # Errors
    /// [`ServiceError::Behind`].
    pub fn current(&self) -> Result<(), ServiceError> {
        match &self.position {
            Some(position) if position.age() > CURRENT => Err(ServiceError::Behind),
            _ => Ok(()),
        }
    }

    /// The version of the store that is in memory, and of what follows; `None` where versions are not counted.
    pub fn version(&self) -> Option<watch::Receiver<u64>> {
        self.position.as_ref().map(|position| position.version.subscribe())
    }

    /// The latest version of the store that this service wrote; `None` where versions are not counted.
    pub fn written(&self) -> Option<u64> {
        self.store.written()
    }
}

/// Reads what was changed after `version`. Returns the version that is in memory then, and a moment up to which nothing
/// is missing in it.
fn catch_up(
    follower: &mut dyn Follower,
    gallery: &Gallery,
    version: u64,
    limit: Duration,
) -> Result<(Instant, u64), ServiceError> {
    let (asked, changes) = follower.changes(version, limit)?;
    match &changes.identities {
        Changed::These(ids) => gallery.refresh_all(ids)?,
        Changed::All => gallery.reload()?,
    }
    Ok((asked, changes.version))
}

/// Reads what was changed for as long as the gallery is there.
fn follow(mut follower: Box<dyn Follower>, gallery: &Weak<Gallery>, position: &Position, mut version: u64) {
    let mut failing = false;
    while let Some(gallery) = gallery.upgrade() {
        match catch_up(follower.as_mut(), &gallery, version, ASK) {
            Ok((asked, reached)) => {
                version = reached;
                position.reached(version, asked);
                if std::mem::take(&mut failing) {
                    tracing::info!(version, "the store is followed again");
                }
            }
            Err(e) => {
                if !std::mem::replace(&mut failing, true) {
                    tracing::error!(cause = %e, "the store cannot be followed: nothing is answered until it can");
                }
                drop(gallery);
                std::thread::sleep(PAUSE);
            }
        }
    }
}
