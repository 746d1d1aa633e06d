//! Versions, and following them from another process.

use std::time::{Duration, Instant};

use super::database;
use crate::access::{ApiKey, Scope};
use crate::identity::SampleKind;
use crate::store::fixtures::{at, id, named, sample};
use crate::store::{Changed, Changes, ErasureReason, Follower, KeyStore as _, Store, StoreError};

/// Longer than any test should wait for a notification.
const LONG: Duration = Duration::from_secs(20);

/// What was changed after a version.
fn after(follower: &mut Box<dyn Follower>, version: u64, limit: Duration) -> Changes {
    follower.changes(version, limit).unwrap().1
}

fn these(version: u64, names: &[&str]) -> Changes {
    Changes { version, identities: Changed::These(names.iter().map(|name| id(name)).collect()) }
}

#[test]
fn every_change_has_a_version_and_wakes_who_follows() {
    let Some(database) = database() else { return };
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (database.open(dir.path()), database.open(dir.path()));
    let mut follower = two.follower().unwrap().unwrap();
    assert_eq!((follower.start(), one.written()), (0, Some(0)));
    assert_eq!(after(&mut follower, 0, Duration::ZERO), these(0, &[]));
    one.put_identity(&id("jane"), &named("x"), at(1)).unwrap();
    assert_eq!(one.written(), Some(1));
    let started = Instant::now();
    assert_eq!(after(&mut follower, 0, LONG), these(1, &["jane"]));
    assert!(started.elapsed() < LONG / 4);
    one.put_identity(&id("jane"), &named("x"), at(2)).unwrap();
    assert_eq!(one.written(), Some(1), "nothing was changed");
    one.add_samples(&id("jane"), &[sample(1, SampleKind::Reference)], at(3)).unwrap();
    one.put_identity(&id("joe"), &named("x"), at(3)).unwrap();
    one.delete_identity(&id("jane"), ErasureReason::Requested, at(4)).unwrap();
    assert_eq!(after(&mut follower, 1, Duration::ZERO), these(4, &["jane", "joe"]));
    assert_eq!(after(&mut follower, 3, Duration::ZERO), these(4, &["jane"]));
    // Keys have versions too, and a count of their own.
    let keys = two.keys_version().unwrap();
    let (key, _) = ApiKey::issue(one.key_hasher(), "a", [Scope::Verify], None, at(1)).unwrap();
    one.insert_key(&key).unwrap();
    assert_ne!(two.keys_version().unwrap(), keys);
    assert_eq!(after(&mut follower, 4, LONG), these(5, &[]));
    let keys = two.keys_version().unwrap();
    one.touch_key(&key.id, at(9)).unwrap();
    assert_eq!(two.keys_version().unwrap(), keys);
    assert!(one.revoke_key(&key.id, at(10)).unwrap());
    assert_ne!(two.keys_version().unwrap(), keys);
}

#[test]
fn whoever_was_away_for_too_long_reads_everything() {
    let Some(database) = database() else { return };
    let dir = tempfile::tempdir().unwrap();
    let store = database.open(dir.path());
    let mut follower = store.follower().unwrap().unwrap();
    for name in ["a", "b", "c"] {
        store.put_identity(&id(name), &named("x"), at(1)).unwrap();
    }
    database.run("UPDATE changes SET made_at = made_at - interval '1 hour' WHERE version < 3");
    store.read(async |client| super::super::versions::prune(client).await).unwrap();
    assert_eq!(after(&mut follower, 2, Duration::ZERO), these(3, &["c"]));
    let all = Changes { version: 3, identities: Changed::All };
    assert_eq!(after(&mut follower, 1, Duration::ZERO), all);
    // A restored backup has an earlier version.
    assert_eq!(after(&mut follower, 7, Duration::ZERO), all);
    assert_eq!(database.row("SELECT count(*) FROM changes").get::<_, i64>(0), 1);
}

#[test]
fn cut_connections_are_made_again() {
    let Some(database) = database() else { return };
    let dir = tempfile::tempdir().unwrap();
    let store = database.open(dir.path());
    let mut follower = store.follower().unwrap().unwrap();
    after(&mut follower, 0, Duration::ZERO);
    for round in 1..=5u64 {
        let ours = "application_name = 'faceward' AND datname = current_database()";
        database.run(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}"));
        // Reads and writes are tried again where the loss is noticed in time.
        store.put_identity(&id("jane"), &named(&round.to_string()), at(1)).unwrap();
        assert!(store.identity(&id("jane")).unwrap().is_some());
        let mut changes = follower.changes(round - 1, Duration::from_millis(50));
        if changes.is_err() {
            changes = follower.changes(round - 1, Duration::from_millis(50));
        }
        assert_eq!(changes.unwrap().1, these(round, &["jane"]));
    }
}

#[test]
fn writers_take_turns_and_no_version_is_missed() {
    let Some(database) = database() else { return };
    let dir = tempfile::tempdir().unwrap();
    let stores = [database.open(dir.path()), database.open(dir.path())];
    let mut follower = stores[0].follower().unwrap().unwrap();
    let mut seen = std::collections::BTreeSet::new();
    std::thread::scope(|scope| {
        for (n, store) in stores.iter().enumerate() {
            for worker in 0..2 {
                scope.spawn(move || {
                    for round in 0..15 {
                        let who = id(&format!("p{n}-{worker}-{round}"));
                        store.put_identity(&who, &named("x"), at(1)).unwrap();
                    }
                });
            }
        }
        let mut version = 0;
        while version < 60 {
            let changes = after(&mut follower, version, Duration::from_millis(100));
            let Changed::These(ids) = changes.identities else { panic!("{changes:?}") };
            assert_eq!(ids.len() as u64, changes.version - version, "an identity for each version");
            seen.extend(ids);
            version = changes.version;
        }
    });
    assert_eq!(seen.len(), 60);
}

#[test]
fn an_identity_is_held_against_other_processes() {
    let Some(database) = database() else { return };
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (database.open(dir.path()), database.open(dir.path()));
    let held = one.exclusive(&id("jane")).unwrap();
    drop(two.exclusive(&id("joe")).unwrap());
    let error = two.exclusive(&id("jane")).err().unwrap();
    assert!(matches!(error, StoreError::Busy { .. }), "{error}");
    drop(held);
    drop(two.exclusive(&id("jane")).unwrap());
}
