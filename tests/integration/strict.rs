//! Nothing that a request asks is dropped: what is not understood is refused by name, in every body that is taken.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use serde_json::{Value, json};

use crate::support::{Client, Server, code, portrait};

/// A server with one person enrolled.
fn serving(data: &std::path::Path, more: &[&str]) -> Server {
    let server = Server::start(data, more);
    let client = server.client();
    client.json("PUT", "/v1/identities/obama", &json!({"display_name": "Obama"}));
    let sent = [portrait("obama-2009.jpg"), portrait("obama-2012.jpg")];
    let sent: Vec<&[u8]> = sent.iter().map(Vec::as_slice).collect();
    assert_eq!(client.post("/v1/identities/obama/references", &[], &sent).0, 200);
    server
}

#[track_caller]
fn refused(answer: &(u16, Value), status: u16, kind: &str, said: &str) {
    assert_eq!(code(answer), (status, kind), "{}", answer.1);
    let detail = answer.1["detail"].as_str().unwrap();
    assert!(detail.contains(said), "{detail}");
}

/// What an answer says of the image, without what differs between two answers about one image.
fn said(answer: &(u16, Value)) -> (u16, &Value, &Value, &Value) {
    (answer.0, &answer.1["verdict"], &answer.1["score"], &answer.1["identity"])
}

fn raw(client: &Client, query: &str, kind: &str, body: &[u8]) -> (u16, Value) {
    client.body(&format!("/v1/verify{query}"), &[("content-type", kind)], body)
}

#[test]
fn a_form_json_and_the_bare_image_get_the_same_answer() {
    let data = tempfile::tempdir().unwrap();
    let server = serving(data.path(), &[]);
    let client = server.client();
    let image = portrait("obama-2010.jpg");
    let form = client.verify(Some("obama"), &image);
    assert_eq!((form.0, &form.1["verdict"], &form.1["identity"]["id"]), (200, &json!("real"), &json!("obama")));
    for text in [STANDARD.encode(&image), STANDARD_NO_PAD.encode(&image)] {
        let answer = client.json("POST", "/v1/verify", &json!({"image": text, "identity": " obama "}));
        assert_eq!(said(&answer), said(&form), "{}", answer.1);
    }
    for kind in ["image/jpeg", "image/png", "image/heic", "application/octet-stream", "IMAGE/JPEG; q=1"] {
        assert_eq!(said(&raw(&client, "?identity=obama", kind, &image)), said(&form));
    }
    // Without a claim, with options.
    let form = client.post("/v1/verify?timings=true&top_k=2", &[], &[&image]).1;
    let encoded = STANDARD.encode(&image);
    let body = json!({"image": encoded, "identity": null, "timings": true, "top_k": 2});
    for answer in [
        client.json("POST", "/v1/verify", &body).1,
        client.json("POST", "/v1/verify?top_k=2", &json!({"image": encoded, "timings": true})).1,
        raw(&client, "?timings=true&top_k=2", "image/jpeg", &image).1,
    ] {
        assert_eq!(answer["search"], form["search"], "{answer}");
        assert!(answer["search"].is_object() && answer["timings"].is_array(), "{answer}");
    }
}

#[test]
fn a_claim_in_another_place_or_misspelt_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let server = serving(data.path(), &[]);
    let client = server.client();
    let image = portrait("collins.jpg");
    let encoded = STANDARD.encode(&image);
    let form = |query: &str, fields: &[(&str, &str)]| client.post(&format!("/v1/verify{query}"), fields, &[&image]);
    let json = |query: &str, body: &Value| client.json("POST", &format!("/v1/verify{query}"), body);

    for (query, said) in [
        ("?identity=obama", "send the form field `identity` instead"),
        ("?identty=obama", "unknown query parameter `identty`: did you mean `identity`?"),
        ("?person=obama", "unknown query parameter `person`: choose from"),
        ("?stability=yes", "`stability` must be `true` or `false`"),
        ("?full=1", "`full` must be `true` or `false`"),
        ("?full", "`full` is empty"),
        ("?top_k=2&top_k=3", "`top_k` comes twice"),
    ] {
        refused(&form(query, &[]), 400, "query_invalid", said);
    }
    refused(&form("", &[("identty", "obama")]), 400, "field_unknown", "`identty`: did you mean `identity`?");
    refused(&form("", &[("kind", "known_fake")]), 400, "field_unknown", "choose from `image` and `identity`");
    refused(&form("", &[("top_k", "2")]), 400, "field_unknown", "send it in the query, as `?top_k=…`");
    refused(&form("", &[("identity", " ")]), 400, "field_empty", "give the id of an identity, or leave it out");
    refused(&form("", &[("identity", "obama"), ("identity", "obama")]), 400, "field_repeated", "comes twice");
    refused(&form("", &[("identity", "Obama!")]), 400, "identity_id_invalid", "");

    refused(&json("?identity=obama", &json!({"image": encoded})), 400, "query_invalid", "the JSON key `identity`");
    for (body, status, kind, said) in [
        (json!({"image": encoded, "identty": "obama"}), 400, "field_unknown", "did you mean `identity`?"),
        (json!({"image": encoded, "identity": ""}), 400, "field_empty", "give the id of an identity"),
        (json!({"image": encoded, "identity": 1}), 422, "json_invalid", "identity: invalid type"),
        (json!({"image": encoded, "full": "true"}), 422, "json_invalid", "full: invalid type"),
        (json!({"identity": "obama"}), 422, "json_invalid", "missing field `image`"),
        (
            json!({"image": URL_SAFE.encode([255; 9])}),
            422,
            "json_invalid",
            "image: not base64 of the standard alphabet",
        ),
        (json!({"image": format!("data:image/jpeg;base64,{encoded}")}), 422, "json_invalid", "follows its comma"),
        (json!({"image": ""}), 422, "image_empty", ""),
    ] {
        refused(&json("", &body), status, kind, said);
    }
    refused(&json("?full=true", &json!({"image": encoded, "full": true})), 400, "field_repeated", "send it once");
    let twice = format!(r#"{{"image":"{encoded}","identity":"obama","identity":"x"}}"#);
    refused(&raw(&client, "", "application/json", twice.as_bytes()), 400, "field_repeated", "`identity` comes twice");

    let bare = |query: &str| raw(&client, query, "image/jpeg", &image);
    refused(&bare("?identity="), 400, "query_invalid", "`identity` is empty");
    refused(&bare("?identity=obama&identity=x"), 400, "query_invalid", "comes twice");
    refused(&bare("?identity=nobody"), 404, "identity_unknown", "nobody");
    refused(&raw(&client, "", "image/jpeg", b""), 422, "image_empty", "");
}

