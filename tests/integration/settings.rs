//! Settings of the server: defaults, then the file, then the environment, then flags; and what refusals say.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::support::{faceward, stderr, stdout};
use faceward::config::{Row, Settings};

/// A setting with a value for the file, for the environment and for the flag, as the file writes them. Each layer's
/// value differs from that of the layer below.
type Layers = (&'static str, [&'static str; 3]);

/// Every setting but the command for the master key, which excludes the file with it.
const TABLE: &[Layers] = &[
    ("server.listen", ["\"127.0.0.1:1\"", "\"127.0.0.1:2\"", "\"127.0.0.1:3\""]),
    ("server.allow_unauthenticated", ["true", "false", "true"]),
    ("server.tls_in_front", ["true", "false", "true"]),
    ("server.threads", ["11", "12", "13"]),
    ("server.queue", ["21", "22", "23"]),
    ("server.deadline_s", ["31", "32", "33"]),
    ("server.enroll_deadline_s", ["41", "42", "43"]),
    ("server.connections", ["51", "52", "53"]),
    ("server.connections_per_address", ["61", "62", "63"]),
    ("server.head_timeout_s", ["71", "72", "73"]),
    ("verdict.target_fmr", ["0.0001", "0.0002", "0.0003"]),
    ("search.target_fpir", ["0.01", "0.02", "0.03"]),
    ("server.tls_cert", ["\"a.pem\"", "\"b.pem\"", "\"c.pem\""]),
    ("server.tls_key", ["\"a.key\"", "\"b.key\"", "\"c.key\""]),
    ("limits.max_image_mib", ["1", "2", "3"]),
    ("limits.max_megapixels", ["81", "82", "83"]),
    ("limits.max_side", ["91", "92", "93"]),
    ("limits.max_faces", ["101", "102", "103"]),
    ("limits.max_frames", ["104", "105", "106"]),
    ("limits.max_body_mib", ["111", "112", "113"]),
    ("limits.body_memory_mib", ["121", "122", "123"]),
    ("storage.store", ["\"postgres://a@h/d\"", "\"sqlite:\"", "\"postgres://c@h/d?sslmode=disable\""]),
    ("storage.data_dir", ["\"a\"", "\"b\"", "\"c\""]),
    ("storage.master_key_file", ["\"a.master\"", "\"b.master\"", "\"c.master\""]),
    ("storage.erasure_grace_s", ["131", "132", "133"]),
    ("storage.profile_memory_mib", ["141", "142", "143"]),
    ("storage.keep_images", ["true", "false", "true"]),
    ("models.folder", ["\"d\"", "\"e\"", "\"f\""]),
    ("models.engine", ["\"ort\"", "\"tract\"", "\"ort\""]),
    ("detector.sides", ["[64, 128]", "[128, 256]", "[256, 512]"]),
    ("detector.search_side", ["64", "128", "256"]),
    ("verdict.depth", ["\"fast\"", "\"thorough\"", "\"fast\""]),
    ("verdict.stability_check", ["true", "false", "true"]),
    ("verdict.apparent_traits", ["true", "false", "true"]),
    ("cases.keep", ["\"none\"", "\"all\"", "\"identified\""]),
    ("cases.ttl_days", ["151", "152", "153"]),
    ("cases.max", ["161", "162", "163"]),
    ("cases.keep_probes", ["true", "false", "true"]),
    ("cases.probes_ttl_days", ["171", "172", "173"]),
    ("cases.probes_mib", ["181", "182", "183"]),
    ("log.json", ["true", "false", "true"]),
    ("telemetry.otlp_endpoint", ["\"http://a:1\"", "\"http://b:2\"", "\"http://c:3\""]),
    ("telemetry.otlp_interval_s", ["151", "152", "153"]),
    ("telemetry.otlp_sample_ratio", ["0.5", "0.25", "0.125"]),
];

const COMMAND: Layers = ("storage.master_key_command", ["\"echo 1\"", "\"echo 2\"", "\"echo 3\""]);

