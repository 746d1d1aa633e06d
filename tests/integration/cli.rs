//! The command line from outside: the real program, the real models, the demo's photographs.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::{issue, root, run as faceward, stderr, stdout};
use serde_json::Value;

fn lines(path: &Path) -> Vec<Value> {
    std::fs::read_to_string(path).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

/// A data folder with the demo's person enrolled.
struct Enrolled {
    folder: tempfile::TempDir,
}

impl Enrolled {
    fn new() -> Self {
        let enrolled = Self { folder: tempfile::tempdir().unwrap() };
        let (one, two) = (root("demo/obama-2009.jpg"), root("demo/obama-2012.jpg"));
        let output = enrolled.run(&[
            "enroll",
            "barack",
            one.to_str().unwrap(),
            two.to_str().unwrap(),
            "--name",
            "Barack Obama",
            "--json",
        ]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
        assert_eq!(report["accepted"].as_array().unwrap().len(), 2, "{report}");
        enrolled
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Output {
        let (data, models) = (self.path("data"), root("models"));
        let places = ["--data-dir", data.to_str().unwrap(), "--models", models.to_str().unwrap()];
        faceward(&[args, &places].concat())
    }
}

#[test]
fn every_command_has_help_with_an_example() {
    for command in [
        &["enroll"][..],
        &["verify"],
        &["batch"],
        &["eval"],
        &["calibrate"],
        &["keys"],
        &["keys", "create"],
        &["keys", "list"],
        &["keys", "revoke"],
        &["keys", "rotate-master"],
        &["identities"],
        &["identities", "list"],
        &["identities", "show"],
        &["identities", "set"],
        &["identities", "erase"],
        &["audit"],
        &["audit", "verify"],
        &["audit", "head"],
        &["audit", "subject"],
        &["backup"],
        &["restore"],
        &["store"],
        &["store", "copy"],
        &["serve"],
        &["train"],
        &["train", "extract"],
        &["train", "cohort"],
        &["train", "evidence"],
        &["config"],
        &["doctor"],
        &["healthcheck"],
        &["models"],
        &["models", "install"],
        &["demo"],
    ] {
        let output = faceward(&[command, &["--help"]].concat());
        assert_eq!(output.status.code(), Some(0), "{command:?}");
        let text = stdout(&output);
        assert!(text.contains("Example") && text.contains(&format!("faceward {}", command.join(" "))), "{text}");
    }
    assert!(stdout(&faceward(&["--help"])).contains("Exit codes: 0 success, 1 failure, 2 wrong usage"));
}

#[test]
fn wrong_usage_exits_with_2_and_failure_with_1_and_one_sentence() {
    assert_eq!(faceward(&["enroll"]).status.code(), Some(2));
    assert_eq!(faceward(&["enroll", "Not An Id", "x.jpg"]).status.code(), Some(2));
    assert_eq!(faceward(&["batch", "x", "--resume"]).status.code(), Some(2));
    let missing = faceward(&["enroll", "jane", "/no/such/file.jpg"]);
    assert_eq!(missing.status.code(), Some(1));
    assert_eq!(stderr(&missing), "faceward: cannot read `/no/such/file.jpg`: there is no such file: check the path\n");
    let nothing = faceward(&["batch", "/no/such/folder"]);
    assert_eq!((nothing.status.code(), stderr(&nothing).lines().count()), (Some(1), 1));
    let server = faceward(&["batch", root("demo").to_str().unwrap(), "--server", "http://127.0.0.1:9"]);
    assert_eq!(server.status.code(), Some(1));
    let said = "no server answers at http://127.0.0.1:9 (connection refused): start it with `faceward serve`, or give its \
                address by --server URL";
    assert_eq!(stderr(&server), format!("faceward: {said}\n"));
    let health = faceward(&["healthcheck", "--url", "http://127.0.0.1:9"]);
    assert!(stderr(&health).ends_with("or give its address by --url URL\n"), "{}", stderr(&health));
}

/// Each without the networks, or before they have worked.
#[test]
fn what_cannot_be_read_or_written_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let (data, models) = (folder.path().join("data"), root("models"));
    let (data, models) = (data.to_str().unwrap(), models.to_str().unwrap());
    let (file, demo) = (root("Cargo.toml"), root("demo"));
    let (file, demo) = (file.to_str().unwrap(), demo.to_str().unwrap());
    assert!(faceward(&["keys", "create", "--scope", "verify", "--data-dir", data]).status.success());
    std::fs::rename(folder.path().join("data/master.key"), folder.path().join("key")).unwrap();
    let key = folder.path().join("key");
    let key = key.to_str().unwrap();
    let absent = "data/master.key` with the master key (backups do not contain it): put the file there, or give the key by \
                  --master-key-file FILE";
    for (words, said) in [
        (&["restore", "/no/backup", "--data-dir", data][..], "there is no folder `/no/backup`: give a folder that"),
        (&["restore", demo, "--data-dir", data], "there is no backup.json in it, so it is no complete backup"),
        (&["audit", "verify", "--data-dir", data], absent),
        (
            &["backup", "/no/such/copy", "--data-dir", data, "--master-key-file", key],
            "there is no folder `/no/such`: make",
        ),
        (&["audit", "verify", "--file", demo], "it is a folder, and a file is needed"),
        (
            &["keys", "rotate-master", "--to-variable", "NOPE", "--data-dir", data, "--master-key-file", key],
            "there is no variable NOPE in the environment: set it to the new key, 64 hex digits",
        ),
        (&["eval", demo, "--labels", "/nope", "--models", models], "cannot read `/nope`: there is no such file"),
        (&["eval", demo, "--records", "/no/such", "--models", models], "there is no folder `/no`: make it first"),
        (&["calibrate", demo, "--data-dir", file, "--models", models], "a file is in the way: give another folder"),
        (&["demo", "--write", file, "--models", models], "a file is in the way: give another folder"),
        (&["train", "cohort", "/nope", "--out", "x"], "cannot read `/nope`: there is no such file"),
    ] {
        let output = faceward(words);
        assert_eq!((output.status.code(), stderr(&output).lines().count()), (Some(1), 1), "{words:?}");
        assert!(stderr(&output).contains(said), "{words:?}: {}", stderr(&output));
    }
    let list = crate::support::faceward(&["keys", "list", "--data-dir", data, "--master-key-file", key])
        .env("FACEWARD_MASTER_KEY", "aa")
        .output()
        .unwrap();
    let said = "the master key is given twice, by --master-key-file and by FACEWARD_MASTER_KEY: leave out one of them";
    assert_eq!(stderr(&list), format!("faceward: {said}\n"));
}

/// `faceward … | head -1`
#[test]
fn a_reader_that_goes_away_ends_the_command_quietly() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_faceward"))
        .args(["models", "--json", "--models", root("models").to_str().unwrap()])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(141), String::new()));

    let data = tempfile::tempdir().unwrap();
    issue(data.path(), "verify", &[]);
    let (photo, models) = (root("demo/collins.jpg"), root("models"));
    let mut child = crate::support::faceward(&["batch", photo.to_str().unwrap(), "--models", models.to_str().unwrap()])
        .args(["--data-dir", data.path().to_str().unwrap()])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(141), String::new()));
}

