//! After a deletion no file of the folder holds a byte of the template.

use std::collections::HashSet;
use std::path::Path;

use rand::{RngExt as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::files;
use crate::identity::{Sample, SampleKind};
use crate::store::fixtures::{at, id, named, sample};
use crate::store::{ErasureReason, ErasureReceipt, SqliteStore, Store, StoreError, StoreResult};
use crate::template::{Embedding, Embeddings};

/// The number of consecutive bytes that count as found.
const WINDOW: usize = 16;

/// Consecutive bytes of a sealed template.
type Trace = [u8; WINDOW];

/// The traces at every fourth byte of the stored, sealed samples.
fn traces(store: &SqliteStore, samples: &[Sample]) -> HashSet<Trace> {
    let connection = store.lock();
    let mut query = connection.prepare("SELECT sealed FROM samples WHERE id = ?1").unwrap();
    let sealed = samples.iter().map(|s| query.query_row([s.id.to_string()], |row| row.get::<_, Vec<u8>>(0)).unwrap());
    sealed.flat_map(|bytes| windows(&bytes)).collect()
}

fn windows(bytes: &[u8]) -> Vec<Trace> {
    bytes.windows(WINDOW).step_by(4).map(|window| window.try_into().unwrap()).collect()
}

/// The traces of an identity's search row as it is now.
fn row_of(store: &SqliteStore, who: &str) -> HashSet<Trace> {
    let sql = "SELECT sealed FROM search WHERE identity_id = ?1";
    windows(&store.lock().query_row(sql, [who], |row| row.get::<_, Vec<u8>>(0)).unwrap()).into_iter().collect()
}

/// [`traces`] of samples by their seeds.
fn traces_of(store: &SqliteStore, seeds: &[u32]) -> HashSet<Trace> {
    traces(store, &seeds.iter().map(|seed| sample(*seed, SampleKind::Reference)).collect::<Vec<_>>())
}

/// The files that hold any of `wanted`.
fn found(dir: &Path, wanted: &HashSet<Trace>) -> Vec<String> {
    let holds = |bytes: &[u8]| {
        bytes.windows(WINDOW).any(|window| <&Trace>::try_from(window).is_ok_and(|window| wanted.contains(window)))
    };
    files(dir).into_iter().filter(|(_, bytes)| holds(bytes)).map(|(path, _)| path.display().to_string()).collect()
}

/// A sample with a short template.
fn small(seed: u32) -> Sample {
    let mut sample = sample(seed, SampleKind::Reference);
    let values = sample.template.embeddings.get(Embedding::A)[..70 + seed as usize % 50].to_vec();
    sample.template.embeddings = Embeddings::new([values, Vec::new(), Vec::new(), Vec::new()]);
    sample
}

fn delete(store: &SqliteStore, who: &str) -> StoreResult<Option<ErasureReceipt>> {
    store.delete_identity(&id(who), ErasureReason::Requested, at(9))
}

fn fill(store: &SqliteStore, who: &str, seeds: &[u32]) {
    store.put_identity(&id(who), &named(who), at(1)).unwrap();
    for seed in seeds {
        store.add_samples(&id(who), &[sample(*seed, SampleKind::Reference)], at(2)).unwrap();
    }
}

/// The wrapped key of an identity.
fn key_of(store: &SqliteStore, who: &str) -> HashSet<Trace> {
    let sql = "SELECT data_key FROM identities WHERE id = ?1";
    windows(&store.lock().query_row(sql, [who], |row| row.get::<_, Vec<u8>>(0)).unwrap()).into_iter().collect()
}

#[test]
fn a_deleted_identity_leaves_no_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    fill(&store, "joe", &[1, 2]);
    fill(&store, "jane", &[3, 4, 5]);
    let (mut sealed, key) = (traces_of(&store, &[3, 4, 5]), key_of(&store, "jane"));
    sealed.extend(row_of(&store, "jane"));
    assert!(!found(dir.path(), &sealed).is_empty(), "the search must find what is there");
    assert!(!found(dir.path(), &key).is_empty());
    delete(&store, "jane").unwrap();
    assert_eq!(found(dir.path(), &sealed), [""; 0]);
    assert_eq!(found(dir.path(), &key), [""; 0], "its key is destroyed");
    let name = files(dir.path()).iter().any(|(_, bytes)| bytes.windows(4).any(|window| window == b"jane"));
    assert!(!name, "nor does its name");
    assert_eq!(store.samples(&id("joe")).unwrap().len(), 2);
}

