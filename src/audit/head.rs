//! The head names the last line. It has its own file beside the log and is authenticated with a key that the data
//! folder holds only wrapped by the master key. An attacker who can write to the folder but lacks the master key can
//! cut the log, but cannot write a head that fits.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::str::FromStr;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// A line's number and hash. As text, `NUMBER:HASH`, it can be kept elsewhere for `faceward audit verify --expect`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of the line, from 1.
    pub seq: u64,
    /// Its hash.
    pub hash: [u8; 32],
}

impl std::fmt::Display for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.seq, hex::encode(self.hash))
    }
}

impl FromStr for Head {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once(':').and_then(|(seq, digits)| {
            let mut hash = [0; 32];
            hex::decode_to_slice(digits, &mut hash).ok()?;
            Some(Self { seq: seq.parse().ok()?, hash })
        });
        parsed.ok_or_else(|| format!("`{text}` is not a head: give NUMBER:HASH as `faceward audit head` prints it"))
    }
}

/// Why the head's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HeadError {
    /// It cannot be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// Another store wrote it, or it was changed.
    #[error("it is not authentic: it was changed or belongs to another store")]
    Forged,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    seq: u64,
    hash: String,
    mac: String,
}

/// Bytes of the file: always the same, so that overwriting it never leaves an old end behind.
const LENGTH: usize = 256;

fn mac(key: &[u8; 32], head: &Head) -> Result<Hmac<Sha256>, HeadError> {
    let mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| HeadError::Forged)?;
    Ok(mac.chain_update(head.to_string()))
}

impl Head {
    /// The head in the file at `path`; `None` where there is no file.
    ///
    /// # Errors
    /// When it cannot be read or is not authentic.
    pub fn read(path: &Path, key: &[u8; 32]) -> Result<Option<Self>, HeadError> {
        let mut text = String::new();
        match File::open(path) {
            Ok(file) => file.take(2 * LENGTH as u64).read_to_string(&mut text)?,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e.into()),
        };
        let stored: Stored = serde_json::from_str(text.trim_end()).map_err(|_| HeadError::Forged)?;
        let head: Self = format!("{}:{}", stored.seq, stored.hash).parse().map_err(|_| HeadError::Forged)?;
        let tag = hex::decode(stored.mac).map_err(|_| HeadError::Forged)?;
        mac(key, &head)?.verify_slice(&tag).map_err(|_| HeadError::Forged)?;
        Ok(Some(head))
    }

    /// Writes the head over the one in `file`, in one write.
    pub(super) fn write(&self, file: &mut File, key: &[u8; 32]) -> Result<(), HeadError> {
        let tag = mac(key, self)?.finalize().into_bytes();
        let stored = Stored { seq: self.seq, hash: hex::encode(self.hash), mac: hex::encode(tag) };
        let mut text = serde_json::to_vec(&stored).map_err(std::io::Error::from)?;
        text.resize(LENGTH - 1, b' ');
        text.push(b'\n');
        file.rewind()?;
        file.write_all(&text)?;
        Ok(())
    }
}
