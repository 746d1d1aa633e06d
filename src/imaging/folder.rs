//! The image files of a folder.

use std::path::{Path, PathBuf};

/// Every file under `folder` with the extension of a served format, sorted.
pub fn image_files(folder: &Path) -> Vec<PathBuf> {
    let served = ["jpg", "jpeg", "png", "webp", "gif", "bmp"];
    walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .filter_map(Result::ok)
        .filter(|e| e.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .filter(|p| p.extension().is_some_and(|e| served.iter().any(|s| e.eq_ignore_ascii_case(s))))
        .collect()
}
