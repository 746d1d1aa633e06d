//! `faceward models install`: models where the program finds them from any folder.

use std::path::Path;

use serde_json::Value;

use crate::support::{faceward, root, run, stderr, stdout};

/// What is there is replaced whole or not at all.
#[test]
fn models_are_copied_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let (models, home) = (root("models"), folder.path().join("home"));
    let own = home.join("faceward/models");
    let install = |from: &Path, more: &[&str]| {
        let mut command = faceward(&["models", "install", "--json", "--models", from.to_str().unwrap()]);
        command.args(more).env("XDG_DATA_HOME", &home).output().unwrap()
    };
    let first = install(&models, &[]);
    assert!(first.status.success(), "{}", stderr(&first));
    let said: Value = serde_json::from_str(&stdout(&first)).unwrap();
    assert_eq!((said["folder"].as_str(), said["files"].as_u64()), (own.to_str(), Some(15)));
    assert!(own.join("licenses/Apache-2.0.txt").is_file());
    let listed = run(&["models", "--models", own.to_str().unwrap()]);
    assert!(listed.status.success(), "{}", stderr(&listed));

    // From that copy to another place, over one that is there, and over something else.
    let other = folder.path().join("shared/models");
    let to = ["--to", other.to_str().unwrap()];
    std::fs::create_dir_all(&other).unwrap();
    assert!(install(&own, &to).status.success());
    std::fs::write(other.join("left.txt"), "of an earlier version").unwrap();
    assert!(install(&own, &to).status.success());
    assert!(!other.join("left.txt").exists());
    let taken = folder.path().join("taken");
    std::fs::create_dir(&taken).unwrap();
    std::fs::write(taken.join("a.txt"), "mine").unwrap();
    let refused = install(&own, &["--to", taken.to_str().unwrap()]);
    assert!(
        !refused.status.success() && stderr(&refused).contains("something other than models"),
        "{}",
        stderr(&refused)
    );
    let same = install(&own, &["--to", own.to_str().unwrap()]);
    assert!(!same.status.success() && stderr(&same).contains("already"), "{}", stderr(&same));

    // A damaged source replaces nothing.
    std::fs::write(own.join("iris.onnx"), "not a network").unwrap();
    let damaged = install(&own, &to);
    assert!(!damaged.status.success() && stderr(&damaged).contains("altered"), "{}", stderr(&damaged));
    assert!(run(&["models", "--models", other.to_str().unwrap()]).status.success());
}
