//! Cases: kept, listed, decided, swept, and gone with their identity.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Tested, suite};
use crate::store::fixtures::{at, id, named};
use crate::store::{
    Case, CaseBounds, CaseDecision, CaseFilter, CaseRecord, CaseStore, ErasureReason, NewCase, Ruling, Store,
    StoreError, Swept,
};
use crate::vault::{MasterKey, MasterKeySource};
use crate::verdict::Verdict;

suite! {
    a_case_is_kept_as_it_was_given,
    cases_are_listed_latest_first_page_by_page,
    each_filter_lets_its_cases_pass,
    the_latest_decision_counts_and_all_are_kept,
    a_case_goes_with_its_identity,
    a_case_older_than_its_identity_is_passed_over,
    a_sweep_erases_what_is_beyond_the_bounds,
    cases_do_not_open_where_they_do_not_belong,
    cases_outlive_a_new_master_key,
}

/// The case number `n`, made at second `n`.
fn case(n: u32, who: Option<&str>, verdict: Verdict) -> NewCase {
    NewCase {
        record: CaseRecord {
            id: number(n),
            made_at: at(i64::from(n)),
            request: Some(format!("request-{n}")),
            key: Some(format!("{n:08x}")),
            identity: who.map(id),
            claimed: n.is_multiple_of(2),
            image_sha256: format!("{n:064x}"),
            verdict,
            score: who.map(|_| 0.25),
            audit_head: format!("{n}:{n:064x}"),
            ruling: None,
            has_picture: false,
        },
        answer: format!("{{\"verdict\":\"{}\",\"n\":{n}}}", verdict.name()).into_bytes(),
        picture: None,
    }
}

fn number(n: u32) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 | u128::from(n))
}

fn with_picture(case: NewCase, bytes: usize) -> NewCase {
    NewCase { picture: Some(vec![7; bytes]), record: CaseRecord { has_picture: true, ..case.record }, ..case }
}

fn decision(ruling: Ruling, comment: Option<&str>, second: i64) -> CaseDecision {
    CaseDecision { ruling, comment: comment.map(str::to_owned), key: Some("1a2b3c4d".into()), made_at: at(second) }
}

/// Bounds that let everything stay.
fn wide() -> CaseBounds {
    let start = Timestamp::UNIX_EPOCH;
    CaseBounds { cases_before: start, pictures_before: start, cases: u64::MAX, picture_bytes: u64::MAX }
}

fn with(names: &[&str], it: &impl Tested) {
    for who in names {
        it.store().put_identity(&id(who), &named(who), at(1)).unwrap();
    }
}

fn listed(store: &impl Store, filter: &CaseFilter) -> Vec<Uuid> {
    store.cases(filter, None, 100).unwrap().into_iter().map(|record| record.id).collect()
}

fn a_case_is_kept_as_it_was_given(it: impl Tested) {
    with(&["jane"], &it);
    let large = NewCase { answer: vec![b'x'; 200_000], ..case(3, Some("jane"), Verdict::Real) };
    let cases =
        [with_picture(case(1, Some("jane"), Verdict::Fake), 100_000), case(2, None, Verdict::UnknownPerson), large];
    assert_eq!(it.store().add_cases(&cases).unwrap(), 3);
    assert_eq!(it.store().add_cases(&[]).unwrap(), 0);
    let it = it.reopened();
    let store = it.store();
    for case in cases {
        let NewCase { record, answer, picture } = case;
        assert!(store.case_picture(record.id).unwrap() == picture);
        let expected = Case { record, answer, decisions: Vec::new() };
        assert!(store.case(expected.record.id).unwrap() == Some(expected));
    }
    assert_eq!((store.case(number(9)).unwrap(), store.case_picture(number(9)).unwrap()), (None, None));
}

fn a_case_older_than_its_identity_is_passed_over(it: impl Tested) {
    let store = it.store();
    store.put_identity(&id("jane"), &named("jane"), at(5)).unwrap();
    let cases = [4, 5, 6].map(|n| case(n, Some("jane"), Verdict::Real));
    assert_eq!(store.add_cases(&cases).unwrap(), 2);
    assert_eq!(listed(store, &CaseFilter::default()), [6, 5].map(number));
}

