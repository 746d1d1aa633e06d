//! `faceward doctor` on real folders: healthy ones, and one for each thing that is wrong.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Database, Server, faceward, issue, root, stderr, stdout};
use serde_json::Value;

/// A data folder with a store that has an API key, a folder of models, and an address that nothing listens on.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        issue(&place.data(), "verify", &[]);
        fs::set_permissions(place.data(), private(0o700)).unwrap();
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn data(&self) -> PathBuf {
        self.at("data")
    }

    /// Examines the folder, with more arguments and variables: the exit code and the document.
    fn examined(&self, more: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, Value) {
        let (data, models) = (self.data(), root("models"));
        let mut command = faceward(&["doctor", "--json", "--data-dir", data.to_str().unwrap()]);
        if !more.contains(&"--models") {
            command.args(["--models", models.to_str().unwrap()]);
        }
        if !more.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let output = command.args(more).envs(variables.iter().copied()).output().unwrap();
        let report = serde_json::from_str(&stdout(&output));
        (output.status.code(), report.unwrap_or_else(|_| panic!("{}{}", stdout(&output), stderr(&output))))
    }

    /// Every file of the data folder with its bytes.
    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut all: Vec<_> = fs::read_dir(self.data()).unwrap().map(|e| e.unwrap().path()).collect();
        all.sort();
        all.into_iter().map(|path| (path.clone(), fs::read(&path).unwrap())).collect()
    }
}

#[cfg(unix)]
fn private(mode: u32) -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(mode)
}

/// The state and the text of a check.
fn check<'a>(report: &'a Value, name: &str) -> (&'a str, &'a str) {
    let found = report["checks"].as_array().unwrap().iter().find(|check| check["check"] == name);
    let found = found.unwrap_or_else(|| panic!("there is no check {name}: {report}"));
    (found["state"].as_str().unwrap(), found["text"].as_str().unwrap())
}

#[track_caller]
fn says(report: &Value, name: &str, state: &str, words: &str) {
    let found = check(report, name);
    assert!(found.0 == state && found.1.contains(words), "{name}: {found:?}");
}

#[test]
fn a_healthy_folder_passes_and_stays_as_it_is() {
    let place = Place::new();
    let before = place.files();
    let (code, report) = place.examined(&[], &[]);
    assert_eq!(code, Some(0), "{report}");
    for name in
        ["configuration", "models", "engine", "data folder", "store", "master key", "API keys", "audit log", "clock"]
    {
        assert_eq!(check(&report, name).0, "ok", "{report}");
    }
    says(&report, "data folder", "ok", "not in use");
    says(&report, "TLS", "ok", "from this machine only");
    says(&report, "server", "ok", "not running");
    assert_eq!(place.files(), before, "nothing is made or changed");

    // For a person: a line per check, and a summary.
    let data = place.data();
    let models = root("models");
    let words = ["doctor", "--data-dir", data.to_str().unwrap(), "--models", models.to_str().unwrap()];
    let output = faceward(&words).args(["--listen", "127.0.0.1:0"]).output().unwrap();
    let text = stdout(&output);
    let checks = report["checks"].as_array().unwrap().len();
    assert_eq!(text.lines().count(), checks + 1, "{text}");
    assert!(text.lines().last().unwrap().starts_with(&format!("{checks} checks, ")), "{text}");
    assert!(text.lines().take(checks).all(|line| line.starts_with("ok ") || line.starts_with("warning ")), "{text}");
}

#[test]
fn a_running_server_is_asked() {
    let place = Place::new();
    let server = Server::start(&place.data(), &[]);
    let address = server.base.strip_prefix("http://").unwrap();
    let (code, report) = place.examined(&["--listen", address], &[]);
    assert_eq!(code, Some(0), "{report}");
    says(&report, "data folder", "ok", &format!("in use by process {}", server.child.id()));
    says(&report, "server", "ok", "ready at http://127.0.0.1:");
    // Asked at another address, nobody answers.
    let (code, report) = place.examined(&[], &[]);
    assert_eq!(code, Some(0), "{report}");
    says(&report, "server", "warning", "no server answers at");
    assert_eq!(place.examined(&["--strict"], &[]).0, Some(1));
}

#[test]
fn a_folder_without_a_store_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place { folder };
    let (code, report) = place.examined(&[], &[]);
    assert_eq!(code, Some(1), "{report}");
    says(&report, "data folder", "failed", "there is no store in");
    let (code, report) = place.examined(&["--create"], &[]);
    assert_eq!(code, Some(0), "{report}");
    says(&report, "data folder", "warning", "makes one when it starts");
    assert!(!place.data().exists());
}

