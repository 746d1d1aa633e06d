//! Target error rates of single identities, over HTTP, on the command line and in the audit log: answers state the
//! thresholds that decided, with the rates to which they were fitted.

use std::io::Cursor;
use std::path::Path;

use crate::support::{Server, agent, answer, root, run, stderr, stdout};
use faceward::models::Manifest;
use serde_json::{Value, json};
use ureq::unversioned::multipart::{Form, Part};

/// Writes a calibration that does not change the score; `points` is its table of operating points, or empty.
fn calibrate(data: &Path, points: &str) {
    let models = Manifest::open(&root("models")).unwrap().version();
    let text = format!(
        "models = \"{models}\"\n[map]\nslope = 1.0\noffset = 0.0\n[thresholds]\nreal = 0.5\nfake = 0.25\nlikeness = -1.0\n\
         target_genuine_called_fake = 0.05\ntarget_fake_called_real = 0.1\ntarget_fnmr = 0.01\nmin_quality = 0.0\n{points}\n\
         [source]\nfitted_at = \"2026-01-01T00:00:00Z\"\npeople = 7\nreferences = 10\ngenuine = 300\nfakes = 200\n\
         others = 100\ndegradations = [\"none\"]\nkept = []\n"
    );
    std::fs::write(data.join("calibration.toml"), text).unwrap();
}

/// At the strictest rate only a score of 1 is real.
const POINTS: &str =
    "[operating_points]\nfake = [[0.01, 0.1], [0.04, 0.2], [0.16, 0.6]]\nreal = [[0.01, 1.0], [0.1, 0.5]]";

fn put(server: &Server, id: &str, fields: &Value) -> (u16, Value) {
    answer(agent().put(server.url(&format!("/v1/identities/{id}"))).send_json(fields))
}

fn get(server: &Server, id: &str) -> Value {
    answer(agent().get(server.url(&format!("/v1/identities/{id}"))).call()).1
}

fn send(server: &Server, path: &str, identity: Option<&str>, bytes: &[u8]) -> Value {
    let form = Form::new().part("image", Part::bytes(bytes).file_name("p.jpg"));
    let form = identity.into_iter().fold(form, |form, id| form.text("identity", id));
    let (status, answer) = answer(agent().post(server.url(path)).send(form));
    assert_eq!(status, 200, "{answer}");
    answer
}

fn portrait(name: &str) -> Vec<u8> {
    std::fs::read(root("demo").join(name)).unwrap()
}

