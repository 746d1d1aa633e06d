//! Rows as they lie in the database.

use deadpool_postgres::{GenericClient, Transaction};
use uuid::Uuid;

use super::fault::Fault;
use super::{identities, keys, open, receipts, samples};
use crate::identity::{ErrorTargets, IdentityId};
use crate::store::raw::{RawIdentity, RawVault};
use crate::store::rows::{IdentityRow, KeyRow, SampleRow};
use crate::store::sealing::unreadable;

pub(super) async fn vault(client: &impl GenericClient) -> Result<RawVault, Fault> {
    let row = client.query_one("SELECT master_id, service_key FROM vault", &[]).await?;
    let (master, service_key) = (open::master_id(row.try_get(0)?)?, row.try_get(1)?);
    let sql = format!("SELECT {} FROM api_keys ORDER BY created_at, id", KeyRow::COLUMNS);
    let keys = client.query(&sql, &[]).await?.iter().map(keys::read).collect::<Result<_, _>>()?;
    let sql = "SELECT subject, reason, samples, deleted_at, erased_at, id FROM receipts ORDER BY id";
    let all = client.query(sql, &[]).await?;
    let receipts = all.iter().map(|row| Ok((row.try_get(5)?, receipts::read(row)?))).collect::<Result<_, Fault>>()?;
    Ok(RawVault { master, service_key, keys, receipts })
}

pub(super) async fn identity(client: &impl GenericClient, id: &IdentityId) -> Result<Option<RawIdentity>, Fault> {
    let columns = IdentityRow::COLUMNS;
    let sql = format!(
        "SELECT {columns}, k.data_key, s.sealed FROM identities LEFT JOIN identity_keys k ON k.identity_id = id \
         LEFT JOIN search s ON s.identity_id = id WHERE id = $1"
    );
    let Some(row) = client.query_opt(&sql, &[&id.as_str()]).await? else { return Ok(None) };
    let (data_key, search): (Option<Vec<u8>>, _) = (row.try_get(8)?, row.try_get(9)?);
    let sql = format!("SELECT {} FROM samples WHERE identity_id = $1 ORDER BY seq", samples::COLUMNS);
    let rows = client.query(&sql, &[&id.as_str()]).await?;
    let samples = rows.iter().map(samples::read).collect::<Result<_, _>>()?;
    let sql = "SELECT sample_id, images.sealed FROM images JOIN samples ON id = sample_id WHERE identity_id = $1 \
               ORDER BY seq";
    let rows = client.query(sql, &[&id.as_str()]).await?;
    let images = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, Fault>>()?;
    let row = identities::read(&row)?;
    Ok(Some(RawIdentity { row, data_key: data_key.unwrap_or_default(), search, samples, images }))
}

pub(super) async fn fill_vault(tx: &Transaction<'_>, vault: &RawVault) -> Result<(), Fault> {
    tx.execute("UPDATE vault SET service_key = $1", &[&vault.service_key]).await?;
    for key in &vault.keys {
        keys::insert_row(tx, key).await?;
    }
    for (id, receipt) in &vault.receipts {
        receipts::insert_row(tx, *id, receipt).await?;
    }
    Ok(())
}

pub(super) async fn fill_identity(tx: &Transaction<'_>, identity: &RawIdentity) -> Result<IdentityId, Fault> {
    let RawIdentity { row, data_key, search, samples, images } = identity;
    let IdentityRow { id, display_name, consent_basis, expires_at, created_at, updated_at, targets } = row;
    let ErrorTargets { genuine_called_fake: fake, fake_called_real: real } = targets;
    let sql = format!("INSERT INTO identities ({}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", IdentityRow::COLUMNS);
    let insert = tx.prepare_cached(&sql).await?;
    tx.execute(&insert, &[id, display_name, consent_basis, expires_at, created_at, updated_at, fake, real]).await?;
    let insert = tx.prepare_cached("INSERT INTO identity_keys (identity_id, data_key) VALUES ($1, $2)").await?;
    tx.execute(&insert, &[id, data_key]).await?;
    let sql = "INSERT INTO samples (id, identity_id, kind, image_sha256, added_at, sealed) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    let insert = tx.prepare_cached(sql).await?;
    for SampleRow { id: sample, kind, image_sha256, added_at, sealed } in samples {
        let sample: Uuid = sample.parse().map_err(|e| unreadable(format!("sample {sample:?}"), &e))?;
        tx.execute(&insert, &[&sample, id, kind, image_sha256, added_at, sealed]).await?;
    }
    let insert = tx.prepare_cached("INSERT INTO images (sample_id, sealed) VALUES ($1, $2)").await?;
    for (sample, sealed) in images {
        tx.execute(&insert, &[sample, sealed]).await?;
    }
    if let Some(sealed) = search {
        let insert = tx.prepare_cached("INSERT INTO search (identity_id, sealed) VALUES ($1, $2)").await?;
        tx.execute(&insert, &[id, sealed]).await?;
    }
    Ok(id.parse().map_err(|e| unreadable(format!("identity {id:?}"), &e))?)
}
