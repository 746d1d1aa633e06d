//! The routes of the contract, used in order: identities, references, negatives, verifications, the console.

use std::io::Cursor;
use std::path::Path;

use crate::support::{Server, code, issue, portrait};
use serde_json::{Value, json};

/// A server with one thread for inference and time to wait for it.
fn start(data: &Path, more: &[&str]) -> Server {
    Server::start(data, &[&["--threads", "1", "--deadline", "120"], more].concat())
}

#[test]
fn a_person_is_enrolled_verified_listed_and_erased() {
    let data = tempfile::tempdir().unwrap();
    let server = start(data.path(), &[]);
    let client = server.client();
    let (status, ready) = client.get("/readyz");
    assert_eq!((status, ready["status"].as_str()), (200, Some("ready")));

    let person = json!({"display_name": "Barack Obama"});
    assert_eq!(client.json("PUT", "/v1/identities/obama", &person).0, 201);
    assert_eq!(client.json("PUT", "/v1/identities/obama", &person).0, 200);
    let early = client.verify(Some("obama"), &portrait("obama-2012.jpg"));
    assert_eq!(code(&early), (409, "identity_without_references"));

    let references = [portrait("obama-2009.jpg"), portrait("obama-2010.jpg"), b"not an image".to_vec()];
    let sent: Vec<&[u8]> = references.iter().map(Vec::as_slice).collect();
    let (status, report) = client.post("/v1/identities/obama/references", &[], &sent);
    assert_eq!(status, 200, "{report}");
    assert_eq!(report["accepted"].as_array().unwrap().len(), 2, "{report}");
    assert_eq!(report["rejected"][0]["code"], "image_format_unsupported");
    let (status, again) = client.post("/v1/identities/obama/references", &[], &sent[..1]);
    assert_eq!((status, again["report"]["rejected"][0]["code"].as_str()), (422, Some("duplicate")));

    let (status, genuine) = client.verify(Some("obama"), &portrait("obama-2012.jpg"));
    assert_eq!((status, genuine["verdict"].as_str()), (200, Some("real")), "{genuine}");
    let (_, found) = client.verify(None, &portrait("obama-2012.jpg"));
    assert_eq!(found["identity"]["id"], "obama");
    let (_, other) = client.verify(Some("obama"), &portrait("collins.jpg"));
    assert_eq!(other["verdict"], "different_person");
    let (_, stranger) = client.verify(None, &portrait("collins.jpg"));
    assert_eq!((&stranger["verdict"], &stranger["identity"]), (&json!("unknown_person"), &Value::Null));

    let id = report["accepted"][0]["reference_id"].as_str().unwrap();
    let path = format!("/v1/identities/obama/references/{id}");
    assert_eq!(client.get(&path).0, 200);
    assert_eq!(client.delete(&path).0, 204);
    assert_eq!(code(&client.get(&path)), (404, "sample_unknown"));
    let (_, listed) = client.get("/v1/identities?limit=1");
    assert_eq!(listed["identities"][0]["references"], 1);
    assert_eq!(client.delete("/v1/identities/obama").0, 204);
    assert_eq!(code(&client.get("/v1/identities/obama")), (404, "identity_unknown"));
}

#[test]
fn a_marked_look_alike_changes_the_answer() {
    let data = tempfile::tempdir().unwrap();
    let server = start(data.path(), &[]);
    let client = server.client();
    client.json("PUT", "/v1/identities/x", &json!({"display_name": "X"}));
    client.post("/v1/identities/x/references", &[], &[&portrait("obama-2009.jpg")]);
    let probe = portrait("obama-2012.jpg");
    let (_, before) = client.verify(Some("x"), &probe);
    assert_ne!(before["verdict"], "different_person");
    assert_eq!(client.post("/v1/identities/x/negatives", &[], &[&probe]).0, 200);
    let (_, after) = client.verify(Some("x"), &probe);
    assert_eq!(after["verdict"], "different_person", "{}", after["explanation"]["summary"]);
}

