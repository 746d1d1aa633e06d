//! Hostile requests.

use crate::http::{FORM, form, part, request};

/// A case, and its allowed statuses; 0 is a connection closed without an answer.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) statuses: &'static [u16],
}

/// Any refusal.
const REFUSED: &[u16] = &[0, 400, 403, 404, 405, 408, 411, 413, 414, 415, 422, 431, 501, 505];

fn case(cases: &mut Vec<Case>, name: impl Into<String>, bytes: Vec<u8>, statuses: &'static [u16]) {
    cases.push(Case { name: name.into(), bytes, statuses });
}

/// All cases; `face` is a photograph.
pub(crate) fn all(face: &[u8]) -> Vec<Case> {
    let mut cases = Vec::new();
    forms(face, &mut cases);
    cut_forms(&mut cases);
    ids(face, &mut cases);
    documents(&mut cases);
    heads(face, &mut cases);
    cases
}

fn post(kind: &str, body: &[u8]) -> Vec<u8> {
    request("POST", "/v1/verify", kind, body)
}

fn forms(face: &[u8], cases: &mut Vec<Case>) {
    let image = || part("image", Some("a.jpg"), face);
    case(cases, "no body and no type", post("", b""), REFUSED);
    case(cases, "a form without a body", post(FORM, b""), REFUSED);
    case(cases, "a form without parts", post(FORM, b"--BoUnDaRy--\r\n"), &[422]);
    case(cases, "a form that only ends", post(FORM, b"--BoUnDaRy--"), REFUSED);
    case(cases, "line ends alone", post(FORM, &b"\r\n".repeat(1000)), REFUSED);
    case(cases, "boundaries alone", post(FORM, &b"--BoUnDaRy\r\n".repeat(1000)), REFUSED);
    case(cases, "another boundary", post("multipart/form-data; boundary=other", &form(&[image()])), REFUSED);
    case(cases, "no boundary", post("multipart/form-data", &form(&[image()])), &[415]);
    case(cases, "an empty boundary", post("multipart/form-data; boundary=", &form(&[image()])), REFUSED);
    let long = format!("multipart/form-data; boundary={}", "b".repeat(5000));
    case(cases, "a boundary of 5000 letters", post(&long, &form(&[image()])), REFUSED);
    for kind in ["application/json", "text/plain", "image/jpeg", "multipart/mixed; boundary=BoUnDaRy", "\u{1F600}"] {
        case(cases, format!("content type {kind}"), post(kind, &form(&[image()])), &[400, 415, 422]);
    }
    case(cases, "10000 parts", post(FORM, &form(&vec![part("image", None, b"y"); 10_000])), &[413]);
    case(cases, "129 parts", post(FORM, &form(&vec![part("image", None, b"y"); 129])), &[413]);
    case(cases, "an unknown part", post(FORM, &form(&[image(), part("x", None, b"y")])), &[400]);
    case(cases, "a claim in the query", request("POST", "/v1/verify?identity=x", FORM, &form(&[image()])), &[400]);
    case(cases, "two images", post(FORM, &form(&[image(), image()])), &[422]);
    case(cases, "an image as text", post(FORM, &form(&[part("image", None, b"hello")])), &[422]);
    case(cases, "an image by another name", post(FORM, &form(&[part("Image", Some("a"), face)])), &[400]);
    case(
        cases,
        "identity of 1 MB",
        post(FORM, &form(&[image(), part("identity", None, &vec![b'a'; 1 << 20])])),
        &[422],
    );
    case(cases, "identity not UTF-8", post(FORM, &form(&[image(), part("identity", None, b"\xff\xfe")])), &[422]);
    let head = |text: &str| [b"--BoUnDaRy\r\n", text.as_bytes(), b"\r\n\r\nx\r\n--BoUnDaRy--\r\n"].concat();
    case(cases, "a part without a head", post(FORM, &head("")), REFUSED);
    case(cases, "a part without a name", post(FORM, &head("Content-Disposition: form-data")), &[400, 422]);
    case(cases, "a part with a broken head", post(FORM, &head("Content-Disposition")), REFUSED);
    case(cases, "a part with a head of 1 MB", post(FORM, &head(&format!("X: {}", "y".repeat(1 << 20)))), REFUSED);
    case(cases, "a part with 1000 heads", post(FORM, &head(&"X: y\r\n".repeat(1000))), REFUSED);
    case(
        cases,
        "a name with an open quote",
        post(FORM, &head("Content-Disposition: form-data; name=\"image")),
        REFUSED,
    );
    let nested = post(FORM, &form(&[part("image", Some("a"), &form(&[image()]))]));
    case(cases, "a form within a form", nested, &[200, 400, 422]);
    for name in ["../../../etc/passwd", "a\0b.jpg", "\u{202e}gpj.exe", "", "CON", "a/b\\c", &"n".repeat(10_000)] {
        let sent = post(FORM, &form(&[part("image", Some(name), b"x")]));
        case(cases, format!("file name {:.20}", name.escape_debug().to_string()), sent, REFUSED);
    }
}

