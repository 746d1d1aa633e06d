//! Sources of the master key: a file, the environment, a command. The default is a file beside the data: it protects a
//! database that leaves the folder without it, such as a backup or a copied file.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use zeroize::Zeroizing;

use super::{MasterId, MasterKey, SealError};
use crate::file_error::FileError;

/// The default file in the data folder.
const BESIDE: &str = "master.key";

/// The source of the master key.
#[derive(Clone, Default)]
pub enum MasterKeySource {
    /// `master.key` in the data folder; created with the store.
    #[default]
    Beside,
    /// A file with 64 hex digits.
    File(PathBuf),
    /// 64 hex digits, from an environment variable.
    Variable {
        /// The variable's name.
        name: String,
        /// Its value.
        digits: Zeroizing<String>,
    },
    /// A command, run by `sh -c`, that prints 64 hex digits: of a key management service, for example.
    Command(String),
}

/// Why the master key cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MasterKeyError {
    /// A file that was named cannot be read.
    #[error("the master key: {0}")]
    File(#[from] FileError),
    /// The file cannot be replaced or written.
    #[error("cannot {action} the master key {} ({source}): check the path and its permissions", path.display())]
    Io {
        /// The attempt, a verb.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// It does not have the form of a key; holds the source.
    #[error("the master key from {0} is malformed: give 64 hex digits, as `openssl rand -hex 32` prints them")]
    Malformed(String),
    /// The command failed; holds its error or exit status.
    #[error("the command for the master key failed ({0}): run it by hand to see why")]
    Command(String),
    /// There is no file beside the data, and no other source was given.
    #[error(
        "there is no `{}` with the master key (backups do not contain it): put the file there, or give the key by \
         --master-key-file FILE, FACEWARD_MASTER_KEY or --master-key-command COMMAND",
        .0.display()
    )]
    Absent(PathBuf),
    /// The file of the key that the data needs is missing.
    #[error(
        "{} is missing, and the data needs the master key {needed}: put the file back (backups do not contain it), or \
         give the key by --master-key-file, FACEWARD_MASTER_KEY or --master-key-command",
        path.display()
    )]
    Missing {
        /// The file.
        path: PathBuf,
        /// The id of the needed key.
        needed: MasterId,
    },
    /// The data needs another key.
    #[error("the master key {given} does not open the data: give the master key {needed}")]
    Wrong {
        /// The id of the given key.
        given: MasterId,
        /// The id of the needed key.
        needed: MasterId,
    },
    /// No key can be generated or used.
    #[error("no master key can be made: {0}")]
    Seal(#[from] SealError),
}

impl MasterKeySource {
    /// The file of the key; `None` where the source is no file.
    pub fn file(&self, dir: &Path) -> Option<PathBuf> {
        match self {
            Self::Beside => Some(dir.join(BESIDE)),
            Self::File(path) => Some(path.clone()),
            Self::Variable { .. } | Self::Command(_) => None,
        }
    }

    /// Reads the key, without a check that it is the one that the data needs.
    ///
    /// # Errors
    /// A [`MasterKeyError`].
    pub fn read(&self, dir: &Path) -> Result<MasterKey, MasterKeyError> {
        let key = |text: &str, from: &str| {
            MasterKey::from_hex(text).ok_or_else(|| MasterKeyError::Malformed(from.to_owned()))
        };
        match self {
            Self::Beside | Self::File(_) => {
                let path = self.file(dir).unwrap_or_default();
                let text = Zeroizing::new(std::fs::read_to_string(&path).map_err(|e| match (e.kind(), self) {
                    (ErrorKind::NotFound, Self::Beside) => MasterKeyError::Absent(path.clone()),
                    (ErrorKind::InvalidData, _) => MasterKeyError::Malformed(path.display().to_string()),
                    _ => FileError::read(&path)(e).into(),
                })?);
                key(&text, &path.display().to_string())
            }
            Self::Variable { name, digits } => key(digits, &format!("the variable {name}")),
            Self::Command(line) => key(&output(line)?, "the command"),
        }
    }
}

/// The key that opens a store whose keys are wrapped with `needed` (`None`: a store without keys yet). Creates the
/// default file for a new store, and completes a rotation that was interrupted between the store and the file.
pub(crate) fn settle(
    source: &MasterKeySource,
    dir: &Path,
    needed: Option<MasterId>,
) -> Result<MasterKey, MasterKeyError> {
    let file = source.file(dir);
    let missing = file.as_ref().is_some_and(|f| matches!(f.try_exists(), Ok(false)));
    let fresh = file.as_ref().map(|f| next(f));
    if let (Some(path), Some(fresh), Some(needed)) = (&file, &fresh, needed)
        && let Ok(key) = MasterKeySource::File(fresh.clone()).read(dir)
    {
        if key.id() == needed {
            std::fs::rename(fresh, path).map_err(io("replace", path))?;
            return Ok(key);
        }
        // The rotation that created it was interrupted: nothing is sealed with it.
        std::fs::remove_file(fresh).map_err(io("remove", fresh))?;
    }
    match (source, &file, needed) {
        (_, Some(path), Some(needed)) if missing => Err(MasterKeyError::Missing { path: path.clone(), needed }),
        (MasterKeySource::Beside, Some(path), None) if missing => {
            let key = MasterKey::generate()?;
            write_new(path, &key)?;
            tracing::warn!(
                path = %path.display(),
                "a master key was created beside the data: it protects backups and copies of the database, but not the \
                 folder itself; keep it elsewhere (docs/store.md)"
            );
            Ok(key)
        }
        _ => {
            let key = source.read(dir)?;
            match needed {
                Some(needed) if needed != key.id() => Err(MasterKeyError::Wrong { given: key.id(), needed }),
                _ => Ok(key),
            }
        }
    }
}

