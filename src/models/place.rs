//! Where the models folder is.

use std::path::{Path, PathBuf};

/// The file that a models folder has.
pub(super) const MANIFEST: &str = "manifest.toml";
/// The folder's name, where nothing else is given.
const NAME: &str = "models";

/// The models folder. The plain name `models`, which is the default, is looked for in the working directory, beside
/// the program, in the `share/faceward` of its prefix, in the source tree that it was built from, and in the user's own
/// folder; any other path is taken as it is.
pub(super) fn find(given: &Path) -> PathBuf {
    let beside = std::env::current_exe().and_then(|program| program.canonicalize());
    let beside = beside.ok().and_then(|program| Some(program.parent()?.to_path_buf()));
    if given != Path::new(NAME) || is_whole(given) {
        return given.to_path_buf();
    }
    nearest(&candidates(beside.as_deref(), user_folder())).map_or_else(|| given.to_path_buf(), Clone::clone)
}

/// The user's own folder for models, into which `faceward models install` puts them: `faceward/models` in the folder for
/// data of the XDG base directories (<https://specifications.freedesktop.org/basedir-spec/>), or in that of Windows for
/// local data. `None` where the environment names neither.
pub fn user_folder() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || absolute("HOME").map(|home| home.join(".local/share"));
    let data = absolute("XDG_DATA_HOME").or_else(|| absolute("LOCALAPPDATA")).or_else(home)?;
    Some(data.join("faceward").join(NAME))
}

/// The folders to look in, for a program in the folder `beside` and a user with a folder of their own.
fn candidates(beside: Option<&Path>, own: Option<PathBuf>) -> Vec<PathBuf> {
    let shared = |bin: &Path| Some(bin.parent()?.join("share/faceward").join(NAME));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(NAME);
    [beside.map(|bin| bin.join(NAME)), beside.and_then(shared), Some(source), own].into_iter().flatten().collect()
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
        let own = prefix.path().join("home/.local/share/faceward/models");
        let all = candidates(Some(&bin), Some(own.clone()));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
        assert_eq!(all, [bin.join("models"), share.clone(), source, own]);
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