#[test]
fn negatives_are_listed_shown_and_deleted_apart_from_references() {
    let data = tempfile::tempdir().unwrap();
    let server = start(data.path(), &[]);
    let client = server.client();
    client.json("PUT", "/v1/identities/x", &json!({"display_name": "X"}));
    let (_, report) = client.post("/v1/identities/x/references", &[], &[&portrait("obama-2009.jpg")]);
    let reference = report["accepted"][0]["reference_id"].as_str().unwrap();
    let unknown_kind = client.post("/v1/identities/x/negatives", &[("kind", "real")], &[&portrait("collins.jpg")]);
    assert_eq!(code(&unknown_kind), (422, "field_invalid"));
    let (status, report) =
        client.post("/v1/identities/x/negatives", &[("kind", "known_fake")], &[&portrait("collins.jpg")]);
    assert_eq!(status, 200, "{report}");
    let negative = report["accepted"][0]["reference_id"].as_str().unwrap();
    for (resource, id, other, kind) in
        [("references", reference, negative, "reference"), ("negatives", negative, reference, "known_fake")]
    {
        let (_, listed) = client.get(&format!("/v1/identities/x/{resource}"));
        assert_eq!((listed.as_array().unwrap().len(), &listed[0]["id"]), (1, &json!(id)), "{listed}");
        let (_, one) = client.get(&format!("/v1/identities/x/{resource}/{id}"));
        assert_eq!((&one, &one["kind"]), (&listed[0], &json!(kind)));
        for path in [format!("/v1/identities/x/{resource}/{other}"), format!("/v1/identities/x/{resource}/no-id")] {
            assert_eq!(code(&client.get(&path)), (404, "sample_unknown"));
            assert_eq!(code(&client.delete(&path)), (404, "sample_unknown"));
        }
    }
    assert_eq!(client.delete(&format!("/v1/identities/x/negatives/{negative}")).0, 204);
    let (_, identity) = client.get("/v1/identities/x");
    assert_eq!((&identity["references"], &identity["negatives"]), (&json!(1), &json!(0)));
}

#[test]
fn bad_requests_get_a_problem_document() {
    let data = tempfile::tempdir().unwrap();
    let server = start(data.path(), &[]);
    let client = server.client();
    let put = |id: &str, body: &Value| client.json("PUT", &format!("/v1/identities/{id}"), body);
    assert_eq!(code(&client.get("/nope")), (404, "route_unknown"));
    assert_eq!(code(&put("Bad", &json!({}))), (400, "identity_id_invalid"));
    assert_eq!(code(&put("a", &json!({"name": 1}))), (400, "field_unknown"));
    assert_eq!(code(&put("a", &json!({"consent_basis": "x"}))), (422, "json_invalid"));
    assert_eq!(code(&put("a", &json!({"display_name": " "}))), (422, "field_invalid"));
    assert_eq!(code(&client.get("/v1/identities?limit=0")), (400, "query_invalid"));
    assert_eq!(code(&client.get("/v1/receipts/1")), (404, "receipt_unknown"));
    assert_eq!(code(&client.json("POST", "/v1/verify", &json!({}))), (422, "json_invalid"));
    assert_eq!(code(&client.json("PATCH", "/v1/verify", &json!({}))), (405, "method_not_allowed"));
}

