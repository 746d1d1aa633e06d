//! What `open` makes and what it refuses.

use std::sync::Barrier;

use super::database;
use crate::store::fixtures::{at, id, named};
use crate::store::{PostgresStore, PostgresUrl, Store, StoreError};
use crate::vault::{MasterKey, MasterKeySource};

#[test]
fn a_database_without_a_store_stays_as_it_is_unless_one_is_asked_for() {
    let Some(database) = database() else { return };
    let dir = tempfile::tempdir().unwrap();
    let open = |create| PostgresStore::open(&database.url(), dir.path(), &MasterKeySource::Beside, create);
    let error = open(false).unwrap_err();
    assert!(matches!(error, StoreError::NoStore(_)) && error.to_string().contains("--create"), "{error}");
    assert!(!dir.path().join("master.key").exists());
    let there = || database.row("SELECT to_regnamespace('faceward') IS NOT NULL").get::<_, bool>(0);
    assert!(!there());
    open(true).unwrap().check().unwrap();
    assert!(there());
    open(false).unwrap();
}

#[test]
fn several_processes_may_make_a_store_at_once() {
    let Some(database) = database() else { return };
    let key = MasterKey::generate().unwrap();
    let source = MasterKeySource::Variable { name: "K".into(), digits: key.to_hex() };
    let (dir, barrier) = (tempfile::tempdir().unwrap(), Barrier::new(4));
    let subjects: Vec<String> = std::thread::scope(|scope| {
        let open = || {
            barrier.wait();
            let store = PostgresStore::open(&database.url(), dir.path(), &source, true).unwrap();
            store.service_keys().subject(&id("jane"))
        };
        let all: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
        all.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(subjects.iter().all(|subject| *subject == subjects[0]), "one service key");
}

#[test]
fn a_newer_schema_is_refused_at_once_and_while_running() {
    let Some(database) = database() else { return };
    let dir = tempfile::tempdir().unwrap();
    let store = database.open(dir.path());
    let mut follower = store.follower().unwrap().unwrap();
    database.run("UPDATE schema_version SET version = 99");
    let newer = |error: StoreError| assert!(matches!(error, StoreError::NewerSchema { found: 99, .. }), "{error}");
    newer(PostgresStore::open(&database.url(), dir.path(), &MasterKeySource::Beside, true).unwrap_err());
    newer(store.put_identity(&id("jane"), &named("x"), at(1)).unwrap_err());
    newer(follower.changes(0, std::time::Duration::ZERO).unwrap_err());
}

#[test]
fn errors_name_the_database_and_no_password() {
    let Some(database) = database() else { return };
    let dir = tempfile::tempdir().unwrap();
    let text = database.url_text().replace("postgres@", "postgres:s3cret@");
    for url in [text.clone() + "x", "postgres://jane:s3cret@127.0.0.1:1/faces".to_owned()] {
        let url: PostgresUrl = url.parse().unwrap();
        let error = PostgresStore::open(&url, dir.path(), &MasterKeySource::Beside, true).unwrap_err();
        let said = error.to_string();
        assert!(matches!(error, StoreError::Unreachable { .. }), "{said}");
        assert!(said.contains("@127.0.0.1") && !said.contains("s3cret"), "{said}");
    }
}

#[test]
fn a_process_that_another_gave_a_new_master_key_writes_nothing_more() {
    let Some(database) = database() else { return };
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (database.open(dir.path()), database.open(dir.path()));
    one.put_identity(&id("jane"), &named("x"), at(1)).unwrap();
    let fresh = MasterKey::generate().unwrap();
    assert_eq!(Box::new(one).rotate_master(&fresh).unwrap(), 1);
    let error = two.put_identity(&id("joe"), &named("x"), at(1)).unwrap_err();
    assert!(matches!(error, StoreError::MasterKey(_)), "{error}");
    let source = MasterKeySource::Variable { name: "K".into(), digits: fresh.to_hex() };
    let again = PostgresStore::open(&database.url(), dir.path(), &source, false).unwrap();
    assert!(again.samples(&id("jane")).unwrap().is_empty() && again.identity(&id("joe")).unwrap().is_none());
}

/// The server may have no TLS, or a certificate that nobody vouches for: neither is a reason to send anything in clear.
#[test]
fn a_server_that_cannot_prove_who_it_is_gets_nothing() {
    let Some(database) = database() else { return };
    let dir = tempfile::tempdir().unwrap();
    let authority = rcgen::generate_simple_self_signed(["nobody".to_owned()]).unwrap().cert.pem();
    let file = dir.path().join("ca.pem");
    std::fs::write(&file, authority).unwrap();
    let url = format!("{}?sslmode=verify-full&sslrootcert={}", database.url_text(), file.display());
    let open = |url: &str| PostgresStore::open(&url.parse().unwrap(), dir.path(), &MasterKeySource::Beside, true);
    let error = open(&url).unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
    std::fs::write(&file, "no certificate").unwrap();
    let error = open(&url).unwrap_err().to_string();
    assert!(error.contains("ca.pem") && error.contains("PEM"), "{error}");
}
