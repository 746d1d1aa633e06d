//! Each method, and a store that is opened again.

use uuid::Uuid;

use super::{Tested, suite};
use crate::access::{ApiKey, KeyRing, Scope};
use crate::identity::{ErrorTargets, IdentityFields, Sample, SampleKind, SearchRow};
use crate::store::fixtures::{at, id, named, sample, template};
use crate::store::{ErasureReason, KeyStore, Store, StoreError};

suite! {
    an_identity_is_created_changed_and_kept,
    times_from_the_first_to_the_last_year_are_kept,
    pages_follow_the_order_of_ids,
    samples_keep_the_order_in_which_they_were_added,
    samples_are_added_all_or_none,
    a_deleted_identity_takes_its_samples_along,
    one_unreadable_sample_is_named_and_can_be_deleted,
    a_search_row_follows_every_change_of_samples,
    templates_are_replaced_and_the_rest_of_a_sample_stays,
    keys_are_kept_used_and_revoked,
    a_reopened_store_holds_everything,
    threads_share_one_store,
}

fn an_identity_is_created_changed_and_kept(it: impl Tested) {
    let store = it.store();
    let jane = id("jane");
    assert_eq!(store.identity(&jane).unwrap(), None);
    let (first, created) = store.put_identity(&jane, &named("Jane"), at(1)).unwrap();
    assert!(created);
    assert_eq!((first.created_at, first.updated_at), (at(1), at(1)));

    let (same, created) = store.put_identity(&jane, &named("Jane"), at(2)).unwrap();
    assert!(!created);
    assert_eq!(same, first, "the same fields change nothing");

    let fields = IdentityFields {
        display_name: "Jané \u{1F600}".to_owned(),
        consent_basis: Some("consent".to_owned()),
        expires_at: Some(at(4_000_000_000)),
        targets: ErrorTargets { genuine_called_fake: Some(0.02), fake_called_real: None },
    };
    let (changed, created) = store.put_identity(&jane, &fields, at(3)).unwrap();
    assert!(!created);
    assert_eq!((changed.created_at, changed.updated_at, &changed.fields), (at(1), at(3), &fields));
    assert_eq!(store.identity(&jane).unwrap(), Some(changed));
    let targets = ErrorTargets { genuine_called_fake: None, fake_called_real: Some(0.1) };
    let (changed, _) = store.put_identity(&jane, &IdentityFields { targets, ..fields }, at(4)).unwrap();
    assert_eq!((changed.fields.targets, changed.updated_at), (targets, at(4)));
    assert_eq!(store.identity(&jane).unwrap(), Some(changed));
}

fn times_from_the_first_to_the_last_year_are_kept(it: impl Tested) {
    let store = it.store();
    for (name, time) in [("min", jiff::Timestamp::MIN), ("max", jiff::Timestamp::MAX)] {
        let fields = IdentityFields { expires_at: Some(time), ..named(name) };
        let (record, _) = store.put_identity(&id(name), &fields, time).unwrap();
        assert_eq!(store.identity(&id(name)).unwrap(), Some(record));
    }
}

fn pages_follow_the_order_of_ids(it: impl Tested) {
    let store = it.store();
    let mut names = ["b", "a.1", "a-1", "a", "z9", "0", "a_1", "aa"].map(str::to_owned).to_vec();
    for name in &names {
        store.put_identity(&id(name), &named(name), at(1)).unwrap();
    }
    names.sort();
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let page = store.identities(cursor.as_ref(), 3).unwrap();
        assert!(page.len() <= 3);
        let Some(last) = page.last() else { break };
        cursor = Some(last.id.clone());
        seen.extend(page.into_iter().map(|record| record.id.to_string()));
    }
    assert_eq!(seen, names);
    assert_eq!(store.identities(None, usize::MAX).unwrap().len(), names.len());
    assert_eq!(store.identities(Some(&id("aa")), 1).unwrap()[0].id, id("b"), "a cursor need not exist any more");
    assert!(store.identities(None, 0).unwrap().is_empty());
}

fn samples_keep_the_order_in_which_they_were_added(it: impl Tested) {
    let store = it.store();
    let jane = id("jane");
    store.put_identity(&jane, &named("Jane"), at(1)).unwrap();
    let samples =
        [sample(9, SampleKind::Reference), sample(3, SampleKind::NotThisPerson), sample(5, SampleKind::KnownFake)];
    store.add_samples(&jane, &samples[..2], at(5)).unwrap();
    store.add_samples(&jane, &samples[2..], at(6)).unwrap();
    assert_eq!(store.samples(&jane).unwrap(), samples);
    assert_eq!(store.identity(&jane).unwrap().unwrap().updated_at, at(6));

    assert_eq!(store.delete_sample(&jane, samples[1].id, at(7)).unwrap(), Some(SampleKind::NotThisPerson));
    assert_eq!(store.delete_sample(&jane, samples[1].id, at(8)).unwrap(), None);
    assert_eq!(store.samples(&jane).unwrap(), [samples[0].clone(), samples[2].clone()]);
    assert_eq!(store.identity(&jane).unwrap().unwrap().updated_at, at(7));
}

