use tempfile::TempDir;

use super::*;
use crate::error_code::ErrorCode;
use crate::identity::fixtures::{near, population, sample};
use crate::identity::{IdentityFields, SEARCHED, SampleKind};
use crate::store::{ErasureReason, SqliteStore};

/// A gallery over a real store.
struct Fixture {
    dir: TempDir,
    gallery: Gallery,
}

fn id(name: &str) -> IdentityId {
    name.parse().unwrap()
}

impl Fixture {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let gallery = open(&dir);
        Self { dir, gallery }
    }

    fn put(&self, name: &str, expires_at: Option<Timestamp>) {
        let fields = IdentityFields { display_name: name.into(), expires_at, ..IdentityFields::default() };
        self.gallery.store.put_identity(&id(name), &fields, Timestamp::now()).unwrap();
        self.gallery.refresh(&id(name)).unwrap();
    }

    fn enroll(&self, name: &str, person: u64) {
        let samples: Vec<_> = (0..3).map(|i| sample(SampleKind::Reference, near(person, i))).collect();
        self.gallery.store.add_samples(&id(name), &samples, Timestamp::now()).unwrap();
        self.gallery.refresh(&id(name)).unwrap();
    }

    fn erase(&self, name: &str) {
        self.gallery.store.delete_identity(&id(name), ErasureReason::Requested, Timestamp::now()).unwrap();
        self.gallery.refresh(&id(name)).unwrap();
    }

    fn found(&self, person: u64) -> Option<String> {
        self.candidates(person, 1).pop().map(|(id, _)| id)
    }

    /// Ids and cosines of the candidates for a photograph of `person`.
    fn candidates(&self, person: u64, count: usize) -> Vec<(String, f32)> {
        let all = self.gallery.candidates(near(person, 77).embeddings.get(SEARCHED), count).unwrap();
        all.iter().map(|c| (c.enrolled.record.id.to_string(), c.similarity.searched)).collect()
    }

    /// Changes the file behind the store's back.
    fn tamper(&self, sql: &str) {
        rusqlite::Connection::open(self.dir.path().join("faceward.db")).unwrap().execute_batch(sql).unwrap();
    }

    fn reopened(self) -> Self {
        let Self { dir, gallery } = self;
        drop(gallery);
        let gallery = open(&dir);
        Self { dir, gallery }
    }
}

fn open(dir: &TempDir) -> Gallery {
    let store = SqliteStore::open(dir.path()).unwrap();
    Gallery::load(Arc::new(store), Arc::new(population())).unwrap()
}

#[test]
fn a_search_sees_the_identities_of_now() {
    let it = Fixture::new();
    assert_eq!((it.found(1), it.gallery.len().unwrap()), (None, 0));
    for (name, person) in [("a", 1), ("b", 2), ("c", 3), ("d", 4)] {
        it.put(name, None);
        it.enroll(name, person);
    }
    it.put("none", None);
    assert_eq!(it.gallery.len().unwrap(), 4);
    assert_eq!([1, 2, 3, 4].map(|p| it.found(p).unwrap()), ["a", "b", "c", "d"]);
    let near = it.candidates(3, 3);
    assert!(near.len() == 3 && near[0].0 == "c" && near[0].1 > near[1].1 && near[1].1 >= near[2].1, "{near:?}");
    // The last row moves up.
    it.erase("a");
    assert_eq!([2, 3, 4].map(|p| it.found(p).unwrap()), ["b", "c", "d"]);
    assert_ne!(it.found(1).unwrap(), "a");
    // Expired ones are left out, however near they are, and do not use up the count.
    it.put("d", Some(Timestamp::UNIX_EPOCH));
    assert_eq!(it.gallery.len().unwrap(), 2);
    let near = it.candidates(4, 2);
    assert!(near.len() == 2 && near.iter().all(|c| c.0 != "d"), "{near:?}");
    it.put("d", None);
    assert_eq!((it.found(4).unwrap(), it.gallery.len().unwrap()), ("d".into(), 3));
    let ids = |after, limit| -> Vec<String> {
        let page = it.gallery.page(after, limit).unwrap();
        page.iter().map(|e| e.record.id.to_string()).collect()
    };
    assert_eq!((ids(None, 2), ids(Some(&id("c")), 9)), (vec!["b".into(), "c".into()], vec!["d".into(), "none".into()]));
}

#[test]
fn a_reopened_gallery_is_the_same_with_and_without_its_search_rows() {
    let it = Fixture::new();
    for person in 0..20 {
        let name = format!("p{person}");
        it.put(&name, None);
        it.enroll(&name, person);
    }
    let counts = |it: &Fixture| {
        let all = it.gallery.page(None, 99).unwrap();
        all.iter().map(|e| (e.record.clone(), e.references, e.negatives, e.agreement)).collect::<Vec<_>>()
    };
    let (counted, near) = (counts(&it), it.candidates(7, 20));
    let it = it.reopened();
    assert_eq!((counts(&it), it.candidates(7, 20)), (counted.clone(), near.clone()));
    // Lost, damaged and moved rows are made again, and written back.
    it.tamper(
        "DELETE FROM search WHERE identity_id = 'p7'; UPDATE search SET sealed = x'00' WHERE identity_id = 'p8';",
    );
    it.tamper(
        "UPDATE search SET sealed = (SELECT sealed FROM search WHERE identity_id = 'p1') WHERE identity_id = 'p2'",
    );
    let it = it.reopened();
    assert_eq!((counts(&it), it.candidates(7, 20)), (counted, near));
    assert!(it.gallery.store.listing(None, 99).unwrap().iter().all(|l| l.row.is_some()));
}

