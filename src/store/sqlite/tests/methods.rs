//! What only the embedded store does: the check of its file, and API keys beside an open store.

use tempfile::TempDir;

use crate::access::{ApiKey, Scope};
use crate::store::fixtures::{at, id, named};
use crate::store::{ErasureReason, KeyStore, SharedKeys, SqliteStore, Store, StoreError};
use crate::vault::MasterKeySource;

fn store() -> (TempDir, SqliteStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    (dir, store)
}

#[test]
fn the_check_passes_writes_nothing_and_sees_a_lost_file() {
    let (dir, store) = store();
    store.put_identity(&id("jane"), &named("Jane"), at(1)).unwrap();
    let log = dir.path().join("faceward.db-wal");
    let size = log.metadata().unwrap().len();
    for _ in 0..3 {
        store.check().unwrap();
    }
    assert_eq!(log.metadata().unwrap().len(), size);
    std::fs::remove_file(store.path()).unwrap();
    assert!(matches!(store.check(), Err(StoreError::Io { .. })));
}

#[test]
fn keys_issued_beside_an_open_store_are_seen_by_it() {
    let (dir, store) = store();
    let before = store.keys_version().unwrap();
    assert_eq!(store.keys_version().unwrap(), before, "asking changes nothing");
    let beside = SharedKeys::open(dir.path(), &MasterKeySource::Beside).unwrap();
    let (key, _) = ApiKey::issue(store.key_hasher(), "a", [Scope::Verify], None, at(1)).unwrap();
    beside.insert_key(&key).unwrap();
    let after = store.keys_version().unwrap();
    assert_ne!(after, before);
    assert_eq!(store.keys().unwrap(), std::slice::from_ref(&key));
    assert!(beside.revoke_key(&key.id, at(2)).unwrap());
    assert_ne!(store.keys_version().unwrap(), after);
    assert_eq!(store.keys().unwrap()[0].revoked_at, Some(at(2)));
    // The other way round; and the shared keys do not hold up an erasure in the store.
    store.put_identity(&id("jane"), &named("x"), at(1)).unwrap();
    assert!(store.delete_identity(&id("jane"), ErasureReason::Expired, at(2)).unwrap().is_some());
    assert!(beside.key(&key.id).unwrap().is_some());
}

#[test]
fn keys_beside_need_a_store_that_is_there() {
    let dir = tempfile::tempdir().unwrap();
    assert!(SharedKeys::open(dir.path(), &MasterKeySource::Beside).is_err());
    assert!(!dir.path().join("faceward.db").exists(), "nothing is made");
}