/// A mistyped folder must not pass for one that holds nobody, nor get a master key of its own.
#[test]
fn reading_commands_refuse_a_folder_without_a_store_and_leave_it_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("mistyped");
    let data = data.to_str().unwrap();
    let (photo, models) = (root("demo/collins.jpg"), root("models"));
    let (photo, models) = (photo.to_str().unwrap(), models.to_str().unwrap());
    let copy = folder.path().join("copy");
    for words in [
        &["identities", "list"][..],
        &["identities", "erase", "jane"],
        &["keys", "list"],
        &["keys", "revoke", "00000000"],
        &["keys", "rotate-master"],
        &["audit", "head"],
        &["backup", copy.to_str().unwrap()],
        &["verify", photo, "--models", models],
        &["batch", photo, "--models", models],
        &["serve", "--listen", "127.0.0.1:0", "--models", models],
    ] {
        let output = faceward(&[words, &["--data-dir", data]].concat());
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        let said = stderr(&output);
        assert!(
            said.contains("there is no store in the data folder") && said.contains("--data-dir"),
            "{words:?}: {said}"
        );
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let made = faceward(&["keys", "create", "--scope", "verify", "--data-dir", data]);
    assert!(stderr(&made).contains("making a new store in"), "{}", stderr(&made));
    assert!(!stderr(&faceward(&["keys", "list", "--data-dir", data])).contains("new store"));
}

