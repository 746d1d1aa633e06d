//! Nothing of a template can be read in the data folder without the master key.

use std::path::Path;

use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use sha2::{Digest as _, Sha256};

use super::files;
use crate::access::{KeyHash, KeyRing, Scope};
use crate::identity::SampleKind;
use crate::store::fixtures::{at, id, named, sample, template};
use crate::store::sqlite::open::APPLICATION_ID;
use crate::store::{KeyStore, SharedKeys, SqliteStore, Store, StoreError, encode_template};
use crate::vault::{MasterKey, MasterKeyError, MasterKeySource, rotate_file};

fn given(key: &MasterKey) -> MasterKeySource {
    MasterKeySource::Variable { name: "K".into(), digits: key.to_hex() }
}

/// Whether any file of the folder holds 16 consecutive bytes of the template of `seed`, or its file name.
fn readable(dir: &Path, seed: u32) -> bool {
    let record = encode_template(&template(seed)).unwrap();
    let name = format!("holiday-{seed}.jpg");
    let wanted: std::collections::HashSet<&[u8]> = record[9..5600].windows(16).step_by(4).collect();
    files(dir).iter().any(|(_, bytes)| {
        bytes.windows(16).any(|w| wanted.contains(w)) || bytes.windows(name.len()).any(|w| w == name.as_bytes())
    })
}

fn holiday(seed: u32) -> crate::identity::Sample {
    crate::identity::Sample { filename: Some(format!("holiday-{seed}.jpg")), ..sample(seed, SampleKind::Reference) }
}

#[test]
fn no_template_can_be_read_in_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    store.put_identity(&id("jane"), &named("Jane"), at(1)).unwrap();
    store.add_samples(&id("jane"), &[holiday(1), holiday(2)], at(2)).unwrap();
    assert!(!readable(dir.path(), 1) && !readable(dir.path(), 2), "in the log");
    drop(store);
    assert!(!readable(dir.path(), 1) && !readable(dir.path(), 2), "in the file");
    assert_eq!(SqliteStore::open(dir.path()).unwrap().samples(&id("jane")).unwrap(), [holiday(1), holiday(2)]);
}

#[test]
fn only_its_master_key_opens_a_store() {
    let dir = tempfile::tempdir().unwrap();
    let key = MasterKey::generate().unwrap();
    let store = SqliteStore::open_with(dir.path(), &given(&key)).unwrap();
    store.put_identity(&id("jane"), &named("Jane"), at(1)).unwrap();
    store.add_samples(&id("jane"), &[holiday(1)], at(2)).unwrap();
    assert!(!dir.path().join("master.key").exists());
    SharedKeys::open(dir.path(), &given(&key)).unwrap();
    drop(store);
    let other = given(&MasterKey::generate().unwrap());
    for refused in [SqliteStore::open_with(dir.path(), &other).err(), SqliteStore::open(dir.path()).err()] {
        let error = refused.unwrap();
        assert!(matches!(error, StoreError::MasterKey(_)), "{error}");
        assert!(error.to_string().contains(&key.id().to_string()), "{error}");
    }
    assert!(matches!(SharedKeys::open(dir.path(), &other), Err(StoreError::MasterKey(MasterKeyError::Wrong { .. }))));
    assert_eq!(SqliteStore::open_with(dir.path(), &given(&key)).unwrap().samples(&id("jane")).unwrap().len(), 1);
}

#[test]
fn a_new_master_key_opens_everything_and_the_old_one_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("master.key");
    let store = SqliteStore::open(dir.path()).unwrap();
    for (n, who) in [(1, "jane"), (2, "joe")] {
        store.put_identity(&id(who), &named(who), at(1)).unwrap();
        store.add_samples(&id(who), &[holiday(n)], at(2)).unwrap();
    }
    let old = std::fs::read_to_string(&file).unwrap();
    let rows = store.listing(None, 9).unwrap();
    let subject = store.service_keys().subject(&id("jane"));
    let fresh = rotate_file::<StoreError>(&file, |key| {
        assert_eq!(Box::new(store).rotate_master(&key)?, 2);
        Ok(())
    });
    let store = SqliteStore::open(dir.path()).unwrap();
    assert_eq!(store.master_id(), fresh.unwrap());
    assert_eq!(store.samples(&id("joe")).unwrap(), [holiday(2)]);
    assert!(store.listing(None, 9).unwrap() == rows && rows.iter().all(|l| l.row.is_some()));
    assert_eq!(store.service_keys().subject(&id("jane")), subject, "pseudonyms stay");
    drop(store);
    std::fs::write(&file, old).unwrap();
    assert!(matches!(SqliteStore::open(dir.path()), Err(StoreError::MasterKey(_))));
}