#[test]
fn bad_images_get_a_problem_document() {
    let data = tempfile::tempdir().unwrap();
    let server = start(data.path(), &["--max-megapixels", "1", "--max-image-mib", "1"]);
    let client = server.client();
    let claim = [("identity", "nobody")];
    assert_eq!(code(&client.post("/v1/verify", &claim, &[])), (422, "image_missing"));
    assert_eq!(code(&client.post("/v1/verify", &claim, &[b"x"])), (404, "identity_unknown"));
    assert_eq!(code(&client.post("/v1/verify", &[], &[b"x", b"x"])), (422, "too_many_images"));
    assert_eq!(code(&client.verify(None, b"")), (422, "image_empty"));
    assert_eq!(code(&client.verify(None, b"\xff\xd8\xff\xe0junk")), (422, "image_undecodable"));
    let too_large = vec![0; (1 << 20) + 1];
    assert_eq!(code(&client.verify(None, &too_large)), (413, "image_too_large"));
    let png = |width, height| {
        let mut bytes = Cursor::new(Vec::new());
        image::RgbImage::new(width, height).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        bytes.into_inner()
    };
    assert_eq!(code(&client.verify(None, &png(1200, 1000))), (413, "image_too_large"));
    let (status, answer) = client.verify(None, &png(200, 200));
    assert_eq!((status, answer["verdict"].as_str()), (200, Some("no_face")));

    // An enrollment that accepts nothing: its status is that of its images.
    client.json("PUT", "/v1/identities/x", &json!({"display_name": "X"}));
    let enroll = |images: &[&[u8]]| client.post("/v1/identities/x/references", &[], images);
    assert_eq!(code(&enroll(&[&too_large])), (413, "none_accepted"));
    assert_eq!(code(&enroll(&[&too_large, b"x"])), (422, "none_accepted"));
}

#[test]
fn of_many_faces_the_largest_are_verified_and_the_answer_says_that_there_are_more() {
    let data = tempfile::tempdir().unwrap();
    let server = start(data.path(), &["--max-faces", "1"]);
    let client = server.client();
    let mut picture = image::RgbImage::new(900, 700);
    for (name, side, x) in [("obama-2009.jpg", 600, 0), ("collins.jpg", 280, 610)] {
        let portrait = image::load_from_memory(&portrait(name)).unwrap();
        let portrait = portrait.resize(side, side, image::imageops::FilterType::Triangle).to_rgb8();
        image::imageops::overlay(&mut picture, &portrait, x, 0);
    }
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    let (status, two) = client.verify(None, bytes.get_ref());
    assert_eq!(
        (status, two["faces"].as_array().map(Vec::len), &two["more_faces"]),
        (200, Some(1), &json!(true)),
        "{two}"
    );
    assert_eq!(two["faces_found"], 2);
    assert!(two["faces"][0]["bbox"]["x"].as_f64().unwrap() < 600.0, "the larger one is verified");
    let (_, one) = client.verify(None, &portrait("collins.jpg"));
    assert_eq!((one["faces"].as_array().map(Vec::len), &one["more_faces"]), (Some(1), &json!(false)));
}

/// A reviewer is told where the face and its features are, and which references are nearest.
#[test]
fn a_review_has_outlines_and_the_nearest_references() {
    let data = tempfile::tempdir().unwrap();
    let server = start(data.path(), &[]);
    let client = server.client();
    client.json("PUT", "/v1/identities/obama", &json!({"display_name": "Barack Obama"}));
    let references = [portrait("obama-2009.jpg"), portrait("obama-2010.jpg")];
    let sent: Vec<&[u8]> = references.iter().map(Vec::as_slice).collect();
    let (_, report) = client.post("/v1/identities/obama/references", &[], &sent);
    let first = &report["accepted"][0]["reference_id"];

    let (status, answer) = client.post("/v1/verify?review=true", &[("identity", "obama")], &sent[..1]);
    assert_eq!(status, 200, "{answer}");
    let face = &answer["faces"][0];
    let nearest = face["review"]["references"].as_array().unwrap();
    let similarity = |i: usize| nearest[i]["similarity"].as_f64().unwrap();
    assert_eq!((nearest.len(), &nearest[0]["id"]), (2, first));
    assert!(similarity(0) > 0.99 && similarity(1) < similarity(0), "{nearest:?}");
    let middle = |name: &str| {
        let line = face["review"]["outlines"][name].as_array().unwrap();
        [0, 1].map(|axis| line.iter().map(|p| p[axis].as_f64().unwrap()).sum::<f64>() / line.len() as f64)
    };
    let (right, left, nose, mouth) = (middle("right_eye"), middle("left_eye"), middle("nose"), middle("mouth"));
    assert!(right[0] < nose[0] && nose[0] < left[0], "the person's right eye is on the left of the picture");
    assert!(right[1] < nose[1] && nose[1] < mouth[1], "from above to below");
    let edge = |name: &str| face["bbox"][name].as_f64().unwrap();
    assert!(edge("x") < nose[0] && nose[0] < edge("x") + edge("width"));
    assert!(edge("y") < nose[1] && nose[1] < edge("y") + edge("height"));

    let (_, stranger) = client.post("/v1/verify?review=true", &[], &[&portrait("collins.jpg")]);
    assert_eq!(stranger["faces"][0]["review"]["references"], json!([]));
    let (_, plain) = client.verify(Some("obama"), &references[0]);
    assert!(plain["faces"][0].get("review").is_none(), "only where it is asked for");
}

