mod erasure;
mod kill;
mod methods;
mod opening;
mod sealing;

use std::path::{Path, PathBuf};

/// Every file in `dir`, in whole.
fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| (path.clone(), std::fs::read(&path).unwrap())).collect()
}