/// A form cut at every byte, with the matching length: the parser must see the end and not wait.
fn cut_forms(cases: &mut Vec<Case>) {
    let whole = form(&[part("image", Some("a.jpg"), b"xx"), part("identity", None, b"y")]);
    for cut in 0..whole.len() {
        case(cases, format!("a form cut at byte {cut}"), post(FORM, &whole[..cut]), REFUSED);
    }
}

fn ids(face: &[u8], cases: &mut Vec<Case>) {
    let claim = |id: &str| post(FORM, &form(&[part("image", Some("a"), face), part("identity", None, id.as_bytes())]));
    for id in ["../x", "A", "j\u{e4}ne", "a b", "a\0b", ".a", "a/../b", "%2e%2e", "\u{202e}a", "' OR 1=1 --", "{{7*7}}"]
    {
        case(cases, format!("identity {}", id.escape_debug()), claim(id), &[400]);
    }
    case(cases, "identity unknown", claim("nobody"), &[404]);
    case(cases, "identity of 65 letters", claim(&"a".repeat(65)), &[400]);
    for path in [
        "/v1/identities/..%2f..%2fetc%2fpasswd",
        "/v1/identities/../../etc/passwd",
        "/v1/identities/%00",
        "/v1/identities/%ff",
        "/v1/identities/%F0%9F%98%80",
        "/v1/identities/a%20b",
        "/v1/identities/",
        "/v1/identities//references",
        "/v1/identities/A",
        "/v1/identities/x/references/%2e%2e",
        "/v1/identities/x/references/not-a-uuid",
        "/v1/identities?limit=-1",
        "/v1/identities?limit=999999999999999999999",
        "/v1/identities?cursor=%00",
        "/v1/identities?cursor=../..",
        "/v1/identities?limit=0",
        "/v1/receipts/x",
        "/docs/../../etc/passwd",
        "/docs/%2e%2e/%2e%2e/etc/passwd",
        "/etc/passwd",
        "/.git/config",
        "//",
    ] {
        case(cases, format!("GET {path}"), request("GET", path, "", b""), REFUSED);
    }
    for method in ["DELETE", "PATCH", "TRACE", "CONNECT", "OPTIONS", "PROPFIND", "get"] {
        case(cases, format!("{method} /v1/verify"), request(method, "/v1/verify", "", b""), REFUSED);
    }
}

fn documents(cases: &mut Vec<Case>) {
    let put = |body: &[u8]| request("PUT", "/v1/identities/x", "application/json", body);
    let name = |name: &str| put(format!("{{\"display_name\": {}}}", serde_json::json!(name)).as_bytes());
    for (what, body) in [
        ("nothing", Vec::new()),
        ("null", b"null".to_vec()),
        ("a list", b"[]".to_vec()),
        ("half a document", b"{\"display_name\": \"x".to_vec()),
        ("two documents", b"{\"display_name\": \"x\"}{}".to_vec()),
        ("a byte order mark", b"\xef\xbb\xbf{\"display_name\": \"x\"}".to_vec()),
        ("bytes that are not UTF-8", b"{\"display_name\": \"\xff\"}".to_vec()),
        ("half a surrogate", b"{\"display_name\": \"\\ud800\"}".to_vec()),
        ("a name that is a number", b"{\"display_name\": 1}".to_vec()),
        ("an unknown field", b"{\"display_name\": \"x\", \"admin\": true}".to_vec()),
        ("a field twice", b"{\"display_name\": \"x\", \"display_name\": \"y\"}".to_vec()),
        ("100000 lists in each other", b"[".repeat(100_000)),
        ("100000 objects in each other", b"{\"a\":".repeat(100_000)),
        ("a number of 1 MB", [b"{\"display_name\": ".to_vec(), b"9".repeat(1 << 20), b"}".to_vec()].concat()),
        ("a time in the past", b"{\"display_name\": \"x\", \"expires_at\": \"1999-01-01T00:00:00Z\"}".to_vec()),
        ("a time beyond time", b"{\"display_name\": \"x\", \"expires_at\": \"99999-01-01T00:00:00Z\"}".to_vec()),
        ("a time that is none", b"{\"display_name\": \"x\", \"expires_at\": \"soon\"}".to_vec()),
    ] {
        case(cases, format!("JSON: {what}"), put(&body), &[400, 413, 422]);
    }
    let long = "x".repeat(201);
    for text in ["", " ", "a\nb", "a\0b", "\u{7}", long.as_str(), &"x".repeat(1 << 20)] {
        case(cases, format!("name {:.12}", text.escape_debug().to_string()), name(text), &[422]);
    }
    let huge = [b"{\"display_name\": \"".to_vec(), b"x".repeat(70 << 20), b"\"}".to_vec()].concat();
    case(cases, "JSON of 70 MB", put(&huge), &[413]);
}

