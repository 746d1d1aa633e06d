//! The data folder: the folder itself, the store with the master key, API keys, the audit log, and the clock by it.

use std::fs::{File, TryLockError};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use faceward::access::ApiKey;
use faceward::audit::{self, Newest};
use faceward::config::{Server, Settings};
use faceward::store::{KeyStore as _, SharedKeys, StoreChoice, StoreError, holds_store};
use faceward::vault::MasterKeySource;
use jiff::{SignedDuration, Timestamp};

use super::database;
use super::report::Report;
use crate::cli::{Failure, open};

pub(super) const FOLDER: &str = "data folder";
pub(super) const STORE: &str = "store";
pub(super) const MASTER: &str = "master key";
pub(super) const KEYS: &str = "API keys";
pub(super) const AUDIT: &str = "audit log";
pub(super) const CLOCK: &str = "clock";

/// A key that expires within this time gets a warning.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// How far the clock may be behind the newest record.
const SLACK: SignedDuration = SignedDuration::from_secs(60);

/// The most names in a line.
const NAMED: usize = 3;

/// A process that has the data folder open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Holder(Option<u32>);

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(process) => write!(f, "process {process}"),
            None => f.write_str("another process"),
        }
    }
}

/// Checks the data folder; `created` says whether a server would make a store that is missing. Returns who has the
/// folder open.
pub(super) fn check(
    report: &mut Report,
    settings: &Settings,
    source: Result<MasterKeySource, Failure>,
    created: bool,
) -> Option<Holder> {
    let dir = settings.storage.data_dir.as_path();
    if let StoreChoice::Postgres(url) = &settings.storage.store {
        database::check(report, settings, url, source.map_err(|e| e.to_string()));
        return None;
    }
    if !holds_store(dir) {
        return missing(report, dir, created);
    }
    let held = holder(dir);
    folder(report, dir, held);
    let opened = source.map_err(|e| e.to_string()).map(|source| (SharedKeys::open(dir, &source), source));
    match opened {
        Err(e) => {
            report.failed(MASTER, e);
            unchecked(report, &[STORE, KEYS, AUDIT, CLOCK], "needs the master key");
        }
        Ok((Err(StoreError::MasterKey(e)), _)) => {
            report.ok(STORE, "the database opens");
            report.failed(MASTER, e.to_string());
            unchecked(report, &[KEYS, AUDIT, CLOCK], "needs the master key");
        }
        Ok((Err(StoreError::OtherSchema { found, known, .. }), _)) if found < known && held.is_none() => {
            report.warning(
                STORE,
                format!(
                    "schema version {found}: the next start of this faceward ({}) makes it version {known}, which earlier \
                     ones refuse; take a backup with the earlier one first",
                    env!("CARGO_PKG_VERSION")
                ),
            );
            unchecked(report, &[MASTER, KEYS, AUDIT, CLOCK], "needs the present schema");
        }
        Ok((Err(e), _)) => {
            report.failed(STORE, e.to_string());
            unchecked(report, &[MASTER, KEYS, AUDIT, CLOCK], "needs the store");
        }
        Ok((Ok(store), source)) => {
            report.ok(STORE, "the database opens, and its schema is this faceward's");
            master_key(report, dir, &source);
            match store.keys() {
                Ok(keys) => api_keys(report, &settings.server, &keys, Timestamp::now()),
                Err(e) => report.failed(KEYS, e.to_string()),
            }
            audit_log(report, audit::newest(dir, store.service_keys()).map_err(|e| e.to_string()));
        }
    }
    held
}

/// The folder has no store.
fn missing(report: &mut Report, dir: &Path, created: bool) -> Option<Holder> {
    let shown = open::plain(dir);
    if created {
        report
            .warning(FOLDER, format!("there is no store in `{shown}` yet: `faceward serve` makes one when it starts"));
    } else {
        report.failed(
            FOLDER,
            format!("there is no store in `{shown}`: check --data-dir, or start the server once with --create"),
        );
    }
    unchecked(report, &[STORE, MASTER, KEYS, AUDIT, CLOCK], "needs a store");
    None
}

