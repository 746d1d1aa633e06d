//! `faceward eval` and `faceward calibrate` from outside: the real program, the real models, the demo's photographs.

use std::path::Path;
use std::process::Output;

use crate::support::{root, run as faceward, stderr};
use serde_json::Value;

/// One person with three photographs, a manipulated copy of one of them, two other people and a broken file.
fn labelled(folder: &Path) {
    let written = folder.join("demo");
    let demo = faceward(&["demo", "--write", written.to_str().unwrap(), "--models", root("models").to_str().unwrap()]);
    assert_eq!(demo.status.code(), Some(0), "{}", stderr(&demo));
    let put = |from: &Path, to: &str| {
        let to = folder.join("set").join(to);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from, to).unwrap();
    };
    for year in ["2009", "2010", "2012"] {
        put(&root(&format!("demo/obama-{year}.jpg")), &format!("barack/real/{year}.jpg"));
    }
    let manipulated = std::fs::read_dir(&written).unwrap().map(|e| e.unwrap().path());
    let manipulated = manipulated.into_iter().find(|p| p.to_string_lossy().contains("manipulated")).unwrap();
    put(&manipulated, "barack/fake/blend/1.jpg");
    put(&root("demo/biden-2010.jpg"), "barack/other/1.jpg");
    put(&root("demo/collins.jpg"), "barack/other/2.jpg");
    std::fs::write(folder.join("set/barack/other/3.jpg"), "no image").unwrap();
}

#[test]
fn a_folder_is_measured_reported_compared_and_too_small_to_calibrate_on() {
    let folder = tempfile::tempdir().unwrap();
    labelled(folder.path());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (set, models, cache) = (path("set"), root("models"), path("templates"));
    let common = ["--models", models.to_str().unwrap(), "--cache", &cache];
    let eval = |more: &[&str]| faceward(&[&["eval", &set], &common[..], more].concat());

    let (out, records) = (path("report"), path("records.jsonl"));
    let first = eval(&["--degrade", "none,jpeg50", "--out", &out, "--thumbnails", "--records", &records]);
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    let summary = String::from_utf8(first.stdout).unwrap();
    assert!(summary.contains("jpeg50") && summary.contains("fake:blend"), "{summary}");
    let report: Value =
        serde_json::from_str(&std::fs::read_to_string(format!("{out}/evaluation.json")).unwrap()).unwrap();
    // Half of three photographs is one reference, so two genuine probes, a fake and three others: twice, degraded
    // twice.
    assert_eq!(report["run"]["probes"], 24);
    assert_eq!(std::fs::read_to_string(&records).unwrap().lines().count(), 24);
    let row = |set: &str| report["sets"].as_array().unwrap().iter().find(|r| r["set"] == set).cloned().unwrap();
    assert_eq!(row("real")["no_face"], 0.0);
    assert!((row("other")["error"].as_f64().unwrap() - 1.0 / 3.0).abs() < 1e-9, "{}", row("other"));
    assert_eq!(row("other")["auc"], 1.0);
    assert!(report["groups"].as_array().unwrap().iter().any(|g| g["value"] == "male"));
    let page = std::fs::read_to_string(format!("{out}/evaluation.html")).unwrap();
    assert!(page.contains("data:image/jpeg;base64,") && !page.contains("<script"));
    assert!(!page.contains(folder.path().to_str().unwrap()), "the page says where the folder lies");
    assert!(std::fs::read_to_string(format!("{out}/evaluation.md")).unwrap().starts_with("# Evaluation on set"));

    // The same again from the cache gives the same figures.
    let (again, old) = (path("again"), format!("{out}/evaluation.json"));
    let second = eval(&["--degrade", "none,jpeg50", "--out", &again, "--compare", &old]);
    assert_eq!(second.status.code(), Some(0), "{}", stderr(&second));
    let page = std::fs::read_to_string(format!("{again}/evaluation.html")).unwrap();
    assert!(page.contains("No mean changed") && !page.contains("<img"));

    let data = path("data");
    let few = faceward(&[&["calibrate", &set, "--data-dir", &data], &common[..]].concat());
    assert_eq!(few.status.code(), Some(1));
    assert!(stderr(&few).contains("too few"), "{}", stderr(&few));
    assert!(!Path::new(&data).exists());
    a_calibration_is_used_and_shown(&set, &data, report["run"]["models"].as_str().unwrap());
}

fn a_calibration_is_used_and_shown(set: &str, data: &str, models_version: &str) {
    let models = root("models");
    let places = ["--data-dir", data, "--models", models.to_str().unwrap()];
    let photo = |year: &str| format!("{set}/barack/real/{year}.jpg");
    let enrolled = faceward(&[&["enroll", "barack", &photo("2009"), &photo("2012")][..], &places].concat());
    assert_eq!(enrolled.status.code(), Some(0), "{}", stderr(&enrolled));
    let verify = || faceward(&[&["verify", "--identity", "barack", "--json", &photo("2010")][..], &places].concat());
    let answer = |output: &Output| -> Value { serde_json::from_slice(&output.stdout).unwrap() };
    let shipped = answer(&verify());
    assert!(shipped["calibration"].is_null());

    // A sterner map, and thresholds that nothing reaches.
    let text = |models: &str| {
        format!(
            "models = \"{models}\"\n[map]\nslope = 1.0\noffset = -2.0\n[thresholds]\nreal = 1.0\nfake = 0.0\n\
             likeness = -9.0\ntarget_genuine_called_fake = 0.01\ntarget_fake_called_real = 0.02\ntarget_fnmr = 0.03\n\
             min_quality = 0.0\n[source]\nfitted_at = \"2026-01-01T00:00:00Z\"\npeople = 7\nreferences = 10\n\
             genuine = 300\nfakes = 200\nothers = 100\ndegradations = [\"none\"]\nkept = []\n"
        )
    };
    let file = Path::new(data).join("calibration.toml");
    std::fs::write(&file, text(models_version)).unwrap();
    let fitted = answer(&verify());
    assert_eq!(fitted["verdict"], "inconclusive", "{fitted}");
    assert_eq!((&fitted["calibration"]["people"], &fitted["thresholds"]["real"]), (&7.into(), &1.0.into()));
    assert!(fitted["score"].as_f64() < shipped["score"].as_f64());

    std::fs::write(&file, text("of another day")).unwrap();
    let other = verify();
    assert_eq!(other.status.code(), Some(1));
    assert!(stderr(&other).contains("or delete calibration.toml in the data folder"), "{}", stderr(&other));
    let eval = ["eval", set, "--models", models.to_str().unwrap(), "--calibration", file.to_str().unwrap()];
    let eval = stderr(&faceward(&eval));
    assert!(eval.contains("calibration.toml`: the calibration was fitted to models of another day"), "{eval}");
    assert!(eval.ends_with("give one that was fitted to these, or leave out --calibration\n"), "{eval}");
}

#[test]
fn wrong_usage_and_unusable_folders_are_refused() {
    for args in [
        &["eval", "x", "--degrade", "sepia"][..],
        &["eval", "x", "--thumbnails"],
        &["calibrate", "x", "--fnmr", "0"],
        &["calibrate", "x", "--fake-called-real", "0.1", "--genuine-undecided", "0.1"],
    ] {
        assert_eq!(faceward(args).status.code(), Some(2), "{args:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let models = root("models");
    let empty = faceward(&["eval", folder.path().to_str().unwrap(), "--models", models.to_str().unwrap()]);
    assert_eq!((empty.status.code(), stderr(&empty).lines().count()), (Some(5), 1));
    assert!(stderr(&empty).contains("<person>/real"), "{}", stderr(&empty));
}
