//! The audit log of a real server: what is in it, what is not, and that the command finds tampering.

use std::path::Path;
use std::process::Output;

use crate::support::{Server, agent, answer, eventually, issue, root, run, stderr, stdout};
use serde_json::{Value, json};
use ureq::unversioned::multipart::{Form, Part};

const NAME: &str = "Secret Person Of Interest";

struct Client<'a> {
    server: &'a Server,
    key: &'a str,
}

impl Client<'_> {
    fn put(&self, id: &str, fields: &Value) -> (u16, Value) {
        let request = agent().put(self.server.url(&format!("/v1/identities/{id}")));
        answer(request.header("authorization", format!("Bearer {}", self.key)).send_json(fields))
    }

    fn upload(&self, path: &str, files: &[&str], identity: Option<&str>) -> (u16, Value) {
        let bytes: Vec<Vec<u8>> = files.iter().map(|f| std::fs::read(root(f)).unwrap()).collect();
        let parts = bytes.iter().map(|b| Part::bytes(b).file_name("holiday of jane.jpg"));
        let mut form = parts.fold(Form::new(), |form, part| form.part("image", part));
        if let Some(id) = identity {
            form = form.text("identity", id);
        }
        let request = agent().post(self.server.url(path)).header("authorization", format!("Bearer {}", self.key));
        answer(request.send(form))
    }
}

fn audit(data: &Path, args: &[&str]) -> Output {
    run(&[&["audit"], args, &["--data-dir", data.to_str().unwrap()]].concat())
}

