//! What a file of settings may say, and that the printed one is the defaults.

use super::*;

fn written(text: &str) -> Result<Settings, SettingsError> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("faceward.toml");
    std::fs::write(&file, text).unwrap();
    Settings::from_file(&file)
}

#[test]
fn the_printed_file_is_the_defaults() {
    assert_eq!(written(DEFAULT_FILE).unwrap(), Settings::default());
    assert_eq!(written("").unwrap(), Settings::default());
    assert!(Settings::default().check().is_ok());
}

#[test]
fn the_defaults_agree_with_the_modules_they_set() {
    let (set, own) = (Settings::default().decode_limits(), DecodeLimits::default());
    assert_eq!((set.max_bytes, set.max_pixels, set.max_side), (own.max_bytes, own.max_pixels, own.max_side));
    let (set, own) = (Settings::default().server_settings(), ServerSettings::default());
    assert_eq!(format!("{set:?}"), format!("{own:?}"));
}

#[test]
fn a_file_changes_what_it_names_and_typing_errors_are_shown() {
    let settings = written("[server]\nthreads = 3\n[limits]\nmax_image_mib = 5\n").unwrap();
    assert_eq!((settings.server.threads, settings.limits.max_image_mib), (Some(3), 5));
    assert_eq!(settings.server_settings().queue, 48);
    let e = written("[server]\ntreads = 3\n").unwrap_err().to_string();
    assert!(e.contains("treads") && e.contains("line 2"), "{e}");
}

#[test]
fn values_that_cannot_work_are_refused() {
    for text in [
        "[server]\nthreads = 0",
        "[server]\ndeadline_s = 0",
        "[limits]\nmax_body_mib = 1",
        "[limits]\nmax_faces = 0",
        "[limits]\nbody_memory_mib = 9",
        "[server]\ndeadline_s = 100000",
        "[server]\nqueue = 4611686018427387904",
        "[limits]\nmax_image_mib = 17592186044416",
        "[detector]\nsides = []",
        "[detector]\nsides = [640, 320]",
        "[detector]\nsides = [320, 100000]",
    ] {
        assert!(written(text).unwrap().check().is_err(), "{text}");
    }
}