#[test]
fn an_identity_that_is_gone_has_no_profile() {
    let it = Fixture::new();
    for name in ["jane", "joe", "jim"] {
        it.put(name, None);
        it.enroll(name, 1);
    }
    let [jane, joe, jim] = ["jane", "joe", "jim"].map(|name| it.gallery.living(&id(name)).unwrap());
    let code = |enrolled: &Enrolled| it.gallery.profile(enrolled).map(|_| ()).unwrap_err().code();
    assert!(it.gallery.profile(&jane).is_ok() && it.gallery.profile(&joe).is_ok());
    assert_eq!(it.gallery.profiles.len(), 2);
    it.erase("jane");
    it.put("joe", Some(Timestamp::UNIX_EPOCH));
    assert_eq!((code(&jane), code(&joe)), (ErrorCode::IdentityUnknown, ErrorCode::IdentityExpired));
    assert_eq!(it.gallery.profiles.len(), 0, "nothing of it stays in memory");
    // Somebody else under the same id is not who was meant.
    it.put("jane", None);
    it.enroll("jane", 2);
    assert_eq!(code(&jane), ErrorCode::IdentityUnknown);
    // The store has erased it, and the gallery does not know yet.
    it.gallery.store.delete_identity(&id("jim"), ErasureReason::Requested, Timestamp::now()).unwrap();
    assert!(it.gallery.profile(&jim).is_err());
}

#[test]
fn a_profile_is_that_of_the_samples_of_now_and_is_kept_until_they_change() {
    let it = Fixture::new();
    it.put("jane", None);
    it.enroll("jane", 1);
    let jane = it.gallery.living(&id("jane")).unwrap();
    let first = it.gallery.profile(&jane).unwrap();
    assert!(Arc::ptr_eq(&first, &it.gallery.profile(&jane).unwrap()));
    it.enroll("jane", 1);
    assert_eq!((first.references, it.gallery.profile(&jane).unwrap().references), (3, 6));
    assert_eq!(it.gallery.living(&id("jane")).unwrap().references, 6);
    // Without room nothing is kept, and everything still works.
    let mut small = it;
    small.gallery.set_profile_memory(1);
    assert_eq!(small.gallery.profile(&jane).unwrap().references, 6);
    assert!(small.gallery.profiles.is_empty());
}

#[test]
fn a_store_that_fails_is_no_verdict() {
    let it = Fixture::new();
    it.put("jane", None);
    it.enroll("jane", 1);
    it.tamper("UPDATE samples SET sealed = x'00'");
    let jane = it.gallery.living(&id("jane")).unwrap();
    assert!(matches!(it.gallery.profile(&jane), Err(ServiceError::Store(StoreError::UnreadableRecord { .. }))));
    // Without its row it is listed, and no search finds it.
    it.tamper("DELETE FROM search");
    let it = it.reopened();
    assert_eq!((it.gallery.len().unwrap(), it.gallery.page(None, 9).unwrap().len()), (0, 1));
}

#[test]
fn changes_and_readers_at_once_leave_no_old_profile() {
    let it = Fixture::new();
    it.put("jane", None);
    it.enroll("jane", 1);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..200 {
                    let Ok(jane) = it.gallery.living(&id("jane")) else { continue };
                    if let Ok(profile) = it.gallery.profile(&jane) {
                        assert!(profile.references % 3 == 0);
                    }
                }
            });
        }
        for _ in 0..4 {
            it.enroll("jane", 1);
            it.erase("jane");
            it.put("jane", None);
        }
        it.erase("jane");
    });
    assert_eq!(it.gallery.profiles.len(), 0);
}

/// As another process would, behind the gallery's back.
#[test]
fn what_others_changed_is_read_again() {
    let it = Fixture::new();
    for (name, person) in [("a", 1), ("b", 2)] {
        it.put(name, None);
        it.enroll(name, person);
    }
    let profile = |name: &str| it.gallery.get(&id(name)).and_then(|enrolled| it.gallery.profile(&enrolled));
    let before = profile("a").unwrap();
    let store = &it.gallery.store;
    let fields = IdentityFields { display_name: "c".into(), ..IdentityFields::default() };
    let samples = |person| (0..3).map(|i| sample(SampleKind::Reference, near(person, i))).collect::<Vec<_>>();
    store.delete_identity(&id("b"), ErasureReason::Requested, Timestamp::now()).unwrap();
    store.put_identity(&id("c"), &fields, Timestamp::now()).unwrap();
    store.add_samples(&id("c"), &samples(3), Timestamp::now()).unwrap();
    assert_eq!((it.found(2).as_deref(), it.gallery.get(&id("c")).is_err()), (Some("b"), true));
    it.gallery.refresh_all(&[id("b"), id("c"), id("nobody")]).unwrap();
    assert_eq!((it.found(3).as_deref(), it.gallery.get(&id("b")).is_err()), (Some("c"), true));
    assert!(Arc::ptr_eq(&before, &profile("a").unwrap()), "what was not changed stays");

    store.delete_identity(&id("c"), ErasureReason::Requested, Timestamp::now()).unwrap();
    store.add_samples(&id("a"), &samples(1), Timestamp::now()).unwrap();
    it.gallery.reload().unwrap();
    assert_eq!((it.gallery.len().unwrap(), it.gallery.get(&id("c")).is_err()), (1, true));
    assert_eq!(it.gallery.get(&id("a")).unwrap().references, 6);
    assert!(!Arc::ptr_eq(&before, &profile("a").unwrap()), "a revision of before must not name a state of now");
}