fn row(name: &str) -> Row {
    let rows = Settings::default().rows();
    rows.into_iter().find(|row| row.setting.name == name).unwrap_or_else(|| panic!("there is no setting {name}"))
}

/// As a flag or a variable takes it.
fn plain(written: &str) -> String {
    written.trim_matches(['"', '[', ']']).replace(", ", ",")
}

fn file(folder: &Path, table: &[Layers]) -> String {
    let path = folder.join("faceward.toml");
    let lines: Vec<String> = table.iter().map(|(name, [value, ..])| format!("{name} = {value}")).collect();
    std::fs::write(&path, lines.join("\n")).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The settings that `serve` prints: the value and the origin of each.
fn printed(command: &mut Command) -> BTreeMap<String, (String, String)> {
    let output = command.arg("--print-settings").output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let (mut table, mut settings) = (String::new(), BTreeMap::new());
    for line in stdout(&output).lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            name.clone_into(&mut table);
        } else if let Some((field, value)) = line.split_once(" = ") {
            let (value, origin) = value.split_once("  # ").unwrap();
            settings.insert(format!("{table}.{field}"), (value.to_owned(), origin.to_owned()));
        }
    }
    settings
}

#[test]
fn the_file_beats_the_defaults_the_environment_beats_the_file_and_flags_beat_both() {
    for table in [TABLE, &[COMMAND]] {
        let folder = tempfile::tempdir().unwrap();
        let file = file(folder.path(), table);
        let serve = |layers: usize| {
            let mut command = faceward(&["serve"]);
            if layers > 0 {
                command.args(["--config", &file]);
            }
            for (name, [_, variable, flag]) in table {
                let setting = row(name).setting;
                if layers > 1 {
                    command.env(setting.variable, plain(variable));
                }
                if layers > 2 {
                    command.arg(format!("--{}={}", setting.flag, plain(flag)));
                }
            }
            printed(&mut command)
        };
        let [defaults, by_file, by_variable, by_flag] = [0, 1, 2, 3].map(serve);
        for (name, [in_file, in_variable, in_flag]) in table {
            let row = row(name);
            let default = row.value.map(|value| (value, "default".to_owned()));
            assert_eq!(defaults.get(*name), default.as_ref());
            for (settings, value, origin) in [
                (&by_file, in_file, file.clone()),
                (&by_variable, in_variable, row.setting.variable.to_owned()),
                (&by_flag, in_flag, format!("--{}", row.setting.flag)),
            ] {
                assert_eq!(settings.get(*name), Some(&((*value).to_owned(), origin)), "{name}");
            }
        }
    }
    let tested = TABLE.iter().chain([&COMMAND]).map(|(name, _)| *name).collect::<std::collections::BTreeSet<_>>();
    let all = Settings::default().rows().iter().map(|row| row.setting.name).collect();
    assert_eq!(tested, all, "every setting is in the table");
}

#[test]
fn what_is_printed_is_a_settings_file() {
    let folder = tempfile::tempdir().unwrap();
    let first = faceward(&["serve", "--print-settings", "--threads", "3"]).output().unwrap();
    let path = folder.path().join("printed.toml");
    std::fs::write(&path, &first.stdout).unwrap();
    let checked = faceward(&["config", "--check", path.to_str().unwrap()]).output().unwrap();
    assert!(checked.status.success(), "{}", stderr(&checked));
    assert_eq!(printed(faceward(&["serve"]).args(["--config", path.to_str().unwrap()]))["server.threads"].0, "3");
}

#[test]
fn a_source_of_the_master_key_replaces_that_of_the_layer_below() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path(), &[("storage.master_key_file", ["\"a.master\"", "", ""])]);
    let settings = printed(&mut faceward(&["serve", "--config", &file, "--master-key-command", "echo 1"]));
    assert_eq!(settings["storage.master_key_command"].0, "\"echo 1\"");
    assert!(!settings.contains_key("storage.master_key_file"), "{settings:?}");
}