/// The console needs nothing from elsewhere, and its policy says so to the browser.
#[test]
fn the_console_is_served_whole() {
    let data = tempfile::tempdir().unwrap();
    let server = start(data.path(), &[]);
    let parts = [
        ("/", "text/html"),
        ("/console/console.css", "text/css"),
        ("/console/main.js", "text/javascript"),
        ("/console/report.js", "text/javascript"),
        ("/console/favicon.svg", "image/svg+xml"),
    ];
    for (path, kind) in parts {
        let mut part = server.client().response("GET", path);
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
fn a_wrong_key_is_refused_before_the_body_is_read() {
    let data = tempfile::tempdir().unwrap();
    let (_, key) = issue(data.path(), "verify", &[]);
    let server = start(data.path(), &[]);
    assert_eq!(server.client_with(&key).verify(None, b"x").0, 422);
    let (start, last) = key.split_at(key.len() - 1);
    let client = server.client_with(&format!("{start}{}", if last == "0" { "1" } else { "0" }));
    assert_eq!(code(&client.verify(None, b"x")), (401, "unauthenticated"));
    // A client that sends all of the body first still gets to read the answer.
    let large = vec![0; 8 << 20];
    for _ in 0..20 {
        assert_eq!(client.verify(None, &large).0, 401);
    }
}

/// By parts of display names and ids, whatever their case, and over pages.
#[test]
fn identities_are_found_by_name() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let client = server.client();
    for (id, name) in [("a1", "Ångström, Jane"), ("b2", "Doe"), ("c3.jane", "Other"), ("d4", "JANET"), ("e5", "Smith")]
    {
        let fields = serde_json::json!({ "display_name": name });
        assert_eq!(client.json("PUT", &format!("/v1/identities/{id}"), &fields).0, 201);
    }
    let ids = |query: &str| -> (Vec<String>, Value) {
        let (status, page) = client.get(&format!("/v1/identities?{query}"));
        assert_eq!(status, 200, "{page}");
        let ids = page["identities"].as_array().unwrap().iter().map(|i| i["id"].as_str().unwrap().to_owned());
        (ids.collect(), page["next_cursor"].clone())
    };
    assert_eq!(ids("name=jane"), (vec!["a1".into(), "c3.jane".into(), "d4".into()], Value::Null));
    assert_eq!(ids("name=%C3%85NGSTR%C3%96M"), (vec!["a1".into()], Value::Null));
    assert_eq!(ids("name=nobody"), (vec![], Value::Null));
    let (first, cursor) = ids("name=JANE&limit=2");
    assert_eq!((first, cursor.as_str()), (vec!["a1".into(), "c3.jane".into()], Some("c3.jane")));
    assert_eq!(ids("name=JANE&limit=2&cursor=c3.jane"), (vec!["d4".into()], Value::Null));
    assert_eq!(ids("limit=500").0.len(), 5);
    let long = "x".repeat(201);
    assert_eq!(code(&client.get(&format!("/v1/identities?name={long}"))), (400, "query_invalid"));
    assert_eq!(code(&client.get("/v1/identities?name=")), (400, "query_invalid"));
}
