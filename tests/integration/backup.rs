//! Backup while serving, and restoring it.

use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::{Server, agent, answer, issue, root, run, stderr, stdout};
use serde_json::{Value, json};
use ureq::unversioned::multipart::{Form, Part};

fn put(server: &Server, id: &str) -> (u16, Value) {
    answer(agent().put(server.url(&format!("/v1/identities/{id}"))).send_json(json!({"display_name": id})))
}

fn enroll(server: &Server, id: &str, file: &str) -> String {
    let bytes = std::fs::read(root(file)).unwrap();
    let form = Form::new().part("image", Part::bytes(&bytes).file_name("a.jpg"));
    let (status, report) = answer(agent().post(server.url(&format!("/v1/identities/{id}/references"))).send(form));
    assert_eq!(status, 200, "{report}");
    report["accepted"][0]["reference_id"].as_str().unwrap().to_owned()
}

fn get(server: &Server, path: &str) -> (u16, Value) {
    answer(agent().get(server.url(path)).call())
}

fn command(words: &[&str], data: &Path) -> Output {
    run(&[words, &["--data-dir", data.to_str().unwrap()]].concat())
}

#[test]
fn a_backup_made_while_serving_restores_everything_but_what_was_erased_since() {
    let folder = tempfile::tempdir().unwrap();
    let (data, to) = (folder.path().join("data"), folder.path().join("backup"));
    let backup = to.to_str().unwrap();
    let mut server = Server::start(&data, &[]);
    for id in ["jane", "joe"] {
        assert_eq!(put(&server, id).0, 201);
    }
    let reference = enroll(&server, "jane", "demo/obama-2009.jpg");
    let unwanted = enroll(&server, "jane", "demo/obama-2010.jpg");
    // While a client writes all the time.
    let done = AtomicBool::new(false);
    let made = std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0.. {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                assert_eq!(put(&server, &format!("more-{n}")).0, 201);
            }
        });
        std::thread::sleep(std::time::Duration::from_millis(200));
        let made = command(&["backup", backup], &data);
        done.store(true, Ordering::Relaxed);
        made
    });
    assert!(made.status.success(), "{}", stderr(&made));
    assert!(!command(&["backup", backup], &data).status.success(), "a folder is never overwritten");
    let deleted = agent().delete(server.url("/v1/identities/joe")).call().unwrap();
    assert_eq!(deleted.status(), 204);
    let deleted = agent().delete(server.url(&format!("/v1/identities/jane/references/{unwanted}"))).call().unwrap();
    assert_eq!(deleted.status(), 204);
    server.stop();

    // In the same folder: what was erased since the backup stays erased.
    let occupied = command(&["restore", backup], &data);
    assert!(!occupied.status.success() && stderr(&occupied).contains("there is a database already"));
    for file in ["faceward.db", "faceward.db-wal", "faceward.db-shm"] {
        let _ = std::fs::remove_file(data.join(file));
    }
    let restored = command(&["restore", backup, "--json"], &data);
    assert!(restored.status.success(), "{}", stderr(&restored));
    let again: Value = serde_json::from_str(&stdout(&restored)).unwrap();
    assert_eq!((&again["erased_again"], &again["samples_again"]), (&json!(1), &json!(1)), "{again}");
    let shown = command(&["identities", "show", "jane", "--json"], &data);
    let jane: Value = serde_json::from_str(&stdout(&shown)).unwrap();
    assert_eq!(
        (&jane["references"], jane["samples"][0]["id"].as_str()),
        (&json!(1), Some(reference.as_str())),
        "{jane}"
    );
    assert!(!command(&["identities", "show", "joe"], &data).status.success());
    let whole = command(&["audit", "verify"], &data);
    assert!(whole.status.success(), "{}", stdout(&whole));

    // In another folder: the master key must be copied there first.
    let other = folder.path().join("other");
    let keyless = command(&["restore", backup], &other);
    assert!(!keyless.status.success() && stderr(&keyless).contains("--master-key-file FILE"), "{}", stderr(&keyless));
    std::fs::create_dir(&other).unwrap();
    std::fs::copy(data.join("master.key"), other.join("master.key")).unwrap();
    let restored = command(&["restore", backup], &other);
    assert!(restored.status.success(), "{}", stderr(&restored));
    let server = Server::start(&other, &[]);
    assert_eq!(
        (get(&server, "/v1/identities/joe").0, get(&server, "/v1/identities/jane").1["references"].clone()),
        (200, json!(2)),
        "the log of that folder records no deletions"
    );
    drop(server);
    assert!(command(&["audit", "verify"], &other).status.success());

    // A tampered backup is refused.
    let file = to.join("faceward.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let tampered = command(&["restore", backup], &folder.path().join("third"));
    assert!(!tampered.status.success() && stderr(&tampered).contains("SHA-256"), "{}", stderr(&tampered));
}

#[test]
fn a_key_revoked_since_the_backup_stays_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let (data, to) = (folder.path().join("data"), folder.path().join("backup"));
    let (leaked, _) = issue(&data, "admin", &[]);
    let (good, _) = issue(&data, "verify", &[]);
    assert!(command(&["backup", to.to_str().unwrap()], &data).status.success());
    assert!(command(&["keys", "revoke", &leaked], &data).status.success());
    std::fs::remove_file(data.join("faceward.db")).unwrap();
    let restored = command(&["restore", to.to_str().unwrap()], &data);
    assert!(stdout(&restored).contains("1 API keys revoked again"), "{}{}", stdout(&restored), stderr(&restored));
    let list = stdout(&command(&["keys", "list", "--json"], &data));
    for line in list.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()) {
        assert_eq!(line["revoked_at"].is_string(), line["id"] == leaked.as_str(), "{line}");
    }
    assert!(list.contains(&good));
    assert!(command(&["audit", "verify"], &data).status.success());
}

#[test]
fn the_master_key_is_rotated_and_a_server_continues() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = Server::start(&data, &[]);
    assert_eq!(put(&server, "jane").0, 201);
    enroll(&server, "jane", "demo/obama-2009.jpg");
    let held = command(&["keys", "rotate-master"], &data);
    assert!(!held.status.success() && stderr(&held).contains("in use"), "{}", stderr(&held));
    server.stop();
    let before = std::fs::read_to_string(data.join("master.key")).unwrap();
    let rotated = command(&["keys", "rotate-master"], &data);
    assert!(rotated.status.success() && stdout(&rotated).contains("1 identities"), "{}", stderr(&rotated));
    assert_ne!(before, std::fs::read_to_string(data.join("master.key")).unwrap());
    // From the file to a variable; then a command gives the server the key.
    let next = "5".repeat(64);
    let args = ["keys", "rotate-master", "--to-variable", "NEXT_KEY", "--data-dir", data.to_str().unwrap()];
    let moved = crate::support::faceward(&args).env("NEXT_KEY", &next).output().unwrap();
    assert!(moved.status.success(), "{}", stderr(&moved));
    std::fs::remove_file(data.join("master.key")).unwrap();
    assert!(!command(&["keys", "list"], &data).status.success());
    let printing = format!("echo {next}");
    let server = Server::start(&data, &["--master-key-command", &printing]);
    assert_eq!(get(&server, "/v1/identities/jane").1["references"], json!(1));
}
