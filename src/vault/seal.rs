//! Data keys and the master key. Key bytes are wiped on drop and never printed.

use std::fmt;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Bytes of every key.
const KEY: usize = 32;
/// Bytes of a nonce, which stands before the ciphertext.
const NONCE: usize = 24;

/// Why something cannot be sealed or opened. The texts reveal nothing of the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The operating system gave no random numbers.
    #[error("the operating system gave no random numbers")]
    Randomness,
    /// It was sealed with another key or for another context, or its bytes were changed.
    #[error("it cannot be decrypted: it was changed, moved, or sealed with another key")]
    Sealed,
}

fn random<const N: usize>() -> Result<[u8; N], SealError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| SealError::Randomness)?;
    Ok(bytes)
}

/// Nonce and ciphertext. `context` is associated data: content sealed for one row does not open in another.
fn seal(key: &[u8; KEY], context: &[u8], content: &[u8]) -> Result<Vec<u8>, SealError> {
    let nonce: [u8; NONCE] = random()?;
    let payload = Payload { msg: content, aad: context };
    let sealed = XChaCha20Poly1305::new(key.into()).encrypt(&XNonce::from(nonce), payload);
    Ok([&nonce[..], &sealed.map_err(|_| SealError::Sealed)?].concat())
}

fn open(key: &[u8; KEY], context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE).ok_or(SealError::Sealed)?;
    let nonce = XNonce::try_from(nonce).map_err(|_| SealError::Sealed)?;
    let content = XChaCha20Poly1305::new(key.into()).decrypt(&nonce, Payload { msg: sealed, aad: context });
    content.map(Zeroizing::new).map_err(|_| SealError::Sealed)
}

/// The key of one identity.
pub struct DataKey(Zeroizing<[u8; KEY]>);

impl DataKey {
    /// A new key from the operating system's randomness.
    ///
    /// # Errors
    /// [`SealError::Randomness`].
    pub fn generate() -> Result<Self, SealError> {
        Ok(Self(Zeroizing::new(random()?)))
    }

    /// A key that was derived from another.
    pub(crate) fn derived(bytes: Zeroizing<[u8; KEY]>) -> Self {
        Self(bytes)
    }

    /// Seals `content` for `context`.
    ///
    /// # Errors
    /// [`SealError::Randomness`].
    pub fn seal(&self, context: &[u8], content: &[u8]) -> Result<Vec<u8>, SealError> {
        seal(&self.0, context, content)
    }

    /// The content sealed for `context`.
    ///
    /// # Errors
    /// [`SealError::Sealed`].
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        open(&self.0, context, sealed)
    }

    /// The bytes, for deriving further keys.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(…)")
    }
}

/// Identifies a master key: the first 8 bytes of a hash, which reveal nothing of the key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MasterId([u8; 8]);

impl MasterId {
    /// From stored bytes.
    pub fn new(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl fmt::Display for MasterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for MasterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterId({self})")
    }
}

/// The key that wraps all data keys.
pub struct MasterKey(Zeroizing<[u8; KEY]>);

impl MasterKey {
    /// A new key from the operating system's randomness.
    ///
    /// # Errors
    /// [`SealError::Randomness`].
    pub fn generate() -> Result<Self, SealError> {
        Ok(Self(Zeroizing::new(random()?)))
    }

    /// From 64 hex digits, as [`MasterKey::to_hex`] and `openssl rand -hex 32` print them.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut key = Zeroizing::new([0; KEY]);
        hex::decode_to_slice(text.trim(), key.as_mut_slice()).ok()?;
        Some(Self(key))
    }

    /// 64 hex digits.
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.0.as_slice()))
    }

    /// Its id.
    pub fn id(&self) -> MasterId {
        let mut id = [0; 8];
        let digest = Sha256::new().chain_update(b"faceward master key id\0").chain_update(self.0.as_slice()).finalize();
        id.copy_from_slice(&digest[..8]);
        MasterId(id)
    }

    /// Wraps `key` for `context`.
    ///
    /// # Errors
    /// [`SealError::Randomness`].
    pub fn wrap(&self, context: &[u8], key: &DataKey) -> Result<Vec<u8>, SealError> {
        seal(&self.0, context, key.0.as_slice())
    }

    /// The key wrapped for `context`.
    ///
    /// # Errors
    /// [`SealError::Sealed`].
    pub fn unwrap(&self, context: &[u8], wrapped: &[u8]) -> Result<DataKey, SealError> {
        let content = open(&self.0, context, wrapped)?;
        let mut key = Zeroizing::new([0; KEY]);
        if content.len() != KEY {
            return Err(SealError::Sealed);
        }
        key.copy_from_slice(&content);
        Ok(DataKey(key))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_and_place_open_it() {
        let (key, other) = (DataKey::generate().unwrap(), DataKey::generate().unwrap());
        let sealed = key.seal(b"here", b"content").unwrap();
        assert_eq!(key.open(b"here", &sealed).unwrap().as_slice(), b"content");
        assert_eq!(key.open(b"there", &sealed).unwrap_err(), SealError::Sealed);
        assert_eq!(other.open(b"here", &sealed).unwrap_err(), SealError::Sealed);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open(b"here", &changed).is_err() && key.open(b"here", &sealed[..at]).is_err(), "byte {at}");
        }
        assert_ne!(sealed, key.seal(b"here", b"content").unwrap(), "a nonce is never used twice");
    }

    #[test]
    fn keys_are_wrapped_and_never_printed() {
        let master = MasterKey::generate().unwrap();
        let key = DataKey::generate().unwrap();
        let wrapped = master.wrap(b"jane", &key).unwrap();
        assert_eq!(master.unwrap(b"jane", &wrapped).unwrap().as_bytes(), key.as_bytes());
        assert!(master.unwrap(b"joe", &wrapped).is_err());
        let again = MasterKey::from_hex(&format!("{}\n", master.to_hex().as_str())).unwrap();
        assert_eq!(again.id(), master.id());
        assert!(MasterKey::from_hex("00").is_none() && MasterKey::from_hex(&"zz".repeat(32)).is_none());
        let printed = format!("{master:?} {key:?}");
        assert!(!printed.contains(master.to_hex().as_str()) && !printed.contains(&hex::encode(key.as_bytes())));
    }
}