#[test]
fn rows_do_not_open_where_they_do_not_belong() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    for (n, who) in [(1, "jane"), (2, "joe")] {
        store.put_identity(&id(who), &named(who), at(1)).unwrap();
        store.add_samples(&id(who), &[sample(n, SampleKind::KnownFake)], at(2)).unwrap();
    }
    for tampering in [
        "UPDATE samples SET identity_id = 'joe' WHERE identity_id = 'jane'",
        "UPDATE samples SET kind = 'reference' WHERE identity_id = 'jane'",
        "UPDATE identities SET data_key = (SELECT data_key FROM identities WHERE id = 'joe') WHERE id = 'jane'",
        "UPDATE identities SET data_key = NULL WHERE id = 'jane'",
    ] {
        store.lock().execute_batch(&format!("BEGIN; {tampering};")).unwrap();
        let refused = ["jane", "joe"].into_iter().any(|who| store.samples(&id(who)).is_err());
        store.lock().execute_batch("ROLLBACK").unwrap();
        assert!(refused, "{tampering}");
    }
    assert!(store.samples(&id("jane")).is_ok());
    let row = || store.listed(&id("jane")).unwrap().unwrap().row;
    for tampering in [
        "UPDATE search SET sealed = (SELECT sealed FROM search WHERE identity_id = 'joe') WHERE identity_id = 'jane'",
        "UPDATE search SET sealed = (SELECT sealed FROM samples WHERE identity_id = 'jane') WHERE identity_id = 'jane'",
        "UPDATE search SET sealed = x''",
    ] {
        store.lock().execute_batch(&format!("BEGIN; {tampering};")).unwrap();
        assert_eq!(row(), None, "{tampering}");
        store.lock().execute_batch("ROLLBACK").unwrap();
    }
    assert!(row().is_some());
}

/// Kept images are sealed, open only for their own sample, and are erased with it.
#[test]
fn a_kept_image_is_sealed_bound_to_its_sample_and_goes_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    let mut picture = vec![0; 160_000];
    Xoshiro256PlusPlus::seed_from_u64(1).fill_bytes(&mut picture);
    let in_clear = |dir: &Path| files(dir).iter().any(|(_, b)| b.windows(32).any(|w| w == &picture[80_000..80_032]));
    for who in ["jane", "joe"] {
        store.put_identity(&id(who), &named(who), at(1)).unwrap();
    }
    let (one, two) = (holiday(1), holiday(2));
    store.add_samples_with_images(&id("jane"), std::slice::from_ref(&one), &[(one.id, &picture)], at(2)).unwrap();
    store.add_samples_with_images(&id("joe"), std::slice::from_ref(&two), &[(two.id, b"another")], at(2)).unwrap();
    assert!(store.image(&id("jane"), one.id).unwrap().unwrap() == picture);
    assert!(store.image(&id("joe"), one.id).unwrap().is_none() && store.image(&id("jane"), two.id).unwrap().is_none());
    assert!(!in_clear(dir.path()), "it lies in clear");

    let sealed = |sample: &crate::identity::Sample| -> Vec<u8> {
        let sql = "SELECT sealed FROM images WHERE sample_id = ?1";
        store.lock().query_row(sql, [sample.id.to_string()], |row| row.get(0)).unwrap()
    };
    let (trace, other) = (sealed(&one)[1000..1032].to_vec(), sealed(&two));
    let left = |dir: &Path| files(dir).iter().any(|(_, bytes)| bytes.windows(32).any(|w| w == trace));
    let moved = "UPDATE images SET sealed = ?1 WHERE sample_id = ?2";
    store.lock().execute_batch("BEGIN").unwrap();
    store.lock().execute(moved, rusqlite::params![other, one.id.to_string()]).unwrap();
    assert!(store.image(&id("jane"), one.id).is_err(), "another sample's image");
    store.lock().execute_batch("ROLLBACK").unwrap();
    assert!(left(dir.path()), "the search must find what is there");
    store.delete_sample(&id("jane"), one.id, at(3)).unwrap();
    assert!(!left(dir.path()) && store.image(&id("jane"), one.id).unwrap().is_none());
    assert_eq!(store.image(&id("joe"), two.id).unwrap().unwrap(), b"another");
}