pub(super) fn unchecked(report: &mut Report, checks: &[&'static str], why: &str) {
    for check in checks {
        report.warning(check, format!("not checked, as it {why}: see to that first"));
    }
}

/// Who has the folder open. The lock is taken for a moment only, for which a server that starts waits.
pub(super) fn holder(dir: &Path) -> Option<Holder> {
    let mut lock = File::open(dir.join("LOCK")).ok()?;
    match lock.try_lock() {
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            lock.read_to_string(&mut text).ok();
            Some(Holder(text.trim().parse().ok()))
        }
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

/// Whether this user can write what the server writes, and nobody else can read it.
pub(super) fn folder(report: &mut Report, dir: &Path, held: Option<Holder>) {
    let shown = open::plain(dir);
    let files = ["faceward.db", "audit.jsonl", "audit.head", "LOCK"].map(|name| dir.join(name));
    let there: Vec<&PathBuf> = files.iter().filter(|file| file.exists()).collect();
    if let Some(path) = std::iter::once(dir).chain(there.iter().map(|file| file.as_path())).find(|p| !writable(p)) {
        let path = open::plain(path);
        return report.failed(
            FOLDER,
            format!("this user cannot write `{path}`: run the server as its owner, or change the owner (chown)"),
        );
    }
    if let Some(path) = std::iter::once(dir).chain(there.into_iter().map(PathBuf::as_path)).find(|p| others_enter(p)) {
        let (path, mode) = (open::plain(path), if path.is_dir() { "700" } else { "600" });
        return report
            .warning(FOLDER, format!("other users of this machine can read `{path}`: run `chmod {mode}` on it"));
    }
    match held {
        Some(holder) => report.ok(FOLDER, format!("{shown}, in use by {holder}")),
        None => report.ok(FOLDER, format!("{shown}, not in use")),
    }
}

#[cfg(unix)]
fn writable(path: &Path) -> bool {
    use rustix::fs::{Access, access};
    let enter = if path.is_dir() { Access::EXEC_OK } else { Access::empty() };
    access(path, Access::READ_OK | Access::WRITE_OK | enter).is_ok()
}

#[cfg(not(unix))]
fn writable(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| !meta.permissions().readonly())
}

/// Whether users other than the owner may read the file or enter the folder. A file in a folder that they may not enter
/// counts only by the folder.
fn others_enter(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        path.metadata().is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// The master key opens the data: the store has just been opened with it.
pub(super) fn master_key(report: &mut Report, dir: &Path, source: &MasterKeySource) {
    let from = match source {
        MasterKeySource::Variable { name, .. } => format!("the variable {name}"),
        MasterKeySource::Command(_) => "the command".to_owned(),
        _ => source.file(dir).map_or_else(String::new, |file| open::plain(&file)),
    };
    let file = source.file(dir).filter(|file| others_enter(file));
    match (file, source) {
        (Some(file), _) => {
            let file = open::plain(&file);
            report.warning(MASTER, format!("other users of this machine can read `{file}`: run `chmod 600` on it"));
        }
        (None, MasterKeySource::Beside) => report.ok(
            MASTER,
            format!("{from} opens the data; it lies beside them, so keep a copy elsewhere, apart from the backups"),
        ),
        (None, _) => report.ok(MASTER, format!("the one from {from} opens the data")),
    }
}

/// Keys that can be used, and those that cannot much longer.
pub(super) fn api_keys(report: &mut Report, server: &Server, keys: &[ApiKey], now: Timestamp) {
    let open_to_all = !server.listen.ip().is_loopback();
    let create = "`faceward keys create --name NAME --scope enroll,verify`";
    if keys.is_empty() {
        let address = server.listen;
        return match (open_to_all, server.allow_unauthenticated) {
            (true, false) => report.failed(
                KEYS,
                format!(
                    "there is none, and without one the server refuses to listen on {address}: create one with {create}"
                ),
            ),
            (true, true) => report.warning(
                KEYS,
                format!(
                    "there is none, and anyone who can reach {address} can use the service: create one with {create}"
                ),
            ),
            (false, _) => report.ok(KEYS, "there is none, and everyone on this machine can use the service"),
        };
    }
    let current: Vec<&ApiKey> = keys.iter().filter(|key| key.revoked_at.is_none()).collect();
    let (expired, valid): (Vec<&ApiKey>, Vec<&ApiKey>) =
        current.into_iter().partition(|key| key.expires_at.is_some_and(|end| end <= now));
    let ending: Vec<&ApiKey> =
        valid.iter().copied().filter(|key| key.expires_at.is_some_and(|end| end.duration_since(now) < SOON)).collect();
    let count = valid.len();
    if count == 0 {
        report.failed(
            KEYS,
            format!(
                "none of the {} issued is valid, so every request is refused: create one with {create}",
                keys.len()
            ),
        );
    } else if !ending.is_empty() {
        let when = ending.iter().filter_map(|key| key.expires_at).min();
        let days = when.map_or(0, |end| end.duration_since(now).as_hours() / 24);
        report.warning(
            KEYS,
            format!(
                "{} will expire, the first in {days} days: create another with {create}, give it to the client, and \
                 revoke the old one",
                names(&ending)
            ),
        );
    } else if !expired.is_empty() {
        let revoke = "revoke it with `faceward keys revoke ID`";
        report.warning(
            KEYS,
            format!(
                "{count} valid; {} expired: create another where it is still needed, and {revoke}",
                names(&expired)
            ),
        );
    } else {
        report.ok(KEYS, format!("{count} valid"));
    }
}

/// The names of keys with their ids.
fn names(keys: &[&ApiKey]) -> String {
    let named: Vec<String> = keys.iter().take(NAMED).map(|key| format!("`{}` ({})", key.name, key.id)).collect();
    match keys.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// The end of the audit log, and the clock by the time of its newest line.
pub(super) fn audit_log(report: &mut Report, newest: Result<Option<Newest>, String>) {
    match newest {
        Err(e) => {
            report.failed(AUDIT, e);
            report.warning(CLOCK, "not checked, as it needs the audit log: see to that first");
        }
        Ok(None) => {
            report.ok(AUDIT, "empty");
            report.ok(CLOCK, format!("{:.0}; there is no record to compare it with", Timestamp::now()));
        }
        Ok(Some(newest)) => {
            let line = newest.seq;
            report.ok(AUDIT, format!("the last line, {line}, fits the head (`faceward audit verify` reads all)"));
            clock(report, Timestamp::now(), newest.at);
        }
    }
}

fn clock(report: &mut Report, now: Timestamp, newest: Timestamp) {
    let ahead = newest.duration_since(now);
    if ahead > SLACK {
        let by = SignedDuration::from_secs(ahead.as_secs());
        report.failed(
            CLOCK,
            format!(
                "it says {now:.0}, {by:#} before the newest record: set it, and keep it right with NTP; keys and \
                 identities expire by it"
            ),
        );
    } else {
        report.ok(CLOCK, format!("{now:.0}, not before the newest record"));
    }
}

#[cfg(test)]
mod tests {
    use faceward::access::{KeyHasher, Scope};
    use serde_json::{Value, json};
    use zeroize::Zeroizing;

    use super::*;

    fn key(name: &str, expires: Option<Timestamp>, issued: Timestamp) -> ApiKey {
        ApiKey::issue(&KeyHasher::new(Zeroizing::new([7; 32])), name, [Scope::Verify], expires, issued).unwrap().0
    }

    fn said(add: impl FnOnce(&mut Report)) -> Value {
        let mut report = Report::new(false);
        add(&mut report);
        json!(report.checks()[0])
    }

    #[test]
    fn keys_that_end_are_told_before_and_after() {
        let now = Timestamp::now();
        let days = |n: i64| Some(now + SignedDuration::from_hours(24 * n));
        let old = now - SignedDuration::from_hours(24 * 30);
        let server = Server::default();
        let look = |server: &Server, keys: &[ApiKey]| said(|report| api_keys(report, server, keys, now));
        let lasting = || key("lasting", None, old);
        assert_eq!(look(&server, &[])["state"], "ok", "loopback needs none");
        assert_eq!(look(&server, &[lasting(), key("far", days(90), old)])["text"], "2 valid");
        let ending = look(&server, &[lasting(), key("soon", days(5), old)]);
        assert!(ending["state"] == "warning" && ending["text"].as_str().unwrap().contains("the first in 5 days"));
        let over = look(&server, &[lasting(), key("gone", days(-3), old)]);
        assert!(over["state"] == "warning" && over["text"].as_str().unwrap().contains("`gone`"), "{over}");
        let mut revoked = lasting();
        revoked.revoked_at = Some(old);
        assert_eq!(look(&server, &[revoked, key("gone", days(-3), old)])["state"], "failed");
        let exposed = Server { listen: "0.0.0.0:8080".parse().unwrap(), ..Server::default() };
        assert_eq!(look(&exposed, &[])["state"], "failed");
        assert_eq!(look(&Server { allow_unauthenticated: true, ..exposed }, &[])["state"], "warning");
    }

    #[test]
    fn a_clock_before_the_newest_record_fails() {
        let now = Timestamp::now();
        let at = |seconds| said(|report| clock(report, now, now + SignedDuration::from_secs(seconds)));
        assert_eq!((at(-5)["state"].as_str(), at(30)["state"].as_str()), (Some("ok"), Some("ok")));
        let wrong = at(7200);
        assert!(wrong["state"] == "failed" && wrong["text"].as_str().unwrap().contains("2h before"), "{wrong}");
    }
}
