//! What every store does, tested with each. A test takes a store that is empty.
#![allow(clippy::needless_pass_by_value, reason = "a test has a store of its own, which ends with it")]

mod cases;
mod copying;
mod methods;
mod sealing;

use std::path::Path;

use tempfile::TempDir;
use uuid::Uuid;

use super::postgres::tests::{Database, database};
use super::{PostgresStore, SqliteStore, Store, StoreResult};
use crate::vault::{MasterKey, MasterKeySource};

/// A store under test, with what it lies in.
pub(super) trait Tested: Sized {
    type Store: Store + 'static;

    /// An empty store, with the master key beside it; `None`, and why, where it cannot be tested here.
    fn new() -> Option<Self>;
    fn store(&self) -> &Self::Store;
    /// Its data folder.
    fn dir(&self) -> &Path;
    /// The store closed, and what another opening with this master key comes to.
    fn opened_with(self, source: &MasterKeySource) -> (Self, StoreResult<()>);
    /// Made again, with nothing in it, under the master key that lies in its folder.
    fn emptied(self) -> Self;
    /// The store under the master key `to`, and what opening it with the source of that one comes to.
    fn rotated(self, to: &MasterKey, source: &MasterKeySource) -> (Self, StoreResult<()>);
    /// Changes rows behind the store's back.
    fn tamper(&self, sql: &str);
    /// Changes a byte of a sealed sample.
    fn damage(&self, sample: Uuid);

    fn reopened(self) -> Self {
        let (it, opened) = self.opened_with(&MasterKeySource::Beside);
        opened.unwrap();
        it
    }
}

/// A test of each of these functions with each store.
macro_rules! suite {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $test() {
                super::$test(<$crate::store::tests::InFolder as $crate::store::tests::Tested>::new().unwrap());
            })+
        }

        mod postgres {
            $(#[test]
            fn $test() {
                if let Some(it) = <$crate::store::tests::InDatabase as $crate::store::tests::Tested>::new() {
                    super::$test(it);
                }
            })+
        }
    };
}
use suite;

pub(super) struct InFolder {
    store: Option<SqliteStore>,
    dir: TempDir,
}

impl Tested for InFolder {
    type Store = SqliteStore;

    fn new() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        Some(Self { store: Some(SqliteStore::open(dir.path()).unwrap()), dir })
    }

    fn store(&self) -> &SqliteStore {
        self.store.as_ref().unwrap()
    }

    fn dir(&self) -> &Path {
        self.dir.path()
    }

    fn opened_with(self, source: &MasterKeySource) -> (Self, StoreResult<()>) {
        let Self { store, dir } = self;
        drop(store);
        match SqliteStore::open_with(dir.path(), source) {
            Ok(store) => (Self { store: Some(store), dir }, Ok(())),
            Err(e) => (Self { store: None, dir }, Err(e)),
        }
    }

    fn emptied(self) -> Self {
        let Self { store, dir } = self;
        drop(store);
        for file in ["faceward.db", "faceward.db-wal", "faceward.db-shm"] {
            let _ = std::fs::remove_file(dir.path().join(file));
        }
        Self { store: Some(SqliteStore::open(dir.path()).unwrap()), dir }
    }

    fn rotated(mut self, to: &MasterKey, source: &MasterKeySource) -> (Self, StoreResult<()>) {
        Box::new(self.store.take().unwrap()).rotate_master(to).unwrap();
        self.opened_with(source)
    }

    fn tamper(&self, sql: &str) {
        rusqlite::Connection::open(self.dir.path().join("faceward.db")).unwrap().execute_batch(sql).unwrap();
    }

    fn damage(&self, sample: Uuid) {
        self.tamper(&format!(
            "UPDATE samples SET sealed = CAST(substr(sealed, 1, 2000) || x'fffffffe' || substr(sealed, 2005) AS BLOB) \
             WHERE id = '{sample}'"
        ));
    }
}

pub(super) struct InDatabase {
    store: Option<PostgresStore>,
    dir: TempDir,
    database: Database,
}

impl Tested for InDatabase {
    type Store = PostgresStore;

    fn new() -> Option<Self> {
        let (database, dir) = (database()?, tempfile::tempdir().unwrap());
        let store = PostgresStore::open(&database.url(), dir.path(), &MasterKeySource::Beside, true).unwrap();
        Some(Self { store: Some(store), dir, database })
    }

    fn store(&self) -> &PostgresStore {
        self.store.as_ref().unwrap()
    }

    fn dir(&self) -> &Path {
        self.dir.path()
    }

    fn opened_with(self, source: &MasterKeySource) -> (Self, StoreResult<()>) {
        let Self { store, dir, database } = self;
        drop(store);
        match PostgresStore::open(&database.url(), dir.path(), source, false) {
            Ok(store) => (Self { store: Some(store), dir, database }, Ok(())),
            Err(e) => (Self { store: None, dir, database }, Err(e)),
        }
    }

    fn emptied(self) -> Self {
        let Self { store, dir, database } = self;
        drop(store);
        database.run("DROP SCHEMA faceward CASCADE");
        let store = PostgresStore::open(&database.url(), dir.path(), &MasterKeySource::Beside, true).unwrap();
        Self { store: Some(store), dir, database }
    }

    fn rotated(mut self, to: &MasterKey, source: &MasterKeySource) -> (Self, StoreResult<()>) {
        Box::new(self.store.take().unwrap()).rotate_master(to).unwrap();
        self.opened_with(source)
    }

    fn tamper(&self, sql: &str) {
        self.database.run(sql);
    }

    fn damage(&self, sample: Uuid) {
        self.tamper(&format!(
            "UPDATE samples SET sealed = overlay(sealed placing '\\xfffffffe'::bytea from 2001) WHERE id = '{sample}'"
        ));
    }
}
