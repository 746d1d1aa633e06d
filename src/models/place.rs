//! Where the models folder is.

use std::path::{Path, PathBuf};

/// The file that a models folder has.
pub(super) const MANIFEST: &str = "manifest.toml";
/// The folder's name, where nothing else is given.
const NAME: &str = "models";

/// The models folder. The plain name `models`, which is the default, is looked for in the working directory, beside
/// the program, in the `share/faceward` of its prefix, and in the source tree that it was built from; any other path is
/// taken as it is.
pub(super) fn find(given: &Path) -> PathBuf {
    let beside = std::env::current_exe().and_then(|program| program.canonicalize());
    let beside = beside.ok().and_then(|program| Some(program.parent()?.to_path_buf()));
    if given != Path::new(NAME) || is_whole(given) {
        return given.to_path_buf();
    }
    nearest(&candidates(beside.as_deref())).map_or_else(|| given.to_path_buf(), Clone::clone)
}

/// The folders to look in, for a program in the folder `beside`.
fn candidates(beside: Option<&Path>) -> Vec<PathBuf> {
    let shared = |bin: &Path| Some(bin.parent()?.join("share/faceward").join(NAME));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(NAME);
    [beside.map(|bin| bin.join(NAME)), beside.and_then(shared), Some(source)].into_iter().flatten().collect()
}

fn nearest(candidates: &[PathBuf]) -> Option<&PathBuf> {
    candidates.iter().find(|folder| is_whole(folder))
}

fn is_whole(folder: &Path) -> bool {
    folder.join(MANIFEST).is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_folder_with_a_manifest_is_taken() {
        let prefix = tempfile::tempdir().unwrap();
        let (bin, share) = (prefix.path().join("bin"), prefix.path().join("share/faceward/models"));
        let all = candidates(Some(&bin));
        assert_eq!(all, [bin.join("models"), share.clone(), Path::new(env!("CARGO_MANIFEST_DIR")).join("models")]);
        assert_eq!(nearest(&all).unwrap(), &all[2]);
        std::fs::create_dir_all(&share).unwrap();
        assert_eq!(nearest(&all[..2]), None, "a folder without a manifest is none");
        std::fs::write(share.join(MANIFEST), "").unwrap();
        assert_eq!(nearest(&all).unwrap(), &share);
    }

    #[test]
    fn a_path_that_is_given_is_taken_as_it_is() {
        assert_eq!(find(Path::new("other/models")), Path::new("other/models"));
    }
}
