//! The dashboard, the alerts and the settings in `deploy/` fit the real program.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::support::{Server, faceward, issue, root, stderr, stdout};

/// The names of our metrics and of those of the process in a text.
fn named(text: &str) -> BTreeSet<&str> {
    let names = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':');
    names.filter(|name| name.starts_with("faceward_") || name.starts_with("process_")).collect()
}

/// Every text in a JSON document.
fn texts<'a>(value: &'a Value, into: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => into.push(text),
        Value::Array(list) => list.iter().for_each(|value| texts(value, into)),
        Value::Object(map) => map.values().for_each(|value| texts(value, into)),
        _ => {}
    }
}

/// The names that a server shows once it has answered a request and an image, with TLS and a key.
fn shown() -> BTreeSet<String> {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (_, token) = issue(&data, "admin", &["--expires", "10d"]);
    let signed = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    fs::write(&cert, signed.cert.pem()).unwrap();
    fs::write(&key, signed.signing_key.serialize_pem()).unwrap();
    let server = Server::start(&data, &["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()]);
    let tls = ureq::tls::TlsConfig::builder().disable_verification(true).build();
    let config = ureq::Agent::config_builder().tls_config(tls).max_idle_connections(0);
    let agent = config.http_status_as_error(false).build().new_agent();
    let image = fs::read(root("demo/collins.jpg")).unwrap();
    let request = agent.post(server.url("/v1/verify")).header("authorization", format!("Bearer {token}"));
    let answer = request.header("content-type", "image/jpeg").send(&image[..]).unwrap();
    assert_eq!(answer.status(), 200);
    let text = agent.get(server.url("/metrics")).call().unwrap().body_mut().read_to_string().unwrap();
    let typed = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let mut names = BTreeSet::new();
    for (name, kind) in typed.filter_map(|line| line.split_once(' ')) {
        names.insert(name.to_owned());
        if kind == "histogram" {
            names.extend(["_bucket", "_sum", "_count"].map(|end| format!("{name}{end}")));
        }
    }
    names
}

#[test]
fn every_metric_of_the_dashboard_and_the_alerts_is_shown() {
    let shown = shown();
    let dashboard = fs::read_to_string(root("deploy/grafana/faceward.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&dashboard).unwrap();
    let mut parts = Vec::new();
    texts(&dashboard, &mut parts);
    let alerts = fs::read_to_string(root("deploy/prometheus/alerts.yml")).unwrap();
    let tests = fs::read_to_string(root("deploy/prometheus/alerts_test.yml")).unwrap();
    for (what, text) in [("dashboard", parts.join("\n")), ("alerts", alerts), ("their tests", tests)] {
        let named = named(&text);
        assert!(named.len() > 5, "{what}: {named:?}");
        let missing: Vec<&&str> = named.iter().filter(|name| !shown.contains(**name)).collect();
        assert!(missing.is_empty(), "{what}: a server does not show {missing:?}");
    }
    // The table in the documentation has all of them.
    let page = fs::read_to_string(root("docs/operation.md")).unwrap();
    let table = page.split_once("## Metrics").unwrap().1.split_once("## ").unwrap().0;
    let told = self::named(table);
    let families = shown.iter().filter(|name| name.starts_with("faceward_"));
    let untold: Vec<&String> = families
        .filter(|name| {
            let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
            !told.contains(family)
        })
        .collect();
    assert!(untold.is_empty(), "docs/operation.md does not tell {untold:?}");
}

#[test]
fn panels_of_the_dashboard_say_what_they_show_and_do_not_overlap() {
    let text = fs::read_to_string(root("deploy/grafana/faceward.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut taken = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{}", panel["title"]);
        let place = |side: &str| panel["gridPos"][side].as_u64().unwrap();
        for (x, y) in (place("x")..place("x") + place("w"))
            .flat_map(|x| (place("y")..place("y") + place("h")).map(move |y| (x, y)))
        {
            assert!(x < 24 && taken.insert((x, y)), "{} overlaps at {x}, {y}", panel["title"]);
        }
        if panel["type"] != "row" {
            assert!(panel["description"].as_str().is_some_and(|text| text.ends_with('.')), "{}", panel["title"]);
            assert_eq!(panel["datasource"]["uid"], "${source}", "{}", panel["title"]);
        }
    }
}

#[test]
fn the_settings_files_can_be_used() {
    for name in ["small", "large", "air-gapped"] {
        let path = root(&format!("deploy/config/{name}.toml"));
        let path = path.to_str().unwrap();
        let checked = faceward(&["config", "--check", path]).output().unwrap();
        assert!(checked.status.success(), "{name}: {}", stderr(&checked));
        let printed = faceward(&["serve", "--config", path, "--print-settings"]).output().unwrap();
        let text = stdout(&printed);
        let own = text.lines().filter(|line| line.ends_with(&format!("# {path}"))).count();
        assert!(printed.status.success() && own >= 4, "{name} sets {own} values: {text}");
    }
}