#[test]
fn keys_are_issued_listed_and_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let keys = |args: &[&str]| faceward(&[&["keys", "--data-dir", data], args].concat());
    let made = keys(&["create", "--name", "pipeline", "--scope", "verify,enroll", "--expires", "90d", "--json"]);
    let made: Value = serde_json::from_str(&stdout(&made)).unwrap();
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    assert!(key.starts_with(&format!("fw_{id}_")) && made["expires_at"].is_string());
    let list = stdout(&keys(&["list"]));
    assert!(list.contains(id) && list.contains("valid until") && !list.contains(key), "{list}");
    assert_eq!(keys(&["revoke", id]).status.code(), Some(0));
    assert!(stdout(&keys(&["list"])).contains("revoked"));
    assert_eq!(keys(&["revoke", "00000000"]).status.code(), Some(1));
    assert_eq!(keys(&["create", "--name", "x", "--scope", "root"]).status.code(), Some(2));
    assert_eq!(keys(&["create", "--name", "x", "--scope", "verify", "--expires", "soon"]).status.code(), Some(2));
}

#[test]
fn an_identity_is_enrolled_with_its_consent_shown_changed_and_erased_with_a_receipt() {
    let folder = tempfile::tempdir().unwrap();
    let (data, models) = (folder.path().join("data"), root("models"));
    let data = data.to_str().unwrap();
    let photo = root("demo/obama-2009.jpg");
    let places = ["--data-dir", data, "--models", models.to_str().unwrap()];
    let consent = ["--consent-basis", "written consent", "--expires", "52w"];
    let enroll = ["enroll", "jane", photo.to_str().unwrap(), "--name", "Jane Doe"];
    let enrolled = faceward(&[&enroll[..], &consent, &places].concat());
    assert_eq!(enrolled.status.code(), Some(0), "{}", stderr(&enrolled));
    let identities = |args: &[&str]| faceward(&[&["identities", "--data-dir", data], args].concat());
    let shown = |args: &[&str]| -> Value { serde_json::from_str(&stdout(&identities(args))).unwrap() };
    let jane = shown(&["show", "jane", "--json"]);
    assert_eq!((&jane["display_name"], &jane["consent_basis"]), (&"Jane Doe".into(), &"written consent".into()));
    assert!(jane["expires_at"].is_string() && jane["references"] == 1, "{jane}");
    assert_eq!(jane["samples"][0]["filename"], "obama-2009.jpg");

    // Fields that are not given stay, and impossible values are refused.
    let changed = shown(&["set", "jane", "--never-expires", "--json"]);
    assert_eq!((&changed["expires_at"], &changed["consent_basis"]), (&Value::Null, &"written consent".into()));
    assert_eq!(identities(&["set", "jane", "--expires", "1999-01-01T00:00:00Z"]).status.code(), Some(1));
    assert_eq!(identities(&["set", "jane", "--name", "a\nb"]).status.code(), Some(1));
    assert!(stdout(&identities(&["list"])).contains("1 reference, 0 negatives, written consent, does not expire"));

    let receipt = shown(&["erase", "jane", "--json"]);
    assert!(
        receipt["erased_at"].is_string() && receipt["samples"] == 1 && receipt["reason"] == "requested",
        "{receipt}"
    );
    assert_eq!(identities(&["erase", "jane"]).status.code(), Some(1));
    let subject = faceward(&["audit", "subject", "jane", "--json", "--data-dir", data]);
    let subject: Value = serde_json::from_str(&stdout(&subject)).unwrap();
    assert_eq!(subject["subject"], receipt["subject"]);
    assert_eq!(faceward(&["audit", "verify", "--data-dir", data]).status.code(), Some(0));
}

