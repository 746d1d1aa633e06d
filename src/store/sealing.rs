//! What every store seals, and how: the master key of an open store, the data keys of identities, and the content that
//! they seal. Where the sealed bytes are kept is the business of each store.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{StoreError, decode_template, encode_template};
use crate::access::KeyHasher;
use crate::identity::{IdentityId, SampleKind, SearchRow};
use crate::template::Template;
use crate::vault::{DataKey, MasterKey, SealError};

/// The place for which the service key is wrapped.
const SERVICE: &[u8] = b"faceward service key";

/// The purpose of the key that hashes API keys.
const API_KEYS: &str = "api keys";

/// The purpose of the key for cases about nobody.
const CASES: &str = "cases";

/// The form of a search row that is written: this byte, then postcard.
const ROW_FORMAT: u8 = 1;

/// The keys of an open store.
#[derive(Debug)]
pub(super) struct Vault {
    pub(super) master: MasterKey,
    service: DataKey,
}

impl Vault {
    /// Opens the service key with the master key that wraps it.
    pub(super) fn open(master: MasterKey, service: &[u8]) -> Result<Self, StoreError> {
        let service = service_key(&master, service)?;
        Ok(Self { master, service })
    }

    /// A service key for a new store, wrapped.
    pub(super) fn new_service_key(master: &MasterKey) -> Result<Vec<u8>, StoreError> {
        DataKey::generate().and_then(|key| master.wrap(SERVICE, &key)).map_err(no_key)
    }

    /// The hasher of API keys.
    pub(super) fn key_hasher(&self) -> Result<KeyHasher, StoreError> {
        Ok(KeyHasher::new(self.derive(API_KEYS)?))
    }

    /// The service key, wrapped with another master key.
    pub(super) fn rewrap_service_key(&self, master: &MasterKey) -> Result<Vec<u8>, StoreError> {
        master.wrap(SERVICE, &self.service).map_err(no_key)
    }

    /// The key of an identity, wrapped with another master key.
    pub(super) fn rewrap(&self, id: &IdentityId, wrapped: &[u8], master: &MasterKey) -> Result<Vec<u8>, StoreError> {
        master.wrap(&key_place(id), &self.unwrap(id, wrapped)?).map_err(no_key)
    }

    /// The key of an identity from its wrapped form.
    pub(super) fn unwrap(&self, id: &IdentityId, wrapped: &[u8]) -> Result<DataKey, StoreError> {
        let key = self.master.unwrap(&key_place(id), wrapped);
        key.map_err(|e| unreadable(format!("key of identity {id}"), &e))
    }

    /// A new key for cases about an identity, and its wrapped form for the row.
    pub(super) fn new_case_key(&self, id: &IdentityId) -> Result<(DataKey, Vec<u8>), StoreError> {
        let key = DataKey::generate().map_err(no_key)?;
        let wrapped = self.master.wrap(&case_key_place(id), &key).map_err(no_key)?;
        Ok((key, wrapped))
    }

    /// The key for cases about an identity from its wrapped form.
    pub(super) fn unwrap_case_key(&self, id: &IdentityId, wrapped: &[u8]) -> Result<DataKey, StoreError> {
        let key = self.master.unwrap(&case_key_place(id), wrapped);
        key.map_err(|e| unreadable(format!("key of cases about {id}"), &e))
    }

    /// The key for cases about an identity, wrapped with another master key.
    pub(super) fn rewrap_case_key(
        &self,
        id: &IdentityId,
        wrapped: &[u8],
        master: &MasterKey,
    ) -> Result<Vec<u8>, StoreError> {
        master.wrap(&case_key_place(id), &self.unwrap_case_key(id, wrapped)?).map_err(no_key)
    }

    /// The key for cases about nobody.
    pub(super) fn nobodys_case_key(&self) -> Result<DataKey, StoreError> {
        Ok(DataKey::derived(self.derive(CASES)?))
    }

    /// A key derived from the service key, for one purpose.
    pub(super) fn derive(&self, purpose: &str) -> Result<Zeroizing<[u8; 32]>, StoreError> {
        derive(&self.service, purpose)
    }
}

fn service_key(master: &MasterKey, wrapped: &[u8]) -> Result<DataKey, StoreError> {
    master.unwrap(SERVICE, wrapped).map_err(|e| unreadable("service key", &e))
}

fn derive(service: &DataKey, purpose: &str) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    let mac = Hmac::<Sha256>::new_from_slice(service.as_bytes()).map_err(|e| unreadable("service key", &e))?;
    Ok(Zeroizing::new(mac.chain_update(purpose).finalize().into_bytes().into()))
}

/// The hasher of API keys of a store whose vault is not open yet.
pub(super) fn key_hasher(master: &MasterKey, service: &[u8]) -> Result<KeyHasher, StoreError> {
    Ok(KeyHasher::new(derive(&service_key(master, service)?, API_KEYS)?))
}