fn samples_are_added_all_or_none(it: impl Tested) {
    let store = it.store();
    let (jane, joe) = (id("jane"), id("joe"));
    let [a, b] = [sample(1, SampleKind::Reference), sample(2, SampleKind::Reference)];
    assert!(matches!(store.add_samples(&jane, &[], at(1)), Err(StoreError::UnknownIdentity(i)) if i == jane));
    for who in [&jane, &joe] {
        store.put_identity(who, &named("x"), at(1)).unwrap();
    }
    store.add_samples(&jane, std::slice::from_ref(&a), at(2)).unwrap();
    let error = store.add_samples(&joe, &[b, a.clone()], at(3)).unwrap_err();
    assert!(matches!(error, StoreError::DuplicateSample(i) if i == a.id), "{error}");
    assert!(store.samples(&joe).unwrap().is_empty());
    assert_eq!(store.identity(&joe).unwrap().unwrap().updated_at, at(1));
    assert_eq!(store.delete_sample(&joe, a.id, at(4)).unwrap(), None, "another identity's sample is out of reach");
    assert_eq!(store.delete_sample(&jane, Uuid::nil(), at(4)).unwrap(), None);
}

fn a_deleted_identity_takes_its_samples_along(it: impl Tested) {
    let store = it.store();
    let (jane, joe) = (id("jane"), id("joe"));
    for (n, who) in [(1, &jane), (2, &joe)] {
        store.put_identity(who, &named("x"), at(1)).unwrap();
        store.add_samples(who, &[sample(n, SampleKind::Reference)], at(2)).unwrap();
    }
    let receipt = store.delete_identity(&jane, ErasureReason::Requested, at(3)).unwrap().unwrap();
    assert_eq!((receipt.samples, receipt.reason, receipt.deleted_at), (1, ErasureReason::Requested, at(3)));
    assert!(receipt.erased_at.is_some() && receipt.subject.len() == 32 && !receipt.subject.contains("jane"));
    assert_eq!(receipt.subject, store.service_keys().subject(&jane));
    assert_eq!(store.receipt(receipt.id).unwrap(), Some(receipt));
    assert_eq!(store.delete_identity(&jane, ErasureReason::Requested, at(3)).unwrap(), None);
    assert_eq!(store.identity(&jane).unwrap(), None);
    assert!(store.samples(&jane).unwrap().is_empty());
    assert_eq!(store.samples(&joe).unwrap(), [sample(2, SampleKind::Reference)]);
    let (_, created) = store.put_identity(&jane, &named("x"), at(3)).unwrap();
    assert!(created && store.samples(&jane).unwrap().is_empty(), "an id used again starts empty");
}

fn one_unreadable_sample_is_named_and_can_be_deleted(it: impl Tested) {
    let store = it.store();
    let jane = id("jane");
    let samples = [sample(1, SampleKind::Reference), sample(2, SampleKind::Reference)];
    store.put_identity(&jane, &named("x"), at(1)).unwrap();
    store.add_samples(&jane, &samples, at(1)).unwrap();
    it.damage(samples[1].id);
    let error = store.samples(&jane).unwrap_err().to_string();
    assert!(error.contains(&samples[1].id.to_string()) && error.contains("decrypted"), "{error}");
    store.delete_sample(&jane, samples[1].id, at(2)).unwrap();
    assert_eq!(store.samples(&jane).unwrap(), samples[..1]);
}

fn a_search_row_follows_every_change_of_samples(it: impl Tested) {
    let store = it.store();
    let jane = id("jane");
    assert_eq!(store.listed(&jane).unwrap(), None);
    let current = || store.listed(&jane).unwrap().unwrap().row;
    let made = || Some(SearchRow::of(&store.samples(&jane).unwrap()));
    store.put_identity(&jane, &named("Jane"), at(1)).unwrap();
    assert_eq!(current(), made());
    let samples = [1, 2, 3].map(|seed| sample(seed, SampleKind::Reference));
    for sample in &samples {
        store.add_samples(&jane, std::slice::from_ref(sample), at(2)).unwrap();
        assert_eq!(current(), made());
    }
    store.put_identity(&jane, &named("Janet"), at(3)).unwrap();
    store.delete_sample(&jane, samples[0].id, at(4)).unwrap();
    assert_eq!((current(), current().unwrap().references), (made(), 2));
    let listing = store.listing(None, 9).unwrap();
    assert_eq!(listing.iter().map(|l| l.record.clone()).collect::<Vec<_>>(), store.identities(None, 9).unwrap());
    assert!(store.listing(Some(&jane), 9).unwrap().is_empty() && listing[0].row == current());
    // With a template that cannot be read there is no row, until that template is gone.
    it.damage(samples[1].id);
    store.add_samples(&jane, &[sample(4, SampleKind::KnownFake)], at(5)).unwrap();
    assert_eq!(current(), None);
    let renewed = store.renew_search_rows(&[jane.clone(), id("joe")]).unwrap();
    assert!(matches!(renewed[..], [Err(StoreError::UnreadableRecord { .. }), Err(StoreError::UnknownIdentity(_))]));
    assert_eq!(store.sample_kind(&jane, samples[1].id).unwrap(), Some(SampleKind::Reference));
    assert_eq!(store.sample_kind(&id("joe"), samples[1].id).unwrap(), None);
    store.delete_sample(&jane, samples[1].id, at(6)).unwrap();
    assert_eq!((current(), current().unwrap().negatives), (made(), 1));
}

