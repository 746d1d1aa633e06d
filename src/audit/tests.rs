use std::io::Write as _;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::store::{ServiceKeys, SqliteStore, Store as _};

fn keys() -> ServiceKeys {
    SqliteStore::open(tempfile::tempdir().unwrap().path()).unwrap().service_keys().clone()
}

fn event(n: usize) -> Event {
    Event::KeyRevoked { key: format!("{n:08x}") }
}

/// A folder with a log of `n` lines.
fn written(n: usize, keys: &ServiceKeys) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let log = AuditLog::open(dir.path(), keys.clone()).unwrap();
    for i in 0..n {
        log.append(&Actor::Key("1a2b3c4d".into()).into(), &event(i)).unwrap();
    }
    dir
}

fn check(dir: &Path, keys: &ServiceKeys) -> Report {
    let (log, head) = files(dir);
    let head = Head::read(&head, keys.audit()).unwrap();
    verify(std::fs::read(log).unwrap().as_slice(), head.as_slice()).unwrap()
}

/// The findings after `change` was done to the lines.
fn after(change: impl FnOnce(&mut Vec<String>)) -> Vec<Finding> {
    let keys = keys();
    let dir = written(9, &keys);
    assert_eq!(check(dir.path(), &keys).findings, []);
    let log = files(dir.path()).0;
    let mut lines: Vec<String> = std::fs::read_to_string(&log).unwrap().lines().map(|l| format!("{l}\n")).collect();
    change(&mut lines);
    std::fs::write(&log, lines.concat()).unwrap();
    check(dir.path(), &keys).findings
}

