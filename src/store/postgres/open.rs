//! Opening: the connections, the migrations of the schema, and the keys.

use std::path::Path;

use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime as PoolRuntime, Timeouts, Transaction,
};
use tokio_postgres::Config;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::fault::Fault;
use super::url::PATIENCE;
use crate::store::StoreError;
use crate::store::sealing::Vault;
use crate::vault::{MasterId, MasterKey, MasterKeySource, settle};

/// Each migration with the version that it leads to. Never change a released one: append.
const MIGRATIONS: [(i64, &str); 2] =
    [(1, include_str!("migrations/0001_initial.sql")), (2, include_str!("migrations/0002_cases.sql"))];

/// The schema version that this faceward writes.
pub(super) const SCHEMA: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// The key of the advisory lock under which one process at a time migrates: `fwrd`.
const MIGRATING: i64 = 0x6677_7264;

/// Connections of a process, beside the one that follows changes.
const CONNECTIONS: usize = 8;

pub(super) fn pool(config: Config, tls: MakeRustlsConnect) -> Result<Pool, Fault> {
    let manager = Manager::from_config(config, tls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    let patience = Some(PATIENCE);
    let built = Pool::builder(manager)
        .max_size(CONNECTIONS)
        .runtime(PoolRuntime::Tokio1)
        .timeouts(Timeouts { wait: patience, create: patience, recycle: patience })
        .build();
    built.map_err(|e| Fault::Pool(e.to_string()))
}

/// The keys of the store in a database, migrated. Without `create`, a database without a store stays as it is.
pub(super) async fn vault(
    client: &mut Object,
    place: &str,
    dir: &Path,
    source: &MasterKeySource,
    create: bool,
) -> Result<Vault, Fault> {
    // All steps in one transaction: what fails leaves nothing behind, and the end of the transaction frees the lock.
    let tx = client.transaction().await?;
    tx.batch_execute("SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = 0").await?;
    tx.execute("SELECT pg_advisory_xact_lock($1)", &[&MIGRATING]).await?;
    let found = version(&tx).await?;
    match found {
        None if !create => return Err(StoreError::NoStore(place.to_owned()).into()),
        None | Some(0..=SCHEMA) => {}
        Some(found) => return Err(newer(place, found).into()),
    }
    let needed = if found.is_some() { needed(&tx).await? } else { None };
    let master = settle(source, dir, needed).map_err(StoreError::from)?;
    migrate(&tx, found, &master).await?;
    let service: Vec<u8> = tx.query_one("SELECT service_key FROM vault", &[]).await?.try_get(0)?;
    tx.commit().await?;
    Ok(Vault::open(master, &service)?)
}

/// The version of the schema in a database; `None` where it has no store. Changes nothing.
pub(super) async fn found(client: &mut Object) -> Result<Option<i64>, Fault> {
    version(&client.build_transaction().read_only(true).start().await?).await
}

/// The error for a schema that a newer faceward made.
pub(super) fn newer(place: &str, found: i64) -> StoreError {
    StoreError::NewerSchema { path: place.into(), found, known: SCHEMA }
}

/// The version of the schema; `None` where there is none.
async fn version(tx: &Transaction<'_>) -> Result<Option<i64>, Fault> {
    let there = "SELECT to_regclass('faceward.schema_version') IS NOT NULL";
    if !tx.query_one(there, &[]).await?.try_get::<_, bool>(0)? {
        return Ok(None);
    }
    Ok(Some(tx.query_one("SELECT version FROM schema_version", &[]).await?.try_get(0)?))
}

/// The id of the master key that wraps the keys.
async fn needed(tx: &Transaction<'_>) -> Result<Option<MasterId>, Fault> {
    let row = tx.query_opt("SELECT master_id FROM vault", &[]).await?;
    row.map(|row| master_id(row.try_get(0)?)).transpose()
}

/// A master key's id as stored.
pub(super) fn master_id(bytes: &[u8]) -> Result<MasterId, Fault> {
    let bytes = <[u8; 8]>::try_from(bytes).map_err(|e| StoreError::Backend(Box::new(e)))?;
    Ok(MasterId::new(bytes))
}

async fn migrate(tx: &Transaction<'_>, found: Option<i64>, master: &MasterKey) -> Result<(), Fault> {
    if found.is_none() {
        // An operator may have made the schema for a user who may not.
        let there = "SELECT to_regnamespace('faceward') IS NOT NULL";
        if !tx.query_one(there, &[]).await?.try_get::<_, bool>(0)? {
            tx.batch_execute("CREATE SCHEMA faceward").await?;
        }
        let table = "CREATE TABLE schema_version (sole boolean PRIMARY KEY DEFAULT true CHECK (sole), version bigint); \
                     INSERT INTO schema_version (version) VALUES (0)";
        tx.batch_execute(table).await?;
    }
    let found = found.unwrap_or_default();
    for (version, sql) in MIGRATIONS.into_iter().filter(|(version, _)| *version > found) {
        tx.batch_execute(sql).await?;
        if version == 1 {
            let service = Vault::new_service_key(master)?;
            let id = master.id();
            tx.execute(
                "INSERT INTO vault (master_id, service_key) VALUES ($1, $2)",
                &[&id.as_bytes().as_slice(), &service],
            )
            .await?;
        }
        tx.execute("UPDATE schema_version SET version = $1", &[&version]).await?;
    }
    Ok(())
}
