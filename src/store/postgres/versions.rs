//! Versions: who writes takes the lock on the one row of `store_version`, and notes what the next version changes.

use deadpool_postgres::{GenericClient, Transaction};

use super::fault::Fault;
use super::open::{self, SCHEMA};
use crate::identity::IdentityId;
use crate::store::StoreError;
use crate::vault::{MasterId, MasterKeyError};

/// The channel on which a commit wakes those who follow.
pub(super) const CHANNEL: &str = "faceward";

/// How long a change is listed. Whoever was away for longer reads everything again.
const LISTED: &str = "60 seconds";

/// Something that a transaction changed.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Identity(IdentityId),
    Key,
}

/// Takes the lock and returns the version. What is read after this is what the last write left.
pub(super) async fn lock(tx: &Transaction<'_>, place: &str, master: MasterId) -> Result<i64, Fault> {
    let sql = "SELECT version FROM store_version FOR UPDATE";
    let version = tx.query_one(&tx.prepare_cached(sql).await?, &[]).await?.try_get(0)?;
    // A second statement: what the first one reads of other tables is from before it waited.
    let sql = "SELECT (SELECT version FROM schema_version), (SELECT master_id FROM vault)";
    let row = tx.query_one(&tx.prepare_cached(sql).await?, &[]).await?;
    current(place, row.try_get(0)?, open::master_id(row.try_get(1)?)?, master)?;
    Ok(version)
}

/// As [`lock`], for writes that make no version: they go on side by side, and only a new master key waits for them.
pub(super) async fn share(tx: &Transaction<'_>, place: &str, master: MasterId) -> Result<(), Fault> {
    let sql = "SELECT s.version, k.master_id FROM schema_version s, vault k FOR SHARE OF k";
    let row = tx.query_one(&tx.prepare_cached(sql).await?, &[]).await?;
    current(place, row.try_get(0)?, open::master_id(row.try_get(1)?)?, master)
}

/// Refuses a store that another faceward has migrated or sealed with another master key since it was opened.
pub(super) fn current(place: &str, schema: i64, needed: MasterId, master: MasterId) -> Result<(), Fault> {
    if schema != SCHEMA {
        return Err(open::newer(place, schema).into());
    }
    if needed != master {
        return Err(StoreError::from(MasterKeyError::Wrong { given: master, needed }).into());
    }
    Ok(())
}

/// Notes `changes` as those of the version after `version`, which it returns.
pub(super) async fn note(tx: &Transaction<'_>, version: i64, changes: &[Change]) -> Result<i64, Fault> {
    let (next, mut keys) = (version + 1, 0i64);
    let (mut kinds, mut identities) = (Vec::new(), Vec::new());
    for change in changes {
        match change {
            Change::Identity(id) => {
                kinds.push("identity");
                identities.push(Some(id.as_str()));
            }
            Change::Key => {
                keys += 1;
                kinds.push("key");
                identities.push(None);
            }
        }
    }
    let sql = "INSERT INTO changes (version, kind, identity) SELECT $1, kind, identity \
               FROM unnest($2::text[], $3::text[]) AS made (kind, identity)";
    tx.execute(&tx.prepare_cached(sql).await?, &[&next, &kinds, &identities]).await?;
    let sql = "UPDATE store_version SET version = $1, keys = keys + $2";
    tx.execute(&tx.prepare_cached(sql).await?, &[&next, &keys]).await?;
    let wake = tx.prepare_cached("SELECT pg_notify($1, '')").await?;
    tx.execute(&wake, &[&CHANNEL]).await?;
    Ok(next)
}

/// Forgets changes that have been listed for long enough.
pub(super) async fn prune(client: &impl GenericClient) -> Result<(), Fault> {
    let sql = format!(
        "WITH gone AS (DELETE FROM changes WHERE made_at < clock_timestamp() - interval '{LISTED}' RETURNING version) \
         UPDATE store_version SET pruned = greatest(pruned, (SELECT max(version) FROM gone)) WHERE EXISTS (SELECT 1 FROM gone)"
    );
    client.execute(&sql, &[]).await?;
    Ok(())
}
