//! `faceward batch --server` against a live server, and `scripts/batch-verify`.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::{Server, faceward, issue, root, run, stderr, stdout};
use serde_json::Value;

/// A folder with the demo's photographs, the manipulated one included, and a file that is not an image.
fn photographs(folder: &Path) {
    let models = root("models");
    let made = run(&["demo", "--json", "--write", folder.to_str().unwrap(), "--models", models.to_str().unwrap()]);
    assert!(made.status.success(), "{}", stderr(&made));
    let made: Value = serde_json::from_str(&stdout(&made)).unwrap();
    let verdicts: Vec<&str> =
        made["answers"].as_array().unwrap().iter().filter_map(|a| a["verdict"].as_str()).collect();
    assert_eq!(verdicts, ["real", "different_person", "fake"]);
    std::fs::write(folder.join("broken.jpg"), "no image").unwrap();
}

/// A server with the demo's person enrolled, and a key for it.
fn serving(data: &Path) -> (Server, String) {
    let (models, places) = (root("models"), data.to_str().unwrap());
    let (one, two) = (root("demo/obama-2009.jpg"), root("demo/obama-2012.jpg"));
    let (one, two, models) = (one.to_str().unwrap(), two.to_str().unwrap(), models.to_str().unwrap());
    let enrolled = run(&["enroll", "barack", one, two, "--data-dir", places, "--models", models]);
    assert!(enrolled.status.success(), "{}", stderr(&enrolled));
    let (_, key) = issue(data, "verify", &[]);
    // A short queue: the batch is answered 429 and tries again.
    (Server::start(data, &["--threads", "1", "--queue", "1"]), key)
}

fn batch(server: &Server, key: &str, args: &[&str]) -> Output {
    let words = ["batch", "--server", &server.base, "--identity", "barack", "--jobs", "6"];
    faceward(&[&words, args].concat()).env("FACEWARD_TOKEN", key).output().unwrap()
}

#[test]
fn a_batch_asks_a_live_server_resumes_and_reports_fakes_by_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in");
    photographs(&input);
    let (server, key) = serving(&folder.path().join("data"));
    let (input, out) = (input.to_str().unwrap(), folder.path().join("out.jsonl"));
    let to = ["--out", out.to_str().unwrap(), "--resume"];

    let wrong_key = batch(&server, "fw_00000000_no", &[&[input][..], &to].concat());
    assert_eq!(wrong_key.status.code(), Some(1));
    assert!(stderr(&wrong_key).contains("refuses the key"), "{}", stderr(&wrong_key));

    let first = batch(&server, &key, &[&[input, "--json"][..], &to].concat());
    assert_eq!(first.status.code(), Some(3), "{}", stderr(&first));
    let summary: Value = serde_json::from_str(stderr(&first).lines().last().unwrap()).unwrap();
    assert_eq!(summary["images"], 7, "{summary}");
    let text = std::fs::read_to_string(&out).unwrap();
    let line = |name: &str| -> Value {
        let found = text.lines().map(|l| serde_json::from_str::<Value>(l).unwrap());
        found.into_iter().find(|l| l["path"].as_str().unwrap().ends_with(name)).unwrap()
    };
    assert_eq!(line("manipulated.jpg")["verdict"], "fake");
    assert_eq!(line("collins.jpg")["verdict"], "different_person");
    assert_eq!(line("obama-2010.jpg")["found"], "barack");
    assert_eq!(line("broken.jpg")["error"], "image_format_unsupported");

    // Cut off in the middle of the fourth line: three lines are kept, the other images are verified again.
    let cut: usize = text.lines().take(3).map(|l| l.len() + 1).sum();
    std::fs::write(&out, &text[..cut + 20]).unwrap();
    let second = batch(&server, &key, &[&[input][..], &to].concat());
    assert_eq!(second.status.code(), Some(3), "{}", stderr(&second));
    assert!(stderr(&second).contains("4 images") && stderr(&second).contains("3 from the earlier run"));
    assert_eq!(std::fs::read_to_string(&out).unwrap().lines().count(), 7);

    // As CSV, without the fake: one file fails, and nothing is fake.
    std::fs::remove_file(Path::new(input).join("manipulated.jpg")).unwrap();
    let csv_out = folder.path().join("out.csv");
    let third = batch(&server, &key, &[input, "--out", csv_out.to_str().unwrap()]);
    assert_eq!(third.status.code(), Some(4), "{}", stderr(&third));
    let mut reader = csv::Reader::from_path(&csv_out).unwrap();
    let verdicts = reader.headers().unwrap().iter().position(|h| h == "verdict").unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!((rows.len(), rows.iter().filter(|r| r[verdicts].is_empty()).count()), (6, 1));

    // The script for cron.
    let script = Command::new(root("scripts/batch-verify"))
        .args([input, "barack", folder.path().join("daily").to_str().unwrap()])
        .env("FACEWARD", env!("CARGO_BIN_EXE_faceward"))
        .env("FACEWARD_SERVER", &server.base)
        .env("FACEWARD_TOKEN", &key)
        .output()
        .unwrap();
    assert_eq!(script.status.code(), Some(4), "{}", stderr(&script));
    assert_eq!(std::fs::read_dir(folder.path().join("daily")).unwrap().count(), 1);
    drop(server);
    let gone = faceward(&["batch", input, "--server", "http://127.0.0.1:9"]).output().unwrap();
    assert_eq!(gone.status.code(), Some(1));
}
