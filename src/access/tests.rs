use proptest::prelude::*;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn hasher() -> KeyHasher {
    KeyHasher::new(Zeroizing::new([7; 32]))
}

fn ring(keys: impl IntoIterator<Item = ApiKey>) -> KeyRing {
    KeyRing::new(keys, hasher())
}

fn issue(scopes: &[Scope]) -> (ApiKey, KeySecret) {
    ApiKey::issue(&hasher(), "pipeline", scopes.iter().copied(), Some(at(100)), at(10)).unwrap()
}

#[test]
fn an_issued_key_is_verified_until_it_expires_or_is_revoked() {
    let (key, secret) = issue(&[Scope::Verify]);
    let ring_of_it = ring([key.clone()]);
    assert_eq!(ring_of_it.verify(secret.expose(), at(99)), Ok(&key));
    assert_eq!(ring_of_it.verify(secret.expose(), at(100)), Err(KeyRefusal::Expired));
    assert!(ring_of_it.has_usable(at(99)) && !ring_of_it.has_usable(at(100)) && !ring([]).has_usable(at(0)));
    let revoked = ring([ApiKey { revoked_at: Some(at(50)), ..key }]);
    assert_eq!(revoked.verify(secret.expose(), at(99)), Err(KeyRefusal::Revoked));
    assert!(!revoked.has_usable(at(99)));
}

#[test]
fn another_secret_under_a_known_id_learns_nothing() {
    let (key, _) = issue(&[Scope::Verify]);
    let forged = format!("fw_{}_{}", key.id, "0".repeat(64));
    let expired = ApiKey { revoked_at: Some(at(50)), ..key };
    assert_eq!(ring([expired]).verify(&forged, at(500)), Err(KeyRefusal::Unknown));
    assert_eq!(ring([]).verify(&forged, at(0)), Err(KeyRefusal::Unknown));
}

#[test]
fn admin_allows_everything_and_the_others_themselves() {
    for scope in Scope::ALL {
        assert!(issue(&[Scope::Admin]).0.allows(scope));
        assert_eq!(issue(&[Scope::Verify]).0.allows(scope), scope == Scope::Verify);
        assert_eq!(scope.to_string().parse::<Scope>().unwrap(), scope);
    }
    assert!(matches!("root".parse::<Scope>(), Err(KeyError::UnknownScope(_))));
}

#[test]
fn useless_keys_are_not_issued() {
    let issue = |name: &str, scopes: &[Scope], end| {
        ApiKey::issue(&hasher(), name, scopes.iter().copied(), Some(at(end)), at(10)).map(|_| ())
    };
    assert!(matches!(issue(" ", &[Scope::Verify], 20), Err(KeyError::Name)));
    assert!(matches!(issue("a\nb", &[Scope::Verify], 20), Err(KeyError::Name)));
    assert!(matches!(issue(&"x".repeat(101), &[Scope::Verify], 20), Err(KeyError::Name)));
    assert!(matches!(issue("a", &[], 20), Err(KeyError::NoScope)));
    assert!(matches!(issue("a", &[Scope::Verify], 10), Err(KeyError::AlreadyExpired)));
    assert!(issue("a", &[Scope::Verify], 11).is_ok());
}

#[test]
fn neither_secret_nor_hash_is_printed() {
    let (key, secret) = issue(&[Scope::Admin]);
    let (digits, hash) = (secret.expose()[12..].to_owned(), hex::encode(key.hash.as_bytes()));
    let printed = format!("{key:?} {secret:?} {}", serde_json::to_string(&key).unwrap());
    assert!(printed.contains(&key.id) && printed.contains("admin"));
    assert!(!printed.contains(&digits) && !printed.contains(&hash) && !printed.contains("\"hash\""));
}

#[test]
fn two_keys_differ() {
    let (a, b) = (KeySecret::generate().unwrap(), KeySecret::generate().unwrap());
    let hash = |secret: &KeySecret| hasher().hash(secret, &BTreeSet::from([Scope::Verify]), None);
    assert!(a.expose() != b.expose() && hash(&a) != hash(&b) && hash(&a) == hash(&a));
}

/// An attacker can write to the database, but lacks the service's key.
#[test]
fn a_row_that_was_widened_or_made_up_opens_nothing() {
    let (key, secret) = issue(&[Scope::Verify]);
    let refused = |key: ApiKey, hasher: KeyHasher| KeyRing::new([key], hasher).verify(secret.expose(), at(50)).err();
    assert_eq!(refused(key.clone(), hasher()), None);
    let admin = ApiKey { scopes: BTreeSet::from([Scope::Verify, Scope::Admin]), ..key.clone() };
    assert_eq!(refused(admin, hasher()), Some(KeyRefusal::Unknown));
    for expires_at in [None, Some(at(200))] {
        assert_eq!(refused(ApiKey { expires_at, ..key.clone() }, hasher()), Some(KeyRefusal::Unknown));
    }
    let plain = KeyHash::new(Sha256::digest(secret.expose()).into());
    assert_eq!(refused(ApiKey { hash: plain, ..key.clone() }, hasher()), Some(KeyRefusal::Unknown));
    assert_eq!(refused(key, KeyHasher::new(Zeroizing::new([8; 32]))), Some(KeyRefusal::Unknown));
}

proptest! {
    #[test]
    fn the_parser_takes_keys_alone(text in prop_oneof![
        "\\PC{0,90}",
        "fw_[0-9a-gA-F]{7,9}_[0-9a-g]{63,65}",
        "fw_[0-9a-f]{8}_[0-9a-f]{64}",
        "(fw|f w)_?[0-9a-f]{8}_{0,2}[0-9a-f]{64}[ \n]?",
    ]) {
        let b = text.as_bytes();
        let digit = |b: &u8| b"0123456789abcdef".contains(b);
        let documented = b.len() == 76 && b.starts_with(b"fw_") && b[11] == b'_'
            && b[3..11].iter().all(digit) && b[12..].iter().all(digit);
        let parsed = KeySecret::parse(&text);
        prop_assert_eq!(parsed.is_ok(), documented);
        if let Ok(key) = parsed {
            prop_assert_eq!(key.expose(), text.as_str());
            prop_assert_eq!(key.id(), &text[3..11]);
        }
    }
}

#[test]
fn keys_are_tallied_by_state() {
    let key = |expires_at: Option<Timestamp>| ApiKey { expires_at, ..issue(&[Scope::Verify]).0 };
    let revoked = ApiKey { revoked_at: Some(at(50)), ..key(Some(at(70))) };
    let keys = [key(None), key(Some(at(90))), key(Some(at(80))), key(Some(at(20))), revoked];
    let tally = ring(keys).tally(at(60));
    assert_eq!((tally.valid, tally.expired, tally.revoked, tally.next_expiry), (3, 1, 1, Some(at(80))));
    assert_eq!(ring([]).tally(at(60)), KeyTally::default());
}