#[test]
fn models_that_are_missing_or_altered_fail() {
    let place = Place::new();
    let models = place.at("models");
    let given = ["--models", models.to_str().unwrap()];
    let (code, report) = place.examined(&given, &[]);
    assert_eq!(code, Some(1), "{report}");
    says(&report, "models", "failed", "there are no models in");
    fs::create_dir(&models).unwrap();
    for entry in fs::read_dir(root("models")).unwrap().map(Result::unwrap).filter(|e| e.path().is_file()) {
        fs::copy(entry.path(), models.join(entry.file_name())).unwrap();
    }
    fs::write(models.join("iris.onnx"), "not a network").unwrap();
    fs::remove_file(models.join("emotion.onnx")).unwrap();
    let (code, report) = place.examined(&given, &[]);
    assert_eq!(code, Some(1), "{report}");
    says(&report, "models", "failed", "and 1 more of");
    says(&report, "engine", "warning", "not checked");
}

#[test]
fn a_key_that_does_not_open_the_data_fails() {
    let place = Place::new();
    let other = place.at("other.key");
    fs::write(&other, "ab".repeat(32)).unwrap();
    fs::set_permissions(&other, private(0o600)).unwrap();
    let (code, report) = place.examined(&["--master-key-file", other.to_str().unwrap()], &[]);
    assert_eq!(code, Some(1), "{report}");
    says(&report, "master key", "failed", "does not open the data");
    says(&report, "audit log", "warning", "not checked");
    let key = place.data().join("master.key");
    fs::set_permissions(&key, private(0o644)).unwrap();
    says(&place.examined(&[], &[]).1, "master key", "warning", "chmod 600");
    fs::remove_file(&key).unwrap();
    let (code, report) = place.examined(&[], &[]);
    assert_eq!(code, Some(1), "{report}");
    says(&report, "master key", "failed", "there is no");
    assert!(!key.exists());
}

#[test]
fn keys_that_end_are_told() {
    let place = Place::new();
    issue(&place.data(), "verify", &["--expires", "3d"]);
    says(&place.examined(&[], &[]).1, "API keys", "warning", "the first in 2 days");
    // Beyond loopback, a folder without any key is refused.
    let empty = Place { folder: tempfile::tempdir().unwrap() };
    let data = empty.data();
    let made =
        faceward(&["identities", "set", "x", "--name", "X", "--data-dir", data.to_str().unwrap()]).output().unwrap();
    assert!(made.status.success(), "{}", stderr(&made));
    let (code, report) = empty.examined(&["--listen", "0.0.0.0:0"], &[]);
    assert_eq!(code, Some(1), "{report}");
    says(&report, "API keys", "failed", "faceward keys create");
    says(&report, "TLS", "failed", "--tls-in-front");
}

