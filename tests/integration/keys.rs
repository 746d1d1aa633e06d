//! Keys over HTTP: scopes on every route, and changes to keys while the server runs; TLS.

use std::path::Path;

use crate::support::{Server, agent, answer, code, eventually, faceward, issue, root, run, stderr, stdout};
use serde_json::Value;

/// The status of a request that needs `enroll`.
fn status(server: &Server, key: &str) -> u16 {
    server.client_with(key).get("/v1/identities").0
}

fn status_without_key(server: &Server) -> u16 {
    server.client().get("/v1/identities").0
}

#[test]
fn keys_come_and_go_without_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    assert_eq!(status_without_key(&server), 200, "no key was ever issued");
    let (first, first_key) = issue(data.path(), "enroll", &[]);
    eventually("a key is asked for", || status_without_key(&server) == 401);
    assert_eq!(status(&server, &first_key), 200);

    // Rotation: the new one works before the old one ends.
    let (_, second_key) = issue(data.path(), "enroll", &["--expires", "1h"]);
    eventually("the second key works", || status(&server, &second_key) == 200);
    assert_eq!(status(&server, &first_key), 200);
    let folder = data.path().to_str().unwrap();
    assert!(run(&["keys", "revoke", &first, "--data-dir", folder]).status.success());
    eventually("the first key is refused", || status(&server, &first_key) == 401);
    assert_eq!(status(&server, &second_key), 200);

    let used = || -> Vec<Value> {
        let list = run(&["keys", "list", "--json", "--data-dir", folder]);
        assert!(list.status.success(), "{}", stderr(&list));
        stdout(&list).lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    };
    eventually("the last use is noted", || used().iter().all(|k| k["last_used_at"].is_string()));
}

#[test]
fn a_key_expires_and_the_server_does_not_open() {
    let data = tempfile::tempdir().unwrap();
    let soon = (jiff::Timestamp::now() + jiff::SignedDuration::from_secs(6)).to_string();
    let (_, key) = issue(data.path(), "admin", &["--expires", &soon]);
    let server = Server::start(data.path(), &[]);
    eventually("it expires", || status(&server, &key) == 401);
    assert_eq!(status_without_key(&server), 401, "the last key ran out, and nobody is let in");
}

/// Every operation of the OpenAPI document: without a key, with the wrong scope, with admin.
#[test]
fn every_route_asks_for_its_scope() {
    let data = tempfile::tempdir().unwrap();
    let keys = ["enroll", "verify", "review", "admin"].map(|scope| (scope, issue(data.path(), scope, &[]).1));
    let server = Server::start(data.path(), &[]);
    let (_, document) = server.client().get("/openapi.json");
    let open = ["/livez", "/readyz", "/metrics"];
    let mut tried = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys().filter(|m| *m != "parameters") {
            let concrete = path.replace("{id}", "nobody").replace("{sample}", "x");
            let ask = |key: Option<&str>| {
                let client = key.map_or_else(|| server.client(), |key| server.client_with(key));
                answer(Ok(client.response(&method.to_uppercase(), &concrete)))
            };
            tried += 1;
            if open.contains(&path.as_str()) {
                assert_eq!(ask(None).0, 200, "{method} {path}");
                continue;
            }
            for key in [None, Some("fw_00000000_"), Some("nonsense")] {
                assert_eq!(code(&ask(key)), (401, "unauthenticated"), "{method} {path}");
            }
            let needed: &[&str] = match path.as_str() {
                "/v1/verify" => &["verify"],
                "/v1/identities" => &["enroll", "review"],
                "/v1/cases/{id}/sample" => &["enroll"],
                p if p.starts_with("/v1/cases") || p == "/v1/decisions" => &["review"],
                p if p.ends_with("/image") => &["admin"],
                _ => &["enroll"],
            };
            for (scope, key) in &keys {
                let (status, problem) = ask(Some(key));
                let refused = status == 403 && problem["code"] == "scope_missing";
                let allowed = needed.contains(scope) || *scope == "admin";
                assert_eq!(!refused, allowed, "{method} {path} with {scope}: {status} {problem}");
                assert!(status != 401 && status < 500, "{method} {path} with {scope}: {status}");
            }
        }
    }
    assert!(tried >= 14, "{tried} operations");
}

#[test]
fn beyond_loopback_a_key_is_needed() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    let models = root("models");
    let args =
        ["serve", "--create", "--listen", "0.0.0.0:0", "--data-dir", folder, "--models", models.to_str().unwrap()];
    let refused = run(&args);
    assert_eq!(refused.status.code(), Some(1));
    let said = stderr(&refused);
    assert!(said.contains("without any API key") && said.contains("faceward keys create"), "{said}");
    let overridden = Server::start(data.path(), &["--listen", "0.0.0.0:0", "--allow-unauthenticated"]);
    assert!(overridden.first_line.contains("0.0.0.0"));
    drop(overridden);
    // With a key, TLS is asked for: here, or said to be in front.
    issue(data.path(), "verify", &[]);
    let refused = run(&args);
    assert_eq!(refused.status.code(), Some(1));
    let said = stderr(&refused);
    assert!(said.contains("without TLS") && said.contains("--tls-in-front"), "{said}");
    let server = Server::start(data.path(), &["--listen", "0.0.0.0:0", "--tls-in-front"]);
    assert!(server.first_line.contains("0.0.0.0"));
}