fn cases_are_listed_latest_first_page_by_page(it: impl Tested) {
    let store = it.store();
    let cases: Vec<NewCase> = [4, 1, 5, 2, 3].map(|n| case(n, None, Verdict::NoFace)).into();
    store.add_cases(&cases).unwrap();
    let page = |before: Option<u32>, limit| {
        let found = store.cases(&CaseFilter::default(), before.map(number), limit).unwrap();
        found.into_iter().map(|record| record.id).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2), [5, 4].map(number));
    assert_eq!(page(Some(4), 2), [3, 2].map(number));
    assert_eq!(page(Some(2), 2), [1].map(number));
    assert_eq!((page(Some(1), 2), page(None, 0)), (vec![], vec![]));
}

fn each_filter_lets_its_cases_pass(it: impl Tested) {
    with(&["jane", "joe"], &it);
    let store = it.store();
    let cases = [
        case(1, Some("jane"), Verdict::Fake),
        case(2, Some("jane"), Verdict::Real),
        case(3, Some("joe"), Verdict::Fake),
        case(4, None, Verdict::UnknownPerson),
    ];
    store.add_cases(&cases).unwrap();
    store.decide(number(3), &decision(Ruling::Unsure, None, 9)).unwrap();
    let all = CaseFilter::default;
    for (filter, expected) in [
        (all(), vec![4, 3, 2, 1]),
        (CaseFilter { verdict: Some(Verdict::Fake), ..all() }, vec![3, 1]),
        (CaseFilter { identity: Some(id("jane")), ..all() }, vec![2, 1]),
        (CaseFilter { identity: Some(id("jane")), verdict: Some(Verdict::Fake), ..all() }, vec![1]),
        (CaseFilter { from: Some(at(3)), ..all() }, vec![4, 3]),
        (CaseFilter { to: Some(at(3)), ..all() }, vec![2, 1]),
        (CaseFilter { from: Some(at(2)), to: Some(at(3)), ..all() }, vec![2]),
        (CaseFilter { ruling: Some(None), ..all() }, vec![4, 2, 1]),
        (CaseFilter { ruling: Some(Some(Ruling::Unsure)), ..all() }, vec![3]),
        (CaseFilter { ruling: Some(Some(Ruling::Confirmed)), ..all() }, vec![]),
        (CaseFilter { key: Some("00000002".into()), ..all() }, vec![2]),
    ] {
        let expected: Vec<Uuid> = expected.into_iter().map(number).collect();
        assert_eq!(listed(store, &filter), expected, "{filter:?}");
    }
}

fn the_latest_decision_counts_and_all_are_kept(it: impl Tested) {
    with(&["jane"], &it);
    let store = it.store();
    let cases = [1, 2, 3].map(|n| case(n, Some("jane"), if n == 3 { Verdict::Real } else { Verdict::Fake }));
    store.add_cases(&cases).unwrap();
    assert!(!store.decide(number(9), &decision(Ruling::Confirmed, None, 5)).unwrap());
    let decisions = [
        decision(Ruling::Unsure, Some("the left eye \u{1F600}"), 5),
        CaseDecision { key: None, ..decision(Ruling::Confirmed, None, 6) },
    ];
    for one in &decisions {
        assert!(store.decide(number(1), one).unwrap());
    }
    store.decide(number(2), &decision(Ruling::Confirmed, None, 7)).unwrap();
    store.decide(number(3), &decision(Ruling::Overturned, None, 8)).unwrap();
    let found = store.case(number(1)).unwrap().unwrap();
    assert_eq!((found.decisions, found.record.ruling), (decisions.into(), Some(Ruling::Confirmed)));
    let counted = [(Verdict::Fake, Ruling::Confirmed, 2), (Verdict::Real, Ruling::Overturned, 1)];
    assert_eq!(store.rulings().unwrap(), counted);
}

fn a_case_goes_with_its_identity(it: impl Tested) {
    with(&["jane", "joe"], &it);
    let store = it.store();
    let cases = [
        with_picture(case(1, Some("jane"), Verdict::Fake), 10),
        with_picture(case(2, Some("joe"), Verdict::Fake), 20),
        case(3, None, Verdict::UnknownPerson),
    ];
    store.add_cases(&cases).unwrap();
    store.decide(number(1), &decision(Ruling::Confirmed, Some("hers"), 5)).unwrap();
    store.delete_identity(&id("jane"), ErasureReason::Requested, at(6)).unwrap().unwrap();
    assert_eq!((store.case(number(1)).unwrap(), store.case_picture(number(1)).unwrap()), (None, None));
    assert_eq!(listed(store, &CaseFilter::default()), [3, 2].map(number));
    assert_eq!(store.rulings().unwrap(), []);
    assert_eq!(store.case_picture(number(2)).unwrap().unwrap().len(), 20);
    // A verdict that was given just before.
    let late = [case(4, Some("jane"), Verdict::Real), case(5, Some("joe"), Verdict::Real)];
    assert_eq!(store.add_cases(&late).unwrap(), 1);
    assert_eq!(listed(store, &CaseFilter::default()), [5, 3, 2].map(number));
    // The same id is another identity.
    with(&["jane"], &it);
    assert!(listed(it.store(), &CaseFilter { identity: Some(id("jane")), ..CaseFilter::default() }).is_empty());
}

