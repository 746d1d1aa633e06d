use std::path::Path;

use jiff::Timestamp;

use super::*;
use crate::access::Scope;
use crate::audit::{Actor, files};
use crate::error_code::ErrorCode;
use crate::identity::{IdentityFields, SampleKind, SampleSet};
use crate::store::ErasureReason;
use crate::vault::MasterKeySource;

fn open(dir: &Path) -> RecordedStore {
    RecordedStore::open(dir, &MasterKeySource::Beside).unwrap()
}

fn fields() -> IdentityFields {
    IdentityFields { display_name: "Jane".into(), ..IdentityFields::default() }
}

/// The action and the actor of each line.
fn lines(dir: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(files(dir).0).unwrap();
    let line = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        (line["action"].as_str().unwrap().to_owned(), line["actor"].as_str().unwrap().to_owned())
    };
    text.lines().map(line).collect()
}

#[test]
fn each_act_has_its_record_and_what_does_nothing_has_none() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let jane: IdentityId = "jane".parse().unwrap();
    let operator = store.acting_as(Actor::CommandLine);
    assert!(operator.put_identity(&jane, &fields()).unwrap().1);
    assert!(matches!(operator.put_identity(&jane, &IdentityFields::default()), Err(ServiceError::InvalidField(_))));
    assert_eq!(operator.erase_sample(&jane, uuid::Uuid::nil()).unwrap(), None);
    assert!(operator.erase_identity(&jane, ErasureReason::Requested).unwrap().is_some());
    assert!(operator.erase_identity(&jane, ErasureReason::Requested).unwrap().is_none());
    let (key, _) = operator.issue_key("pipeline", [Scope::Verify], None).unwrap();
    assert!(matches!(operator.issue_key("", [Scope::Verify], None), Err(ServiceError::Key(_))));
    assert!(store.acting_as(Actor::Key("1a2b3c4d".into())).revoke_key(&key.id).unwrap());
    assert!(!operator.revoke_key("00000000").unwrap());
    let said = lines(dir.path());
    let said: Vec<_> = said.iter().map(|(action, actor)| (action.as_str(), actor.as_str())).collect();
    let expected = [
        ("identity_written", "command_line"),
        ("identity_erased", "command_line"),
        ("key_issued", "command_line"),
        ("key_revoked", "key:1a2b3c4d"),
    ];
    assert_eq!(said, expected);
}

#[test]
fn what_cannot_be_recorded_is_not_answered() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let jane: IdentityId = "jane".parse().unwrap();
    let operator = store.acting_as(Actor::CommandLine);
    operator.put_identity(&jane, &fields()).unwrap();
    // Somebody changes the last line: the log refuses to go on behind it.
    let log = files(dir.path()).0;
    let text = std::fs::read_to_string(&log).unwrap();
    std::fs::write(&log, text.replace("identity_written", "identity_wrotten") + "\n").unwrap();
    let refused = |e: ServiceError| matches!(e, ServiceError::Audit(_)) && e.code() == ErrorCode::AuditFailed;
    assert!(refused(operator.put_identity(&"joe".parse().unwrap(), &fields()).map(|_| ()).unwrap_err()));
    assert!(refused(operator.erase_identity(&jane, ErasureReason::Requested).map(|_| ()).unwrap_err()));
    assert!(refused(operator.issue_key("pipeline", [Scope::Verify], None).map(|_| ()).unwrap_err()));
    assert!(refused(operator.restored("", 0, 0, 0).unwrap_err()));
    let master = crate::vault::MasterKey::generate().unwrap();
    assert!(refused(store.rotate_master(&Actor::CommandLine, &master).map(|_| ()).unwrap_err()));
}

/// The log's readers know `negatives`, whatever the kinds are called here.
#[test]
fn the_kind_of_samples_is_written_as_whether_they_are_negatives() {
    for (kind, negatives) in SampleKind::ALL.into_iter().zip([false, true, true]) {
        let event = Event::SamplesAdded { subject: "s".into(), kind, accepted: Vec::new(), refused: Vec::new() };
        let expected = serde_json::json!({"action": "samples_added", "subject": "s", "negatives": negatives,
            "accepted": [], "refused": []});
        assert_eq!(serde_json::to_value(event).unwrap(), expected);
        assert_eq!(SampleSet::Negatives.holds(kind), negatives);
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
    }
}

#[test]
fn keys_are_issued_beside_a_store_that_is_open() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let keys = RecordedKeys::open(dir.path(), &MasterKeySource::Beside).unwrap();
    let end = Timestamp::now() + jiff::SignedDuration::from_hours(1);
    let (key, _) = keys.acting_as(Actor::CommandLine).issue_key("pipeline", [Scope::Enroll], Some(end)).unwrap();
    assert_eq!(store.key(&key.id).unwrap(), Some(key));
    assert_eq!(lines(dir.path()).len(), 1);
}
