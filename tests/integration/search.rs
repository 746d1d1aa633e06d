//! Searches: verification without a claimed identity.

use serde_json::{Value, json};

use crate::support::{Server, code, portrait};

/// A server with one person enrolled.
fn serving(data: &std::path::Path, args: &[&str]) -> Server {
    let server = Server::start(data, args);
    let client = server.client();
    client.json("PUT", "/v1/identities/obama", &json!({"display_name": "Barack Obama"}));
    let references = [portrait("obama-2009.jpg"), portrait("obama-2010.jpg")];
    let sent: Vec<&[u8]> = references.iter().map(Vec::as_slice).collect();
    assert_eq!(client.post("/v1/identities/obama/references", &[], &sent).0, 200);
    server
}

fn stages(answer: &Value) -> Vec<&str> {
    answer["timings"].as_array().unwrap().iter().filter_map(|t| t["stage"].as_str()).collect()
}

#[test]
fn a_stranger_is_unknown_and_costs_one_network_beyond_detection() {
    let data = tempfile::tempdir().unwrap();
    let server = serving(data.path(), &["--apparent-traits"]);
    let client = server.client();
    let (stranger, person) = (portrait("collins.jpg"), portrait("obama-2012.jpg"));

    let (status, answer) = client.post("/v1/verify?timings=true", &[], &[&stranger]);
    assert_eq!(status, 200, "{answer}");
    assert_eq!((&answer["verdict"], &answer["identity"]), (&json!("unknown_person"), &Value::Null));
    assert_eq!((&answer["score"], &answer["faces"][0]["apparent"]), (&Value::Null, &Value::Null));
    let costly = ["embedding_a", "embedding_b", "forensics", "encoder", "occlusion", "iris", "emotion"];
    assert!(stages(&answer).iter().all(|stage| !costly.contains(stage)), "{:?}", stages(&answer));
    let search = &answer["search"];
    assert_eq!((&search["gallery_size"], search), (&json!(1), &answer["faces"][0]["search"]));
    let [similarity, threshold] =
        [&search["candidates"][0]["similarity"], &search["threshold"]].map(|v| v.as_f64().unwrap());
    assert!(similarity < threshold && search["expected_fpir"].as_f64() <= search["target_fpir"].as_f64(), "{search}");
    let summary = answer["explanation"]["summary"].as_str().unwrap();
    assert!(summary.starts_with("Depicts nobody who is enrolled"), "{summary}");

    // Asked for in full, the same decision with the traits.
    let (_, full) = client.post("/v1/verify?timings=true&full=true", &[], &[&stranger]);
    assert_eq!((&full["verdict"], &full["search"]), (&answer["verdict"], &answer["search"]));
    assert!(full["faces"][0]["apparent"]["age"].is_number() && stages(&full).contains(&"embedding_a"));

    let (_, found) = client.post("/v1/verify?top_k=5", &[], &[&person]);
    assert_eq!((&found["verdict"], &found["identity"]["id"]), (&json!("real"), &json!("obama")), "{found}");
    assert_eq!(found["search"]["candidates"].as_array().map(Vec::len), Some(1));
    assert_eq!(found["thresholds"]["likeness"], Value::Null);
    let summary = found["explanation"]["summary"].as_str().unwrap();
    assert!(summary.starts_with("Found to depict Barack Obama, the only person enrolled:"), "{summary}");
}

#[test]
fn the_threshold_follows_the_rate_that_is_asked_for() {
    let data = tempfile::tempdir().unwrap();
    let server = serving(data.path(), &["--target-fpir", "0.0005"]);
    let client = server.client();
    let person = portrait("obama-2012.jpg");
    let search = |query: &str| client.post(&format!("/v1/verify{query}"), &[], &[&person]).1["search"].clone();
    let threshold = |search: &Value| search["threshold"].as_f64().unwrap();
    let (by_setting, stricter) = (search(""), search("?target_fpir=0.00001"));
    assert!((by_setting["target_fpir"].as_f64().unwrap() - 0.0005).abs() < 1e-9, "{by_setting}");
    assert!((by_setting["expected_fpir"].as_f64().unwrap() / 0.0005 - 1.0).abs() < 0.01, "{by_setting}");
    assert!(threshold(&stricter) > threshold(&by_setting));

    for query in ["?target_fpir=0", "?target_fpir=0.9", "?target_fpir=NaN", "?target_fpir=x", "?top_k=0", "?top_k=101"]
    {
        assert_eq!(
            code(&client.post(&format!("/v1/verify{query}"), &[], &[&person])),
            (400, "query_invalid"),
            "{query}"
        );
    }
    let claimed = client.post("/v1/verify?top_k=3", &[("identity", "obama")], &[&person]);
    assert_eq!(code(&claimed), (400, "query_invalid"));
}

#[test]
fn with_nobody_enrolled_the_explanation_says_so() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let (_, answer) = server.client().verify(None, &portrait("collins.jpg"));
    assert_eq!((&answer["verdict"], &answer["search"]["threshold"]), (&json!("unknown_person"), &Value::Null));
    let summary = answer["explanation"]["summary"].as_str().unwrap();
    assert!(summary.starts_with("There is nobody to compare this face with"), "{summary}");
}

/// An image enrolled as not this person beats a likeness over the threshold.
#[test]
fn a_marked_look_alike_is_unknown_to_a_search() {
    let data = tempfile::tempdir().unwrap();
    let server = serving(data.path(), &[]);
    let client = server.client();
    let probe = portrait("obama-2012.jpg");
    assert_eq!(client.post("/v1/identities/obama/negatives", &[], &[&probe]).0, 200);
    let (_, answer) = client.verify(None, &probe);
    assert_eq!((&answer["verdict"], &answer["identity"]), (&json!("unknown_person"), &Value::Null), "{answer}");
    let summary = answer["explanation"]["summary"].as_str().unwrap();
    assert!(summary.contains("resembles Barack Obama, but is nearer"), "{summary}");
}

/// The image encoder costs more than all else: it looks only where it can change the verdict.
#[test]
fn the_encoder_looks_at_the_person_alone_and_not_at_all_where_answers_shall_be_fast() {
    let (data, person, stranger) = (tempfile::tempdir().unwrap(), portrait("obama-2012.jpg"), portrait("collins.jpg"));
    let mut server = serving(data.path(), &[]);
    let verify = |server: &Server, path: &str, image: &[u8]| server.client().post(path, &[], &[image]).1;
    let path = "/v1/verify?timings=true";
    for (path, image, looks) in
        [(path, &person, true), (path, &stranger, false), ("/v1/verify?timings=true&full=true", &stranger, false)]
    {
        let answer = verify(&server, path, image);
        assert_eq!(stages(&answer).contains(&"encoder"), looks, "{answer}");
        let differences = answer["faces"][0]["explanation"]["differences"].as_array().unwrap();
        let seen: Vec<&str> = differences.iter().filter_map(|d| d["attribute"].as_str()).collect();
        for attribute in ["encoder_blending_trace", "encoder_synthesis_trace"] {
            assert_eq!(seen.contains(&attribute), looks, "{seen:?}");
        }
    }
    server.stop();
    let fast = Server::start(data.path(), &["--depth", "fast"]);
    let answer = verify(&fast, path, &person);
    assert_eq!((&answer["verdict"], stages(&answer).contains(&"encoder")), (&json!("real"), false), "{answer}");
    assert_eq!(answer["faces"][0]["apparent"], Value::Null, "told only where the operator wants it");
}
