//! Cases: a verdict that a reviewer opens, decides, reports, and enrolls the picture of.

use std::path::Path;

use crate::support::{Client, Server, code, eventually, issue, portrait, run, stderr};
use serde_json::{Value, json};

fn start(data: &Path, more: &[&str]) -> Server {
    Server::start(data, &[&["--threads", "1", "--deadline", "120"], more].concat())
}

fn enroll(client: &Client, id: &str, photograph: &str) {
    assert_eq!(client.json("PUT", &format!("/v1/identities/{id}"), &json!({"display_name": id})).0, 201);
    let (status, report) = client.post(&format!("/v1/identities/{id}/references"), &[], &[&portrait(photograph)]);
    assert_eq!(status, 200, "{report}");
}

/// The number of the case of a verification.
fn verify(client: &Client, claim: Option<&str>, picture: &str) -> String {
    let (status, answer) = client.verify(claim, &portrait(picture));
    assert_eq!(status, 200, "{answer}");
    answer["case"].as_str().unwrap_or_else(|| panic!("no case: {answer}")).to_owned()
}

fn listed(client: &Client, query: &str) -> Vec<String> {
    let (status, page) = client.get(&format!("/v1/cases{query}"));
    assert_eq!(status, 200, "{page}");
    page["cases"].as_array().unwrap().iter().map(|case| case["id"].as_str().unwrap().to_owned()).collect()
}

fn actions(data: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(data.join("audit.jsonl")).unwrap();
    let action = |line: &str| serde_json::from_str::<Value>(line).unwrap()["action"].as_str().unwrap().to_owned();
    text.lines().map(action).collect()
}

