//! The server when it is told to stop, when too much arrives at the same time, and when its folder takes no writes.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{Server, agent, answer, code, eventually, faceward, portrait, run, stdout};
use serde_json::json;

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.base.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    stream
}

fn read(mut stream: TcpStream) -> String {
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    text
}

fn signal(server: &Server) {
    assert!(Command::new("kill").arg(server.child.id().to_string()).status().unwrap().success());
}

/// 0 where the connection breaks.
fn status(server: &Server, path: &str) -> u16 {
    agent().get(server.url(path)).call().map_or(0, |r| r.status().as_u16())
}

fn references(server: &Server) -> u64 {
    server.client().get("/v1/identities/x").1["references"].as_u64().unwrap()
}

#[test]
fn an_address_that_holds_too_many_connections_is_told_so() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--connections-per-address", "3"]);
    let held: Vec<TcpStream> = (0..3).map(|_| connect(&server)).collect();
    let mut over = connect(&server);
    over.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let text = read(over);
    assert!(text.starts_with("HTTP/1.1 429 ") && text.contains("too_many_connections"), "{text}");
    assert!(text.contains("retry-after: 1"), "{text}");
    drop(held);
    eventually("a place that was given back", || status(&server, "/livez") == 200);
}

#[test]
fn bodies_have_a_bound_on_their_memory_together() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--body-memory-mib", "64"]);
    let head = |length: usize| {
        format!(
            "POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: {length}\r\n\r\n--x"
        )
    };
    let verify = || {
        answer(
            agent()
                .post(server.url("/v1/verify"))
                .header("content-type", "multipart/form-data; boundary=x")
                .send("--x--\r\n"),
        )
    };
    let mut whole = connect(&server);
    whole.write_all(head(64 << 20).as_bytes()).unwrap();
    // The first to come is served. It must be this one: that no answer comes shows that it was let in.
    whole.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    assert!(whole.read(&mut [0]).is_err(), "the first was refused");
    eventually("a refusal", || verify().0 == 503);
    let text = {
        let mut another = connect(&server);
        another.write_all(head(9).as_bytes()).unwrap();
        read(another)
    };
    assert!(text.starts_with("HTTP/1.1 503 ") && text.contains("upload_memory_full"), "{text}");
    assert!(text.contains("retry-after: 1"), "{text}");
    // A request without a body needs no memory.
    assert_eq!((status(&server, "/livez"), status(&server, "/v1/identities")), (200, 200));
    drop(whole);
    eventually("room again", || verify().0 == 422);
}

/// Begins an enrollment whose body takes longer to send than a verification may take.
fn slow_enrollment(server: &Server, pieces: u32) -> TcpStream {
    assert_eq!(server.client().json("PUT", "/v1/identities/x", &json!({"display_name": "X"})).0, 201);
    let image = portrait("obama-2009.jpg");
    let part = b"--x\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.jpg\"\r\n\r\n";
    let body = [&part[..], &image, b"\r\n--x--\r\n"].concat();
    let mut stream = connect(server);
    let kind = "multipart/form-data; boundary=x";
    let head = format!(
        "POST /v1/identities/x/references HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut writer = stream.try_clone().unwrap();
    std::thread::spawn(move || {
        for piece in body.chunks(body.len().div_ceil(pieces as usize)) {
            if writer.write_all(piece).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(500));
        }
    });
    std::thread::sleep(Duration::from_secs(1));
    stream
}

#[test]
fn stopping_waits_as_long_as_the_longest_request_may_take() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start(data.path(), &["--deadline", "1"]);
    let enrolling = slow_enrollment(&server, 18);
    signal(&server);
    let text = read(enrolling);
    assert!(text.starts_with("HTTP/1.1 200 ") && text.contains("reference_id"), "{text}");
    assert!(server.child.wait().unwrap().success());
    let mut again = Server::start(data.path(), &[]);
    assert_eq!(references(&again), 1);
    assert!(again.stop() < Duration::from_secs(10));
}

#[test]
fn told_twice_it_stops_immediately() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start(data.path(), &[]);
    let enrolling = slow_enrollment(&server, 100);
    signal(&server);
    std::thread::sleep(Duration::from_secs(1));
    assert!(server.child.try_wait().unwrap().is_none(), "it waits for what is in flight");
    let told = Instant::now();
    signal(&server);
    assert_eq!(server.child.wait().unwrap().code(), Some(1));
    assert!(told.elapsed() < Duration::from_secs(5), "{:?}", told.elapsed());
    drop(enrolling);
    // The unfinished enrollment left nothing behind, and the next start finds everything in order.
    let again = Server::start(data.path(), &[]);
    assert_eq!(references(&again), 0);
}

/// The limit on the size of files, set to nothing while the server runs, makes every write to a file fail, as on a file
/// system that has gone read-only.
#[test]
#[cfg(target_os = "linux")]
fn a_folder_that_takes_no_writes_any_more_costs_no_verdict_without_a_record() {
    let data = tempfile::tempdir().unwrap();
    let binary = faceward(&[]).get_program().to_owned();
    let mut shell = Command::new("sh");
    // The signal that comes with the limit would end the process; a file system sends none.
    shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(binary);
    let mut server = Server::start_as(shell, data.path(), &[]);
    let writes = |limit: &str| {
        let pid = server.child.id().to_string();
        Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={limit}")]).status().unwrap().success()
    };
    let client = server.client();
    let put = |id: &str| client.json("PUT", &format!("/v1/identities/{id}"), &json!({"display_name": "X"}));
    let verify = || client.verify(None, &portrait("obama-2009.jpg"));
    assert_eq!((put("before").0, verify().0), (201, 200));
    assert!(writes("0:unlimited"));
    let (refused, unrecorded) = (put("meanwhile"), verify());
    assert_eq!(refused.0, 503, "{refused:?}");
    assert_eq!(code(&unrecorded), (503, "audit_failed"), "{unrecorded:?}");
    assert_eq!((status(&server, "/livez"), status(&server, "/readyz")), (200, 503));
    assert!(writes("unlimited:unlimited"));
    eventually("writes again", || put("after").0 == 201);
    assert_eq!((verify().0, status(&server, "/readyz")), (200, 200));
    assert_eq!((status(&server, "/v1/identities/before"), status(&server, "/v1/identities/meanwhile")), (200, 404));
    server.stop();
    let audit = run(&["audit", "verify", "--data-dir", data.path().to_str().unwrap()]);
    assert!(audit.status.success(), "{}", stdout(&audit));
}
