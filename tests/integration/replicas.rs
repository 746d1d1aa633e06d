//! Two servers over one database: what one changes, the other knows; and what both do without the database.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Database, Server, answer, code, eventually, faceward, portrait, stderr, stdout};

const MASTER: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const SECOND: Duration = Duration::from_secs(1);

/// Two servers, each with a data folder of its own.
struct Pair {
    one: Server,
    two: Server,
    folders: [tempfile::TempDir; 2],
    database: Database,
}

impl Pair {
    fn start() -> Option<Self> {
        let database = Database::new()?;
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let start = |data: &Path| {
            let mut command = faceward(&[]);
            command.env("FACEWARD_MASTER_KEY", MASTER).env("FACEWARD_STORE", &database.url);
            Server::start_as(command, data, &[])
        };
        let [one, two] = [0, 1].map(|n: usize| start(folders[n].path()));
        Some(Self { one, two, folders, database })
    }

    /// Runs a command over the database, with the first data folder.
    fn run(&self, args: &[&str]) -> String {
        let mut command = faceward(args);
        command.env("FACEWARD_MASTER_KEY", MASTER).args(["--store", &self.database.url]);
        let output = command.args(["--data-dir", self.folders[0].path().to_str().unwrap()]).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    }
}

/// Repeats `wanted` until it holds, which must be within `limit`.
fn within(limit: Duration, what: &str, wanted: impl FnMut() -> bool) {
    let started = Instant::now();
    eventually(what, wanted);
    assert!(started.elapsed() < limit, "{what}: {:?}", started.elapsed());
}

fn enroll(server: &Server) -> String {
    let client = server.client();
    assert_eq!(client.json("PUT", "/v1/identities/obama", &json!({"display_name": "Barack Obama"})).0, 201);
    let references = [portrait("obama-2009.jpg"), portrait("obama-2010.jpg")];
    let sent: Vec<&[u8]> = references.iter().map(Vec::as_slice).collect();
    assert_eq!(client.post("/v1/identities/obama/references", &[], &sent).0, 200);
    let again = client.json_response("PUT", "/v1/identities/obama", &json!({"display_name": "Obama"}));
    again.headers()["store-version"].to_str().unwrap().to_owned()
}

#[test]
fn what_one_server_writes_the_other_answers_with() {
    let Some(it) = Pair::start() else { return };
    let version = enroll(&it.one);
    let photograph = portrait("obama-2012.jpg");
    let headers = [("content-type", "image/jpeg"), ("if-store-version", version.as_str())];
    let two = it.two.client();
    let (status, claimed) = two.body("/v1/verify?identity=obama", &headers, &photograph);
    assert_eq!((status, &claimed["verdict"]), (200, &json!("real")), "{claimed}");
    let (_, found) = two.verify(None, &photograph);
    assert_eq!((&found["verdict"], &found["identity"]["display_name"]), (&json!("real"), &json!("Obama")));

    // Without asking for a version, within a second.
    it.one.client().json("PUT", "/v1/identities/obama", &json!({"display_name": "Barack"}));
    within(SECOND, "the name", || two.get("/v1/identities/obama").1["display_name"] == "Barack");
    let (_, listed) = two.get("/v1/identities/obama/references");
    let reference = listed[0]["id"].as_str().unwrap_or_else(|| panic!("{listed}"));
    assert_eq!(two.delete(&format!("/v1/identities/obama/references/{reference}")).0, 204);
    within(SECOND, "the reference", || it.one.client().get("/v1/identities/obama").1["references"] == 1);

    // Erased by one, it stops with the other.
    let erased = two.response("DELETE", "/v1/identities/obama");
    assert!(erased.headers().contains_key("store-version") && erased.headers().contains_key("erasure-receipt"));
    within(SECOND, "the erasure", || it.one.client().get("/v1/identities/obama").0 == 404);
    let (_, found) = it.one.client().verify(None, &photograph);
    assert_eq!(found["verdict"], "unknown_person", "{found}");
    assert_eq!(code(&it.one.client().verify(Some("obama"), &photograph)), (404, "identity_unknown"));
    // Each server has an audit log of its own, about the same pseudonym.
    let subject = it.run(&["audit", "subject", "obama"]);
    for folder in &it.folders {
        let log = std::fs::read_to_string(folder.path().join("audit.jsonl")).unwrap();
        assert!(log.contains(subject.trim()), "{log}");
    }
}

#[test]
fn a_version_that_is_not_reached_is_waited_for_and_then_refused() {
    let Some(it) = Pair::start() else { return };
    let ask = |wanted: &str| {
        let response = it.two.client().response_with("GET", "/v1/identities", &[("if-store-version", wanted)]);
        let retry = response.headers().get("retry-after").map(|v| v.to_str().unwrap().to_owned());
        (answer(Ok(response)), retry)
    };
    let started = Instant::now();
    let (refused, retry) = ask("1000");
    assert_eq!((code(&refused), retry.as_deref()), ((503, "store_behind"), Some("1")));
    assert!(started.elapsed() > Duration::from_millis(1900));
    assert_eq!(code(&ask("soon").0), (422, "field_invalid"));
    assert_eq!(ask("0").0.0, 200);
}