#[test]
fn a_changed_audit_log_and_a_wrong_clock_fail() {
    let place = Place::new();
    let log = place.data().join("audit.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    fs::write(&log, text.replace("key_issued", "key_issuer")).unwrap();
    let (code, report) = place.examined(&[], &[]);
    assert_eq!(code, Some(1), "{report}");
    says(&report, "audit log", "failed", "faceward audit verify");
    fs::write(&log, "").unwrap();
    says(&place.examined(&[], &[]).1, "audit log", "failed", "its head names line 1");
}

#[test]
fn a_store_of_another_schema_is_told() {
    let place = Place::new();
    let database = place.data().join("faceward.db");
    let version = |number: i64| {
        let connection = rusqlite::Connection::open(&database).unwrap();
        connection.pragma_update(None, "user_version", number).unwrap();
    };
    version(4);
    let (code, report) = place.examined(&[], &[]);
    assert_eq!(code, Some(0), "{report}");
    says(&report, "store", "warning", "take a backup");
    version(99);
    let (code, report) = place.examined(&[], &[]);
    assert_eq!(code, Some(1), "{report}");
    says(&report, "store", "failed", "schema version 99");
    fs::write(&database, "not a database").unwrap();
    assert_eq!(check(&place.examined(&[], &[]).1, "store").0, "failed");
}

#[test]
fn settings_and_variables_that_nothing_reads_are_told() {
    let place = Place::new();
    let file = place.at("faceward.toml");
    let given = ["--config", file.to_str().unwrap()];
    fs::write(&file, "[server]\nthreads = 2\n").unwrap();
    says(&place.examined(&given, &[]).1, "configuration", "ok", "faceward.toml");
    fs::write(&file, "[server]\ntreads = 2\n").unwrap();
    let (code, report) = place.examined(&given, &[]);
    assert_eq!(code, Some(1), "{report}");
    says(&report, "configuration", "failed", "unknown field `treads`");
    says(&report, "store", "ok", "opens");
    fs::write(&file, "[limits]\nmax_body_mib = 1\n").unwrap();
    says(&place.examined(&given, &[]).1, "configuration", "failed", "a body must hold an image");
    let (code, report) = place.examined(&[], &[("FACEWARD_THREDS", "2"), ("FACEWARD_PORT_8080_TCP", "x")]);
    assert_eq!(code, Some(0), "{report}");
    says(&report, "configuration", "warning", "nothing reads FACEWARD_THREDS");
}

/// Writes a certificate that ends in `days`, and its key.
fn certificate(folder: &Path, days: i64, authority: bool) -> [String; 4] {
    let mut params = rcgen::CertificateParams::new(["faceward.example".to_owned()]).unwrap();
    let now = std::time::SystemTime::now();
    let after = |days: i64| {
        let time = std::time::Duration::from_secs(86_400 * days.unsigned_abs());
        if days < 0 { now - time } else { now + time }
    };
    params.not_before = after(-400).into();
    params.not_after = after(days).into();
    if authority {
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    }
    let pair = rcgen::KeyPair::generate().unwrap();
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    fs::write(&cert, params.self_signed(&pair).unwrap().pem()).unwrap();
    fs::write(&key, pair.serialize_pem()).unwrap();
    ["--tls-cert".into(), cert.to_str().unwrap().into(), "--tls-key".into(), key.to_str().unwrap().into()]
}

#[test]
fn a_certificate_is_read_before_clients_refuse_it() {
    let place = Place::new();
    for (days, authority, state, words) in [
        (-2, false, "failed", "the certificate expired on"),
        (200, true, "warning", "CA:TRUE"),
        (20, false, "warning", "expires in"),
        (200, false, "warning", "signed itself"),
    ] {
        let files = certificate(place.folder.path(), days, authority);
        let files = files.each_ref().map(String::as_str);
        let (code, report) = place.examined(&files, &[]);
        says(&report, "TLS", state, words);
        assert_eq!(code, Some(i32::from(state == "failed")), "{report}");
    }
    let [_, cert, _, _] = certificate(place.folder.path(), 200, false);
    let (cert, key) = (cert, place.at("other.pem"));
    fs::write(&key, rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let (code, report) = place.examined(&["--tls-cert", &cert, "--tls-key", key.to_str().unwrap()], &[]);
    assert_eq!(code, Some(1), "{report}");
    says(&report, "TLS", "failed", "belong together");
}

#[test]
fn a_folder_that_others_can_read_or_nobody_can_write_is_told() {
    let place = Place::new();
    fs::set_permissions(place.data(), private(0o755)).unwrap();
    says(&place.examined(&[], &[]).1, "data folder", "warning", "chmod 700");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, report) = place.examined(&["--listen", &address], &[]);
    assert_eq!(code, Some(1), "{report}");
    says(&report, "server", "failed", "choose another address");
    let (code, report) = place.examined(&["--otlp-endpoint", "http://127.0.0.1:9"], &[]);
    assert_eq!(code, Some(0), "{report}");
    says(&report, "collector", "warning", "nothing answers at http://127.0.0.1:9/v1/traces");
}

#[test]
fn a_store_in_a_database_is_looked_at_there() {
    const MASTER: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    let Some(database) = Database::new() else { return };
    let place = Place::new();
    let examined = |url: &str, master: &str| place.examined(&["--store", url], &[("FACEWARD_MASTER_KEY", master)]);
    let (code, report) = examined(&database.url, MASTER);
    assert_eq!(code, Some(1));
    says(&report, "store", "failed", "there is no store in postgres://");
    says(&report, "API keys", "warning", "not checked");
    let mut command = faceward(&["keys", "create", "--name", "shared", "--scope", "verify", "--store", &database.url]);
    let made =
        command.env("FACEWARD_MASTER_KEY", MASTER).args(["--data-dir", place.at("other").to_str().unwrap()]).output();
    assert!(made.as_ref().unwrap().status.success(), "{}", stderr(&made.unwrap()));
    let (_, report) = examined(&database.url, MASTER);
    says(&report, "store", "ok", "its schema is this faceward's");
    says(&report, "API keys", "ok", "1 valid");
    let (code, report) = examined(&database.url, &MASTER.replace("00", "ff"));
    assert_eq!(code, Some(1));
    says(&report, "master key", "failed", "master key");
    let nowhere = "postgres://postgres@127.0.0.1:1/test";
    says(&examined(nowhere, MASTER).1, "store", "failed", "127.0.0.1:1");
}