/// The metrics are kept for ever, and anybody may send requests: none may make a series of their own.
#[test]
fn made_up_methods_and_paths_make_no_series() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    for n in 0..50 {
        let request = ureq::http::Request::builder().method(format!("MADE-UP-{n}").as_str());
        let request = request.uri(server.url(&format!("/made/up/{n}"))).body(()).unwrap();
        let config = agent().configure_request(request).allow_non_standard_methods(true).build();
        assert!([404, 405].contains(&agent().run(config).unwrap().status().as_u16()));
    }
    let metrics = agent().get(server.url("/metrics")).call().unwrap().body_mut().read_to_string().unwrap();
    assert!(metrics.contains("method=\"other\"") && !metrics.contains("MADE"), "{metrics}");
    let counters = metrics.lines().filter(|l| l.starts_with("faceward_http_requests_total")).count();
    assert!(counters <= 3, "{metrics}");
}

#[test]
fn pages_of_other_sites_are_kept_out_while_there_is_no_key() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let foreign = agent().get(server.url("/v1/identities")).header("origin", "https://evil.example").call();
    assert_eq!(code(&answer(foreign)), (403, "cross_site_refused"));
}

#[test]
fn tls_is_served_and_plain_http_is_not() {
    let data = tempfile::tempdir().unwrap();
    let signed = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let (cert, key) = (data.path().join("cert.pem"), data.path().join("key.pem"));
    std::fs::write(&cert, signed.cert.pem()).unwrap();
    std::fs::write(&key, signed.signing_key.serialize_pem()).unwrap();
    let files = ["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let server = Server::start(&data.path().join("store"), &files);
    assert!(server.base.starts_with("https://"), "{}", server.first_line);

    let authority = ureq::tls::Certificate::from_pem(signed.cert.pem().as_bytes()).unwrap().to_owned();
    let trusted = ureq::tls::RootCerts::new_with_certs(&[authority]);
    let trusting = ureq::tls::TlsConfig::builder().root_certs(trusted).build();
    let client = ureq::Agent::config_builder().tls_config(trusting).build().new_agent();
    let mut ready = client.get(server.url("/readyz")).call().unwrap();
    assert!(ready.body_mut().read_to_string().unwrap().contains("ready"));
    assert!(agent().get(server.url("/readyz")).call().is_err(), "a client that does not trust it is not served");
    assert!(agent().get(server.url("/readyz").replace("https", "http")).call().is_err());
    // The health check does not verify the certificate; the batch does, with the authority it is given.
    let health = run(&["healthcheck", "--json", "--url", &server.url("/readyz")]);
    assert!(health.status.success(), "{}", stderr(&health));
    let demo = root("demo/collins.jpg");
    let batch = |more: &[&str]| {
        let words = ["batch", demo.to_str().unwrap(), "--server", &server.base];
        run(&[&words, more].concat())
    };
    let distrusting = batch(&[]);
    assert_eq!(distrusting.status.code(), Some(1), "{}", stderr(&distrusting));
    let trusting = batch(&["--ca-cert", cert.to_str().unwrap()]);
    assert_eq!(trusting.status.code(), Some(0), "{}", stderr(&trusting));
    assert!(stdout(&trusting).contains("unknown_person"), "{}", stdout(&trusting));
    drop(server);

    let swapped = ["--tls-cert", key.to_str().unwrap(), "--tls-key", cert.to_str().unwrap()];
    let store = data.path().join("store");
    let places = ["serve", "--data-dir", store.to_str().unwrap(), "--models"];
    let models = root("models");
    let refused = run(&[&places[..], &[models.to_str().unwrap()], &swapped].concat());
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("TLS"), "{}", stderr(&refused));
    assert_eq!(faceward(&["serve", "--tls-cert", "x"]).output().unwrap().status.code(), Some(1));
    assert!(Path::new(&cert).exists());
}

/// As `openssl req -x509` makes a certificate: of an authority; and one for another name.
#[test]
fn a_certificate_that_does_not_serve_is_explained() {
    let demo = root("demo/collins.jpg");
    for (name, is_ca, said) in [
        ("127.0.0.1", true, "marked as that of an authority (CA:TRUE)"),
        ("elsewhere.example", false, "its certificate is for other names"),
    ] {
        let data = tempfile::tempdir().unwrap();
        let mut params = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
        if is_ca {
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        }
        let pair = rcgen::KeyPair::generate().unwrap();
        let (cert, key) = (data.path().join("cert.pem"), data.path().join("key.pem"));
        std::fs::write(&cert, params.self_signed(&pair).unwrap().pem()).unwrap();
        std::fs::write(&key, pair.serialize_pem()).unwrap();
        let files = ["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
        let server = Server::start(&data.path().join("store"), &files);
        let words = ["batch", demo.to_str().unwrap(), "--server", &server.base, "--ca-cert", cert.to_str().unwrap()];
        let refused = run(&words);
        assert_eq!(refused.status.code(), Some(1));
        assert!(stderr(&refused).contains(said), "{}", stderr(&refused));
        assert!(!stderr(&refused).contains("no server answers"), "{}", stderr(&refused));
    }
}