#[test]
fn keys_are_valid_and_revoked_everywhere() {
    let Some(it) = Pair::start() else { return };
    let issued = it.run(&["keys", "create", "--scope", "enroll", "--json"]);
    let issued: serde_json::Value = serde_json::from_str(&issued).unwrap();
    let (id, key) = (issued["id"].as_str().unwrap(), issued["key"].as_str().unwrap());
    for server in [&it.one, &it.two] {
        within(2 * SECOND, "a key is asked for", || server.client().get("/v1/identities").0 == 401);
        assert_eq!(server.client_with(key).get("/v1/identities").0, 200);
    }
    it.run(&["keys", "revoke", id]);
    for server in [&it.one, &it.two] {
        within(2 * SECOND, "the key is refused", || server.client_with(key).get("/v1/identities").0 == 401);
    }
}

#[test]
fn without_the_database_nothing_is_answered_and_with_it_everything_goes_on() {
    let Some(it) = Pair::start() else { return };
    enroll(&it.one);
    let servers = [&it.one, &it.two];
    for round in 0..3 {
        it.database.cut();
        let name = format!("round {round}");
        let write = || it.one.client().json("PUT", "/v1/identities/obama", &json!({"display_name": name}));
        within(2 * SECOND, "written again", || write().0 == 200);
        within(2 * SECOND, "connected again", || it.two.client().get("/v1/identities/obama").1["display_name"] == name);
    }

    let connections = |allowed: bool| {
        it.database.administer(&format!("ALTER DATABASE {} ALLOW_CONNECTIONS {allowed}", it.database.name));
    };
    connections(false);
    it.database.cut();
    for server in servers {
        within(2 * SECOND, "it is behind", || server.client().get("/v1/identities").0 == 503);
        let response = server.client().response("GET", "/v1/identities");
        assert_eq!(response.headers()["retry-after"], "1");
        assert_eq!(code(&server.client().verify(None, &portrait("obama-2012.jpg"))), (503, "store_behind"));
        assert_eq!(code(&server.client().get("/readyz")), (503, "not_ready"));
        assert_eq!(server.client().get("/livez").0, 200);
    }
    connections(true);
    for server in servers {
        within(2 * SECOND, "it is ready", || server.client().get("/readyz").0 == 200);
        let (status, found) = server.client().verify(None, &portrait("obama-2012.jpg"));
        assert_eq!((status, &found["verdict"]), (200, &json!("real")));
    }
}

#[test]
fn commands_work_beside_the_servers() {
    let Some(it) = Pair::start() else { return };
    it.run(&["identities", "set", "jane.doe", "--name", "Jane"]);
    for server in [&it.one, &it.two] {
        within(SECOND, "the identity", || server.client().get("/v1/identities/jane.doe").0 == 200);
    }
    assert!(it.run(&["identities", "list"]).contains("Jane"));
    assert!(it.run(&["identities", "erase", "jane.doe"]).contains("receipt"));
    for server in [&it.one, &it.two] {
        within(SECOND, "the erasure", || server.client().get("/v1/identities/jane.doe").0 == 404);
    }
    let folder = it.folders[0].path().to_str().unwrap();
    let mut backup = faceward(&["backup", "/nowhere/at/all", "--store", &it.database.url, "--data-dir", folder]);
    let said = stderr(&backup.output().unwrap());
    assert!(said.contains("pg_dump"), "{said}");
}

#[test]
fn a_store_moves_to_a_database_and_back() {
    let Some(database) = Database::new() else { return };
    let [folder, other] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let run = |data: &Path, args: &[&str]| {
        let mut command = faceward(args);
        let output = command.env("FACEWARD_MASTER_KEY", MASTER).args(["--data-dir", data.to_str().unwrap()]).output();
        let output = output.unwrap();
        (output.status.success(), stdout(&output), stderr(&output))
    };
    for who in ["jane", "joe"] {
        assert!(run(folder.path(), &["identities", "set", who, "--name", "A name"]).0);
    }
    assert!(run(folder.path(), &["keys", "create", "--scope", "verify"]).0);
    let listed = run(folder.path(), &["identities", "list", "--json"]).1;
    let there = ["store", "copy", "--from", "sqlite:", "--to", &database.url];
    let (_, said, failed) = run(folder.path(), &there);
    assert!(said.starts_with("copied and compared: 2 identities") && said.contains("1 API keys"), "{said}{failed}");
    let (again, _, said) = run(folder.path(), &there);
    assert!(!again && said.contains("not empty"), "{said}");
    let back = run(other.path(), &["store", "copy", "--from", &database.url, "--to", "sqlite:", "--json"]);
    assert!(back.0, "{}", back.2);
    assert_eq!(run(other.path(), &["identities", "list", "--json"]).1, listed);
    assert_eq!(run(folder.path(), &["identities", "list", "--json", "--store", &database.url]).1, listed);
}