#[test]
fn a_deleted_sample_leaves_no_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    fill(&store, "jane", &[1, 2, 3]);
    let [mut gone, first, third] = [2, 1, 3].map(|seed| traces_of(&store, &[seed]));
    let row = row_of(&store, "jane");
    assert!(!found(dir.path(), &row).is_empty(), "the search must find what is there");
    gone.extend(row);
    store.delete_sample(&id("jane"), sample(2, SampleKind::Reference).id, at(3)).unwrap();
    assert_eq!(found(dir.path(), &gone), [""; 0]);
    assert!(!found(dir.path(), &first).is_empty() && !found(dir.path(), &third).is_empty());
}

/// Rows that moved between pages before they were deleted: overwriting their last place is not enough (with
/// `secure_delete` alone, this test finds copies that `SQLite` left behind). Small templates share pages and move most.
#[test]
fn moved_rows_leave_no_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    let who = id("jane");
    store.put_identity(&who, &named("Jane"), at(1)).unwrap();
    let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
    let (mut living, mut gone) = (Vec::new(), HashSet::new());
    let mut seeds = 0u32..;
    for round in 0..60 {
        let new: Vec<u32> = seeds.by_ref().take(random.random_range(1..=8)).collect();
        store.add_samples(&who, &new.iter().map(|seed| small(*seed)).collect::<Vec<_>>(), at(2)).unwrap();
        living.extend(new);
        for _ in 0..random.random_range(0..8).min(living.len()) {
            let seed = living.swap_remove(random.random_range(0..living.len()));
            gone.extend(row_of(&store, "jane"));
            gone.extend(traces(&store, &[small(seed)]));
            store.delete_sample(&who, small(seed).id, at(3)).unwrap().unwrap();
        }
        assert_eq!(found(dir.path(), &gone), [""; 0], "round {round}");
    }
    assert_eq!(store.samples(&who).unwrap().len(), living.len());
}

#[test]
fn an_erasure_that_another_reader_holds_up_is_completed_later() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    fill(&store, "jane", &[1, 2]);
    store.lock().busy_timeout(std::time::Duration::from_millis(20)).unwrap();

    let reader = rusqlite::Connection::open(store.path()).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM identities;").unwrap();
    let sealed = traces_of(&store, &[1, 2]);
    let error = delete(&store, "jane").unwrap_err();
    assert!(matches!(error, StoreError::ErasureUnfinished { .. }), "{error}");
    assert_eq!(store.identity(&id("jane")).unwrap(), None, "it is deleted all the same");
    drop(reader);

    assert_eq!(delete(&store, "jane").unwrap(), None, "repeating it completes the erasure");
    assert_eq!(found(dir.path(), &sealed), [""; 0]);
    let waiting = "SELECT count(*) FROM receipts WHERE erased_at IS NULL";
    assert_eq!(store.lock().query_row(waiting, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}

#[test]
fn an_erasure_interrupted_by_a_crash_is_completed_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    fill(&store, "jane", &[1, 2]);
    let sealed = traces_of(&store, &[1, 2]);
    // The state after delete_identity when the process dies before the scrubbing.
    store.write(|tx| crate::store::sqlite::identities::delete(tx, &id("jane"))).unwrap();
    assert!(!found(dir.path(), &sealed).is_empty());
    drop(store);
    let _store = SqliteStore::open(dir.path()).unwrap();
    assert_eq!(found(dir.path(), &sealed), [""; 0]);
}
