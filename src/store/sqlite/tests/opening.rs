//! What `open` creates and what it refuses.

use std::path::Path;

use super::files;
use crate::identity::SampleKind;
use crate::store::fixtures::{at, id, named, sample};
use crate::store::sqlite::open::{APPLICATION_ID, SCHEMA};
use crate::store::{SqliteStore, Store, StoreError};

/// A closed store with a few pages in it.
fn filled() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    store.put_identity(&id("jane"), &named("Jane"), at(1)).unwrap();
    let samples: Vec<_> = (0..10).map(|n| sample(n, SampleKind::Reference)).collect();
    store.add_samples(&id("jane"), &samples, at(1)).unwrap();
    dir
}

/// The refusal, which must leave the file as it was and name it.
fn refused(dir: &Path) -> StoreError {
    let file = dir.join("faceward.db");
    let before = std::fs::read(&file).ok();
    let error = SqliteStore::open(dir).unwrap_err();
    assert_eq!(std::fs::read(&file).ok(), before, "{error}");
    assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");
    assert!(error.to_string().contains("backup"), "{error}");
    error
}

#[test]
fn the_folder_and_its_files_are_the_owners_alone() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("a/b");
    let store = SqliteStore::open(&dir).unwrap();
    store.put_identity(&id("jane"), &named("Jane"), at(1)).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&dir), 0o700);
        for (path, _) in files(&dir) {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }
    let names: Vec<_> = files(&dir).into_iter().map(|(p, _)| p.file_name().unwrap().to_owned()).collect();
    assert!(names.iter().any(|name| name == "faceward.db"), "{names:?}");
    assert!(!names.iter().any(|name| name.to_str().unwrap().contains("new")), "{names:?}");
}

#[test]
fn the_connection_is_set_as_documented() {
    let dir = filled();
    let store = SqliteStore::open(dir.path()).unwrap();
    let connection = store.lock();
    let pragma = |name: &str| -> String {
        connection.query_row(&format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"), [], |row| row.get(0)).unwrap()
    };
    let set = ["journal_mode", "synchronous", "foreign_keys", "secure_delete", "temp_store"].map(pragma);
    assert_eq!(set, ["wal", "2", "1", "1", "2"]);
    assert_eq!(pragma("application_id"), APPLICATION_ID.to_string());
    assert_eq!(pragma("user_version"), SCHEMA.to_string());
}

#[test]
fn a_second_store_on_the_folder_is_refused_while_the_first_lives() {
    let dir = tempfile::tempdir().unwrap();
    let first = SqliteStore::open(dir.path()).unwrap();
    let error = SqliteStore::open(dir.path()).unwrap_err();
    let holder = std::process::id();
    assert!(matches!(error, StoreError::DataDirInUse { holder: Some(pid), .. } if pid == holder), "{error}");
    first.check().unwrap();
    drop(first);
    SqliteStore::open(dir.path()).unwrap();
}

#[test]
fn a_newer_schema_is_refused() {
    let dir = filled();
    let connection = rusqlite::Connection::open(dir.path().join("faceward.db")).unwrap();
    connection.pragma_update(None, "user_version", SCHEMA + 1).unwrap();
    drop(connection);
    let error = refused(dir.path());
    let versions = (SCHEMA + 1, SCHEMA);
    assert!(matches!(error, StoreError::NewerSchema { found, known, .. } if (found, known) == versions), "{error}");
}

#[test]
fn files_that_are_not_ours_are_refused_untouched() {
    let noise = vec![0xa5; 20_000];
    for content in [&b""[..], b"hello", &[0; 4096], &noise, b"SQLite format 3\0"] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("faceward.db"), content).unwrap();
        assert!(matches!(refused(dir.path()), StoreError::NotAStore { .. }));
    }
    let dir = tempfile::tempdir().unwrap();
    let other = rusqlite::Connection::open(dir.path().join("faceward.db")).unwrap();
    other.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(other);
    assert!(matches!(refused(dir.path()), StoreError::NotAStore { .. }));
}

#[test]
fn a_truncated_file_is_refused() {
    let dir = filled();
    let file = dir.path().join("faceward.db");
    let whole = std::fs::read(&file).unwrap();
    for keep in [50, 100, 4096, 5000, whole.len() / 2, whole.len() - 4096, whole.len() - 1] {
        std::fs::write(&file, &whole[..keep]).unwrap();
        let error = refused(dir.path());
        let named = matches!(error, StoreError::Corrupted { .. }) || keep < 100;
        assert!(named, "{keep} of {} bytes: {error}", whole.len());
    }
    std::fs::write(&file, &whole).unwrap();
    assert_eq!(SqliteStore::open(dir.path()).unwrap().samples(&id("jane")).unwrap().len(), 10);
}

#[test]
fn damaged_pages_are_refused() {
    let dir = filled();
    let file = dir.path().join("faceward.db");
    let whole = std::fs::read(&file).unwrap();
    // The start of each page. Damage in overflow pages of templates is found when they are opened.
    let mut refusals = 0;
    for page in (4096..whole.len()).step_by(4096) {
        let mut damaged = whole.clone();
        damaged[page..page + 64].fill(0xff);
        std::fs::write(&file, &damaged).unwrap();
        match SqliteStore::open(dir.path()) {
            Err(error) => {
                assert!(matches!(error, StoreError::Corrupted { .. }), "{error}");
                refusals += 1;
            }
            Ok(store) => assert!(matches!(store.samples(&id("jane")), Err(StoreError::UnreadableRecord { .. }))),
        }
    }
    assert!(refusals >= 5, "{refusals}");
}

#[test]
fn a_missing_file_beside_its_log_is_not_replaced_by_an_empty_one() {
    let dir = filled();
    std::fs::remove_file(dir.path().join("faceward.db")).unwrap();
    std::fs::write(dir.path().join("faceward.db-wal"), b"log").unwrap();
    assert!(matches!(refused(dir.path()), StoreError::Corrupted { .. }));
}

#[test]
fn an_interrupted_creation_starts_again() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("faceward.db.new"), b"half").unwrap();
    std::fs::write(dir.path().join("faceward.db.new-journal"), b"half").unwrap();
    SqliteStore::open(dir.path()).unwrap().check().unwrap();
    assert!(!dir.path().join("faceward.db.new").exists());
}

#[test]
fn a_folder_that_cannot_be_created_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let error = SqliteStore::open(&file.join("data")).unwrap_err();
    assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");
}