fn lines(data: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(data.join("audit.jsonl")).unwrap();
    text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

#[test]
fn decisions_and_acts_are_recorded_without_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let (id, key) = issue(data, "admin", &[]);
    let mut server = Server::start(data, &[]);
    let client = Client { server: &server, key: &key };
    let fields = json!({"display_name": NAME, "consent_basis": "written consent"});
    assert_eq!(client.put("jane.doe", &fields).0, 201);
    let (status, report) =
        client.upload("/v1/identities/jane.doe/references", &["demo/obama-2009.jpg", "demo/obama-2012.jpg"], None);
    assert_eq!(status, 200, "{report}");
    let (status, verdict) = client.upload("/v1/verify", &["demo/obama-2010.jpg"], Some("jane.doe"));
    assert_eq!(status, 200, "{verdict}");
    let request = agent().delete(server.url("/v1/identities/jane.doe"));
    let deleted = request.header("authorization", format!("Bearer {key}")).call().unwrap();
    assert_eq!(deleted.status(), 204);
    let number = deleted.headers()["erasure-receipt"].to_str().unwrap().to_owned();
    let request = agent().get(server.url(&format!("/v1/receipts/{number}")));
    let (status, receipt) = answer(request.header("authorization", format!("Bearer {key}")).call());
    assert_eq!((status, &receipt["samples"], &receipt["reason"]), (200, &json!(2), &json!("requested")));
    assert!(receipt["erased_at"].is_string(), "{receipt}");
    server.stop();

    let subject = stdout(&audit(data, &["subject", "jane.doe"])).trim().to_owned();
    assert_eq!(receipt["subject"], subject.as_str());
    let lines = lines(data);
    let actions: Vec<&str> = lines.iter().map(|l| l["action"].as_str().unwrap()).collect();
    let expected =
        ["key_issued", "started", "identity_written", "samples_added", "verified", "identity_erased", "stopped"];
    assert_eq!(actions, expected);
    let (verified, erased) = (&lines[4], &lines[5]);
    assert_eq!(verified["actor"], format!("key:{id}"));
    for field in ["verdict", "score", "versions", "thresholds"] {
        assert_eq!(verified[field], verdict[field], "{field}");
    }
    assert_eq!(verified["image_sha256"], verdict["image"]["sha256"]);
    assert_eq!((verified["subject"].as_str(), &verified["claimed"]), (Some(subject.as_str()), &json!(true)));
    assert_eq!(erased["receipt"], number.as_str());
    let text = std::fs::read_to_string(data.join("audit.jsonl")).unwrap();
    for secret in [NAME, "Secret", "jane", "holiday", "written consent", &key] {
        assert!(!text.contains(secret), "{secret:?} is in the log");
    }

    let whole = audit(data, &["verify"]);
    assert_eq!(whole.status.code(), Some(0), "{}{}", stdout(&whole), stderr(&whole));
    let head = stdout(&audit(data, &["head"])).trim().to_owned();
    std::fs::write(data.join("audit.jsonl"), text.lines().take(6).fold(String::new(), |a, l| a + l + "\n")).unwrap();
    let cut = audit(data, &["verify", "--json"]);
    let cut_report: Value = serde_json::from_str(&stdout(&cut)).unwrap();
    assert_eq!((cut.status.code(), &cut_report["whole"]), (Some(1), &json!(false)));
    assert!(cut_report["findings"][0].as_str().unwrap().contains("removed from the end"), "{cut_report}");
    let log = data.join("audit.jsonl");
    let away = audit(data, &["verify", "--file", log.to_str().unwrap(), "--expect", &head]);
    assert_eq!(away.status.code(), Some(1), "{}", stdout(&away));
    // A server does not write on over a log that was cut.
    let models = root("models");
    let refused = run(&["serve", "--data-dir", data.to_str().unwrap(), "--models", models.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("faceward audit verify"), "{}", stderr(&refused));
    std::fs::write(&log, text.replacen("\"verdict\":", "\"verdict\" :", 1)).unwrap();
    let changed = audit(data, &["verify"]);
    assert!(stdout(&changed).contains("line 5 was changed"), "{}", stdout(&changed));
}

#[test]
fn the_command_line_records_too() {
    let folder = tempfile::tempdir().unwrap();
    let (data, models) = (folder.path(), root("models"));
    let command = |words: &[&str]| {
        let places = ["--data-dir", data.to_str().unwrap(), "--models", models.to_str().unwrap()];
        let done = run(&[words, &places].concat());
        assert!(done.status.success(), "{}", stderr(&done));
    };
    let (one, two) = (root("demo/obama-2009.jpg"), root("demo/obama-2010.jpg"));
    command(&["enroll", "jane", one.to_str().unwrap()]);
    command(&["verify", "--identity", "jane", two.to_str().unwrap()]);
    let lines = lines(data);
    let said: Vec<_> = lines.iter().map(|l| (l["action"].as_str().unwrap(), l["actor"].as_str().unwrap())).collect();
    let expected = ["identity_written", "samples_added", "verified"].map(|action| (action, "command_line"));
    assert_eq!(said, expected);
    assert!(audit(data, &["verify"]).status.success());
}

#[test]
fn an_identity_expires_stops_matching_and_is_erased() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let (_, key) = issue(data, "admin", &[]);
    let server = Server::start(data, &["--erasure-grace", "3"]);
    let client = Client { server: &server, key: &key };
    assert_eq!(client.put("old", &json!({"display_name": "x", "expires_at": "2020-01-01T00:00:00Z"})).0, 422);
    assert_eq!(client.put("old", &json!({"display_name": "x", "consent_basis": " "})).0, 422);
    assert_eq!(client.put("old", &json!({"display_name": "x"})).0, 201);
    let (status, report) = client.upload("/v1/identities/old/references", &["demo/obama-2009.jpg"], None);
    assert_eq!(status, 200, "{report}");
    let soon = (jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2)).to_string();
    assert_eq!(client.put("old", &json!({"display_name": "x", "expires_at": soon})).0, 200);
    std::thread::sleep(std::time::Duration::from_secs(3));
    let (status, problem) = client.upload("/v1/verify", &["demo/obama-2010.jpg"], Some("old"));
    assert_eq!((status, problem["code"].as_str()), (410, Some("identity_expired")), "{problem}");
    let get = || {
        let request = agent().get(server.url("/v1/identities/old"));
        answer(request.header("authorization", format!("Bearer {key}")).call())
    };
    eventually("it is erased", || get().0 == 404);
    let erased = lines(data).into_iter().find(|l| l["action"] == "identity_erased").unwrap();
    assert_eq!((&erased["reason"], &erased["actor"]), (&json!("expired"), &json!("service")));
}
