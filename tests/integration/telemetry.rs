//! Traces and metrics of a real server, as an OpenTelemetry collector receives them.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use prost::Message;

use crate::support::{Server, agent, eventually, faceward, portrait};

/// What was sent to a path, with its headers in lower case.
#[derive(Clone)]
struct Received {
    path: String,
    head: String,
    body: Vec<u8>,
}

/// Takes everything and answers `status`.
struct Collector {
    address: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Collector {
    fn start(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let list = received.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let list = list.clone();
                std::thread::spawn(move || serve(stream, status, &list));
            }
        });
        Self { address, received }
    }

    fn at(&self, path: &str) -> Vec<Received> {
        self.received.lock().unwrap().iter().filter(|r| r.path == path).cloned().collect()
    }

    /// Every span so far.
    fn spans(&self) -> Vec<Span> {
        let requests = self.at("/v1/traces").into_iter().map(|r| Traces::decode(&r.body[..]).unwrap());
        let scopes = requests.flat_map(|r| r.resource_spans).flat_map(|r| r.scope_spans);
        scopes.flat_map(|scope| scope.spans).collect()
    }
}

fn serve(mut stream: TcpStream, status: &str, list: &Mutex<Vec<Received>>) {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..read]);
        while let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")?.parse::<usize>().ok()).unwrap();
            if bytes.len() < end + 4 + length {
                break;
            }
            let rest = bytes.split_off(end + 4 + length);
            let path = head.split(' ').nth(1).unwrap().to_owned();
            list.lock().unwrap().push(Received { path, head, body: bytes.split_off(end + 4) });
            bytes = rest;
            let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
        }
    }
}

// The part of opentelemetry-proto that is looked at, written down apart from the program's.
#[derive(Clone, PartialEq, Message)]
struct Traces {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeSpans {
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Span>,
}

#[derive(Clone, PartialEq, Message)]
#[allow(clippy::struct_field_names, reason = "the names are those of the protocol")]
struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(int32, tag = "6")]
    kind: i32,
    #[prost(fixed64, tag = "7")]
    start: u64,
    #[prost(fixed64, tag = "8")]
    end: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct AnyValue {
    #[prost(string, optional, tag = "1")]
    text: Option<String>,
    #[prost(int64, optional, tag = "3")]
    number: Option<i64>,
}

fn read(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text =
        |value: &AnyValue| value.text.clone().or_else(|| value.number.map(|n| n.to_string())).unwrap_or_default();
    attributes.iter().map(|kv| (kv.key.clone(), kv.value.as_ref().map(text).unwrap_or_default())).collect()
}

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

#[test]
fn a_verification_is_a_server_span_with_its_stages_and_metrics_follow() {
    let collector = Collector::start("200 OK");
    let data = tempfile::tempdir().unwrap();
    let mut command = faceward(&[]);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.address);
    command.env("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=a%20b").env("OTEL_SERVICE_NAME", "moderation");
    let mut server = Server::start_as(command, data.path(), &["--otlp-interval", "1"]);
    let parent = format!("00-{TRACE}-{CALLER}-01");
    let request = agent().post(server.url("/v1/verify")).header("content-type", "image/jpeg");
    let answer = request.header("traceparent", &parent).send(&portrait("collins.jpg")[..]).unwrap();
    assert_eq!(answer.status(), 200);
    let number = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    // One whose caller keeps no trace, one without a caller, and one that is never traced.
    agent().get(server.url("/v1/identities")).header("traceparent", parent.replace("-01", "-00")).call().unwrap();
    agent().get(server.url("/v1/identities/nobody")).call().unwrap();
    agent().get(server.url("/readyz")).call().unwrap();
    eventually("metrics come", || !collector.at("/v1/metrics").is_empty());
    server.stop();

    let spans = collector.spans();
    let servers: Vec<&Span> = spans.iter().filter(|span| span.kind == 2).collect();
    let names: Vec<&str> = servers.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["POST /v1/verify", "GET /v1/identities/{id}"]);
    let [verify, get] = servers[..] else { panic!("{names:?}") };
    assert_eq!((hex::encode(&verify.trace_id), hex::encode(&verify.parent_span_id)), (TRACE.into(), CALLER.into()));
    let facts = read(&verify.attributes);
    let fact = |name: &str| facts.get(name).map_or("", String::as_str);
    assert_eq!((fact("http.request.method"), fact("http.route")), ("POST", "/v1/verify"));
    assert_eq!((fact("http.response.status_code"), fact("faceward.verdict")), ("200", "unknown_person"));
    assert_eq!(fact("faceward.request_id"), number);
    let told = read(&get.attributes);
    assert_eq!(told["faceward.code"], "identity_unknown");
    assert!(get.parent_span_id.is_empty() && !spans.iter().any(|span| format!("{span:?}").contains("nobody")));

    // The stages are within, and none is longer than the request.
    let parts: Vec<&Span> = spans.iter().filter(|s| s.trace_id == verify.trace_id && s.kind == 1).collect();
    for stage in ["queue", "decode", "detector", "embedding_c", "measure", "compare"] {
        assert!(parts.iter().any(|part| part.name == stage), "no {stage} in {parts:?}");
    }
    for part in &parts {
        let within = spans.iter().find(|span| span.span_id == part.parent_span_id).unwrap();
        assert!(part.end >= part.start && part.start >= within.start && part.end <= within.end, "{part:?} {within:?}");
    }
    let detector = parts.iter().find(|part| part.name == "detector").unwrap();
    let within = parts.iter().find(|part| part.span_id == detector.parent_span_id).unwrap();
    assert_eq!(within.name, "measure");

    let sent = collector.at("/v1/traces");
    assert!(sent[0].head.contains("content-type: application/x-protobuf") && sent[0].head.contains("x-tenant: a b"));
    let resource = Traces::decode(&sent[0].body[..]).unwrap().resource_spans[0].resource.clone().unwrap();
    let resource = read(&resource.attributes);
    assert_eq!((resource["service.name"].as_str(), resource["service.version"].as_str()), ("moderation", "0.1.0"));
    let last = collector.at("/v1/metrics").pop().unwrap().body;
    let holds = |name: &str| last.windows(name.len()).any(|w| w == name.as_bytes());
    for name in ["faceward_verdicts_total", "http.server.request.duration", "http.route", "process.cpu.time"] {
        assert!(holds(name), "{name} is not among the metrics");
    }
}

#[test]
fn a_collector_that_is_away_or_refuses_holds_nothing_up() {
    let refusing = Collector::start("400 Bad Request");
    for endpoint in ["http://127.0.0.1:9", &refusing.address] {
        let data = tempfile::tempdir().unwrap();
        let mut server = Server::start(data.path(), &["--otlp-endpoint", endpoint, "--otlp-interval", "1"]);
        let started = std::time::Instant::now();
        for _ in 0..50 {
            assert_eq!(server.client().get("/v1/identities").0, 200);
        }
        assert!(started.elapsed() < std::time::Duration::from_secs(10), "{:?}", started.elapsed());
        assert!(server.stop() < std::time::Duration::from_secs(15));
    }
    assert!(!refusing.at("/v1/traces").is_empty());
}
