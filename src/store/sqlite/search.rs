//! Rows of `search`: what finds an identity. Each follows from the identity's samples and is written with them.

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::fault::Fault;
use super::identities::{self, Stored};
use super::samples;
use super::sealing::{Vault, no_key};
use crate::identity::{IdentityId, SearchRow};
use crate::store::{Listed, StoreError, StoreResult};
use crate::vault::DataKey;

/// The form of a row that is written: this byte, then postcard.
const FORMAT: u8 = 1;

/// The columns of [`Stored`], then the identity's key and its row.
fn select(condition: &str) -> String {
    let columns = identities::COLUMNS;
    format!("SELECT {columns}, data_key, sealed FROM identities LEFT JOIN search ON identity_id = id WHERE {condition}")
}

pub(super) fn get(connection: &Connection, vault: &Vault, id: &IdentityId) -> Result<Option<Listed>, Fault> {
    let mut query = connection.prepare_cached(&select("id = ?1"))?;
    query.query_row([id.as_str()], Sealed::read).optional()?.map(|row| row.listed(vault)).transpose()
}

pub(super) fn page(
    connection: &Connection,
    vault: &Vault,
    after: Option<&IdentityId>,
    limit: usize,
) -> Result<Vec<Listed>, Fault> {
    let mut query = connection.prepare_cached(&select("id > ?1 ORDER BY id LIMIT ?2"))?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = query.query_map(params![identities::cursor(after), limit], Sealed::read)?;
    rows.map(|row| row?.listed(vault)).collect()
}

/// Makes the identity's row from its samples. Where one of them cannot be read there is no row, and the inner error
/// says why: a change of samples must not fail for that, as it may be what removes the damage.
pub(super) fn renew(tx: &Transaction<'_>, vault: &Vault, id: &IdentityId) -> Result<StoreResult<SearchRow>, Fault> {
    let made = vault.data_key(tx, id).and_then(|key| {
        let key = key.ok_or_else(|| StoreError::UnknownIdentity(id.clone()))?;
        let row = SearchRow::of(&samples::all(tx, vault, id)?);
        Ok((key.seal(&place(id), &encode(&row)?).map_err(no_key)?, row))
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

fn encode(row: &SearchRow) -> Result<Vec<u8>, Fault> {
    let encoded = postcard::to_extend(row, vec![FORMAT]);
    Ok(encoded.map_err(|error| StoreError::Backend(Box::new(error)))?)
}

/// The row that was sealed for this identity and these networks; `None` for anything else: the templates still say it.
fn open(key: &DataKey, id: &IdentityId, sealed: &[u8]) -> Option<SearchRow> {
    let clear = key.open(&place(id), sealed).ok()?;
    let (&FORMAT, content) = clear.split_first()? else { return None };
    let row: SearchRow = postcard::from_bytes(content).ok()?;
    row.is_current().then_some(row)
}

fn place(id: &IdentityId) -> Vec<u8> {
    format!("faceward search row\0{id}").into_bytes()
}

/// A row as stored.
struct Sealed {
    identity: Stored,
    data_key: Option<Vec<u8>>,
    content: Option<Vec<u8>>,
}

impl Sealed {
    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { identity: Stored::read(row)?, data_key: row.get("data_key")?, content: row.get("sealed")? })
    }

    fn listed(self, vault: &Vault) -> Result<Listed, Fault> {
        let record = self.identity.record()?;
        let key = vault.unwrap(&record.id, &self.data_key.unwrap_or_default()).ok();
        let row = key.zip(self.content).and_then(|(key, content)| open(&key, &record.id, &content));
        Ok(Listed { record, row })
    }
}
