//! The real server on a free port, spoken to over HTTP, with the public-domain portraits of the demo.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop on the spot")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use ureq::unversioned::multipart::{Form, Part};

struct Server {
    child: Child,
    url: String,
    agent: ureq::Agent,
    token: Option<String>,
}

impl Server {
    fn start(data: &Path, extra: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_faceward"))
            .args(["serve", "--listen", "127.0.0.1:0", "--threads", "1", "--deadline", "15", "--data-dir"])
            .arg(data)
            .args(extra)
            .env("FACEWARD_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").expect("the address").to_owned();
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        Self { child, url, agent, token: None }
    }

    fn json(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        if let Some(t) = &self.token {
            request = request.header("authorization", format!("Bearer {t}"));
        }
        let sent = match body {
            Some(b) => self.agent.run(request.header("content-type", "application/json").body(b.to_string()).unwrap()),
            None => self.agent.run(request.body(()).unwrap()),
        };
        let mut answer = sent.unwrap();
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_string().unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    fn images(&self, path: &str, identity: Option<&str>, images: &[&[u8]]) -> (u16, Value) {
        let mut form = Form::new();
        if let Some(i) = identity {
            form = form.text("identity", i);
        }
        for bytes in images {
            form = form.part("image", Part::bytes(bytes).file_name("p.jpg").mime_str("image/jpeg").unwrap());
        }
        let mut request = self.agent.post(format!("{}{path}", self.url));
        if let Some(t) = &self.token {
            request = request.header("authorization", format!("Bearer {t}"));
        }
        let mut answer = request.send(form).unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn portrait(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("demo").join(name)).unwrap()
}

#[test]
fn a_person_is_enrolled_verified_listed_and_erased() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let (status, ready) = server.json("GET", "/readyz", None);
    assert_eq!((status, ready["status"].as_str()), (200, Some("ready")));

    let person = json!({"display_name": "Barack Obama"});
    assert_eq!(server.json("PUT", "/v1/identities/obama", Some(person.clone())).0, 201);
    assert_eq!(server.json("PUT", "/v1/identities/obama", Some(person)).0, 200);
    let (status, problem) = server.images("/v1/verify", Some("obama"), &[&portrait("obama-2012.jpg")]);
    assert_eq!((status, problem["code"].as_str()), (409, Some("identity_without_references")));

    let references = [portrait("obama-2009.jpg"), portrait("obama-2010.jpg"), b"not an image".to_vec()];
    let sent: Vec<&[u8]> = references.iter().map(Vec::as_slice).collect();
    let (status, report) = server.images("/v1/identities/obama/references", None, &sent);
    assert_eq!(status, 200, "{report}");
    assert_eq!(report["accepted"].as_array().unwrap().len(), 2, "{report}");
    assert_eq!(report["rejected"][0]["code"], "image_format_unsupported");
    let (status, again) = server.images("/v1/identities/obama/references", None, &sent[..1]);
    assert_eq!((status, again["report"]["rejected"][0]["code"].as_str()), (422, Some("duplicate")));

    let (status, genuine) = server.images("/v1/verify", Some("obama"), &[&portrait("obama-2012.jpg")]);
    assert_eq!((status, genuine["verdict"].as_str()), (200, Some("real")), "{genuine}");
    let (_, found) = server.images("/v1/verify", None, &[&portrait("obama-2012.jpg")]);
    assert_eq!(found["identity"]["id"], "obama");
    let (_, other) = server.images("/v1/verify", Some("obama"), &[&portrait("collins-1992.jpg")]);
    assert_eq!(other["verdict"], "different_person");
    let (_, nobody) = server.images("/v1/verify", None, &[&portrait("collins-1992.jpg")]);
    assert_eq!((&nobody["verdict"], &nobody["identity"]), (&json!("different_person"), &Value::Null));

    let id = report["accepted"][0]["reference_id"].as_str().unwrap();
    let path = format!("/v1/identities/obama/references/{id}");
    assert_eq!(server.json("GET", &path, None).0, 200);
    assert_eq!(server.json("DELETE", &path, None).0, 204);
    assert_eq!(server.json("GET", &path, None).1["code"], "sample_unknown");
    let (_, listed) = server.json("GET", "/v1/identities?limit=1", None);
    assert_eq!(listed["identities"][0]["references"], 1);
    assert_eq!(server.json("DELETE", "/v1/identities/obama", None).0, 204);
    assert_eq!(server.json("GET", "/v1/identities/obama", None).0, 404);
}

#[test]
fn a_marked_look_alike_changes_the_answer() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    server.json("PUT", "/v1/identities/x", Some(json!({"display_name": "X"})));
    server.images("/v1/identities/x/references", None, &[&portrait("obama-2009.jpg")]);
    let probe = portrait("obama-2012.jpg");
    let (_, before) = server.images("/v1/verify", Some("x"), &[&probe]);
    assert_ne!(before["verdict"], "different_person");
    assert_eq!(server.images("/v1/identities/x/negatives", None, &[&probe]).0, 200);
    let (_, after) = server.images("/v1/verify", Some("x"), &[&probe]);
    assert_eq!(after["verdict"], "different_person", "{}", after["explanation"]["summary"]);
}

