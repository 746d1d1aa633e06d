//! Malformed and broken requests are answered immediately, with a documented code.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::{Server, agent, answer, code};

const KIND: &str = "multipart/form-data; boundary=x";

/// The whole answer to raw bytes.
fn raw(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(server.base.trim_start_matches("http://")).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    text
}

#[test]
fn bodies_that_are_empty_or_break_off_are_answered_immediately() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--head-timeout", "2"]);
    let started = Instant::now();
    let verify = || agent().post(server.url("/v1/verify"));
    assert_eq!(code(&answer(verify().header("content-type", KIND).send_empty())), (400, "multipart_invalid"));
    assert_eq!(code(&answer(verify().send_empty())), (415, "content_type_unsupported"));
    assert_eq!(code(&answer(verify().header("content-type", KIND).send("--x--\r\n"))), (422, "image_missing"));
    assert_eq!(code(&answer(verify().header("content-type", KIND).send("--x\r\n"))), (400, "multipart_invalid"));
    let url = server.url("/v1/identities/x");
    assert_eq!(code(&answer(agent().put(&url).send_empty())), (415, "content_type_unsupported"));
    assert_eq!(code(&answer(agent().put(&url).content_type("application/json").send_empty())), (400, "json_invalid"));
    let json = |body: &str| answer(agent().put(&url).content_type("application/json").send(body));
    for (problem, status, said) in [
        (json("{\"display_name\": 1}"), 422, "the JSON body does not fit: display_name: invalid type: integer `1`"),
        (json("1"), 422, "expected an object"),
        (json("{"), 400, "the body is not JSON: EOF"),
        (answer(agent().put(&url).send_empty()), 415, "send JSON with `Content-Type: application/json`"),
        (
            answer(agent().get(server.url("/v1/identities?limit=x")).call()),
            400,
            "the query parameter `limit` must be a whole number",
        ),
        (
            answer(agent().post(server.url("/v1/verify?stability=x")).header("content-type", KIND).send("--x--\r\n")),
            400,
            "the query parameter `stability` must be `true` or `false`",
        ),
    ] {
        let detail = problem.1["detail"].as_str().unwrap();
        assert!(problem.0 == status && detail.contains(said), "{detail}");
    }
    for broken in ["zz\r\nab\r\n0\r\n\r\n", "2\r\nabcd\r\n0\r\n\r\n"] {
        let head = format!("POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Type: {KIND}\r\nTransfer-Encoding: chunked");
        let text = raw(&server, &format!("{head}\r\n\r\n{broken}"));
        assert!(text.starts_with("HTTP/1.1 400") && text.contains("body_unreadable"), "{text}");
    }
    // The body that the head promises does not come, whether the client ends its side or waits.
    let cut = format!("POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Type: {KIND}\r\nContent-Length: 50\r\n\r\n--x");
    let text = raw(&server, &cut);
    assert!(text.starts_with("HTTP/1.1 408") && text.contains("body_too_slow"), "{text}");
    let mut stream = TcpStream::connect(server.base.trim_start_matches("http://")).unwrap();
    stream.write_all(cut.as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let _ = stream.read_to_end(&mut Vec::new());
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}