#[test]
fn a_verdict_becomes_a_case_that_is_listed_opened_decided_and_reported() {
    let data = tempfile::tempdir().unwrap();
    let mut server = start(data.path(), &[]);
    let client = server.client();
    enroll(&client, "obama", "obama-2009.jpg");
    let claimed = verify(&client, Some("obama"), "obama-2012.jpg");
    let other = verify(&client, Some("obama"), "collins.jpg");
    let (_, stranger) = client.verify(None, &portrait("collins.jpg"));
    assert_eq!((&stranger["verdict"], &stranger["case"]), (&json!("unknown_person"), &Value::Null));

    assert_eq!(listed(&client, ""), [&other, &claimed].map(String::as_str));
    assert_eq!(listed(&client, "?verdict=real"), [claimed.as_str()]);
    assert_eq!(listed(&client, "?decision=open&identity=obama&limit=1"), [other.as_str()]);
    let (_, page) = client.get("/v1/cases?limit=1");
    assert_eq!(page["next_cursor"], other.as_str());
    assert_eq!(listed(&client, &format!("?cursor={other}")), [claimed.as_str()]);
    assert!(listed(&client, "?from=2999-01-01T00:00:00Z").is_empty() && listed(&client, "?key=00000000").is_empty());

    let path = format!("/v1/cases/{claimed}");
    let (status, case) = client.get(&path);
    assert_eq!(status, 200, "{case}");
    assert_eq!((&case["case"]["verdict"], &case["answer"]["verdict"]), (&json!("real"), &json!("real")));
    assert_eq!(case["case"]["identity"], json!({"id": "obama", "display_name": "obama"}));
    assert!(case["answer"]["faces"][0]["review"]["references"][0]["id"].is_string(), "what a reviewer looks at");
    let head = case["audit_head"].as_str().unwrap();
    let log = std::fs::read_to_string(data.path().join("audit.jsonl")).unwrap();
    let (line, hash) = head.split_once(':').unwrap();
    let line: Value = serde_json::from_str(log.lines().nth(line.parse::<usize>().unwrap() - 1).unwrap()).unwrap();
    assert_eq!((&line["hash"], &line["case"], &line["action"]), (&json!(hash), &json!(claimed), &json!("verified")));

    let decide = format!("{path}/decisions");
    let (status, decision) = client.json("POST", &decide, &json!({"decision": "unsure", "comment": "<b>ears</b>"}));
    assert_eq!((status, &decision["comment"]), (201, &json!("<b>ears</b>")), "{decision}");
    assert_eq!(client.json("POST", &decide, &json!({"decision": "confirmed"})).0, 201);
    assert_eq!(client.json("POST", &format!("/v1/cases/{other}/decisions"), &json!({"decision": "overturned"})).0, 201);
    assert_eq!(listed(&client, "?decision=confirmed"), [claimed.as_str()]);
    let (_, counts) = client.get("/v1/decisions");
    let of = |verdict: &str| counts.as_array().unwrap().iter().find(|c| c["verdict"] == verdict).unwrap().clone();
    assert_eq!((&of("real")["confirmed"], &of("real")["precision"]), (&json!(1), &json!(1.0)));
    assert_eq!((&of("different_person")["overturned"], &of("fake")["precision"]), (&json!(1), &Value::Null));
    let metrics = client.response("GET", "/metrics").body_mut().read_to_string().unwrap();
    assert!(metrics.contains(r#"faceward_decisions_total{verdict="real",decision="confirmed"} 1"#), "{metrics}");

    let (_, report) = client.get(&format!("{path}/report"));
    assert_eq!(report["details"]["decisions"].as_array().unwrap().len(), 2);
    assert!(report["expected_error"].as_str().unwrap().contains("genuine photographs are called fake"));
    let mut page = client.response("GET", &format!("{path}/report?format=html"));
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    let page = page.body_mut().read_to_string().unwrap();
    assert!(page.contains(head) && page.contains("&lt;b&gt;ears") && !page.contains("<b>ears"), "{page}");
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("<script"));

    assert_eq!(client.delete("/v1/identities/obama").0, 204);
    assert_eq!(code(&client.get(&path)), (404, "case_unknown"));
    assert!(listed(&client, "").is_empty());
    server.stop();
    let acts = actions(data.path());
    for (act, count) in [("case_read", 1), ("case_decided", 3), ("case_reported", 2)] {
        assert_eq!(acts.iter().filter(|a| *a == act).count(), count, "{act} in {acts:?}");
    }
    assert!(acts.iter().any(|act| act == "cases_listed"));
    let audit = run(&["audit", "verify", "--data-dir", data.path().to_str().unwrap()]);
    assert!(audit.status.success(), "{}", stderr(&audit));
}

#[test]
fn a_picture_is_kept_only_where_the_operator_says_so_and_becomes_a_sample() {
    let data = tempfile::tempdir().unwrap();
    let mut server = start(data.path(), &["--keep-cases", "all"]);
    let client = server.client();
    enroll(&client, "obama", "obama-2009.jpg");
    let case = verify(&client, Some("obama"), "obama-2012.jpg");
    let nobody = verify(&client, None, "collins.jpg");
    let path = format!("/v1/cases/{case}");
    assert_eq!(code(&client.get(&format!("{path}/image"))), (404, "image_not_kept"));
    let sample = format!("{path}/sample");
    let own = portrait("obama-2012.jpg");
    let add = |fields: &[(&str, &str)], images: &[&[u8]]| client.post(&sample, fields, images);
    assert_eq!(code(&add(&[("kind", "reference")], &[])), (404, "image_not_kept"));
    let another = add(&[("kind", "reference")], &[&portrait("obama-2010.jpg")]);
    assert_eq!(code(&another), (422, "image_differs"));
    assert_eq!(code(&add(&[("kind", "fake")], &[&own])), (422, "field_invalid"));
    assert_eq!(code(&add(&[], &[&own])), (422, "field_invalid"));
    assert_eq!(code(&add(&[("kind", "reference")], &[&own, &own])), (422, "too_many_images"));
    let (status, report) = add(&[("kind", "reference")], &[&own]);
    assert_eq!((status, report["profile"]["references"].as_u64()), (200, Some(2)), "{report}");
    assert_eq!(code(&add(&[("kind", "reference")], &[&own])), (422, "none_accepted"), "it is enrolled already");
    // A case about nobody says whose it is to be.
    let about_nobody = format!("/v1/cases/{nobody}/sample");
    let stranger = portrait("collins.jpg");
    let unnamed = client.post(&about_nobody, &[("kind", "not_this_person")], &[&stranger]);
    assert_eq!(code(&unnamed), (422, "field_invalid"));
    let named = [("kind", "not_this_person"), ("identity", "obama")];
    assert_eq!(client.post(&about_nobody, &named, &[&stranger]).0, 200);
    server.stop();

    let mut server = start(data.path(), &["--keep-probes"]);
    let client = server.client();
    let case = verify(&client, Some("obama"), "obama-2010.jpg");
    let mut image = client.response("GET", &format!("/v1/cases/{case}/image"));
    assert!(image.body_mut().read_to_vec().unwrap() == portrait("obama-2010.jpg"));
    let (_, opened) = client.get(&format!("/v1/cases/{case}"));
    assert!(opened["case"]["picture_kept"] == true && opened["picture_expires_at"].is_string(), "{opened}");
    let mut page = client.response("GET", &format!("/v1/cases/{case}/report?format=html"));
    assert!(page.body_mut().read_to_string().unwrap().contains("data:image/jpeg;base64,"));
    let mut page = client.response("GET", &format!("/v1/cases/{case}/report?format=html&picture=false"));
    assert!(!page.body_mut().read_to_string().unwrap().contains("data:image"));
    let kept = client.post(&format!("/v1/cases/{case}/sample"), &[("kind", "reference")], &[]);
    assert_eq!(kept.0, 200, "{}", kept.1);
    server.stop();
    let acts = actions(data.path());
    assert_eq!(acts.iter().filter(|act| *act == "case_picture_read").count(), 1);
    assert_eq!(acts.iter().filter(|act| *act == "case_enrolled").count(), 4);
}

#[test]
fn a_reviewer_reads_and_decides_and_changes_nobody() {
    let data = tempfile::tempdir().unwrap();
    let [admin, verifier, reviewer] = ["admin", "verify", "review"].map(|scope| issue(data.path(), scope, &[]));
    let server = start(data.path(), &[]);
    let [admin, verifier] = [admin.1, verifier.1].map(|key| server.client_with(&key));
    enroll(&admin, "obama", "obama-2009.jpg");
    let case = verify(&verifier, Some("obama"), "obama-2012.jpg");
    let path = format!("/v1/cases/{case}");
    for one in ["/v1/cases".to_owned(), path.clone(), format!("{path}/report"), "/v1/decisions".into()] {
        assert_eq!(code(&verifier.get(&one)), (403, "scope_missing"), "{one}");
    }
    let (id, key) = reviewer;
    let reviewer = server.client_with(&key);
    let (_, names) = reviewer.get("/v1/identities");
    assert_eq!(names["identities"][0]["display_name"], "obama");
    assert_eq!(listed(&reviewer, ""), [case.as_str()]);
    let (status, decision) = reviewer.json("POST", &format!("{path}/decisions"), &json!({"decision": "confirmed"}));
    assert_eq!((status, &decision["key"]), (201, &json!(id)));
    let refused = [
        reviewer.get("/v1/identities/obama"),
        reviewer.json("PUT", "/v1/identities/obama", &json!({"display_name": "x"})),
        reviewer.delete("/v1/identities/obama"),
        reviewer.post("/v1/identities/obama/references", &[], &[&portrait("obama-2010.jpg")]),
        reviewer.post(&format!("{path}/sample"), &[("kind", "reference")], &[&portrait("obama-2012.jpg")]),
        reviewer.verify(None, &portrait("collins.jpg")),
    ];
    assert!(refused.iter().all(|answer| code(answer) == (403, "scope_missing")), "{refused:?}");
}

#[test]
fn what_is_asked_of_cases_is_checked() {
    let data = tempfile::tempdir().unwrap();
    let server = start(data.path(), &[]);
    let client = server.client();
    for query in ["limit=0", "limit=501", "verdict=maybe", "decision=yes", "from=today", "key=x", "cursor=1", "ids=1"] {
        assert_eq!(code(&client.get(&format!("/v1/cases?{query}"))), (400, "query_invalid"), "{query}");
    }
    assert_eq!(code(&client.get("/v1/cases?identity=A")), (400, "identity_id_invalid"));
    assert_eq!(code(&client.get("/v1/cases/1")), (404, "case_unknown"));
    let decide = "/v1/cases/01a208d4-0000-7000-8000-000000000000/decisions";
    assert_eq!(code(&client.json("POST", decide, &json!({"decision": "confirmed"}))), (404, "case_unknown"));
    assert_eq!(code(&client.json("POST", decide, &json!({"decision": "right"}))), (422, "json_invalid"));
    assert_eq!(code(&client.json("POST", decide, &json!({"decison": "confirmed"}))), (400, "field_unknown"));
    assert_eq!(code(&client.get("/v1/cases/1/report?format=pdf")), (400, "query_invalid"));
}

#[test]
fn cases_go_by_age_and_number_and_outlive_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let mut server = start(data.path(), &[]);
    let client = server.client();
    enroll(&client, "obama", "obama-2009.jpg");
    let [_, last] = [0; 2].map(|_| verify(&client, Some("obama"), "obama-2012.jpg"));
    server.stop();
    let mut server = start(data.path(), &["--max-cases", "1", "--erasure-grace", "1"]);
    let client = server.client();
    eventually("the older case is gone", || listed(&client, "") == [last.as_str()]);
    server.stop();
    assert!(actions(data.path()).iter().any(|act| act == "cases_swept"));
    let mut server = start(data.path(), &["--cases-ttl", "0", "--erasure-grace", "1"]);
    let client = server.client();
    let (_, answer) = client.verify(Some("obama"), &portrait("obama-2012.jpg"));
    assert_eq!(answer["case"], Value::Null);
    eventually("all cases are gone", || listed(&client, "").is_empty());
    server.stop();
}
