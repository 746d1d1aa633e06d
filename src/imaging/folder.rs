//! The image files of a folder: which files a batch, an evaluation or a training export opens.

use std::path::{Path, PathBuf};

use super::decode::has_served_extension;

/// Every file under `folder` with the extension of a served format, sorted by name within each directory. Symbolic links
/// are not followed, and what cannot be listed is left out.
pub fn image_files(folder: &Path) -> Vec<PathBuf> {
    walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .filter(|path| has_served_extension(path))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_served_extensions_are_listed_in_order_of_name() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("a")).unwrap();
        for name in ["b.PNG", "a/2.jpeg", "a/1.webp", "notes.txt", "png", "c.jpg.part"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let found: Vec<_> = image_files(folder.path())
            .into_iter()
            .map(|p| p.strip_prefix(folder.path()).unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(found, ["a/1.webp", "a/2.jpeg", "b.PNG"]);
    }
}
