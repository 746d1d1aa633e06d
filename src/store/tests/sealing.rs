//! The keys of a store: which master key opens it, and where sealed rows belong.

use super::{Tested, suite};
use crate::identity::SampleKind;
use crate::store::fixtures::{at, id, named, sample};
use crate::store::{Store, StoreError};
use crate::vault::{MasterKey, MasterKeySource};

suite! {
    only_its_master_key_opens_a_store,
    rows_do_not_open_where_they_do_not_belong,
    a_kept_image_is_bound_to_its_sample_and_goes_with_it,
    pseudonyms_and_hashes_of_keys_stay_with_the_store,
}

fn given(key: &MasterKey) -> MasterKeySource {
    MasterKeySource::Variable { name: "K".into(), digits: key.to_hex() }
}

fn only_its_master_key_opens_a_store(it: impl Tested) {
    it.store().put_identity(&id("jane"), &named("Jane"), at(1)).unwrap();
    it.store().add_samples(&id("jane"), &[sample(1, SampleKind::Reference)], at(2)).unwrap();
    let needed = it.store().master_id().to_string();
    let (it, other) = it.opened_with(&given(&MasterKey::generate().unwrap()));
    let error = other.unwrap_err();
    assert!(matches!(error, StoreError::MasterKey(_)) && error.to_string().contains(&needed), "{error}");
    let file = it.dir().join("master.key");
    std::fs::rename(&file, it.dir().join("elsewhere")).unwrap();
    let (it, without) = it.opened_with(&MasterKeySource::Beside);
    let error = without.unwrap_err();
    assert!(matches!(error, StoreError::MasterKey(_)) && error.to_string().contains(&needed), "{error}");
    std::fs::rename(it.dir().join("elsewhere"), &file).unwrap();
    assert_eq!(it.reopened().store().samples(&id("jane")).unwrap(), [sample(1, SampleKind::Reference)]);
}

fn rows_do_not_open_where_they_do_not_belong(it: impl Tested) {
    let store = it.store();
    let kinds = [(1, "jane"), (2, "joe")];
    for (n, who) in kinds {
        store.put_identity(&id(who), &named(who), at(1)).unwrap();
        store.add_samples(&id(who), &[sample(n, SampleKind::KnownFake)], at(2)).unwrap();
    }
    let refused = || kinds.into_iter().any(|(_, who)| store.samples(&id(who)).is_err());
    for (tampering, back) in [
        (
            "UPDATE samples SET identity_id = 'joe' WHERE identity_id = 'jane'",
            "UPDATE samples SET identity_id = 'jane' WHERE image_sha256 LIKE '%1'",
        ),
        (
            "UPDATE samples SET kind = 'reference' WHERE identity_id = 'jane'",
            "UPDATE samples SET kind = 'known_fake' WHERE identity_id = 'jane'",
        ),
    ] {
        it.tamper(tampering);
        assert!(refused(), "{tampering}");
        it.tamper(back);
        assert!(!refused(), "{back}");
    }
    let row = || store.listed(&id("jane")).unwrap().unwrap().row;
    assert!(row().is_some());
    it.tamper(
        "UPDATE search SET sealed = (SELECT sealed FROM search WHERE identity_id = 'joe') WHERE identity_id = 'jane'",
    );
    assert_eq!(row(), None);
    let renewed = store.renew_search_rows(&[id("jane")]).unwrap().pop().unwrap().unwrap();
    assert_eq!(row(), Some(renewed), "it is made from the templates, and kept");
}

fn a_kept_image_is_bound_to_its_sample_and_goes_with_it(it: impl Tested) {
    let store = it.store();
    for who in ["jane", "joe"] {
        store.put_identity(&id(who), &named(who), at(1)).unwrap();
    }
    let [one, two, three] = [1, 2, 3].map(|seed| sample(seed, SampleKind::Reference));
    let picture = vec![7; 100_000];
    let janes = [one.clone(), three.clone()];
    store.add_samples_with_images(&id("jane"), &janes, &[(one.id, &picture), (three.id, b"third")], at(2)).unwrap();
    store.add_samples_with_images(&id("joe"), std::slice::from_ref(&two), &[(two.id, b"another")], at(2)).unwrap();
    assert!(store.image(&id("jane"), one.id).unwrap().unwrap() == picture);
    assert!(store.image(&id("joe"), one.id).unwrap().is_none() && store.image(&id("jane"), two.id).unwrap().is_none());
    store.delete_sample(&id("jane"), one.id, at(3)).unwrap();
    assert!(store.image(&id("jane"), one.id).unwrap().is_none());
    assert_eq!(store.image(&id("jane"), three.id).unwrap().unwrap(), b"third");
    assert_eq!(store.samples(&id("jane")).unwrap(), [three]);
    assert_eq!(store.image(&id("joe"), two.id).unwrap().unwrap(), b"another");
}

fn pseudonyms_and_hashes_of_keys_stay_with_the_store(it: impl Tested) {
    let subject = it.store().service_keys().subject(&id("jane"));
    let audit = *it.store().service_keys().audit();
    let it = it.reopened();
    assert_eq!(it.store().service_keys().subject(&id("jane")), subject);
    assert_eq!(*it.store().service_keys().audit(), audit);
    let other = crate::store::tests::InFolder::new().unwrap();
    assert_ne!(other.store().service_keys().subject(&id("jane")), subject);
}