/// Creates a new key beside the old one's file, passes it to `store`, and then puts it in the old one's place. After an
/// interruption the next start completes or discards the rotation.
///
/// # Errors
/// A [`MasterKeyError`], or the error of `store`.
pub fn rotate_file<E: From<MasterKeyError>>(
    file: &Path,
    store: impl FnOnce(MasterKey) -> Result<(), E>,
) -> Result<MasterId, E> {
    let key = MasterKey::generate().map_err(MasterKeyError::from)?;
    let (id, fresh) = (key.id(), next(file));
    write_new(&fresh, &key)?;
    store(key)?;
    std::fs::rename(&fresh, file).map_err(io("replace", file))?;
    Ok(id)
}

/// The file of the next key while the data is rewrapped.
fn next(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    file.with_file_name(name)
}

/// Writes the key to a file that only its owner can read, and flushes it to disk.
fn write_new(path: &Path, key: &MasterKey) -> Result<(), MasterKeyError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let write = || -> std::io::Result<()> {
        let mut file = options.open(path)?;
        file.write_all(format!("{}\n", key.to_hex().as_str()).as_bytes())?;
        file.sync_all()?;
        match path.parent() {
            Some(dir) if !dir.as_os_str().is_empty() => File::open(dir)?.sync_all(),
            _ => Ok(()),
        }
    };
    write().map_err(io("write", path))
}

fn output(line: &str) -> Result<Zeroizing<String>, MasterKeyError> {
    let done = Command::new("sh").args(["-c", line]).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let done = done.map_err(|e| MasterKeyError::Command(e.to_string()))?;
    if !done.status.success() {
        return Err(MasterKeyError::Command(done.status.to_string()));
    }
    let text = String::from_utf8(done.stdout).map_err(|_| MasterKeyError::Malformed("the command".into()))?;
    Ok(Zeroizing::new(text))
}

fn io<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(std::io::Error) -> MasterKeyError + 'a {
    move |source| MasterKeyError::Io { action, path: path.to_path_buf(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_new_store_gets_a_file_and_only_its_owner_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let key = settle(&MasterKeySource::Beside, dir.path(), None).unwrap();
        let again = settle(&MasterKeySource::Beside, dir.path(), Some(key.id())).unwrap();
        assert_eq!(key.id(), again.id());
        let file = dir.path().join(BESIDE);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::remove_file(&file).unwrap();
        let lost = settle(&MasterKeySource::Beside, dir.path(), Some(key.id())).unwrap_err();
        assert!(matches!(lost, MasterKeyError::Missing { .. }) && !file.exists(), "{lost}");
        let named = settle(&MasterKeySource::File(file.clone()), dir.path(), None).unwrap_err();
        assert!(matches!(named, MasterKeyError::File(_)) && !file.exists(), "a named file is not created: {named}");
    }

    #[test]
    fn every_source_gives_the_key_and_a_wrong_one_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let key = MasterKey::generate().unwrap();
        let text = key.to_hex();
        let file = dir.path().join("k");
        std::fs::write(&file, text.as_str()).unwrap();
        let command = MasterKeySource::Command(format!("cat {}", file.display()));
        for source in
            [MasterKeySource::File(file), MasterKeySource::Variable { name: "K".into(), digits: text }, command]
        {
            assert_eq!(settle(&source, dir.path(), Some(key.id())).unwrap().id(), key.id());
            let other = MasterKey::generate().unwrap().id();
            assert!(matches!(settle(&source, dir.path(), Some(other)), Err(MasterKeyError::Wrong { .. })));
        }
        let failing = |line: &str| MasterKeySource::Command(line.to_owned()).read(dir.path()).unwrap_err();
        assert!(matches!(failing("exit 3"), MasterKeyError::Command(_)));
        assert!(matches!(failing("echo no"), MasterKeyError::Malformed(_)));
        let short = MasterKeySource::Variable { name: "NEW_KEY".into(), digits: "ab".to_owned().into() };
        let said = short.read(dir.path()).unwrap_err().to_string();
        assert!(said.starts_with("the master key from the variable NEW_KEY is malformed: give 64 hex"), "{said}");
        let absent = MasterKeySource::Beside.read(dir.path()).unwrap_err().to_string();
        assert!(
            absent.contains("/master.key` with the master key") && absent.contains("--master-key-file"),
            "{absent}"
        );
    }

    #[test]
    fn an_interrupted_rotation_is_completed_or_discarded() {
        let dir = tempfile::tempdir().unwrap();
        let old = settle(&MasterKeySource::Beside, dir.path(), None).unwrap();
        let file = dir.path().join(BESIDE);
        let cut = |at: &str| rotate_file::<MasterKeyError>(&file, |_| Err(MasterKeyError::Command(at.to_owned())));
        assert!(cut("before the store took it").is_err());
        assert_eq!(settle(&MasterKeySource::Beside, dir.path(), Some(old.id())).unwrap().id(), old.id());
        assert!(!next(&file).exists());

        let mut taken = None;
        let after = rotate_file::<MasterKeyError>(&file, |key| {
            taken = Some(key.id());
            Err(MasterKeyError::Command("after the store took it".to_owned()))
        });
        assert!(after.is_err());
        assert_eq!(settle(&MasterKeySource::Beside, dir.path(), taken).unwrap().id(), taken.unwrap());
        assert!(!next(&file).exists());
        let id = rotate_file::<MasterKeyError>(&file, |_| Ok(())).unwrap();
        assert_eq!(MasterKeySource::Beside.read(dir.path()).unwrap().id(), id);
    }
}
