//! Folders given to `batch`, `enroll`, `eval` and `calibrate`: files are known by content, and nothing is dropped
//! unsaid.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::support::{faceward, portrait, root, run, stderr, stdout};

/// The exit code and standard error.
#[track_caller]
fn ends(output: &Output, code: i32, said: &[&str]) {
    let text = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    for said in said {
        assert!(text.contains(said), "`{said}` is not in: {text}");
    }
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.sort_by_key(|line| line["path"].to_string());
    lines
}

#[test]
fn what_a_folder_holds_is_verified_whatever_its_name_and_the_rest_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let text = |name: &str| at(name).to_str().unwrap().to_owned();
    let (models, data) = (root("models").to_str().unwrap().to_owned(), text("data"));
    let places = ["--models", &models, "--data-dir", &data];
    let demo = run(&["demo", "--write", &text("demo"), "--models", &models]);
    assert!(demo.status.success(), "{}", stderr(&demo));

    std::fs::create_dir(at("photos")).unwrap();
    std::fs::write(at("photos/one"), portrait("obama-2009.jpg")).unwrap();
    std::fs::write(at("photos/two.jfif"), portrait("obama-2012.jpg")).unwrap();
    std::fs::write(at("photos/notes.txt"), "taken in 2009").unwrap();
    let enrolled = run(&[&["enroll", "obama", &text("photos")][..], &places].concat());
    ends(&enrolled, 0, &["notes.txt: not an image"]);
    assert_eq!(stdout(&enrolled).matches("accepted").count(), 2, "{}", stdout(&enrolled));

    std::fs::create_dir_all(at("in/deep")).unwrap();
    std::fs::copy(at("demo/manipulated.jpg"), at("in/b.jfif")).unwrap();
    std::fs::write(at("in/deep/real"), portrait("obama-2010.jpg")).unwrap();
    std::fs::write(at("in/a.heic"), b"\0\0\0\x18ftypheic\0\0\0\0mif1heic and no picture").unwrap();
    std::fs::write(at("in/.DS_Store"), b"\0\0\0\x01Bud1").unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("..", at("in/deep/up")).unwrap();
        std::os::unix::fs::symlink("b.jfif", at("in/c.jpg")).unwrap();
    }
    let (input, out) = (text("in"), text("out.jsonl"));
    let batch =
        |more: &[&str]| run(&[&["batch", &input, "--identity", "obama", "--out", &out][..], &places, more].concat());
    let first = batch(&[]);
    ends(&first, 3, &[".DS_Store: not an image", "c.jpg: a link to what is listed already", "3 images"]);
    let verdicts: Vec<(String, Value)> = lines(Path::new(&out))
        .into_iter()
        .map(|line| (line["path"].as_str().unwrap().rsplit('/').next().unwrap().to_owned(), line["verdict"].clone()))
        .collect();
    assert_eq!(verdicts.len(), 3, "{verdicts:?}");
    assert_eq!((verdicts[0].0.as_str(), &verdicts[0].1), ("a.heic", &Value::Null));
    assert_eq!((verdicts[1].0.as_str(), verdicts[1].1.as_str()), ("b.jfif", Some("fake")));
    assert_eq!((verdicts[2].0.as_str(), verdicts[2].1.as_str()), ("real", Some("real")));

    // The old file is left alone, continued or replaced.
    let before = std::fs::read(&out).unwrap();
    ends(&batch(&[]), 1, &["exists already", "--resume", "--force"]);
    assert_eq!(std::fs::read(&out).unwrap(), before);
    ends(&batch(&["--resume"]), 3, &["0 images", "3 from the earlier run"]);
    assert_eq!(std::fs::read(&out).unwrap(), before);
    let forced = batch(&["--force", "--json"]);
    ends(&forced, 3, &["\"reason\":\"not an image\""]);
    assert_eq!(lines(Path::new(&out)).len(), 3);
    ends(&batch(&["--force", "--resume"]), 2, &["cannot be used with"]);
}

#[test]
fn nothing_to_work_on_is_an_end_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let text = |name: &str| at(name).to_str().unwrap().to_owned();
    let models = root("models").to_str().unwrap().to_owned();
    std::fs::create_dir(at("in")).unwrap();
    std::fs::write(at("in/notes.txt"), "nothing").unwrap();
    std::fs::write(at("none.csv"), "path,identity\n").unwrap();
    let run = |args: &[&str]| faceward(args).args(["--models", &models]).output().unwrap();
    let (input, data) = (text("in"), text("data"));
    let said = "notes.txt: not an image";
    ends(&run(&["batch", &input, "--data-dir", &data]), 5, &[said, "no image to verify"]);
    ends(&run(&["batch", &text("none.csv"), "--data-dir", &data]), 5, &["no image to verify"]);
    ends(&run(&["enroll", "x", &input, "--data-dir", &data]), 5, &[said, "hold no image"]);
    ends(&run(&["eval", &input]), 5, &[said, "no genuine photographs"]);
    ends(&run(&["calibrate", &input, "--dry-run"]), 5, &[said, "no genuine photographs"]);
}

#[test]
fn a_manifest_that_would_lose_its_claims_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.csv");
    for (text, said) in [
        ("a.jpg;obama\n", "line 1: the columns seem to be separated by `;`"),
        ("url,identity\nhttps://example.org/a.jpg,obama\n", "line 1: the header has no column `path` (it has `url`)"),
        ("path,identty\na.jpg,obama\n", "unknown column `identty`: did you mean `identity`?"),
        ("path\nhttps://example.org/a.jpg\n", "line 2: `https://example.org/a.jpg` is a URL"),
    ] {
        std::fs::write(&list, text).unwrap();
        ends(&run(&["batch", list.to_str().unwrap()]), 1, &[said]);
    }
}
