//! After a deletion no file of the folder holds a byte of the template.

use std::collections::HashSet;
use std::path::Path;

use super::files;
use crate::identity::store::sqlite::fixtures::{at, id, named, sample};
use crate::identity::store::{SqliteStore, Store, StoreError, encode_template};
use crate::identity::{Sample, SampleKind};
use crate::traits::{Embedding, Embeddings};

/// Bytes in a row that count as found.
const WINDOW: usize = 16;

/// A stretch of the record of a template.
type Trace = [u8; WINDOW];

/// The stretches at every fourth place (values are four bytes wide) of the first `length` bytes of the sample's record;
/// further on there is what templates share.
fn traces(sample: &Sample, length: usize) -> HashSet<Trace> {
    let record = encode_template(&sample.template).unwrap();
    record[9..9 + length].windows(WINDOW).step_by(4).map(|window| window.try_into().unwrap()).collect()
}

/// [`traces`] of whole templates.
fn traces_of(seeds: &[u32]) -> HashSet<Trace> {
    seeds.iter().flat_map(|seed| traces(&sample(*seed, SampleKind::Reference), 5600)).collect()
}

/// In which files one of `wanted` lies.
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
    sample.template.embeddings = Embeddings::new([values, Vec::new(), Vec::new()]);
    sample
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
    assert!(!found(dir.path(), &traces_of(&[3])).is_empty(), "the search must find what is there");
    store.delete_identity(&id("jane")).unwrap();
    assert_eq!(found(dir.path(), &traces_of(&[3, 4, 5])), [""; 0]);
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
    assert_eq!(found(dir.path(), &traces_of(&[2])), [""; 0]);
    assert!(!found(dir.path(), &traces_of(&[1])).is_empty() && !found(dir.path(), &traces_of(&[3])).is_empty());
}

/// Rows that were moved between pages before they were deleted: overwriting them where they last stood is not enough
/// (with `secure_delete` alone, this test finds what `SQLite` left behind). Small templates, of which many share a
/// page, are moved most.
#[test]
fn moved_rows_leave_no_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    let who = id("jane");
    store.put_identity(&who, &named("Jane"), at(1)).unwrap();
    let mut state = 1u32;
    let mut random = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    let (mut living, mut gone) = (Vec::new(), HashSet::new());
    let mut seeds = 0u32..;
    for round in 0..60 {
        let new: Vec<u32> = seeds.by_ref().take(1 + random(8)).collect();
        store.add_samples(&who, &new.iter().map(|seed| small(*seed)).collect::<Vec<_>>(), at(2)).unwrap();
        living.extend(new);
        for _ in 0..random(8).min(living.len()) {
            let seed = living.swap_remove(random(living.len()));
            store.delete_sample(&who, small(seed).id, at(3)).unwrap().unwrap();
            gone.extend(traces(&small(seed), 260));
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
    let error = store.delete_identity(&id("jane")).unwrap_err();
    assert!(matches!(error, StoreError::ErasureUnfinished { .. }), "{error}");
    assert_eq!(store.identity(&id("jane")).unwrap(), None, "it is deleted all the same");
    drop(reader);

    assert!(!store.delete_identity(&id("jane")).unwrap(), "repeating it completes the erasure");
    assert_eq!(found(dir.path(), &traces_of(&[1, 2])), [""; 0]);
}

#[test]
fn an_erasure_cut_off_by_a_crash_is_completed_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    fill(&store, "jane", &[1, 2]);
    // What delete_identity has done when the process dies before the scrubbing.
    store.write(|tx| crate::identity::store::sqlite::identities::delete(tx, &id("jane"))).unwrap();
    assert!(!found(dir.path(), &traces_of(&[1, 2])).is_empty());
    drop(store);
    let _store = SqliteStore::open(dir.path()).unwrap();
    assert_eq!(found(dir.path(), &traces_of(&[1, 2])), [""; 0]);
}