/// A data key for an identity, and its wrapped form for the row.
pub(super) fn new_data_key(master: &MasterKey, id: &IdentityId) -> Result<(DataKey, Vec<u8>), StoreError> {
    let key = DataKey::generate().map_err(no_key)?;
    let wrapped = master.wrap(&key_place(id), &key).map_err(no_key)?;
    Ok((key, wrapped))
}

/// The sealed part of a sample.
#[derive(Serialize, Deserialize)]
pub(super) struct Content {
    pub(super) filename: Option<String>,
    /// The record of store/codec.rs.
    pub(super) template: Vec<u8>,
}

/// The row that something is sealed for. Moved to another identity, or relabelled from negative to reference, it does
/// not open.
pub(super) struct Place<'a> {
    pub(super) identity: &'a IdentityId,
    pub(super) sample: Uuid,
    pub(super) kind: SampleKind,
    pub(super) image_sha256: &'a str,
}

impl Place<'_> {
    /// The associated data of the seal.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let sample = self.sample.hyphenated().to_string();
        // No part can hold a zero byte, so no two places have the same bytes.
        ["faceward sample", self.identity.as_str(), &sample, self.kind.name(), self.image_sha256]
            .join("\0")
            .into_bytes()
    }
}

/// Seals the file name and the template of a sample.
pub(super) fn seal(
    key: &DataKey,
    place: &Place<'_>,
    filename: Option<&str>,
    template: &Template,
) -> Result<Vec<u8>, StoreError> {
    let template = encode_template(template).map_err(|error| StoreError::Backend(Box::new(error)))?;
    seal_content(key, place, &Content { filename: filename.map(str::to_owned), template })
}

pub(super) fn seal_content(key: &DataKey, place: &Place<'_>, content: &Content) -> Result<Vec<u8>, StoreError> {
    let clear = postcard::to_stdvec(content).map_err(|error| StoreError::Backend(Box::new(error)))?;
    key.seal(&place.bytes(), &Zeroizing::new(clear)).map_err(no_key)
}

/// The file name and the template of a row. The error's text is about the row.
pub(super) fn unseal(
    key: &DataKey,
    place: &Place<'_>,
    sealed: &[u8],
) -> Result<(Option<String>, Template), Box<dyn std::error::Error>> {
    read_sealed_content(&key.open(&place.bytes(), sealed)?)
}

/// The file name and the template in a row's opened content.
pub(crate) fn read_sealed_content(clear: &[u8]) -> Result<(Option<String>, Template), Box<dyn std::error::Error>> {
    let content: Content = postcard::from_bytes(clear)?;
    Ok((content.filename, decode_template(&content.template)?))
}

/// Seals the encoded image of a sample. Kind and SHA-256 are bound by the place of its template.
pub(super) fn seal_image(key: &DataKey, id: &IdentityId, sample: Uuid, bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    key.seal(&image_place(id, sample), bytes).map_err(no_key)
}

/// The encoded image of a sample.
pub(super) fn unseal_image(key: &DataKey, id: &IdentityId, sample: Uuid, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
    let opened = key.open(&image_place(id, sample), sealed);
    Ok(opened.map_err(|e| unreadable(format!("image of sample {sample} of {id}"), &e))?.to_vec())
}

/// Seals an identity's search row.
pub(super) fn seal_row(key: &DataKey, id: &IdentityId, row: &SearchRow) -> Result<Vec<u8>, StoreError> {
    let clear = postcard::to_extend(row, vec![ROW_FORMAT]).map_err(|error| StoreError::Backend(Box::new(error)))?;
    key.seal(&row_place(id), &clear).map_err(no_key)
}

/// The row that was sealed for this identity and these networks; `None` for anything else: the templates still say it.
pub(super) fn unseal_row(key: &DataKey, id: &IdentityId, sealed: &[u8]) -> Option<SearchRow> {
    let clear = key.open(&row_place(id), sealed).ok()?;
    let (&ROW_FORMAT, content) = clear.split_first()? else { return None };
    let row: SearchRow = postcard::from_bytes(content).ok()?;
    row.is_current().then_some(row)
}

fn key_place(id: &IdentityId) -> Vec<u8> {
    format!("faceward identity key\0{id}").into_bytes()
}

fn case_key_place(id: &IdentityId) -> Vec<u8> {
    format!("faceward case key\0{id}").into_bytes()
}

/// The row that a sample's image is sealed for.
pub(super) fn image_place(id: &IdentityId, sample: Uuid) -> Vec<u8> {
    format!("faceward image\0{id}\0{}", sample.hyphenated()).into_bytes()
}

fn row_place(id: &IdentityId) -> Vec<u8> {
    format!("faceward search row\0{id}").into_bytes()
}

pub(super) fn no_key(error: SealError) -> StoreError {
    StoreError::Backend(Box::new(error))
}

/// The error for a row whose content is damaged.
pub(super) fn unreadable(what: impl Into<String>, detail: &impl ToString) -> StoreError {
    StoreError::UnreadableRecord { what: what.into(), detail: detail.to_string() }
}
