//! Keys of the service as a whole, derived from the service key.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::StoreError;
use super::sealing::Vault;
use crate::access::KeyHasher;
use crate::identity::IdentityId;

/// Keys for the audit log's head, for pseudonyms, and for hashes of API keys. They survive a new master key.
#[derive(Clone)]
pub struct ServiceKeys {
    audit: Zeroizing<[u8; 32]>,
    subject: Zeroizing<[u8; 32]>,
    api_keys: KeyHasher,
}

impl ServiceKeys {
    pub(super) fn of(vault: &Vault) -> Result<Self, StoreError> {
        Ok(Self {
            audit: vault.derive("audit head")?,
            subject: vault.derive("subject")?,
            api_keys: vault.key_hasher()?,
        })
    }

    /// The hasher of API keys.
    pub fn api_keys(&self) -> &KeyHasher {
        &self.api_keys
    }

    /// The key that authenticates the audit log's head.
    pub fn audit(&self) -> &[u8; 32] {
        &self.audit
    }

    /// The pseudonym of an identity, 32 hex digits: always the same for an id. Without the key nobody can test whether
    /// it belongs to a guessed id.
    pub fn subject(&self, id: &IdentityId) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(self.subject.as_slice());
        let digest = mac.map(|mac| mac.chain_update(id.as_str()).finalize().into_bytes());
        digest.map(|d| hex::encode(&d[..16])).unwrap_or_default()
    }
}

impl fmt::Debug for ServiceKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceKeys(…)")
    }
}