#[test]
fn refusals_name_the_setting_as_it_was_given_and_say_what_to_give() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path(), &[("limits.max_faces", ["0", "", ""])]);
    for (words, variable, said) in [
        (&["--threads", "0"][..], None, "faceward: `--threads 0`: give 1 to 4096\n".to_owned()),
        (&[], Some(("FACEWARD_QUEUE", "0")), "faceward: `FACEWARD_QUEUE=0`: give 1 to 1048576\n".to_owned()),
        (&["--config", &file], None, format!("faceward: {file}: `limits.max_faces = 0`: give 1 to 1024\n")),
        (&["--detector-sides", "640,320"], None, "faceward: `--detector-sides 640,320`: give at least one".to_owned()),
        (
            &["--max-image-mib", "65"],
            None,
            "faceward: `limits.max_body_mib` has the default 64 beside `--max-image-mib 65`: a body must hold an image: set"
                .to_owned(),
        ),
        (&["--body-memory-mib", "9"], None, "faceward: `--body-memory-mib 9` beside `limits.max_body_mib = 64` (the default): memory must hold".to_owned()),
        (&["--tls-cert", "c.pem"], None, "faceward: `server.tls_key` is missing beside `--tls-cert c.pem`: give the private key".to_owned()),
        (
            &["--master-key-file", "f", "--master-key-command", "c"],
            None,
            "faceward: `--master-key-command c` beside `--master-key-file f`: the master key comes from one".to_owned(),
        ),
    ] {
        let mut command = faceward(&["serve", "--print-settings"]);
        let output = command.args(words).envs(variable).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        assert!(stderr(&output).starts_with(&said), "{}", stderr(&output));
    }
    let mut two = faceward(&["serve", "--master-key-command", "c", "--print-settings"]);
    let two = stderr(&two.env("FACEWARD_MASTER_KEY_FILE", "f").output().unwrap());
    assert!(two.starts_with("faceward: `--master-key-command c` beside `FACEWARD_MASTER_KEY_FILE=f`: "), "{two}");
    let half = folder.path().join("half.toml");
    std::fs::write(&half, "server.tls_cert = \"c.pem\"").unwrap();
    for words in [&["config", "--check"][..], &["serve", "--config"]] {
        let said = stderr(&faceward(words).arg(&half).output().unwrap());
        let wanted =
            "half.toml: `server.tls_key` is missing beside `server.tls_cert = \"c.pem\"`: give the private key";
        assert!(said.contains(wanted), "{said}");
    }
    let filter = faceward(&["serve", "--data-dir"]).arg(folder.path()).env("FACEWARD_LOG", "[[[").output().unwrap();
    assert_eq!(filter.status.code(), Some(1));
    assert!(stderr(&filter).starts_with("faceward: `FACEWARD_LOG=[[[`: "), "{}", stderr(&filter));
    let checked = faceward(&["config", "--check", &file]).output().unwrap();
    assert!(stderr(&checked).contains("`limits.max_faces = 0`: give 1 to 1024"), "{}", stderr(&checked));
    for wrong in [&["--engine", "onnx"][..], &["--keep-images=no"], &["--detector-sides", "320,x"], &["--threads", "x"]]
    {
        let output = faceward(&["serve"]).args(wrong).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    }
    for (words, variable, said) in [
        (&[][..], ("FACEWARD_THREADS", "abc"), "invalid value 'abc' for 'FACEWARD_THREADS': give 1 to 4096\n"),
        (&["--threads=abc"], ("FACEWARD_THREADS", "abc"), "invalid value 'abc' for '--threads <N>': give 1 to 4096\n"),
        (&[], ("FACEWARD_KEEP_IMAGES", "no"), "invalid value 'no' for 'FACEWARD_KEEP_IMAGES'\n"),
    ] {
        let output = faceward(&["serve"]).args(words).envs([variable]).output().unwrap();
        assert!(output.status.code() == Some(2) && stderr(&output).contains(said), "{}", stderr(&output));
    }
    let tables = folder.path().join("tables.toml");
    std::fs::write(&tables, "server = 3").unwrap();
    let output = faceward(&["config", "--check", tables.to_str().unwrap()]).output().unwrap();
    assert!(stderr(&output).contains("integer `3`, expected a table `[server]`"), "{}", stderr(&output));
}