fn a_sweep_erases_what_is_beyond_the_bounds(it: impl Tested) {
    with(&["jane"], &it);
    let store = it.store();
    let cases: Vec<NewCase> = (1..=6).map(|n| with_picture(case(n, Some("jane"), Verdict::Fake), 1000)).collect();
    store.add_cases(&cases).unwrap();
    store.decide(number(1), &decision(Ruling::Confirmed, None, 7)).unwrap();
    assert_eq!(store.sweep_cases(&wide()).unwrap(), Swept::default());
    assert_eq!(store.sweep_cases(&CaseBounds { cases: 6, ..wide() }).unwrap(), Swept::default());
    let swept = store.sweep_cases(&CaseBounds { cases_before: at(2), pictures_before: at(3), ..wide() }).unwrap();
    assert_eq!(swept, Swept { cases: 1, pictures: 1 });
    let swept = store.sweep_cases(&CaseBounds { cases: 4, picture_bytes: 2000, ..wide() }).unwrap();
    assert_eq!(swept, Swept { cases: 1, pictures: 2 });
    assert_eq!(listed(store, &CaseFilter::default()), [6, 5, 4, 3].map(number));
    let kept = [3, 4, 5, 6].map(|n| store.case_picture(number(n)).unwrap().is_some());
    assert_eq!(kept, [false, false, true, true]);
    assert!(!store.case(number(3)).unwrap().unwrap().record.has_picture);
    assert_eq!(store.sweep_cases(&CaseBounds { cases: 0, ..wide() }).unwrap().cases, 4);
    assert!(listed(store, &CaseFilter::default()).is_empty());
}

fn cases_do_not_open_where_they_do_not_belong(it: impl Tested) {
    with(&["jane", "joe"], &it);
    let store = it.store();
    store.add_cases(&[case(1, Some("jane"), Verdict::Fake), case(2, Some("joe"), Verdict::Fake)]).unwrap();
    store.decide(number(1), &decision(Ruling::Confirmed, Some("hers"), 5)).unwrap();
    for (tampering, back) in [
        ("UPDATE cases SET identity_id = 'joe' WHERE score = 0.25 AND identity_id = 'jane'", "identity_id = 'jane'"),
        ("UPDATE cases SET verdict = 'real' WHERE identity_id = 'jane'", "verdict = 'fake'"),
        ("UPDATE case_decisions SET decision = 'overturned'", ""),
    ] {
        it.tamper(tampering);
        let error = store.case(number(1)).unwrap_err();
        assert!(matches!(error, StoreError::UnreadableRecord { .. }), "{tampering}: {error}");
        let last = "UPDATE case_decisions SET decision = 'confirmed'".to_owned();
        let back = if back.is_empty() { last } else { format!("UPDATE cases SET {back} WHERE id = '{}'", number(1)) };
        it.tamper(&back);
        assert!(store.case(number(1)).unwrap().is_some(), "{back}");
    }
}

fn cases_outlive_a_new_master_key(it: impl Tested) {
    with(&["jane", "joe"], &it);
    let cases = [case(1, Some("jane"), Verdict::Fake), case(2, None, Verdict::UnknownPerson)];
    it.store().add_cases(&cases).unwrap();
    let key = MasterKey::generate().unwrap();
    let digits = key.to_hex();
    let (it, rotated) = it.rotated(&key, &MasterKeySource::Variable { name: "K".into(), digits });
    rotated.unwrap();
    for case in &cases {
        assert_eq!(it.store().case(case.record.id).unwrap().unwrap().answer, case.answer);
    }
    it.store().add_cases(&[case(3, Some("joe"), Verdict::Real)]).unwrap();
    assert!(it.store().case(number(3)).unwrap().is_some());
}