fn templates_are_replaced_and_the_rest_of_a_sample_stays(it: impl Tested) {
    let store = it.store();
    let jane = id("jane");
    store.put_identity(&jane, &named("Jane"), at(1)).unwrap();
    let [one, two] = [sample(1, SampleKind::Reference), sample(2, SampleKind::KnownFake)];
    store.add_samples_with_images(&jane, &[one.clone(), two.clone()], &[(one.id, b"image")], at(2)).unwrap();
    let other = template(9);
    let changes = [(one.id, other.clone()), (Uuid::nil(), template(8))];
    assert_eq!(store.replace_templates(&jane, &changes, at(3)).unwrap(), 1);
    let expected = [Sample { template: other, ..one.clone() }, two];
    assert_eq!(store.samples(&jane).unwrap(), expected);
    assert_eq!(store.image(&jane, one.id).unwrap().unwrap(), b"image");
    let listed = store.listed(&jane).unwrap().unwrap();
    assert_eq!((listed.record.updated_at, listed.row), (at(3), Some(SearchRow::of(&expected))));
    assert_eq!(store.replace_templates(&jane, &changes[1..], at(4)).unwrap(), 0);
    assert_eq!(store.identity(&jane).unwrap().unwrap().updated_at, at(3));
    assert!(matches!(store.replace_templates(&id("joe"), &changes, at(4)), Err(StoreError::UnknownIdentity(_))));
}

fn keys_are_kept_used_and_revoked(it: impl Tested) {
    let store = it.store();
    let (a, secret) =
        ApiKey::issue(store.key_hasher(), "a", [Scope::Verify, Scope::Enroll], Some(at(900)), at(1)).unwrap();
    let (b, _) = ApiKey::issue(store.key_hasher(), "b", [Scope::Admin], None, at(2)).unwrap();
    store.insert_key(&b).unwrap();
    store.insert_key(&a).unwrap();
    assert!(matches!(store.insert_key(&a), Err(StoreError::DuplicateKey(i)) if i == a.id));
    assert_eq!(store.keys().unwrap(), [a.clone(), b.clone()]);
    assert_eq!(store.key(&a.id).unwrap().as_ref(), Some(&a));
    assert_eq!(store.key("ffffffffff").unwrap(), None);
    assert!(KeyRing::new(store.keys().unwrap(), store.key_hasher().clone()).verify(secret.expose(), at(3)).is_ok());

    let last_used = |id: &str| store.key(id).unwrap().unwrap().last_used_at;
    for (now, noted) in [(100, 100), (159, 100), (90, 100), (160, 160)] {
        store.touch_key(&a.id, at(now)).unwrap();
        assert_eq!(last_used(&a.id), Some(at(noted)), "at {now}");
    }
    assert_eq!(last_used(&b.id), None);
    store.touch_key("ffffffffff", at(1)).unwrap();

    assert!(store.revoke_key(&a.id, at(200)).unwrap());
    assert!(store.revoke_key(&a.id, at(300)).unwrap());
    assert!(!store.revoke_key("ffffffffff", at(300)).unwrap());
    assert_eq!(store.key(&a.id).unwrap().unwrap().revoked_at, Some(at(200)));
}

fn a_reopened_store_holds_everything(it: impl Tested) {
    let store = it.store();
    let jane = id("jane");
    store.put_identity(&jane, &named("Jane"), at(1)).unwrap();
    let samples: Vec<_> = (0..30).map(|n| sample(n, SampleKind::Reference)).collect();
    store.add_samples(&jane, &samples, at(2)).unwrap();
    let (key, _) = ApiKey::issue(store.key_hasher(), "a", [Scope::Verify], None, at(1)).unwrap();
    store.insert_key(&key).unwrap();
    let before = store.identities(None, 10).unwrap();
    let it = it.reopened();
    let store = it.store();
    assert_eq!(store.identities(None, 10).unwrap(), before);
    assert_eq!(store.samples(&jane).unwrap(), samples);
    assert_eq!(store.keys().unwrap(), [key]);
}

fn threads_share_one_store(it: impl Tested) {
    let store = it.store();
    std::thread::scope(|scope| {
        for worker in 0..4u32 {
            scope.spawn(move || {
                let who = id(&format!("w{worker}"));
                store.put_identity(&who, &named("x"), at(1)).unwrap();
                for n in 0..5 {
                    store.add_samples(&who, &[sample(worker * 100 + n, SampleKind::Reference)], at(2)).unwrap();
                }
            });
        }
    });
    for worker in 0..4 {
        assert_eq!(store.samples(&id(&format!("w{worker}"))).unwrap().len(), 5);
    }
}
