//! Rows of `images`: the encoded images of samples, where the operator keeps them.

use deadpool_postgres::{GenericClient, Transaction};
use uuid::Uuid;

use super::fault::Fault;
use super::identities::data_key;
use crate::identity::IdentityId;
use crate::store::StoreError;
use crate::store::sealing::{Vault, seal_image, unseal_image};

pub(super) async fn add(
    tx: &Transaction<'_>,
    vault: &Vault,
    id: &IdentityId,
    images: &[(Uuid, &[u8])],
) -> Result<(), Fault> {
    if images.is_empty() {
        return Ok(());
    }
    let key = data_key(tx, vault, id).await?.ok_or_else(|| StoreError::UnknownIdentity(id.clone()))?;
    let insert = tx.prepare_cached("INSERT INTO images (sample_id, sealed) VALUES ($1, $2)").await?;
    for (sample, bytes) in images {
        tx.execute(&insert, &[sample, &seal_image(&key, id, *sample, bytes)?]).await?;
    }
    Ok(())
}

pub(super) async fn get(
    client: &impl GenericClient,
    vault: &Vault,
    id: &IdentityId,
    sample: Uuid,
) -> Result<Option<Vec<u8>>, Fault> {
    let sql = "SELECT images.sealed, data_key FROM images JOIN samples ON id = sample_id \
               LEFT JOIN identity_keys USING (identity_id) WHERE sample_id = $1 AND identity_id = $2";
    let row = client.query_opt(&client.prepare_cached(sql).await?, &[&sample, &id.as_str()]).await?;
    let Some(row) = row else { return Ok(None) };
    let wrapped: Option<&[u8]> = row.try_get(1)?;
    let key = vault.unwrap(id, wrapped.unwrap_or_default())?;
    Ok(Some(unseal_image(&key, id, sample, row.try_get(0)?)?))
}