#[test]
fn a_line_reads_as_documented() {
    let keys = keys();
    let dir = written(2, &keys);
    let text = std::fs::read_to_string(files(dir.path()).0).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!((&lines[1]["seq"], &lines[1]["action"]), (&2.into(), &"key_revoked".into()));
    assert_eq!((&lines[1]["actor"], &lines[1]["key"]), (&"key:1a2b3c4d".into(), &"00000001".into()));
    assert_eq!(lines[1]["prev"], lines[0]["hash"]);
    assert_eq!(lines[0]["prev"], "0".repeat(64));
    assert!(lines[0]["at"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
}

#[test]
fn changed_removed_and_moved_lines_are_found() {
    assert_eq!(after(|lines| lines[3] = lines[3].replace("00000003", "00000007")), [Finding::Changed(4)]);
    assert_eq!(after(|lines| lines[8] = lines[8].replace("key_revoked", "key_revoker")), [Finding::Changed(9)]);
    assert!(after(|lines| drop(lines.remove(4))).contains(&Finding::Unlinked { line: 5 }));
    assert!(after(|lines| drop(lines.remove(0))).contains(&Finding::Unlinked { line: 1 }));
    assert!(after(|lines| lines.swap(2, 3)).contains(&Finding::Unlinked { line: 3 }));
    assert!(after(|lines| lines.insert(4, lines[4].clone())).contains(&Finding::Unlinked { line: 6 }));
    assert_eq!(after(|lines| lines.truncate(6)), [Finding::Cut { expected: 9, found: 6 }]);
    assert_eq!(after(Vec::clear), [Finding::Cut { expected: 9, found: 0 }]);
    assert_eq!(after(|lines| lines.insert(2, "\n".into())).first(), Some(&Finding::Changed(3)));
    assert!(!after(|lines| lines[8].truncate(40)).is_empty());
}

/// The chain orders lines, not the clock.
#[test]
fn a_clock_that_jumps_does_not_break_the_chain() {
    let (mut log, mut prev) = (Vec::new(), chain::START);
    for (seq, at) in ["2040-01-01T00:00:00Z", "2026-01-31T12:00:00Z", "1970-01-01T00:00:00Z"].into_iter().enumerate() {
        let (line, hash) = chain::line(seq as u64 + 1, at, &Actor::Service.into(), &event(1), &prev).unwrap();
        log.extend(line);
        prev = hash;
    }
    assert_eq!(verify(&log[..], &[Head { seq: 3, hash: prev }]).unwrap().findings, []);
}

/// A line without an end is not read into memory whole.
#[test]
fn an_overlong_line_is_one_finding() {
    let keys = keys();
    let dir = written(2, &keys);
    let mut log = std::fs::read(files(dir.path()).0).unwrap();
    let good = log.len();
    log.extend(vec![b'x'; 5 * chain::LINE_MAX]);
    log.push(b'\n');
    log.extend_from_within(..good);
    let report = verify(&log[..], &[]).unwrap();
    assert_eq!((report.lines, report.findings[0].clone()), (5, Finding::Changed(3)));
}

/// An attacker who can write to the folder can compute hashes, but cannot authenticate a head.
#[test]
fn a_rewritten_log_does_not_fit_its_head() {
    let (keys, theirs) = (keys(), keys());
    let (dir, other) = (written(5, &keys), written(5, &theirs));
    std::fs::copy(files(other.path()).0, files(dir.path()).0).unwrap();
    assert_eq!(check(dir.path(), &keys).findings, [Finding::Rewritten(5)]);
    assert!(AuditLog::open(dir.path(), keys.clone()).is_err());
    std::fs::copy(files(other.path()).1, files(dir.path()).1).unwrap();
    assert!(matches!(Head::read(&files(dir.path()).1, keys.audit()), Err(HeadError::Forged)));
    assert!(AuditLog::open(dir.path(), keys.clone()).is_err());
    std::fs::remove_file(files(dir.path()).1).unwrap();
    assert_eq!(check(dir.path(), &keys).findings, [Finding::NoHead]);
    assert!(AuditLog::open(dir.path(), keys).is_err());
}

#[test]
fn a_head_kept_elsewhere_finds_what_the_one_beside_cannot() {
    let keys = keys();
    let dir = written(4, &keys);
    let (log, head) = files(dir.path());
    let (old_log, old_head) = (std::fs::read(&log).unwrap(), std::fs::read(&head).unwrap());
    let kept = AuditLog::open(dir.path(), keys.clone()).unwrap().append(&Actor::CommandLine.into(), &event(9)).unwrap();
    // Both files are put back to an earlier state.
    std::fs::write(&log, &old_log).unwrap();
    std::fs::write(&head, &old_head).unwrap();
    assert_eq!(check(dir.path(), &keys).findings, []);
    let kept: Head = kept.to_string().parse().unwrap();
    assert_eq!(verify(&old_log[..], &[kept]).unwrap().findings, [Finding::Cut { expected: 5, found: 4 }]);
    assert!("7".parse::<Head>().is_err() && "x:00".parse::<Head>().is_err());
}

#[test]
fn two_processes_write_to_one_chain() {
    let keys = keys();
    let dir = tempfile::tempdir().unwrap();
    let logs = [0, 1].map(|_| AuditLog::open(dir.path(), keys.clone()).unwrap());
    std::thread::scope(|scope| {
        for log in &logs {
            scope.spawn(move || (0..50).for_each(|n| assert!(log.append(&Actor::Service.into(), &event(n)).is_ok())));
        }
    });
    let report = check(dir.path(), &keys);
    assert_eq!((report.lines, report.findings, report.beyond_head), (100, vec![], 0));
    logs[0].flush().unwrap();
}

#[test]
fn an_incomplete_line_is_removed_and_the_log_says_so() {
    let keys = keys();
    let dir = written(3, &keys);
    let log = files(dir.path()).0;
    let torn = |bytes: &[u8]| {
        std::fs::OpenOptions::new().append(true).open(&log).unwrap().write_all(bytes).unwrap();
    };
    torn(b"{\"seq\":4,\"at");
    AuditLog::open(dir.path(), keys.clone()).unwrap();
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.lines().last().unwrap().contains("\"action\":\"mended\",\"bytes\":12"), "{text}");
    let report = check(dir.path(), &keys);
    assert_eq!((report.lines, report.findings), (4, vec![]));
    // A cut that removes an acknowledged line too is not mended.
    let bytes = std::fs::read(&log).unwrap();
    std::fs::write(&log, &bytes[..bytes.len() - 5]).unwrap();
    assert!(matches!(AuditLog::open(dir.path(), keys), Err(AuditError::Broken { .. })));
}

#[test]
fn a_line_whose_head_was_never_written_is_kept() {
    let keys = keys();
    let dir = written(3, &keys);
    let before = std::fs::read(files(dir.path()).1).unwrap();
    AuditLog::open(dir.path(), keys.clone()).unwrap().append(&Actor::Service.into(), &event(7)).unwrap();
    std::fs::write(files(dir.path()).1, before).unwrap();
    let report = check(dir.path(), &keys);
    assert_eq!((report.findings, report.beyond_head), (vec![], 1));
    AuditLog::open(dir.path(), keys.clone()).unwrap().append(&Actor::Service.into(), &event(8)).unwrap();
    assert_eq!(check(dir.path(), &keys).beyond_head, 0);
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = verify(&bytes[..], &[]);
        let _ = chain::read(&bytes);
    }

    #[test]
    fn every_changed_byte_is_found(at in 0usize..4000, flip in 1u8..=255) {
        let keys = keys();
        let dir = written(3, &keys);
        let log = files(dir.path()).0;
        let mut bytes = std::fs::read(&log).unwrap();
        let at = at % bytes.len();
        bytes[at] ^= flip;
        std::fs::write(&log, &bytes).unwrap();
        // The line end of the last line is not part of the chain.
        prop_assume!(at + 1 < bytes.len());
        prop_assert!(!check(dir.path(), &keys).findings.is_empty());
    }
}
