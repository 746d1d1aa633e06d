//! The printed file is the defaults, every clause of the check refuses, and refusals name the setting as it was given.

use clap::{Args as _, FromArgMatches as _};

use super::*;

fn written(text: &str) -> Result<Settings, SettingsError> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("faceward.toml");
    std::fs::write(&file, text).unwrap();
    SettingsFile::read(&file).map(|file| file.settings().clone())
}

#[test]
fn the_printed_file_is_the_defaults() {
    assert_eq!(written(DEFAULT_FILE).unwrap(), Settings::default());
    assert_eq!(written("").unwrap(), Settings::default());
    assert_eq!(Settings::default().check(), Ok(()));
}

/// The comment above each setting of the printed file states the range that is checked.
#[test]
fn the_printed_file_has_every_setting_with_its_range() {
    for row in Settings::default().rows() {
        let (table, field) = row.setting.name.split_once('.').unwrap();
        let text = DEFAULT_FILE.split_once(&format!("[{table}]\n")).unwrap().1;
        let text = text.split("\n[").next().unwrap();
        let at = [format!("\n{field} = "), format!("\n# {field} = ")].iter().find_map(|line| text.find(line));
        let before: Vec<&str> = text[..at.unwrap_or_else(|| panic!("{}", row.setting.name))].lines().collect();
        let comment = before.iter().rev().take_while(|l| l.starts_with("# ")).copied().collect::<String>();
        assert!(!comment.is_empty() || field == "tls_key", "{} has no comment", row.setting.name);
        if let Some(range) = row.range {
            assert!(comment.contains(&setting::bounds(&range)), "{}: {comment}", row.setting.name);
        }
    }
}

#[test]
fn the_defaults_agree_with_the_modules_they_set() {
    let (set, own) = (Settings::default().decode_limits(), DecodeLimits::default());
    assert_eq!((set.max_bytes, set.max_pixels, set.max_side), (own.max_bytes, own.max_pixels, own.max_side));
    assert_eq!(Settings::default().detector_settings(), DetectorSettings::default());
}

#[test]
fn a_file_changes_what_it_names_and_typing_errors_are_shown() {
    let settings = written("[server]\nthreads = 3\n[limits]\nmax_image_mib = 5\n").unwrap();
    assert_eq!((settings.server.threads, settings.limits.max_image_mib), (Some(3), 5));
    assert_eq!((settings.server.inference_threads(), settings.server.queue_length()), (3, 48));
    let e = written("[server]\ntreads = 3\n").unwrap_err().to_string();
    assert!(e.contains("treads") && e.contains("line 2"), "{e}");
}

#[test]
fn values_that_cannot_work_are_refused_with_what_to_give_instead() {
    let mut ranged = 0;
    for row in Settings::default().rows() {
        let Some(range) = row.range.clone() else { continue };
        ranged += 1;
        let (table, field) = row.setting.name.split_once('.').unwrap();
        for bad in [range.start().checked_sub(1), Some(range.end() + 1).filter(|_| field != "max_side")] {
            let Some(bad) = bad else { continue };
            let refused = written(&format!("[{table}]\n{field} = {bad}")).unwrap().check().unwrap_err();
            let message = format!("f.toml: `{} = {bad}`: give {}", row.setting.name, setting::bounds(&range));
            assert_eq!(in_file(&refused), message);
        }
    }
    assert_eq!(ranged, 22, "a range for every number");

    for (name, text, message) in [
        ("detector.sides", "[detector]\nsides = []", "`detector.sides = []`: give at least one side"),
        ("detector.sides", "[detector]\nsides = [640, 320]", "in ascending order"),
        ("detector.sides", "[detector]\nsides = [320, 320]", "none twice"),
        ("detector.sides", "[detector]\nsides = [320, 100000]", "each 64 to 4096 pixels"),
        ("detector.sides", "[detector]\nsides = [32]", "each 64 to 4096 pixels"),
        ("telemetry.otlp_endpoint", "[telemetry]\notlp_endpoint = \"localhost:4317\"", "http://127.0.0.1:4318"),
        ("telemetry.otlp_sample_ratio", "[telemetry]\notlp_sample_ratio = 1.5", "give a share of 0 to 1"),
        (
            "server.tls_key",
            "[server]\ntls_cert = \"c\"",
            "f.toml: `server.tls_key` is missing beside `server.tls_cert = \"c\"`: give the private key",
        ),
        (
            "server.tls_cert",
            "[server]\ntls_key = \"k\"",
            "f.toml: `server.tls_cert` is missing beside `server.tls_key = \"k\"`: give the certificate",
        ),
        (
            "storage.master_key_command",
            "[storage]\nmaster_key_file = \"f\"\nmaster_key_command = \"c\"",
            "`storage.master_key_command = \"c\"` beside `storage.master_key_file = \"f\"`: the master key comes from \
             one",
        ),
        (
            "limits.max_body_mib",
            "[limits]\nmax_image_mib = 65",
            "`limits.max_body_mib = 64` beside `limits.max_image_mib = 65`: a body must hold an image: set \
             max_body_mib to at least 65",
        ),
        (
            "limits.body_memory_mib",
            "[limits]\nbody_memory_mib = 9",
            "`limits.body_memory_mib = 9` beside `limits.max_body_mib = 64`: memory must hold a body: set \
             body_memory_mib to at least 64",
        ),
    ] {
        let refused = written(text).unwrap().check().unwrap_err();
        assert_eq!(refused.setting.name, name);
        let said = in_file(&refused);
        assert!(said.contains(message), "{said}");
        assert_ne!(refused.setting.flag, name, "the clause names a setting of the tables");
    }
}

