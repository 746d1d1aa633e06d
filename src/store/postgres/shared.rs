//! The connections of an open store, and what is done with them.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::fault::Fault;
use super::runtime::Runtime;
use super::url::PostgresUrl;
use super::{scrub, versions};
use crate::identity::IdentityId;
use crate::store::StoreResult;

/// Waiting for all that a method asks of the server, which itself gives up waiting for locks earlier.
const LONGEST: Duration = Duration::from_secs(20);
/// The interval in which old changes are forgotten and unfinished erasures are completed.
const UPKEEP: Duration = Duration::from_secs(30);
/// The first key of the advisory locks on identities: `fwrd`.
const HELD: i32 = 0x6677_7264;

/// What connects to the database.
pub(super) struct Shared {
    pub(super) pool: Pool,
    pub(super) url: PostgresUrl,
    pub(super) tls: MakeRustlsConnect,
    /// The database for errors.
    pub(super) place: String,
    // Dropped last: the connections are served by its thread.
    pub(super) runtime: Runtime,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shared({})", self.place)
    }
}

impl Shared {
    /// Runs `work` with a connection. One that does not answer in time is given up. Where a connection was lost, `work`
    /// is done once more with another, unless `once` says by then that it may have been done.
    #[allow(clippy::needless_pass_by_value, reason = "closures are written where they are handed over")]
    pub(super) fn with_client<T>(
        &self,
        once: &Cell<bool>,
        work: impl AsyncFn(&mut Object) -> Result<T, Fault>,
    ) -> StoreResult<T> {
        let attempt = async || {
            let mut client = self.pool.get().await?;
            let done = timeout(LONGEST, work(&mut client)).await.unwrap_or(Err(Fault::Late));
            if done.as_ref().is_err_and(|fault| fault.is_lost() || matches!(fault, Fault::Late)) {
                drop(Object::take(client));
            }
            done
        };
        let done = self.runtime.wait(async {
            match attempt().await {
                Err(fault) if fault.is_lost() => {
                    // What ended one has most likely ended the others, and they may not know it yet.
                    self.pool.retain(|_, _| false);
                    if once.get() { Err(fault) } else { attempt().await }
                }
                done => done,
            }
        });
        done.map_err(|fault| fault.at(&self.place))
    }

    /// Forgets old changes and completes erasures, for as long as the store is open.
    pub(super) fn keep_up(&self) {
        let (pool, place) = (self.pool.clone(), self.place.clone());
        self.runtime.handle().spawn(async move {
            let mut ticks = interval_at(Instant::now() + UPKEEP, UPKEEP);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                if let Ok(Err(fault)) = timeout(LONGEST, tidy(&pool)).await {
                    tracing::debug!(cause = %fault.at(&place), "the database was not tidied up");
                }
            }
        });
    }
}

async fn tidy(pool: &Pool) -> Result<(), Fault> {
    let mut client = pool.get().await?;
    versions::prune(&client).await?;
    scrub::finish(&mut client).await?;
    Ok(())
}

/// An identity held against other processes; see [`Store::exclusive`](crate::store::Store::exclusive).
pub(super) struct Held {
    client: Option<Object>,
    id: IdentityId,
    shared: Arc<Shared>,
}

impl Held {
    pub(super) fn of(shared: &Arc<Shared>, id: &IdentityId) -> StoreResult<Self> {
        let client = shared.runtime.wait(async {
            let client = shared.pool.get().await?;
            let sql = client.prepare_cached("SELECT pg_advisory_lock($1, hashtext($2))").await?;
            client.execute(&sql, &[&HELD, &id.as_str()]).await?;
            Ok::<_, Fault>(client)
        });
        let client = client.map_err(|fault| fault.at(&shared.place))?;
        Ok(Self { client: Some(client), id: id.clone(), shared: shared.clone() })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else { return };
        let id = self.id.clone();
        self.shared.runtime.handle().spawn(async move {
            let sql = "SELECT pg_advisory_unlock($1, hashtext($2))";
            if client.execute(sql, &[&HELD, &id.as_str()]).await.is_err() {
                // The end of the connection frees it too.
                drop(Object::take(client));
            }
        });
    }
}
