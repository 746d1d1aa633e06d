//! The real server on a free port, spoken to over HTTP, with the public-domain portraits of the demo.

use std::io::Cursor;
use std::path::Path;

use crate::support::{agent, answer, faceward, issue, root, stderr};
use serde_json::{Value, json};
use ureq::unversioned::multipart::{Form, Part};

/// A server and who speaks to it.
struct Server {
    inner: crate::support::Server,
    agent: ureq::Agent,
    token: Option<String>,
}

impl Server {
    fn start(data: &Path, more: &[&str]) -> Self {
        let inner = crate::support::Server::start(data, &[&["--threads", "1", "--deadline", "120"], more].concat());
        Self { inner, agent: agent(), token: None }
    }

    fn json(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = ureq::http::Request::builder().method(method).uri(self.inner.url(path));
        if let Some(t) = &self.token {
            request = request.header("authorization", format!("Bearer {t}"));
        }
        answer(match body {
            Some(b) => self.agent.run(request.header("content-type", "application/json").body(b.to_string()).unwrap()),
            None => self.agent.run(request.body(()).unwrap()),
        })
    }

    fn images(&self, path: &str, identity: Option<&str>, images: &[&[u8]]) -> (u16, Value) {
        let mut form = Form::new();
        if let Some(i) = identity {
            form = form.text("identity", i);
        }
        for bytes in images {
            form = form.part("image", Part::bytes(bytes).file_name("p.jpg").mime_str("image/jpeg").unwrap());
        }
        let mut request = self.agent.post(self.inner.url(path));
        if let Some(t) = &self.token {
            request = request.header("authorization", format!("Bearer {t}"));
        }
        answer(request.send(form))
    }
}

fn portrait(name: &str) -> Vec<u8> {
    std::fs::read(root("demo").join(name)).unwrap()
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
    let (_, other) = server.images("/v1/verify", Some("obama"), &[&portrait("collins.jpg")]);
    assert_eq!(other["verdict"], "different_person");
    let (_, nobody) = server.images("/v1/verify", None, &[&portrait("collins.jpg")]);
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
    let mut large = Cursor::new(Vec::new());
    image::RgbImage::new(1200, 1000).write_to(&mut large, image::ImageFormat::Png).unwrap();
    expect(server.images("/v1/verify", None, &[large.get_ref()]), 413, "image_too_large");
    let mut blank = Cursor::new(Vec::new());
    image::RgbImage::new(200, 200).write_to(&mut blank, image::ImageFormat::Png).unwrap();
    let (status, answer) = server.images("/v1/verify", None, &[blank.get_ref()]);
    assert_eq!((status, answer["verdict"].as_str()), (200, Some("no_face")));
}

#[test]
fn of_many_faces_the_largest_are_looked_at_and_the_answer_says_that_there_are_more() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--max-faces", "1"]);
    let mut picture = image::RgbImage::new(900, 700);
    for (name, side, x) in [("obama-2009.jpg", 600, 0), ("collins.jpg", 280, 610)] {
        let portrait = image::load_from_memory(&portrait(name)).unwrap();
        let portrait = portrait.resize(side, side, image::imageops::FilterType::Triangle).to_rgb8();
        image::imageops::overlay(&mut picture, &portrait, x, 0);
    }
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    let (status, two) = server.images("/v1/verify", None, &[bytes.get_ref()]);
    assert_eq!(
        (status, two["faces"].as_array().map(Vec::len), &two["more_faces"]),
        (200, Some(1), &json!(true)),
        "{two}"
    );
    assert!(two["faces"][0]["bbox"]["x"].as_f64().unwrap() < 600.0, "the larger one is looked at");
    let (_, one) = server.images("/v1/verify", None, &[&portrait("collins.jpg")]);
    assert_eq!((one["faces"].as_array().map(Vec::len), &one["more_faces"]), (Some(1), &json!(false)));
}

/// The console needs nothing from elsewhere, and its policy says so to the browser.
#[test]
fn the_console_is_served_whole() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    for (path, kind) in [("/", "text/html"), ("/console.css", "text/css"), ("/console.js", "text/javascript")] {
        let mut part = server.agent.get(server.inner.url(path)).call().unwrap();
        assert_eq!(part.status(), 200);
        assert!(part.headers()["content-type"].to_str().unwrap().starts_with(kind));
        let policy = part.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        let text = part.body_mut().read_to_string().unwrap();
        let elsewhere = text.matches("://").count() - text.matches("://www.w3.org/2000/svg").count();
        assert_eq!(elsewhere, 0, "{path} names another place");
    }
}

#[test]
fn keys_guard_every_route_by_scope() {
    let data = tempfile::tempdir().unwrap();
    let ((_, verify), (_, enroll)) = (issue(data.path(), "verify", &[]), issue(data.path(), "enroll", &[]));
    let mut server = Server::start(data.path(), &[]);
    assert_eq!(server.json("GET", "/livez", None).0, 200);
    assert_eq!(server.json("GET", "/v1/identities", None).0, 401);
    server.token = Some(verify.clone());
    assert_eq!(server.json("GET", "/v1/identities", None).1["code"], "scope_missing");
    assert_eq!(server.images("/v1/verify", None, &[b"x"]).0, 422);
    server.token = Some(enroll);
    assert_eq!(server.json("GET", "/v1/identities", None).0, 200);
    let (start, last) = verify.split_at(verify.len() - 1);
    server.token = Some(format!("{start}{}", if last == "0" { "1" } else { "0" }));
    assert_eq!(server.images("/v1/verify", None, &[b"x"]).0, 401);
    // Answered before the body is read; a client that sends all of it first still gets to read the answer.
    let large = vec![0; 8 << 20];
    for _ in 0..20 {
        assert_eq!(server.images("/v1/verify", None, &[&large]).0, 401);
    }
}

#[test]
fn beyond_loopback_without_a_key_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().to_str().unwrap();
    let refused = faceward(&["serve", "--listen", "0.0.0.0:0", "--data-dir", data]).output().unwrap();
    assert!(!refused.status.success());
    assert!(stderr(&refused).contains("API key"));
}
