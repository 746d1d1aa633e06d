//! Following the versions of the store: a connection of its own, on which the server says that something has changed.
//!
//! A notification only wakes. What was changed is read from the database, by version, so that a lost notification or
//! connection loses nothing.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio_postgres::{AsyncMessage, Client, Statement};

use super::fault::Fault;
use super::open;
use super::shared::Shared;
use super::versions::{self, CHANNEL};
use crate::identity::IdentityId;
use crate::store::sealing::unreadable;
use crate::store::{Changed, Changes, Follower, StoreResult};
use crate::vault::MasterId;

/// Waiting for the answer to a question that the server answers from memory, and for a connection.
const PATIENCE: Duration = Duration::from_secs(1);

/// One statement, so that all of it is from one moment.
const CHANGED: &str = "
    SELECT v.version, v.pruned, (SELECT version FROM schema_version), (SELECT master_id FROM vault), c.identity
    FROM store_version v LEFT JOIN changes c ON c.version > $1 AND c.kind = 'identity'
";

pub(super) struct Following {
    shared: Arc<Shared>,
    start: u64,
    master: MasterId,
    line: Option<Line>,
}

/// An open connection.
struct Line {
    client: Client,
    changed: Statement,
    /// Told when the server says that something has changed, and when the connection ends.
    news: Arc<Notify>,
}

impl Following {
    pub(super) fn new(shared: Arc<Shared>, start: u64, master: MasterId) -> Self {
        Self { shared, start, master, line: None }
    }

    async fn read(&mut self, after: u64, limit: Duration) -> Result<(Instant, Changes), Fault> {
        let line = match self.line.take().filter(|line| !line.client.is_closed()) {
            Some(line) => {
                // Late news are no fault.
                let _ = tokio::time::timeout(limit, line.news.notified()).await;
                line
            }
            // What was changed meanwhile is not waited for.
            None => within(Line::open(&self.shared)).await?,
        };
        // What is committed from here on may be missing.
        let asked = Instant::now();
        let changes = within(self.changes_by(&line, after)).await?;
        self.line = Some(line);
        Ok((asked, changes))
    }

    async fn changes_by(&self, line: &Line, after: u64) -> Result<Changes, Fault> {
        let rows = line.client.query(&line.changed, &[&after.cast_signed()]).await?;
        let Some(first) = rows.first() else { return Err(Fault::Late) };
        let (version, pruned): (i64, i64) = (first.try_get(0)?, first.try_get(1)?);
        versions::current(&self.shared.place, first.try_get(2)?, open::master_id(first.try_get(3)?)?, self.master)?;
        let (version, pruned) = (version.cast_unsigned(), pruned.cast_unsigned());
        // A version that runs back is that of a restored backup.
        if after < pruned || version < after {
            return Ok(Changes { version, identities: Changed::All });
        }
        let mut ids = BTreeSet::<IdentityId>::new();
        for row in &rows {
            if let Some(text) = row.try_get::<_, Option<&str>>(4)? {
                ids.insert(text.parse().map_err(|e| unreadable(format!("identity {text:?}"), &e))?);
            }
        }
        Ok(Changes { version, identities: Changed::These(ids.into_iter().collect()) })
    }
}

impl Line {
    async fn open(shared: &Shared) -> Result<Self, Fault> {
        let (client, mut connection) = shared.url.config().connect(shared.tls.clone()).await?;
        let news = Arc::new(Notify::new());
        let told = news.clone();
        tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
                if matches!(message, AsyncMessage::Notification(_)) {
                    told.notify_one();
                }
            }
            told.notify_one();
        });
        client.batch_execute(&format!("LISTEN {CHANNEL}")).await?;
        let changed = client.prepare(CHANGED).await?;
        Ok(Self { client, changed, news })
    }
}

async fn within<T>(work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or(Err(Fault::Late))
}

impl Follower for Following {
    fn start(&self) -> u64 {
        self.start
    }

    fn changes(&mut self, after: u64, limit: Duration) -> StoreResult<(Instant, Changes)> {
        let shared = self.shared.clone();
        shared.runtime.wait(self.read(after, limit)).map_err(|fault| fault.at(&shared.place))
    }
}
