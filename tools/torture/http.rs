//! A client that can misbehave: sends any bytes and reads the answer.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// An answer.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// 0 where the connection was closed without an answer.
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let mut lines = self.head.lines().filter_map(|l| l.split_once(':'));
        lines.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim().to_owned())
    }
}

/// Sends `request` on a connection of its own and reads one answer, which may come before everything is sent. `None`
/// without an answer within `patience`.
pub(crate) fn send(address: &str, request: &[u8], patience: Duration) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(patience)).ok()?;
    stream.set_write_timeout(Some(patience)).ok()?;
    stream.set_nodelay(true).ok()?;
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(request);
    read(&mut stream)
}

/// Reads one answer.
pub(crate) fn read(stream: &mut TcpStream) -> Option<Answer> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 8192]);
    loop {
        if let Some(answer) = parse(&bytes) {
            return Some(answer);
        }
        match stream.read(&mut piece) {
            Ok(0) => return Some(parse_closed(&bytes)),
            Ok(n) => bytes.extend_from_slice(&piece[..n]),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return None,
            Err(_) => return Some(parse_closed(&bytes)),
        }
    }
}

fn head(bytes: &[u8]) -> Option<(u16, String, usize)> {
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, head, end + 4))
}

/// The answer, once it is complete.
fn parse(bytes: &[u8]) -> Option<Answer> {
    let (status, head, end) = head(bytes)?;
    if status == 100 {
        return parse(&bytes[end..]);
    }
    let answer = Answer { status, head, body: Vec::new() };
    let length: usize = match answer.header("content-length") {
        Some(length) => length.parse().ok()?,
        None if answer.header("transfer-encoding").is_some() => return None,
        None => 0,
    };
    let body = bytes.get(end..end + length)?.to_vec();
    Some(Answer { body, ..answer })
}

fn parse_closed(bytes: &[u8]) -> Answer {
    match head(bytes) {
        Some((status, head, end)) => Answer { status, head, body: bytes[end..].to_vec() },
        None => Answer::default(),
    }
}

/// A request with a body.
pub(crate) fn request(method: &str, path: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let kind = if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
    let head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{kind}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// The boundary of [`form`].
pub(crate) const FORM: &str = "multipart/form-data; boundary=BoUnDaRy";

/// A part of a form.
pub(crate) fn part(name: &str, file: Option<&str>, content: &[u8]) -> Vec<u8> {
    let file = file.map_or_else(String::new, |f| format!("; filename=\"{f}\""));
    let head = format!("--BoUnDaRy\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
    [head.as_bytes(), content, b"\r\n"].concat()
}

/// The body of a form.
pub(crate) fn form(parts: &[Vec<u8>]) -> Vec<u8> {
    [&parts.concat()[..], b"--BoUnDaRy--\r\n"].concat()
}

/// A verification.
pub(crate) fn verify(image: &[u8], identity: Option<&str>) -> Vec<u8> {
    let mut parts = vec![part("image", Some("a.jpg"), image)];
    parts.extend(identity.map(|id| part("identity", None, id.as_bytes())));
    request("POST", "/v1/verify", FORM, &form(&parts))
}
