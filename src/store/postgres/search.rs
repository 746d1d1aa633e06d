//! Rows of `search`: what finds an identity. Each follows from the identity's samples and is written with them.

use deadpool_postgres::{GenericClient, Transaction};
use tokio_postgres::Row;

use super::fault::Fault;
use super::identities::{self, data_key};
use super::samples;
use crate::identity::{IdentityId, SearchRow};
use crate::store::rows::{IdentityRow, cursor, limited};
use crate::store::sealing::{Vault, seal_row};
use crate::store::{Listed, StoreError, StoreResult};

/// The columns of the identity, then its key and its row.
fn select(condition: &str) -> String {
    let columns = IdentityRow::COLUMNS;
    format!(
        "SELECT {columns}, data_key, sealed FROM identities LEFT JOIN identity_keys k ON k.identity_id = id \
         LEFT JOIN search s ON s.identity_id = id WHERE {condition}"
    )
}

pub(super) async fn of(client: &impl GenericClient, vault: &Vault, ids: &[IdentityId]) -> Result<Vec<Listed>, Fault> {
    let ids: Vec<&str> = ids.iter().map(IdentityId::as_str).collect();
    let query = client.prepare_cached(&select("id = ANY ($1)")).await?;
    client.query(&query, &[&ids]).await?.iter().map(|row| listed(row, vault)).collect()
}

pub(super) async fn page(
    client: &impl GenericClient,
    vault: &Vault,
    after: Option<&IdentityId>,
    limit: usize,
) -> Result<Vec<Listed>, Fault> {
    let query = client.prepare_cached(&select("id > $1 ORDER BY id LIMIT $2")).await?;
    let rows = client.query(&query, &[&cursor(after), &limited(limit)]).await?;
    rows.iter().map(|row| listed(row, vault)).collect()
}

/// Makes the identity's row from its samples. Where one of them cannot be read there is no row, and the inner error
/// says why: a change of samples must not fail for that, as it may be what removes the damage.
pub(super) async fn renew(
    tx: &Transaction<'_>,
    vault: &Vault,
    id: &IdentityId,
) -> Result<StoreResult<SearchRow>, Fault> {
    match made(tx, vault, id).await {
        Ok((sealed, row)) => {
            let sql = "INSERT INTO search (identity_id, sealed) VALUES ($1, $2) \
                       ON CONFLICT (identity_id) DO UPDATE SET sealed = $2";
            tx.execute(&tx.prepare_cached(sql).await?, &[&id.as_str(), &sealed]).await?;
            Ok(Ok(row))
        }
        Err(Fault::Store(error @ (StoreError::UnreadableRecord { .. } | StoreError::UnknownIdentity(_)))) => {
            let sql = tx.prepare_cached("DELETE FROM search WHERE identity_id = $1").await?;
            tx.execute(&sql, &[&id.as_str()]).await?;
            Ok(Err(error))
        }
        Err(fault) => Err(fault),
    }
}

async fn made(tx: &Transaction<'_>, vault: &Vault, id: &IdentityId) -> Result<(Vec<u8>, SearchRow), Fault> {
    let key = data_key(tx, vault, id).await?.ok_or_else(|| StoreError::UnknownIdentity(id.clone()))?;
    let row = SearchRow::of(&samples::all(tx, vault, id).await?);
    Ok((seal_row(&key, id, &row)?, row))
}

fn listed(row: &Row, vault: &Vault) -> Result<Listed, Fault> {
    Ok(identities::read(row)?.listed(vault, row.try_get("data_key")?, row.try_get("sealed")?)?)
}