fn heads(face: &[u8], cases: &mut Vec<Case>) {
    let raw = |text: &str| text.as_bytes().to_vec();
    case(cases, "not HTTP", raw("hello\r\n\r\n"), REFUSED);
    case(cases, "HTTP/0.9", raw("GET /livez\r\n\r\n"), REFUSED);
    case(cases, "HTTP/2 without being asked", raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), REFUSED);
    case(cases, "TLS to a plain port", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n".to_vec(), REFUSED);
    case(cases, "a path of 40 KB", request("GET", &format!("/{}", "a".repeat(40_000)), "", b""), REFUSED);
    case(
        cases,
        "a query of 20 KB",
        request("GET", &format!("/v1/identities?cursor={}", "a".repeat(20_000)), "", b""),
        REFUSED,
    );
    let many = format!("GET /livez HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-A: b\r\n".repeat(2_000));
    case(cases, "2000 headers", raw(&many), REFUSED);
    let wide = format!("GET /livez HTTP/1.1\r\nHost: x\r\nX-A: {}\r\n\r\n", "b".repeat(100_000));
    case(cases, "a header of 100 KB", raw(&wide), REFUSED);
    case(cases, "a header with a zero", raw("GET /livez HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n"), REFUSED);
    case(cases, "a header in two lines", raw("GET /livez HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n"), REFUSED);
    case(
        cases,
        "two lengths",
        raw("POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        REFUSED,
    );
    case(
        cases,
        "a length below zero",
        raw("POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"),
        REFUSED,
    );
    let both =
        "POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG";
    case(cases, "a length and chunks", raw(both), REFUSED);
    let chunks = |body: &str| {
        format!(
            "POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\r\n{body}"
        )
    };
    for (what, body) in [
        ("no chunk", "0\r\n\r\n"),
        ("a chunk of a size that is none", "zz\r\nab\r\n0\r\n\r\n"),
        ("a chunk of more than there can be", "ffffffffffffffffff\r\nab\r\n0\r\n\r\n"),
        ("a chunk that is shorter", "2\r\nabcd\r\n0\r\n\r\n"),
        ("a chunk with a long extension", "2;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=b\r\nab\r\n0\r\n\r\n"),
    ] {
        case(cases, format!("chunked: {what}"), raw(&chunks(body)), REFUSED);
    }
    // A form in chunks of one byte each is a form: its field is read, and refused by name.
    let content = form(&[part("x", None, &vec![b'y'; 900])]);
    let body = content.iter().fold(String::new(), |body, byte| body + "1\r\n" + &(*byte as char).to_string() + "\r\n");
    case(cases, "chunked: one byte each", raw(&chunks(&format!("{body}0\r\n\r\n"))), &[400]);
    let expect = form(&[part("image", Some("a"), &face[..100])]);
    let asked = format!(
        "POST /v1/verify HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: {FORM}\r\nContent-Length: {}\r\n\r\n",
        expect.len()
    );
    case(cases, "expect: 100-continue", [asked.into_bytes(), expect].concat(), &[422]);
    let upgrade = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
    case(cases, "an upgrade to nothing", raw(upgrade), &[200, 400, 426]);
}
