//! A store copied to another is the same store.

use super::{InDatabase, InFolder, Tested};
use crate::access::{ApiKey, Scope};
use crate::identity::SampleKind;
use crate::store::fixtures::{at, id, named, sample};
use crate::store::{ErasureReason, KeyStore, Store, StoreCopied, StoreError, copy_store};

fn fill(store: &dyn Store) {
    for (n, who) in ["jane", "joe", "gone", "none"].into_iter().enumerate() {
        store.put_identity(&id(who), &named(who), at(1)).unwrap();
        let [one, two] = [10, 20].map(|m| sample(m + n as u32, SampleKind::Reference));
        if who != "none" {
            store.add_samples_with_images(&id(who), &[one, two.clone()], &[(two.id, b"image")], at(2)).unwrap();
        }
    }
    store.delete_identity(&id("gone"), ErasureReason::Requested, at(3)).unwrap();
    let (key, _) = ApiKey::issue(store.key_hasher(), "a", [Scope::Verify], Some(at(900)), at(1)).unwrap();
    store.insert_key(&key).unwrap();
    store.touch_key(&key.id, at(5)).unwrap();
    store.revoke_key(&key.id, at(6)).unwrap();
}

/// Copies `from`, whose master key lies beside it, and looks at what another process finds.
fn copied(from: impl Tested, to: impl Tested) {
    fill(from.store());
    let refused = copy_store(from.store(), to.store()).unwrap_err();
    assert!(matches!(refused, StoreError::NotACopy(_)) && refused.to_string().contains("master key"), "{refused}");
    // A store that was made with the same master key.
    let key = std::fs::read(from.dir().join("master.key")).unwrap();
    std::fs::write(to.dir().join("master.key"), key).unwrap();
    let to = to.emptied();
    let expected = StoreCopied { identities: 3, samples: 4, images: 2, keys: 1, receipts: 1 };
    assert_eq!(copy_store(from.store(), to.store()).unwrap(), expected);
    let again = copy_store(from.store(), to.store()).unwrap_err();
    assert!(again.to_string().contains("not empty"), "{again}");

    let to = to.reopened();
    let (from, to) = (from.store(), to.store());
    assert_eq!(to.listing(None, 9).unwrap(), from.listing(None, 9).unwrap());
    for who in ["jane", "joe", "none"] {
        assert_eq!(to.samples(&id(who)).unwrap(), from.samples(&id(who)).unwrap());
    }
    let image = sample(21, SampleKind::Reference).id;
    assert_eq!(to.image(&id("joe"), image).unwrap().unwrap(), b"image");
    assert_eq!(to.keys().unwrap(), from.keys().unwrap());
    assert_eq!(to.service_keys().subject(&id("jane")), from.service_keys().subject(&id("jane")));
    to.add_samples(&id("none"), &[sample(9, SampleKind::Reference)], at(9)).unwrap();
    to.delete_identity(&id("jane"), ErasureReason::Requested, at(9)).unwrap().unwrap();
}

#[test]
fn from_a_data_folder_to_a_database() {
    if let Some(to) = InDatabase::new() {
        copied(InFolder::new().unwrap(), to);
    }
}

#[test]
fn from_a_database_to_a_data_folder() {
    if let Some(from) = InDatabase::new() {
        copied(from, InFolder::new().unwrap());
    }
}