/// Two portraits side by side.
fn both(left: &str, right: &str) -> Vec<u8> {
    let [left, right] = [left, right].map(|name| image::load_from_memory(&portrait(name)).unwrap().to_rgb8());
    let mut canvas = image::RgbImage::new(left.width() + right.width(), left.height().max(right.height()));
    image::imageops::replace(&mut canvas, &left, 0, 0);
    image::imageops::replace(&mut canvas, &right, i64::from(left.width()), 0);
    let mut bytes = Cursor::new(Vec::new());
    canvas.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn close(value: &Value, wanted: f64) -> bool {
    value.as_f64().is_some_and(|v| (v - wanted).abs() < 1e-5)
}

#[test]
fn an_identity_has_the_thresholds_of_its_own_error_rates() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    calibrate(data, POINTS);
    let mut server = Server::start(data, &[]);

    let rates = |fake: f64, real: f64| json!({"display_name": "Barack Obama", "target_genuine_called_fake": fake, "target_fake_called_real": real});
    let (status, problem) = put(&server, "obama", &rates(0.02, 0.5));
    assert_eq!((status, problem["code"].as_str()), (422, Some("target_out_of_range")));
    let detail = problem["detail"].as_str().unwrap();
    assert!(["target_fake_called_real", "0.01", "0.1"].iter().all(|part| detail.contains(part)), "{detail}");
    assert_eq!(put(&server, "obama", &rates(0.02, 0.01)).0, 201);
    assert_eq!(put(&server, "biden", &json!({"display_name": "Joe Biden"})).0, 201);
    let shown = get(&server, "obama");
    assert!(close(&shown["target_genuine_called_fake"], 0.02) && close(&shown["target_fake_called_real"], 0.01));
    assert!(close(&shown["thresholds"]["fake"], 0.15) && close(&shown["thresholds"]["real"], 1.0), "{shown}");

    for name in ["obama-2009.jpg", "obama-2010.jpg"] {
        send(&server, "/v1/identities/obama/references", None, &portrait(name));
    }
    send(&server, "/v1/identities/biden/references", None, &portrait("biden-2010.jpg"));
    let strict = send(&server, "/v1/verify", Some("obama"), &portrait("obama-2012.jpg"));
    assert_eq!(strict["thresholds"], shown["thresholds"]);
    assert_eq!(strict["faces"][0]["thresholds"], shown["thresholds"]);
    assert!(close(&strict["thresholds"]["target_fake_called_real"], 0.01));
    assert_eq!(strict["verdict"], "inconclusive", "no score reaches 1: {}", strict["score"]);
    assert!(strict["explanation"]["summary"].as_str().unwrap().contains("real (1.0"), "{strict}");

    // In a search the thresholds of its identity decide on each face.
    let found = send(&server, "/v1/verify", None, &both("obama-2012.jpg", "biden-2010.jpg"));
    let of = |id: &str| found["faces"].as_array().unwrap().iter().find(|f| f["identity"]["id"] == id).unwrap();
    // The search decided on the identity: the likeness threshold of claims does not apply.
    let mut expected = shown["thresholds"].clone();
    expected["likeness"] = serde_json::Value::Null;
    for of_claims in ["similarity", "target_fmr"] {
        assert!(expected.as_object_mut().unwrap().remove(of_claims).is_some());
    }
    assert_eq!(of("obama")["thresholds"], expected);
    assert!(close(&of("biden")["thresholds"]["real"], 0.5) && close(&of("biden")["thresholds"]["fake"], 0.25));
    assert_eq!((&found["verdict"], &found["identity"]["id"]), (&json!("inconclusive"), &json!("obama")));
    assert_eq!(found["thresholds"], expected);

    // Written again without rates, the identity has the rates of all identities.
    assert_eq!(put(&server, "obama", &json!({"display_name": "Barack Obama"})).0, 200);
    let usual = send(&server, "/v1/verify", Some("obama"), &portrait("obama-2012.jpg"));
    assert_eq!((&usual["verdict"], &usual["score"]), (&json!("real"), &strict["score"]), "{usual}");
    server.stop();

    let log = std::fs::read_to_string(data.join("audit.jsonl")).unwrap();
    let lines = log.lines().map(|l| serde_json::from_str::<Value>(l).unwrap());
    let verified: Vec<Value> = lines.filter(|l| l["action"] == "verified").collect();
    assert_eq!(verified.len(), 3);
    for (line, answer) in verified.iter().zip([&strict, &found, &usual]) {
        assert_eq!(line["thresholds"], answer["thresholds"]);
    }
    let faces: Vec<&Value> = found["faces"].as_array().unwrap().iter().map(|f| &f["thresholds"]).collect();
    assert_eq!(verified[1]["face_thresholds"].as_array().unwrap().iter().collect::<Vec<_>>(), faces);
    assert!(verified[0]["face_thresholds"].is_null() && verified[2]["face_thresholds"].is_null());
}

#[test]
fn the_command_line_sets_rates_and_a_calibration_without_points_refuses_them() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    calibrate(data, POINTS);
    let (models, photo) = (root("models"), root("demo/obama-2009.jpg"));
    let enroll = |more: &[&str]| {
        let places = ["--data-dir", data.to_str().unwrap(), "--models", models.to_str().unwrap()];
        run(&[&["enroll", "obama", photo.to_str().unwrap()], more, &places].concat())
    };
    let wrong = enroll(&["--target-genuine-called-fake", "0.5"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(stderr(&wrong).contains("from 0.01 to 0.16"), "{}", stderr(&wrong));
    assert_eq!(enroll(&["--target-genuine-called-fake", "few"]).status.code(), Some(2));
    let enrolled = enroll(&["--target-genuine-called-fake", "0.16"]);
    assert!(enrolled.status.success(), "{}", stderr(&enrolled));
    // `real` is raised to `fake`.
    let said =
        "thresholds of its own: 0.600 or less is fake (0.16 of genuine photographs called fake), 0.600 or more is real";
    assert!(stdout(&enrolled).contains(said), "{}", stdout(&enrolled));

    calibrate(data, "");
    let server = Server::start(data, &[]);
    let kept = get(&server, "obama");
    assert!(close(&kept["target_genuine_called_fake"], 0.16), "{kept}");
    assert!(close(&kept["thresholds"]["fake"], 0.25) && close(&kept["thresholds"]["real"], 0.5), "{kept}");
    let fields = json!({"display_name": "Barack Obama", "target_genuine_called_fake": 0.05});
    let (status, problem) = put(&server, "obama", &fields);
    assert_eq!((status, problem["code"].as_str()), (409, Some("target_unavailable")), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("faceward calibrate"));
    drop(server);
    assert!(enroll(&["--target-genuine-called-fake", "default"]).status.code().is_some());
    let server = Server::start(data, &[]);
    assert!(get(&server, "obama")["target_genuine_called_fake"].is_null());
}
