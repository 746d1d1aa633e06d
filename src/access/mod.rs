//! API keys: their form, their stored hashes, and their scopes.
//!
//! A key reads `fw_<id>_<secret>`: the id (8 hex digits) is public and finds the record, the secret is 32 bytes of the
//! operating system's randomness in 64 hex digits. Only a keyed hash is stored ([`KeyHasher`]); it covers scopes and
//! expiry too, so that an attacker who can write to the database but lacks the master key can neither make a key nor
//! widen one. A slow password hash would add nothing: it makes up for passwords that can be guessed, and 256 random
//! bits cannot be. A fast one keeps authentication from being a way to exhaust the server.

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A permission of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Identities, references and negatives: read and write.
    Enroll,
    /// Verification.
    Verify,
    /// Cases: read and decide; and the list of identities.
    Review,
    /// Keys and settings; implies the others.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 4] = [Self::Enroll, Self::Verify, Self::Review, Self::Admin];

    /// The name used in requests and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Enroll => "enroll",
            Self::Verify => "verify",
            Self::Review => "review",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Scope {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|scope| scope.name() == text);
        known.ok_or_else(|| KeyError::UnknownScope(text.chars().take(40).collect()))
    }
}

/// Why a key cannot be issued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No scope has this name.
    #[error("unknown scope `{0}`: choose enroll, verify, review or admin")]
    UnknownScope(String),
    /// No scope is given.
    #[error("the key has no scope: choose at least one of enroll, verify, review and admin")]
    NoScope,
    /// The name is empty, too long, or has control characters.
    #[error("the key's name must have 1 to {} characters and no control characters: choose another", ApiKey::NAME_MAX)]
    Name,
    /// Its expiry is not in the future.
    #[error("the key would already be expired: give a time in the future")]
    AlreadyExpired,
    /// The operating system gave no random numbers.
    #[error("the operating system gave no random numbers ({0}): try again")]
    Randomness(getrandom::Error),
}

/// Why a presented key is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRefusal {
    /// It does not have the form `fw_<id>_<secret>`.
    #[error("the key is malformed: send it as it was issued, `fw_` and two groups of hex digits")]
    Malformed,
    /// No key has this id, or the secret does not match.
    #[error("the key is unknown: check that it was issued for this server")]
    Unknown,
    /// It is revoked.
    #[error("the key is revoked: use another")]
    Revoked,
    /// It is past its expiry.
    #[error("the key has expired: ask the operator for a new one")]
    Expired,
}

const ID_BYTES: usize = 4;
const SECRET_BYTES: usize = 32;

/// A whole key, `fw_<id>_<secret>`, as issued or presented. `{:?}` shows only the id.
#[derive(Clone)]
pub struct KeySecret(String);

impl KeySecret {
    /// A new key: 32 random bytes of the operating system, and 4 for the id.
    ///
    /// # Errors
    /// [`KeyError::Randomness`].
    pub fn generate() -> Result<Self, KeyError> {
        let mut bytes = [0; ID_BYTES + SECRET_BYTES];
        getrandom::fill(&mut bytes).map_err(KeyError::Randomness)?;
        let (id, secret) = bytes.split_at(ID_BYTES);
        Ok(Self(format!("fw_{}_{}", hex::encode(id), hex::encode(secret))))
    }

    /// The key that a client presents.
    ///
    /// # Errors
    /// [`KeyRefusal::Malformed`].
    pub fn parse(presented: &str) -> Result<Self, KeyRefusal> {
        let digits =
            |text: &str, n| text.len() == 2 * n && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let rest = presented.strip_prefix("fw_").ok_or(KeyRefusal::Malformed)?;
        match rest.split_once('_') {
            Some((id, secret)) if digits(id, ID_BYTES) && digits(secret, SECRET_BYTES) => {
                Ok(Self(presented.to_owned()))
            }
            _ => Err(KeyRefusal::Malformed),
        }
    }

    /// The public part, by which the record is found.
    pub fn id(&self) -> &str {
        self.0.get(3..3 + 2 * ID_BYTES).unwrap_or_default()
    }

    /// The whole key in clear: show it once, to the person who asked for it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySecret(fw_{}_…)", self.id())
    }
}

/// Hashes API keys with a key of the service that the database holds only wrapped by the master key.
#[derive(Clone)]
pub struct KeyHasher(Zeroizing<[u8; 32]>);

impl KeyHasher {
    /// Hashes under `key`.
    pub fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self(key)
    }

    /// The stored hash of a key with these `scopes` and this expiry.
    pub fn hash(&self, secret: &KeySecret, scopes: &BTreeSet<Scope>, expires_at: Option<Timestamp>) -> KeyHash {
        self.hash_digest(&Sha256::digest(secret.0.as_bytes()).into(), scopes, expires_at)
    }

    /// As [`KeyHasher::hash`], from the key's SHA-256, which older stores hold.
    pub(crate) fn hash_digest(
        &self,
        digest: &[u8; 32],
        scopes: &BTreeSet<Scope>,
        expires_at: Option<Timestamp>,
    ) -> KeyHash {
        let scopes: Vec<&str> = scopes.iter().map(|s| s.name()).collect();
        let end = expires_at.map_or_else(String::new, |at| at.as_nanosecond().to_string());
        let allowed = format!("{}\0{end}", scopes.join(","));
        // HMAC takes a key of any length; if it failed, the zero hash would match no API key.
        let mac = Hmac::<Sha256>::new_from_slice(self.0.as_slice());
        KeyHash(
            mac.map_or([0; 32], |mac| mac.chain_update(digest).chain_update(allowed).finalize().into_bytes().into()),
        )
    }
}

