//! Rows as they lie in a store, sealed, to copy them to another one. Two stores under one master key seal alike, so that
//! a row is the same in both.

use uuid::Uuid;

use super::rows::{IdentityRow, KeyRow, ReceiptRow, SampleRow};
use super::{Store, StoreError, StoreResult};
use crate::identity::IdentityId;
use crate::vault::MasterId;

/// An identity with everything kept of it.
#[derive(Clone, Debug, PartialEq)]
pub struct RawIdentity {
    pub(super) row: IdentityRow,
    pub(super) data_key: Vec<u8>,
    pub(super) search: Option<Vec<u8>>,
    /// In the order in which they were added.
    pub(super) samples: Vec<SampleRow>,
    pub(super) images: Vec<(Uuid, Vec<u8>)>,
}

/// What a store holds that belongs to no identity.
#[derive(Clone, Debug, PartialEq)]
pub struct RawVault {
    pub(super) master: MasterId,
    pub(super) service_key: Vec<u8>,
    pub(super) keys: Vec<KeyRow>,
    /// In the order of their numbers.
    pub(super) receipts: Vec<(Uuid, ReceiptRow)>,
}

/// Rows of a store as they lie in it.
pub trait RawStore {
    /// What belongs to no identity.
    ///
    /// # Errors
    /// When the storage fails.
    fn raw_vault(&self) -> StoreResult<RawVault>;

    /// One identity; `None` where there is none.
    ///
    /// # Errors
    /// When the storage fails.
    fn raw_identity(&self, id: &IdentityId) -> StoreResult<Option<RawIdentity>>;

    /// Puts rows of another store, under the same master key, into an empty one. It has to be opened again, because its
    /// service key is another one then.
    ///
    /// # Errors
    /// When the storage fails; nothing has changed then.
    fn fill_vault(&self, vault: &RawVault) -> StoreResult<()>;

    /// Adds an identity of another store.
    ///
    /// # Errors
    /// When the storage fails; nothing has changed then.
    fn fill_identity(&self, identity: &RawIdentity) -> StoreResult<()>;
}

/// What was copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreCopied {
    /// Identities.
    pub identities: usize,
    /// References and negatives.
    pub samples: usize,
    /// Kept images.
    pub images: usize,
    /// API keys.
    pub keys: usize,
    /// Erasure receipts.
    pub receipts: usize,
}

/// The identities that are asked for at once.
const PAGE: usize = 256;

/// Copies everything from one store to another, which must be empty and have the same master key, and reads every row
/// again to compare it. Neither may be in use by others. After an error the copy is incomplete: drop it.
///
/// # Errors
/// [`StoreError::NotACopy`] where it is not, or must not be made; when the storage fails.
pub fn copy_store(from: &dyn Store, to: &dyn Store) -> StoreResult<StoreCopied> {
    let refuse = |detail: String| Err(StoreError::NotACopy(detail));
    let (vault, there) = (from.raw_vault()?, to.raw_vault()?);
    if there.master != vault.master {
        return refuse(format!("they have the master keys {} and {}", vault.master, there.master));
    }
    if !(there.keys.is_empty() && there.receipts.is_empty() && to.identities(None, 1)?.is_empty()) {
        return refuse("the store to copy to is not empty".to_owned());
    }
    let before = version(from)?;
    to.fill_vault(&vault)?;
    let (keys, receipts) = (vault.keys.len(), vault.receipts.len());
    let mut copied = StoreCopied { keys, receipts, ..StoreCopied::default() };
    let mut after: Option<IdentityId> = None;
    loop {
        let page = from.identities(after.as_ref(), PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        for record in &page {
            let Some(identity) = from.raw_identity(&record.id)? else { continue };
            to.fill_identity(&identity)?;
            if to.raw_identity(&record.id)?.as_ref() != Some(&identity) {
                return refuse(format!("identity `{}` reads differently", record.id));
            }
            copied.identities += 1;
            copied.samples += identity.samples.len();
            copied.images += identity.images.len();
        }
    }
    if to.raw_vault()? != vault || to.identities(None, usize::MAX)?.len() != copied.identities {
        return refuse("its keys, receipts or number of identities differ".to_owned());
    }
    if version(from)? != before || from.raw_vault()? != vault {
        return refuse("the store was changed meanwhile: stop its servers".to_owned());
    }
    Ok(copied)
}

/// The version of a store that others may write; `None` of one that nobody else can.
fn version(store: &dyn Store) -> StoreResult<Option<u64>> {
    Ok(store.follower()?.map(|follower| follower.start()))
}