/// A store of schema version 1, with templates in clear.
fn of_version_1(dir: &Path) {
    let connection = rusqlite::Connection::open(dir.join("faceward.db")).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    connection.execute_batch(include_str!("../migrations/0001_initial.sql")).unwrap();
    let at = "2026-01-31T12:00:00.000000000Z";
    for (seed, who) in [(1, "jane"), (2, "jane"), (3, "joe")] {
        let sql = "INSERT OR IGNORE INTO identities VALUES (?1, ?1, 'consent', NULL, ?2, ?2)";
        connection.execute(sql, rusqlite::params![who, at]).unwrap();
        let s = holiday(seed);
        let sql = "INSERT INTO samples VALUES (NULL, ?1, ?2, 'reference', ?3, ?4, ?5, ?6)";
        let template = encode_template(&s.template).unwrap();
        let row = rusqlite::params![s.id.to_string(), who, s.filename, s.image_sha256, at, template];
        connection.execute(sql, row).unwrap();
    }
    let hash: [u8; 32] = Sha256::digest(OLD_KEY).into();
    let sql = "INSERT INTO api_keys VALUES ('00c0ffee', 'old', 'verify,admin', ?1, ?2, ?3, NULL, NULL)";
    connection.execute(sql, rusqlite::params![hash, at, "2036-01-31T12:00:00.000000000Z"]).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
}

/// A key from the time when the SHA-256 of keys was stored.
const OLD_KEY: &str = concat!("fw_00c0ffee_", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");

#[test]
fn a_store_of_version_1_is_sealed_when_it_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    of_version_1(dir.path());
    assert!(readable(dir.path(), 1), "the search must find what is there");
    let store = SqliteStore::open(dir.path()).unwrap();
    for seed in 1..=3 {
        assert!(!readable(dir.path(), seed), "{seed}");
    }
    let jane = store.samples(&id("jane")).unwrap();
    assert_eq!(jane.iter().map(|s| &s.template).collect::<Vec<_>>(), [&template(1), &template(2)]);
    assert_eq!(jane[0].filename.as_deref(), Some("holiday-1.jpg"));
    assert_eq!(store.identity(&id("jane")).unwrap().unwrap().fields.consent_basis.as_deref(), Some("consent"));
    assert_eq!(store.samples(&id("joe")).unwrap().len(), 1);
    // It has no search rows yet; they are made from the templates.
    let listing = store.listing(None, 9).unwrap();
    let ids: Vec<_> = listing.iter().map(|l| l.record.id.clone()).collect();
    assert!(ids.len() == 2 && listing.iter().all(|l| l.row.is_none()));
    let made: Vec<_> = store.renew_search_rows(&ids).unwrap().into_iter().map(Result::unwrap).collect();
    assert_eq!(made.iter().map(|row| row.references).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(store.listing(None, 9).unwrap().into_iter().map(|l| l.row.unwrap()).collect::<Vec<_>>(), made);
    store.add_samples(&id("joe"), &[holiday(9)], at(5)).unwrap();
    // The old key still works, and its stored hash has changed.
    let keys = store.keys().unwrap();
    assert_ne!(keys[0].hash, KeyHash::new(Sha256::digest(OLD_KEY).into()));
    let ring = KeyRing::new(keys, store.key_hasher().clone());
    assert!(ring.verify(OLD_KEY, at(5)).unwrap().allows(Scope::Verify));
}
