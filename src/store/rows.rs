//! Rows as every store keeps them, and what they mean: the text of times and of kinds, records from their columns.

use std::collections::BTreeSet;

use jiff::Timestamp;
use uuid::Uuid;

use super::sealing::{Place, Vault, unreadable, unseal, unseal_row};
use super::{ErasureReason, ErasureReceipt, Listed, StoreError};
use crate::access::{ApiKey, KeyHash, Scope};
use crate::identity::{ErrorTargets, IdentityFields, IdentityId, IdentityRecord, Sample, SampleKind};
use crate::vault::DataKey;

/// The stored form of a time: exact, and sorted as text.
pub(super) fn time_text(time: Timestamp) -> String {
    format!("{time:.9}")
}

/// The time that [`time_text`] wrote; `what` names the row in the error.
pub(super) fn time(text: &str, what: impl Fn() -> String) -> Result<Timestamp, StoreError> {
    text.parse().map_err(|error| unreadable(what(), &error))
}

/// [`time`] of a column that may be empty.
pub(super) fn optional_time(text: Option<&str>, what: impl Fn() -> String) -> Result<Option<Timestamp>, StoreError> {
    text.map(|text| time(text, what)).transpose()
}

/// The kind of sample whose name is stored (the schema's CHECK knows the same names); `what` names the row in the
/// error.
pub(super) fn kind_of(text: &str, what: impl Fn() -> String) -> Result<SampleKind, StoreError> {
    let found = SampleKind::ALL.into_iter().find(|kind| kind.name() == text);
    found.ok_or_else(|| unreadable(what(), &format!("{text:?} is not a kind of sample")))
}

/// The text that the ids after `after` sort behind: every id sorts behind the empty one.
pub(super) fn cursor(after: Option<&IdentityId>) -> &str {
    after.map_or("", IdentityId::as_str)
}

/// A page's size as databases take it.
pub(super) fn limited(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// The columns of an identity, in this order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct IdentityRow {
    pub(super) id: String,
    pub(super) display_name: String,
    pub(super) consent_basis: Option<String>,
    pub(super) expires_at: Option<String>,
    pub(super) created_at: String,
    pub(super) updated_at: String,
    pub(super) targets: ErrorTargets,
}

impl IdentityRow {
    pub(super) const COLUMNS: &'static str = "id, display_name, consent_basis, expires_at, created_at, updated_at, \
                                              target_genuine_called_fake, target_fake_called_real";

    pub(super) fn record(self) -> Result<IdentityRecord, StoreError> {
        let what = || format!("identity {:?}", self.id);
        Ok(IdentityRecord {
            id: self.id.parse().map_err(|error| unreadable(what(), &error))?,
            created_at: time(&self.created_at, what)?,
            updated_at: time(&self.updated_at, what)?,
            fields: IdentityFields {
                expires_at: optional_time(self.expires_at.as_deref(), what)?,
                display_name: self.display_name,
                consent_basis: self.consent_basis,
                targets: self.targets,
            },
        })
    }

    /// The identity with its search row, where the wrapped key opens one.
    pub(super) fn listed(
        self,
        vault: &Vault,
        data_key: Option<&[u8]>,
        sealed: Option<&[u8]>,
    ) -> Result<Listed, StoreError> {
        let record = self.record()?;
        let key = vault.unwrap(&record.id, data_key.unwrap_or_default()).ok();
        let row = key.zip(sealed).and_then(|(key, sealed)| unseal_row(&key, &record.id, sealed));
        Ok(Listed { record, row })
    }
}

/// The columns of a sample.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SampleRow {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) image_sha256: String,
    pub(super) added_at: String,
    pub(super) sealed: Vec<u8>,
}

impl SampleRow {
    pub(super) fn sample(self, identity: &IdentityId, key: &DataKey) -> Result<Sample, StoreError> {
        let what = || format!("sample {} of {identity}", self.id);
        let id = self.id.parse().map_err(|error| unreadable(what(), &error))?;
        let kind = kind_of(&self.kind, what)?;
        let place = Place { identity, sample: id, kind, image_sha256: &self.image_sha256 };
        let (filename, template) = unseal(key, &place, &self.sealed).map_err(|error| unreadable(what(), &error))?;
        let added_at = time(&self.added_at, what)?;
        Ok(Sample { id, kind, filename, image_sha256: self.image_sha256, added_at, template })
    }
}

/// The columns of an API key, in this order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct KeyRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) scopes: String,
    pub(super) hash: [u8; 32],
    pub(super) created_at: String,
    pub(super) expires_at: Option<String>,
    pub(super) last_used_at: Option<String>,
    pub(super) revoked_at: Option<String>,
}

impl KeyRow {
    pub(super) const COLUMNS: &'static str = "id, name, scopes, hash, created_at, expires_at, last_used_at, revoked_at";

    pub(super) fn of(key: &ApiKey) -> Self {
        // Destructured, so that a new field does not compile until it is stored.
        let ApiKey { id, name, scopes, created_at, expires_at, last_used_at, revoked_at, hash } = key;
        Self {
            id: id.clone(),
            name: name.clone(),
            scopes: scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(","),
            hash: *hash.as_bytes(),
            created_at: time_text(*created_at),
            expires_at: expires_at.map(time_text),
            last_used_at: last_used_at.map(time_text),
            revoked_at: revoked_at.map(time_text),
        }
    }

    pub(super) fn key(self) -> Result<ApiKey, StoreError> {
        let what = || format!("API key {}", self.id);
        let scopes: BTreeSet<Scope> = self
            .scopes
            .split(',')
            .map(|name| name.parse().map_err(|error| unreadable(what(), &error)))
            .collect::<Result<_, _>>()?;
        Ok(ApiKey {
            created_at: time(&self.created_at, what)?,
            expires_at: optional_time(self.expires_at.as_deref(), what)?,
            last_used_at: optional_time(self.last_used_at.as_deref(), what)?,
            revoked_at: optional_time(self.revoked_at.as_deref(), what)?,
            hash: KeyHash::new(self.hash),
            id: self.id,
            name: self.name,
            scopes,
        })
    }
}

/// The columns of a receipt behind its number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ReceiptRow {
    pub(super) subject: String,
    pub(super) reason: String,
    pub(super) samples: i64,
    pub(super) deleted_at: String,
    pub(super) erased_at: Option<String>,
}

impl ReceiptRow {
    pub(super) fn of(receipt: &ErasureReceipt) -> Self {
        let ErasureReceipt { id: _, subject, reason, samples, deleted_at, erased_at } = receipt;
        Self {
            subject: subject.clone(),
            reason: reason.name().to_owned(),
            samples: i64::try_from(*samples).unwrap_or(i64::MAX),
            deleted_at: time_text(*deleted_at),
            erased_at: erased_at.map(time_text),
        }
    }

    pub(super) fn receipt(self, id: Uuid) -> Result<ErasureReceipt, StoreError> {
        let what = || format!("receipt {id}");
        Ok(ErasureReceipt {
            id,
            subject: self.subject,
            reason: ErasureReason::of(&self.reason).ok_or_else(|| unreadable(what(), &"its reason is unknown"))?,
            samples: usize::try_from(self.samples).unwrap_or_default(),
            deleted_at: time(&self.deleted_at, what)?,
            erased_at: optional_time(self.erased_at.as_deref(), what)?,
        })
    }
}