#[test]
fn bad_requests_get_a_problem_document() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let code = |answer: (u16, Value)| (answer.0, answer.1["code"].as_str().unwrap_or_default().to_owned());
    let expect = |answer, status, name: &str| assert_eq!(code(answer), (status, name.to_owned()));
    expect(server.json("GET", "/nope", None), 404, "route_unknown");
    expect(server.json("PUT", "/v1/identities/Bad", Some(json!({}))), 400, "identity_id_invalid");
    expect(server.json("PUT", "/v1/identities/a", Some(json!({"name": 1}))), 422, "json_invalid");
    expect(server.json("PUT", "/v1/identities/a", Some(json!({"display_name": " "}))), 422, "field_invalid");
    expect(server.json("GET", "/v1/identities?limit=0", None), 400, "query_invalid");
    expect(server.json("POST", "/v1/verify", Some(json!({}))), 415, "content_type_unsupported");
    expect(server.json("PATCH", "/v1/verify", None), 405, "method_not_allowed");
}

#[test]
fn bad_images_get_a_problem_document() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--max-megapixels", "1", "--max-image-mib", "1"]);
    let code = |answer: (u16, Value)| (answer.0, answer.1["code"].as_str().unwrap_or_default().to_owned());
    let expect = |answer, status, name: &str| assert_eq!(code(answer), (status, name.to_owned()));
    expect(server.images("/v1/verify", Some("ghost"), &[]), 422, "image_missing");
    expect(server.images("/v1/verify", Some("ghost"), &[b"x"]), 404, "identity_unknown");
    expect(server.images("/v1/verify", None, &[b""]), 422, "image_empty");
    expect(server.images("/v1/verify", None, &[b"\xff\xd8\xff\xe0junk"]), 422, "image_undecodable");
    expect(server.images("/v1/verify", None, &[&vec![0; (1 << 20) + 1]]), 413, "image_too_large");
    let mut large = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(1200, 1000).write_to(&mut large, image::ImageFormat::Png).unwrap();
    expect(server.images("/v1/verify", None, &[large.get_ref()]), 413, "image_too_large");
    let mut blank = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(200, 200).write_to(&mut blank, image::ImageFormat::Png).unwrap();
    let (status, answer) = server.images("/v1/verify", None, &[blank.get_ref()]);
    assert_eq!((status, answer["verdict"].as_str()), (200, Some("no_face")));
}

#[test]
fn keys_guard_every_route_by_scope() {
    let data = tempfile::tempdir().unwrap();
    let issue = |scope: &str| {
        let made = Command::new(env!("CARGO_BIN_EXE_faceward"))
            .args(["keys", "create", "--json", "--name", "test", "--scope", scope, "--data-dir"])
            .arg(data.path())
            .output()
            .unwrap();
        let text = String::from_utf8(made.stdout).unwrap();
        let start = text.find("fw_").unwrap_or_else(|| panic!("{text} {}", String::from_utf8_lossy(&made.stderr)));
        let key: String = text[start..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        key
    };
    let (verify, enroll) = (issue("verify"), issue("enroll"));
    let mut server = Server::start(data.path(), &[]);
    assert_eq!(server.json("GET", "/livez", None).0, 200);
    assert_eq!(server.json("GET", "/v1/identities", None).0, 401);
    server.token = Some(verify.clone());
    assert_eq!(server.json("GET", "/v1/identities", None).1["code"], "scope_missing");
    assert_eq!(server.images("/v1/verify", None, &[b"x"]).0, 422);
    server.token = Some(enroll);
    assert_eq!(server.json("GET", "/v1/identities", None).0, 200);
    server.token = Some(format!("{}0", &verify[..verify.len() - 1]));
    assert_eq!(server.images("/v1/verify", None, &[b"x"]).0, 401);
}

#[test]
fn beyond_loopback_without_a_key_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let refused = Command::new(env!("CARGO_BIN_EXE_faceward"))
        .args(["serve", "--listen", "0.0.0.0:0", "--data-dir"])
        .arg(data.path())
        .output()
        .unwrap();
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("API key"));
}
