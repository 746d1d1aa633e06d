//! `/metrics` of a real server: what is there from the start, and what counts.

use std::collections::BTreeMap;

use crate::support::{Server, agent, issue, portrait};

/// The samples of a scrape by name with labels, in the order of the text.
struct Scrape {
    text: String,
    samples: BTreeMap<String, f64>,
}

impl Scrape {
    fn of(server: &Server) -> Self {
        let text = agent().get(server.url("/metrics")).call().unwrap().body_mut().read_to_string().unwrap();
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let sample = |line: &str| line.rsplit_once(' ').map(|(name, value)| (name.to_owned(), value.parse().unwrap()));
        let samples = lines.filter_map(sample).collect();
        Self { text, samples }
    }

    #[track_caller]
    fn value(&self, name: &str) -> f64 {
        *self.samples.get(name).unwrap_or_else(|| panic!("there is no {name}:\n{}", self.text))
    }

    /// A value that is a whole number.
    #[track_caller]
    fn count(&self, name: &str) -> u64 {
        let value = self.value(name);
        assert!(value >= 0.0 && value.fract() == 0.0, "{name} {value}");
        value as u64
    }

    /// The names of metrics with a help text, and of those with a type.
    fn described(&self, what: &str) -> Vec<&str> {
        let start = format!("# {what} ");
        let names = self.text.lines().filter_map(|line| line.strip_prefix(&start)?.split(' ').next());
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        names
    }
}

#[test]
fn series_are_there_before_their_first_event() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--threads", "3", "--queue", "7"]);
    let first = Scrape::of(&server);
    for verdict in ["real", "fake", "different_person", "unknown_person", "inconclusive", "no_face"] {
        assert_eq!(first.count(&format!("faceward_verdicts_total{{verdict=\"{verdict}\"}}")), 0);
    }
    for verdict in ["real", "fake", "different_person", "inconclusive"] {
        assert_eq!(first.count(&format!("faceward_verdict_score_count{{verdict=\"{verdict}\"}}")), 0);
        assert_eq!(first.count(&format!("faceward_verdict_score_bucket{{verdict=\"{verdict}\",le=\"0.05\"}}")), 0);
    }
    for name in [
        "faceward_overloaded_total",
        "faceward_connections_refused_total",
        "faceward_store_errors_total",
        "faceward_audit_errors_total",
        "faceward_erasures_unfinished_total",
        "faceward_queue_length",
        "faceward_inference_threads_busy",
        "faceward_identities",
        "faceward_identities_outdated",
        "faceward_api_keys{state=\"valid\"}",
        "faceward_http_requests_in_flight",
    ] {
        let expected = u64::from(name.ends_with("in_flight"));
        assert_eq!(first.count(name), expected, "{name}: the scrape itself is in flight");
    }
    assert_eq!((first.count("faceward_inference_threads"), first.count("faceward_queue_capacity")), (3, 7));
    assert_eq!(first.count("faceward_ready"), 1);
    assert!(first.value("faceward_api_key_next_expiry_timestamp_seconds").is_infinite());
    // The request of the first scrape is counted by now.
    let second = Scrape::of(&server);
    let mut undescribed = second.described("TYPE");
    let described = second.described("HELP");
    undescribed.retain(|name| !described.contains(name));
    assert!(undescribed.is_empty(), "without a help text: {undescribed:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_process_is_measured() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let scrape = Scrape::of(&server);
    assert!(scrape.value("process_cpu_seconds_total") > 0.0);
    assert!(scrape.value("process_resident_memory_bytes") > 50e6, "the networks alone take more");
    assert!(scrape.value("process_virtual_memory_bytes") > scrape.value("process_resident_memory_bytes"));
    assert!(scrape.value("process_open_fds") > 5.0);
    assert!(scrape.value("process_max_fds") > scrape.value("process_open_fds"));
    assert!(scrape.value("process_threads") >= 2.0);
    let age = jiff::Timestamp::now().as_second() as f64 - scrape.value("process_start_time_seconds");
    assert!((-2.0..600.0).contains(&age), "started {age} s ago");
}

#[test]
fn verdicts_scores_and_keys_are_counted() {
    let data = tempfile::tempdir().unwrap();
    let (_, key) = issue(data.path(), "admin", &["--expires", "10d"]);
    let server = Server::start(data.path(), &[]);
    let client = server.client_with(&key);
    client.json("PUT", "/v1/identities/obama", &serde_json::json!({"display_name": "Barack Obama"}));
    let (first, second) = (portrait("obama-2009.jpg"), portrait("obama-2012.jpg"));
    assert_eq!(client.post("/v1/identities/obama/references", &[], &[&first, &second]).0, 200);
    let (status, answer) = client.verify(Some("obama"), &portrait("obama-2010.jpg"));
    assert_eq!((status, answer["verdict"].as_str()), (200, Some("real")), "{answer}");
    let scrape = Scrape::of(&server);
    assert_eq!(scrape.count("faceward_verdicts_total{verdict=\"real\"}"), 1);
    assert_eq!(scrape.count("faceward_verdict_score_count{verdict=\"real\"}"), 1);
    let sum = scrape.value("faceward_verdict_score_sum{verdict=\"real\"}");
    assert!((sum - answer["score"].as_f64().unwrap()).abs() < 1e-6, "{sum}");
    assert_eq!(scrape.count("faceward_verdict_score_bucket{verdict=\"real\",le=\"1\"}"), 1);
    assert_eq!(scrape.count("faceward_identities"), 1);
    assert_eq!(scrape.count("faceward_api_keys{state=\"valid\"}"), 1);
    let days = (scrape.value("faceward_api_key_next_expiry_timestamp_seconds")
        - jiff::Timestamp::now().as_second() as f64)
        / 86_400.0;
    assert!((9.9..10.1).contains(&days), "{days}");
}