impl fmt::Debug for KeyHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHasher(…)")
    }
}

/// The keyed hash of a key with its scopes and expiry. It is compared in constant time, and never shown.
#[derive(Clone, Copy, Eq)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// From stored bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for KeyHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(…)")
    }
}

/// The stored record of a key. Its serialised form has no hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApiKey {
    /// The public part of the key, 8 hex digits.
    pub id: String,
    /// Its purpose in the operator's words.
    pub name: String,
    /// Its scopes; never empty.
    pub scopes: BTreeSet<Scope>,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When it expires; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, exact to about a minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The hash that a presented key must have.
    #[serde(skip_serializing)]
    pub hash: KeyHash,
}

impl ApiKey {
    /// The most characters of a name.
    pub const NAME_MAX: usize = 100;

    /// A new key: its record, and the secret to show once.
    ///
    /// # Errors
    /// A [`KeyError`].
    pub fn issue(
        hasher: &KeyHasher,
        name: &str,
        scopes: impl IntoIterator<Item = Scope>,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(Self, KeySecret), KeyError> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > Self::NAME_MAX || name.chars().any(char::is_control) {
            return Err(KeyError::Name);
        }
        let scopes: BTreeSet<Scope> = scopes.into_iter().collect();
        if scopes.is_empty() {
            return Err(KeyError::NoScope);
        }
        if expires_at.is_some_and(|end| end <= now) {
            return Err(KeyError::AlreadyExpired);
        }
        let secret = KeySecret::generate()?;
        let key = Self {
            id: secret.id().to_owned(),
            name: name.to_owned(),
            hash: hasher.hash(&secret, &scopes, expires_at),
            scopes,
            created_at: now,
            expires_at,
            last_used_at: None,
            revoked_at: None,
        };
        Ok((key, secret))
    }

    /// Whether it allows `scope`; `admin` allows everything.
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin)
    }

    /// Checks that `presented` is this key and valid at `now`. The secret is compared first, so that only its holder
    /// learns that the key is revoked or expired.
    ///
    /// # Errors
    /// [`KeyRefusal`], except `Malformed`.
    pub fn verify(&self, presented: &KeySecret, hasher: &KeyHasher, now: Timestamp) -> Result<&Self, KeyRefusal> {
        if hasher.hash(presented, &self.scopes, self.expires_at) != self.hash {
            Err(KeyRefusal::Unknown)
        } else if self.revoked_at.is_some() {
            Err(KeyRefusal::Revoked)
        } else if self.expires_at.is_some_and(|end| end <= now) {
            Err(KeyRefusal::Expired)
        } else {
            Ok(self)
        }
    }
}

/// How many keys are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyTally {
    /// Keys that can be used.
    pub valid: usize,
    /// Keys past their expiry that were not revoked.
    pub expired: usize,
    /// Keys that were revoked.
    pub revoked: usize,
    /// When the first of the valid ones expires; `None` where none does.
    pub next_expiry: Option<Timestamp>,
}

/// The keys of a running server by id. Rebuilt whenever a key is issued or revoked.
#[derive(Clone, Debug)]
pub struct KeyRing {
    keys: HashMap<String, ApiKey>,
    hasher: KeyHasher,
}

impl KeyRing {
    /// A ring of `keys`, hashed by `hasher`.
    pub fn new(keys: impl IntoIterator<Item = ApiKey>, hasher: KeyHasher) -> Self {
        Self { keys: keys.into_iter().map(|key| (key.id.clone(), key)).collect(), hasher }
    }

    /// Whether no key was ever issued.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether any key is valid at `now`.
    pub fn has_usable(&self, now: Timestamp) -> bool {
        self.keys.values().any(|key| key.revoked_at.is_none() && key.expires_at.is_none_or(|end| end > now))
    }

    /// How many keys are in which state at `now`.
    pub fn tally(&self, now: Timestamp) -> KeyTally {
        let mut tally = KeyTally::default();
        for key in self.keys.values() {
            match (key.revoked_at, key.expires_at) {
                (Some(_), _) => tally.revoked += 1,
                (None, Some(end)) if end <= now => tally.expired += 1,
                (None, end) => {
                    tally.valid += 1;
                    tally.next_expiry = [tally.next_expiry, end].into_iter().flatten().min();
                }
            }
        }
        tally
    }

    /// The record of `presented`, if it is one of these keys and valid at `now`. The caller checks its scopes
    /// ([`ApiKey::allows`]).
    ///
    /// # Errors
    /// [`KeyRefusal`].
    pub fn verify(&self, presented: &str, now: Timestamp) -> Result<&ApiKey, KeyRefusal> {
        let presented = KeySecret::parse(presented)?;
        self.keys.get(presented.id()).ok_or(KeyRefusal::Unknown)?.verify(&presented, &self.hasher, now)
    }
}