/// The refusal, with every setting that has a value from one file.
fn in_file(refused: &Invalid) -> String {
    let missing = |setting: &Setting| refused.value.is_none() && *setting == refused.setting;
    refused.given_by(|s| if missing(s) { Origin::Default } else { Origin::File("f.toml".into()) })
}

#[test]
fn a_refusal_names_the_setting_as_it_was_given() {
    let refused = written("[server]\nthreads = 0").unwrap().check().unwrap_err();
    for (origin, text) in [
        (Origin::Flag, "`--threads 0`: give 1 to 4096"),
        (Origin::Variable, "`FACEWARD_THREADS=0`: give 1 to 4096"),
        (Origin::File("my.toml".into()), "my.toml: `server.threads = 0`: give 1 to 4096"),
        (Origin::Default, "`server.threads` has the default 0: give 1 to 4096"),
    ] {
        assert_eq!(refused.given_by(|_| origin.clone()), text);
    }
    let sides = written("[detector]\nsides = [640, 320]").unwrap().check().unwrap_err();
    let memory = written("[limits]\nbody_memory_mib = 9").unwrap().check().unwrap_err();
    let flagged = |s: &Setting| if *s == memory.setting { Origin::Flag } else { Origin::Default };
    assert_eq!(
        memory.given_by(flagged),
        "`--body-memory-mib 9` beside `limits.max_body_mib = 64` (the default): memory must hold a body: set \
         body_memory_mib to at least 64 (--body-memory-mib, FACEWARD_BODY_MEMORY_MIB)"
    );
    assert!(sides.given_by(|_| Origin::Flag).starts_with("`--detector-sides 640,320`: "));
}

fn flags(words: &[&str]) -> Result<Flags, clap::Error> {
    let command = Flags::augment_args(clap::Command::new("serve")).no_binary_name(true);
    Flags::from_arg_matches(&command.try_get_matches_from(words)?)
}

/// The table over every setting and every layer is in `tests/integration/settings.rs`: it needs an environment.
#[test]
fn a_switch_can_be_turned_off_by_a_flag() {
    let on = written("[storage]\nkeep_images = true").unwrap();
    for (words, kept) in [(&[][..], true), (&["--keep-images=false"], false), (&["--keep-images"], true)] {
        assert_eq!(on.clone().overridden_by(&flags(words).unwrap()).storage.keep_images, kept, "{words:?}");
    }
    assert!(flags(&["--keep-images=no"]).is_err());
}

#[test]
fn the_password_in_a_url_is_never_printed() {
    let url = "postgres://jane:s3cret@db.example/faces";
    let settings = Settings::default().overridden_by(&flags(&["--store", url]).unwrap());
    let row = settings.rows().into_iter().find(|row| row.setting.name == "storage.store").unwrap();
    assert_eq!(row.value.as_deref(), Some("\"postgres://jane@db.example/faces\""));
    assert_eq!(written(&format!("[storage]\nstore = \"{url}\"")).unwrap().storage.store, settings.storage.store);
    for wrong in [format!("{url}?sslmode=prefer"), url.replace("postgres", "mysql")] {
        let refusals = [
            flags(&["--store", &wrong]).unwrap_err().to_string(),
            written(&format!("[storage]\nstore = \"{wrong}\"")).unwrap_err().to_string(),
        ];
        for said in refusals {
            assert!(!said.contains("s3cret") && said.contains("give `"), "{said}");
        }
    }
}

#[test]
fn a_source_of_the_master_key_replaces_the_one_of_the_file() {
    let file = written("[storage]\nmaster_key_file = \"f\"").unwrap();
    let storage = file.overridden_by(&flags(&["--master-key-command", "c"]).unwrap()).storage;
    assert_eq!((storage.master_key_file, storage.master_key_command), (None, Some("c".to_owned())));
}