#[test]
fn every_route_refuses_what_it_does_not_take() {
    let data = tempfile::tempdir().unwrap();
    let server = serving(data.path(), &[]);
    let client = server.client();
    for path in ["/", "/console/main.js", "/livez", "/readyz", "/metrics", "/v1/identities", "/v1/identities/obama"]
        .into_iter()
        .chain(["/v1/identities/obama/references", "/v1/identities/obama/negatives", "/v1/receipts/1"])
    {
        refused(&client.get(&format!("{path}?limt=1")), 400, "query_invalid", "unknown query parameter `limt`");
    }
    refused(&client.get("/v1/identities?limt=1"), 400, "query_invalid", "did you mean `limit`?");
    refused(&client.get("/v1/identities?cursor="), 400, "query_invalid", "`cursor` is empty");
    refused(&client.delete("/v1/identities/obama?dry_run=true"), 400, "query_invalid", "`dry_run`: none is taken here");
    assert_eq!(client.get("/v1/identities/obama").0, 200, "it was not erased");
    assert_eq!(code(&client.get("/nope?x=1")), (404, "route_unknown"));
    assert_eq!(code(&client.json("PATCH", "/v1/verify?x=1", &json!({}))), (405, "method_not_allowed"));

    let image = portrait("obama-2010.jpg");
    let post =
        |path: &str, fields: &[(&str, &str)]| client.post(&format!("/v1/identities/obama/{path}"), fields, &[&image]);
    // As references these would become what they are said not to be.
    refused(&post("references", &[("kind", "known_fake")]), 400, "field_unknown", "the only one is `image`");
    refused(&post("references", &[("identity", "obama")]), 400, "field_unknown", "unknown form field `identity`");
    refused(&post("references?kind=known_fake", &[]), 400, "query_invalid", "unknown query parameter `kind`");
    refused(&post("negatives", &[("knd", "known_fake")]), 400, "field_unknown", "did you mean `kind`?");
    refused(&post("negatives", &[("kind", "")]), 400, "field_empty", "give `not_this_person` or `known_fake`");
    assert_eq!(client.get("/v1/identities/obama").1["negatives"], 0);
    let put = json!({"display_name": "x", "expires": null});
    let unknown = client.json("PUT", "/v1/identities/obama", &put);
    refused(&unknown, 400, "field_unknown", "unknown JSON key `expires`: did you mean `expires_at`?");
}

#[test]
fn other_bodies_are_refused_with_those_that_are_taken() {
    let data = tempfile::tempdir().unwrap();
    let server = serving(data.path(), &["--max-body-mib", "1", "--max-image-mib", "1"]);
    let client = server.client();
    let (verify, enroll) = ("/v1/verify", "/v1/identities/obama/references");
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/mixed; boundary=x", "video/mp4"] {
        let answer = client.body(verify, &[("content-type", kind)], b"x");
        refused(&answer, 415, "content_type_unsupported", "`Content-Type: application/json`, or the image itself");
        let answer = client.body(enroll, &[("content-type", kind)], b"x");
        refused(&answer, 415, "content_type_unsupported", "send a form with `Content-Type: multipart/form-data");
    }
    refused(&client.body(verify, &[], b"x"), 415, "content_type_unsupported", "no header `Content-Type`");
    let image = [("content-type", "image/jpeg")];
    refused(&client.body(enroll, &image, b"x"), 415, "content_type_unsupported", "`image/jpeg` is not taken here");
    for path in [verify, enroll] {
        let without = client.body(path, &[("content-type", "multipart/form-data")], b"x");
        refused(&without, 415, "content_type_unsupported", "has no boundary");
    }
    for coding in ["gzip", "br", "x-unheard-of", "identity, gzip"] {
        let answer = client.body(verify, &[image[0], ("content-encoding", coding)], b"x");
        refused(&answer, 415, "content_encoding_unsupported", &format!("`Content-Encoding: {coding}` is not taken"));
    }
    assert_eq!(code(&client.body(verify, &[image[0], ("content-encoding", "identity")], b"x")).0, 422);
    let part = "--x\r\nContent-Disposition: form-data; name=\"image\"\r\nContent-Transfer-Encoding: base64\r\n\r\neA==\r\n--x--\r\n";
    let answer = client.body(verify, &[("content-type", "multipart/form-data; boundary=x")], part.as_bytes());
    refused(&answer, 400, "multipart_invalid", "send its bytes as they are");

    let large = vec![b'A'; (1 << 20) + 1];
    assert_eq!(code(&client.body(verify, &image, &large)), (413, "body_too_large"));
    let large = json!({"image": String::from_utf8(large).unwrap()});
    assert_eq!(code(&client.json("POST", verify, &large)), (413, "body_too_large"));
}
