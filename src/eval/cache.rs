//! A file of templates from earlier runs: extracting them takes nearly all of the time of a run.
//!
//! The file holds biometric data in the clear. Only its owner can read it, and it belongs where the pictures are. It
//! starts with a line that names the format and the version of the networks. Records follow, each a length in four
//! bytes (little-endian) and a postcard body. A record that an interruption cut short is removed; a file of other
//! networks is emptied.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Degradation, Seen};
use crate::file_error::FileError;
use crate::store::{decode_template, encode_template};

/// The key of a record: the SHA-256 of the encoded image and its degradation.
pub(super) type Key = [u8; 32];

/// A cache file, open for writing.
pub struct Cache {
    file: File,
    path: PathBuf,
    known: HashMap<Key, Stored>,
}

/// Why the cache cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is something else. It is left unchanged.
    #[error("{}: not a template cache: name another file", .0.display())]
    Foreign(PathBuf),
}

#[derive(Clone, Serialize, Deserialize)]
enum Stored {
    Faces(Vec<Vec<u8>>),
    Failed(String),
}

const MAGIC: &str = "faceward templates 1 ";

impl Cache {
    /// Opens or creates the file; `version` is that of the networks ([`super::Judge::templates_version`]).
    ///
    /// # Errors
    /// A [`CacheError`].
    pub fn open(path: &Path, version: &str) -> Result<Self, CacheError> {
        let fail = FileError::write(path);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(fail)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(fail)?;
        if !bytes.is_empty() && !bytes.starts_with(MAGIC.as_bytes()) {
            return Err(CacheError::Foreign(path.into()));
        }
        let head = format!("{MAGIC}{version}\n");
        let (known, end) = match bytes.strip_prefix(head.as_bytes()) {
            Some(records) => {
                let (known, read) = parse(records);
                (known, head.len() + read)
            }
            None => (HashMap::new(), 0),
        };
        file.set_len(end as u64).and_then(|()| file.seek(SeekFrom::End(0))).map_err(fail)?;
        if end == 0 {
            file.write_all(head.as_bytes()).map_err(fail)?;
        }
        Ok(Self { file, path: path.into(), known })
    }

    /// The key of an encoded image under a degradation.
    pub(super) fn key(bytes: &[u8], how: Degradation) -> Key {
        let mut hash = Sha256::new();
        hash.update(Sha256::digest(bytes));
        hash.update(how.to_string());
        hash.finalize().into()
    }

    /// The faces of the picture with this key.
    pub(super) fn get(&self, key: &Key) -> Option<Seen> {
        Some(match self.known.get(key)? {
            Stored::Faces(faces) => Seen::Faces(faces.iter().map(|f| decode_template(f).ok()).collect::<Option<_>>()?),
            Stored::Failed(code) => Seen::Failed(code.clone()),
        })
    }

    /// Adds the faces of a picture.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn put(&mut self, key: Key, seen: &Seen) -> Result<(), CacheError> {
        let fail = FileError::write(&self.path);
        let stored = match seen {
            Seen::Faces(faces) => {
                let faces = faces.iter().map(encode_template).collect::<Result<_, _>>();
                Stored::Faces(faces.map_err(|e| fail(io::Error::other(e)))?)
            }
            Seen::Failed(code) => Stored::Failed(code.clone()),
        };
        let body = postcard::to_stdvec(&(key, &stored)).map_err(|e| fail(io::Error::other(e)))?;
        let length = u32::try_from(body.len()).map_err(|e| fail(io::Error::other(e)))?;
        let record = [&length.to_le_bytes()[..], &body].concat();
        Ok(self.file.write_all(&record).map_err(fail)?)
    }
}

/// The whole records and their length in bytes.
fn parse(bytes: &[u8]) -> (HashMap<Key, Stored>, usize) {
    let (mut known, mut read) = (HashMap::new(), 0);
    while let Some((length, rest)) = bytes[read..].split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length) as usize;
        let Some((key, stored)) = rest.get(..length).and_then(|body| postcard::from_bytes(body).ok()) else { break };
        known.insert(key, stored);
        read += 4 + length;
    }
    (known, read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::fixtures::near;

    #[test]
    fn faces_are_kept_for_the_same_networks_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache");
        let (faces, failed) = (Seen::Faces(vec![near(1, 1), near(1, 2)]), Seen::Failed("image_undecodable".into()));
        let key = |b: &[u8]| Cache::key(b, Degradation::None);
        let mut cache = Cache::open(&path, "v1").unwrap();
        cache.put(key(b"a"), &faces).unwrap();
        cache.put(key(b"b"), &failed).unwrap();
        let size = std::fs::metadata(&path).unwrap().len();

        let again = Cache::open(&path, "v1").unwrap();
        assert_eq!((again.get(&key(b"a")), again.get(&key(b"b"))), (Some(faces.clone()), Some(failed)));
        assert_eq!(again.get(&Cache::key(b"a", Degradation::Jpeg(50))), None);

        // Torn: the last record goes, the first stays, and writing goes on behind it.
        OpenOptions::new().write(true).open(&path).unwrap().set_len(size - 1).unwrap();
        let mut torn = Cache::open(&path, "v1").unwrap();
        assert_eq!((torn.get(&key(b"a")).is_some(), torn.get(&key(b"b"))), (true, None));
        torn.put(key(b"c"), &faces).unwrap();
        assert!(Cache::open(&path, "v1").unwrap().get(&key(b"c")).is_some());

        assert_eq!(Cache::open(&path, "v2").unwrap().get(&key(b"a")), None);
        std::fs::write(&path, "my diary").unwrap();
        assert!(matches!(Cache::open(&path, "v1"), Err(CacheError::Foreign(_))));
        assert_eq!(std::fs::read(&path).unwrap(), b"my diary");
    }
}
