//! After a deletion no file of the folder holds a byte of the template.

use std::collections::HashSet;
use std::path::Path;

use super::files;
use crate::identity::SampleKind;
use crate::identity::store::sqlite::fixtures::{at, id, named, sample};
use crate::identity::store::{SqliteStore, Store, StoreError, encode_template};

/// Bytes in a row that count as found.
const WINDOW: usize = 16;

/// Each stretch of [`WINDOW`] bytes of the template of `seed` at every fourth place (values are four bytes wide),
/// without those at its end that templates share.
fn traces(seed: u32) -> HashSet<Vec<u8>> {
    let record = encode_template(&sample(seed, SampleKind::Reference).template).unwrap();
    record[9..5600].windows(WINDOW).step_by(4).map(<[u8]>::to_vec).collect()
}

/// In which files a trace of one of `seeds` lies.
fn found(dir: &Path, seeds: &[u32]) -> Vec<String> {
    let wanted: HashSet<Vec<u8>> = seeds.iter().flat_map(|seed| traces(*seed)).collect();
    let holds = |bytes: &[u8]| bytes.windows(WINDOW).any(|window| wanted.contains(window));
    files(dir).into_iter().filter(|(_, bytes)| holds(bytes)).map(|(path, _)| path.display().to_string()).collect()
}

fn fill(store: &SqliteStore, who: &str, seeds: &[u32]) {
    store.put_identity(&id(who), &named(who), at(1)).unwrap();
    for seed in seeds {
        store.add_samples(&id(who), &[sample(*seed, SampleKind::Reference)], at(2)).unwrap();
    }
}

#[test]
fn a_deleted_identity_leaves_no_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    fill(&store, "joe", &[1, 2]);
    fill(&store, "jane", &[3, 4, 5]);
    assert!(!found(dir.path(), &[3]).is_empty(), "the search must find what is there");
    store.delete_identity(&id("jane")).unwrap();
    assert_eq!(found(dir.path(), &[3, 4, 5]), [""; 0]);
    let name = files(dir.path()).iter().any(|(_, bytes)| bytes.windows(4).any(|window| window == b"jane"));
    assert!(!name, "nor does its name");
    assert_eq!(store.samples(&id("joe")).unwrap().len(), 2);
}

#[test]
fn a_deleted_sample_leaves_no_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    fill(&store, "jane", &[1, 2, 3]);
    store.delete_sample(&id("jane"), sample(2, SampleKind::Reference).id, at(3)).unwrap();
    assert_eq!(found(dir.path(), &[2]), [""; 0]);
    assert!(!found(dir.path(), &[1]).is_empty() && !found(dir.path(), &[3]).is_empty());
}

/// Rows that were moved between pages before they were deleted: overwriting them where they last stood is not enough.
#[test]
fn moved_rows_leave_no_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    let who = |n: u32| format!("p{:02}", n % 8);
    let mut living: Vec<u32> = Vec::new();
    let mut gone: Vec<u32> = Vec::new();
    for round in 0..4 {
        for seed in round * 40..(round + 1) * 40 {
            fill(&store, &who(seed), &[seed]);
            living.push(seed);
        }
        for k in 0..12u32 {
            let seed = living.remove((k * 7919 + round * 31) as usize % living.len());
            let done = store.delete_sample(&id(&who(seed)), sample(seed, SampleKind::Reference).id, at(3)).unwrap();
            assert!(done.is_some());
            gone.push(seed);
        }
        let leaving = round * 2 + 1;
        store.delete_identity(&id(&who(leaving))).unwrap();
        gone.extend(living.extract_if(.., |seed| who(*seed) == who(leaving)));
        assert_eq!(found(dir.path(), &gone), [""; 0], "round {round}");
    }
    let kept: usize = (0..8).map(|n| store.samples(&id(&who(n))).unwrap().len()).sum();
    assert_eq!(kept, living.len());
}

#[test]
fn an_erasure_that_another_reader_holds_up_is_completed_later() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    fill(&store, "jane", &[1, 2]);
    store.lock().busy_timeout(std::time::Duration::from_millis(20)).unwrap();

    let reader = rusqlite::Connection::open(store.path()).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM identities;").unwrap();
    let error = store.delete_identity(&id("jane")).unwrap_err();
    assert!(matches!(error, StoreError::ErasureUnfinished { .. }), "{error}");
    assert_eq!(store.identity(&id("jane")).unwrap(), None, "it is deleted all the same");
    drop(reader);

    assert!(!store.delete_identity(&id("jane")).unwrap(), "repeating it completes the erasure");
    assert_eq!(found(dir.path(), &[1, 2]), [""; 0]);
}

#[test]
fn an_erasure_cut_off_by_a_crash_is_completed_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    fill(&store, "jane", &[1, 2]);
    // What delete_identity has done when the process dies before the scrubbing.
    store.write(|tx| crate::identity::store::sqlite::identities::delete(tx, &id("jane"))).unwrap();
    assert!(!found(dir.path(), &[1, 2]).is_empty());
    drop(store);
    let _store = SqliteStore::open(dir.path()).unwrap();
    assert_eq!(found(dir.path(), &[1, 2]), [""; 0]);
}
