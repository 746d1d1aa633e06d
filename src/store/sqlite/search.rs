//! Rows of `search`: what finds an identity. Each follows from the identity's samples and is written with them.

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::fault::Fault;
use super::sealing::data_key;
use super::{identities, samples};
use crate::identity::{IdentityId, SearchRow};
use crate::store::rows::{IdentityRow, cursor, limited};
use crate::store::sealing::{Vault, seal_row};
use crate::store::{Listed, StoreError, StoreResult};

/// The columns of the identity, then its key and its row.
fn select(condition: &str) -> String {
    let columns = IdentityRow::COLUMNS;
    format!("SELECT {columns}, data_key, sealed FROM identities LEFT JOIN search ON identity_id = id WHERE {condition}")
}

pub(super) fn get(connection: &Connection, vault: &Vault, id: &IdentityId) -> Result<Option<Listed>, Fault> {
    let mut query = connection.prepare_cached(&select("id = ?1"))?;
    query.query_row([id.as_str()], Stored::read).optional()?.map(|row| row.listed(vault)).transpose()
}

pub(super) fn page(
    connection: &Connection,
    vault: &Vault,
    after: Option<&IdentityId>,
    limit: usize,
) -> Result<Vec<Listed>, Fault> {
    let mut query = connection.prepare_cached(&select("id > ?1 ORDER BY id LIMIT ?2"))?;
    let rows = query.query_map(params![cursor(after), limited(limit)], Stored::read)?;
    rows.map(|row| row?.listed(vault)).collect()
}

/// Makes the identity's row from its samples. Where one of them cannot be read there is no row, and the inner error
/// says why: a change of samples must not fail for that, as it may be what removes the damage.
pub(super) fn renew(tx: &Transaction<'_>, vault: &Vault, id: &IdentityId) -> Result<StoreResult<SearchRow>, Fault> {
    let made = data_key(tx, vault, id).and_then(|key| {
        let key = key.ok_or_else(|| StoreError::UnknownIdentity(id.clone()))?;
        let row = SearchRow::of(&samples::all(tx, vault, id)?);
        Ok((seal_row(&key, id, &row)?, row))
    });
    match made {
        Ok((sealed, row)) => {
            let sql = "INSERT INTO search (identity_id, sealed) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET sealed = ?2";
            tx.prepare_cached(sql)?.execute(params![id.as_str(), sealed])?;
            Ok(Ok(row))
        }
        Err(Fault::Store(error @ (StoreError::UnreadableRecord { .. } | StoreError::UnknownIdentity(_)))) => {
            tx.prepare_cached("DELETE FROM search WHERE identity_id = ?1")?.execute([id.as_str()])?;
            Ok(Err(error))
        }
        Err(fault) => Err(fault),
    }
}

/// A row as stored: the identity, its wrapped key, its sealed search row.
struct Stored(IdentityRow, Option<Vec<u8>>, Option<Vec<u8>>);

impl Stored {
    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self(identities::read(row)?, row.get("data_key")?, row.get("sealed")?))
    }

    fn listed(self, vault: &Vault) -> Result<Listed, Fault> {
        let Self(identity, data_key, sealed) = self;
        Ok(identity.listed(vault, data_key.as_deref(), sealed.as_deref())?)
    }
}
