//! A copy of a models folder in another place.

use std::fs;
use std::path::{Path, PathBuf};

use super::place::MANIFEST;
use super::{Manifest, ManifestError};
use crate::file_error::FileError;

/// The folder with the texts of the licences, beside the models.
const LICENSES: &str = "licenses";

/// Why the models were not copied.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// A file of the source is missing or altered.
    #[error(transparent)]
    Source(#[from] ManifestError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The source and the target are the same folder.
    #[error("`{}` is where the models are already: give another folder with --to", .0.display())]
    Same(PathBuf),
    /// Something else lies at the target.
    #[error("`{}` holds something other than models: give another folder with --to, or move it away", .0.display())]
    Taken(PathBuf),
}

/// Copies the files of `from`, after checking the hash of each, to the folder `to`, in place of models that it holds. A
/// copy that breaks off leaves the earlier models as they were. Returns the number of files.
///
/// # Errors
/// An [`InstallError`].
pub fn install(from: &Manifest, to: &Path) -> Result<usize, InstallError> {
    let same = |a: &Path, b: &Path| a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b));
    if same(from.folder(), to) {
        return Err(InstallError::Same(to.into()));
    }
    let empty = |dir: &Path| fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none());
    let replaced = to.join(MANIFEST).is_file();
    if to.symlink_metadata().is_ok() && !replaced && !empty(to) {
        return Err(InstallError::Taken(to.into()));
    }
    let (draft, old) = (beside(to, "new"), beside(to, "old"));
    for left in [&draft, &old] {
        if left.exists() {
            fs::remove_dir_all(left).map_err(FileError::write(left))?;
        }
    }
    let count = copy(from, &draft)?;
    if replaced {
        fs::rename(to, &old).map_err(FileError::write(&old))?;
    }
    fs::rename(&draft, to).map_err(FileError::write(to))?;
    if replaced {
        fs::remove_dir_all(&old).map_err(FileError::write(&old))?;
    }
    Ok(count)
}

fn copy(from: &Manifest, to: &Path) -> Result<usize, InstallError> {
    fs::create_dir_all(to).map_err(FileError::make(to))?;
    for model in &from.models {
        let path = to.join(&model.file);
        fs::write(&path, from.read(model.role)?).map_err(FileError::write(&path))?;
    }
    one(&from.folder().join(MANIFEST), &to.join(MANIFEST))?;
    let (texts, copies) = (from.folder().join(LICENSES), to.join(LICENSES));
    if texts.is_dir() {
        fs::create_dir_all(&copies).map_err(FileError::make(&copies))?;
        for entry in fs::read_dir(&texts).map_err(FileError::read(&texts))? {
            let entry = entry.map_err(FileError::read(&texts))?;
            one(&entry.path(), &copies.join(entry.file_name()))?;
        }
    }
    Ok(from.models.len())
}

fn one(from: &Path, to: &Path) -> Result<(), FileError> {
    let bytes = fs::read(from).map_err(FileError::read(from))?;
    fs::write(to, bytes).map_err(FileError::write(to))
}

/// The folder beside `folder` with another ending.
fn beside(folder: &Path, ending: &str) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    folder.with_file_name(name)
}
