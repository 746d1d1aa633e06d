//! After a deletion no file of the tables with names and keys holds a byte of them, and what was sealed does not open.

use std::sync::atomic::{AtomicBool, Ordering};

use uuid::Uuid;

use super::{Database, database};
use crate::identity::SampleKind;
use crate::store::fixtures::{at, id, named, sample};
use crate::store::postgres::{PostgresStore, scrub};
use crate::store::sealing::{Place, unseal};
use crate::store::{ErasureReason, KeyStore as _, Store};

/// Whether the file of a table holds these bytes. Needs a superuser.
fn file_holds(database: &Database, table: &str, bytes: &[u8]) -> bool {
    database.run("CHECKPOINT");
    let sql = format!("SELECT pg_read_binary_file(pg_relation_filepath('{table}'))");
    let file: Vec<u8> = database.row(&sql).get(0);
    file.windows(bytes.len()).any(|window| window == bytes)
}

fn key_of(database: &Database, who: &str) -> Vec<u8> {
    database.row(&format!("SELECT data_key FROM identity_keys WHERE identity_id = '{who}'")).get(0)
}

fn fill(store: &PostgresStore, who: &str, seeds: &[u32]) {
    store.put_identity(&id(who), &named(&format!("name of {who}")), at(1)).unwrap();
    for seed in seeds {
        store.add_samples(&id(who), &[sample(*seed, SampleKind::Reference)], at(2)).unwrap();
    }
}

#[test]
fn a_deleted_identity_leaves_no_name_and_no_key_while_others_have_old_snapshots() {
    let Some(database) = database() else { return };
    let dir = tempfile::tempdir().unwrap();
    let store = database.open(dir.path());
    for (n, who) in ["joe", "jack", "jane"].into_iter().enumerate() {
        fill(&store, who, &[n as u32]);
    }
    let (gone, stays) = (key_of(&database, "jane"), key_of(&database, "joe"));
    assert!(file_holds(&database, "identity_keys", &gone) && file_holds(&database, "identities", b"name of jane"));
    // VACUUM and VACUUM FULL would keep what this transaction could still see.
    let snapshot = database.client();
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM receipts";
    database.runtime.wait(snapshot.batch_execute(begin)).unwrap();
    let receipt = store.delete_identity(&id("jane"), ErasureReason::Requested, at(3)).unwrap().unwrap();
    assert!(receipt.erased_at.is_some());
    assert!(!file_holds(&database, "identity_keys", &gone) && !file_holds(&database, "identities", b"name of jane"));
    assert!(file_holds(&database, "identity_keys", &stays) && file_holds(&database, "identities", b"name of joe"));
    assert_eq!(store.samples(&id("joe")).unwrap(), [sample(0, SampleKind::Reference)]);
}

#[test]
fn what_a_deleted_sample_was_sealed_with_is_gone() {
    let Some(database) = database() else { return };
    let dir = tempfile::tempdir().unwrap();
    let store = database.open(dir.path());
    fill(&store, "jane", &[1, 2]);
    let deleted = sample(1, SampleKind::Reference);
    let sealed: Vec<u8> = database.row(&format!("SELECT sealed FROM samples WHERE id = '{}'", deleted.id)).get(0);
    let wrapped = key_of(&database, "jane");
    let place =
        Place { identity: &id("jane"), sample: deleted.id, kind: deleted.kind, image_sha256: &deleted.image_sha256 };
    let opens = |wrapped: &[u8]| unseal(&store.vault.unwrap(&id("jane"), wrapped).unwrap(), &place, &sealed).is_ok();
    assert!(opens(&wrapped));
    store.delete_sample(&id("jane"), deleted.id, at(3)).unwrap();
    let renewed = key_of(&database, "jane");
    assert!(renewed != wrapped && !opens(&renewed));
    assert!(!file_holds(&database, "identity_keys", &wrapped));
    assert_eq!(store.samples(&id("jane")).unwrap(), [sample(2, SampleKind::Reference)]);
}

#[test]
fn an_erasure_that_a_reader_holds_up_is_completed_later() {
    let Some(database) = database() else { return };
    let dir = tempfile::tempdir().unwrap();
    let store = database.open(dir.path());
    fill(&store, "jane", &[1]);
    let key = key_of(&database, "jane");
    // As pg_dump does.
    let dump = database.client();
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ; LOCK TABLE identity_keys IN ACCESS SHARE MODE";
    database.runtime.wait(dump.batch_execute(begin)).unwrap();
    let receipt = store.delete_identity(&id("jane"), ErasureReason::Requested, at(3)).unwrap().unwrap();
    assert_eq!((receipt.erased_at, store.identity(&id("jane")).unwrap()), (None, None), "it is deleted all the same");
    assert!(store.key("ffffffff").unwrap().is_none() && file_holds(&database, "identity_keys", &key));
    database.runtime.wait(dump.batch_execute("COMMIT")).unwrap();
    assert!(store.shared.with_client(&std::cell::Cell::new(false), scrub::finish).unwrap());
    assert!(!file_holds(&database, "identity_keys", &key));
    assert!(store.receipt(receipt.id).unwrap().unwrap().erased_at.is_some());
}

/// Tables that are written anew look empty to statements with an older snapshot; no statement of the store has one.
#[test]
fn whoever_reads_meanwhile_sees_everybody() {
    let Some(database) = database() else { return };
    let dir = tempfile::tempdir().unwrap();
    let (store, other) = (database.open(dir.path()), database.open(dir.path()));
    fill(&store, "stays", &[1, 2]);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    assert_eq!(other.samples(&id("stays")).unwrap().len(), 2);
                    let listed = other.listed(&id("stays")).unwrap().unwrap();
                    assert_eq!(listed.row.map(|row| row.references), Some(2));
                }
            });
        }
        for n in 0..20 {
            fill(&store, "goes", &[100 + n]);
            store.delete_identity(&id("goes"), ErasureReason::Requested, at(3)).unwrap().unwrap();
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(store.receipt(Uuid::nil()).unwrap(), None);
}