#[test]
fn models_are_listed_and_a_missing_file_fails() {
    let good = faceward(&["models", "--json", "--models", root("models").to_str().unwrap()]);
    assert_eq!(good.status.code(), Some(0));
    assert!(stdout(&good).lines().all(|l| serde_json::from_str::<Value>(l).unwrap()["intact"] == true));
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(root("models/manifest.toml"), folder.path().join("manifest.toml")).unwrap();
    let bad = faceward(&["models", "--models", folder.path().to_str().unwrap()]);
    assert_eq!(bad.status.code(), Some(1));
    let said = "centerface.onnx`: there is no such file: check the path; restore the models folder of this release";
    assert!(stderr(&bad).contains(said), "{}", stderr(&bad));
}

#[test]
fn enroll_verify_and_batch_round_trip() {
    let it = Enrolled::new();
    let genuine = root("demo/obama-2010.jpg");
    let other = root("demo/collins.jpg");
    let output =
        it.run(&["verify", "--identity", "barack", "--json", genuine.to_str().unwrap(), other.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let answers: Vec<Value> = stdout(&output).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_ne!(answers[0]["verdict"], "different_person", "{}", answers[0]);
    assert_eq!(answers[1]["verdict"], "different_person", "{}", answers[1]);
    assert!(answers[0]["score"].as_f64() > answers[1]["score"].as_f64());
    assert_eq!(it.run(&["verify", "--identity", "nobody", genuine.to_str().unwrap()]).status.code(), Some(1));

    // A folder with a broken file: the others are verified, and the code says that one failed.
    let folder = it.path("in");
    std::fs::create_dir(&folder).unwrap();
    std::fs::copy(&other, folder.join("a, \"odd\" name.jpg")).unwrap();
    std::fs::write(folder.join("broken.jpg"), "no image").unwrap();
    let out = it.path("out.jsonl");
    let batch = ["batch", folder.to_str().unwrap(), "--identity", "barack", "--out", out.to_str().unwrap(), "--resume"];
    let first = it.run(&batch);
    assert_eq!(first.status.code(), Some(4), "{}", stderr(&first));
    let mut written = lines(&out);
    written.sort_by_key(|l| l["path"].to_string());
    assert_eq!(written[0]["verdict"], "different_person");
    assert_eq!(written[1]["error"], "image_format_unsupported");

    // Resumed with an incomplete last line: only that image is verified again, and the exit code is that of both runs.
    let whole = std::fs::read_to_string(&out).unwrap();
    std::fs::write(&out, &whole[..whole.len() - 5]).unwrap();
    let second = it.run(&batch);
    assert_eq!(second.status.code(), Some(4));
    assert!(stderr(&second).contains("1 images") && stderr(&second).contains("1 from the earlier run"));
    assert_eq!(lines(&out).len(), 2);

    // A manifest with odd quoting, written as CSV; everything is verified and nothing is fake.
    let manifest = it.path("list.csv");
    std::fs::write(&manifest, "identity,path\r\nbarack,\"in/a, \"\"odd\"\" name.jpg\"\r\n").unwrap();
    let csv_out = it.path("out.csv");
    let args = ["batch", manifest.to_str().unwrap(), "--format", "csv", "--out", csv_out.to_str().unwrap()];
    let third = it.run(&args);
    assert_eq!(third.status.code(), Some(0), "{}", stderr(&third));
    let mut reader = csv::Reader::from_path(&csv_out).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!((rows.len(), &rows[0][2]), (1, "different_person"));
    assert!(rows[0][0].ends_with("a, \"odd\" name.jpg"));
}
