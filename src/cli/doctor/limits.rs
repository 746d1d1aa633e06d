//! Limits of the system against what the settings may need: open files, memory, processors, disk.

use std::path::Path;

use faceward::config::Settings;
use faceward::system;

use super::report::Report;
use crate::cli::open;

const FILES: &str = "open files";
const MEMORY: &str = "memory";
const PROCESSORS: &str = "processors";
const DISK: &str = "disk";

/// Open files beside connections: the database, logs, the runtime's own, models while they load.
const OTHER_FILES: u64 = 64;

/// Bytes that a server keeps with nothing to do (docs/speed.md).
const IDLE: u64 = 450 << 20;

/// Bytes for each pixel of the largest image: decoded, and once more while it is turned or converted.
const PER_PIXEL: u64 = 8;

/// Free bytes on the disk: below the first nothing may be written much longer, below the second it is time to look.
const FULL: u64 = 64 << 20;
const SCARCE: u64 = 1 << 30;

/// Checks what the system gives.
pub(super) fn check(report: &mut Report, settings: &Settings) {
    open_files(report, settings.server.connections as u64, system::max_open_files());
    memory(report, most_memory(settings), system::memory());
    let available = std::thread::available_parallelism().map_or(1, usize::from);
    processors(report, settings.server.inference_threads(), available, system::processors());
    disk(report, &settings.storage.data_dir);
}

fn open_files(report: &mut Report, connections: u64, most: Option<u64>) {
    let needed = connections + OTHER_FILES;
    match most {
        Some(most) if most < needed => report.warning(
            FILES,
            format!(
                "at most {most}, and {connections} connections need {needed}: raise the limit (`ulimit -n {needed}`, \
                 LimitNOFILE= of systemd), or lower server.connections"
            ),
        ),
        Some(most) => report.ok(FILES, format!("at most {most}; {needed} are needed")),
        None => report.ok(FILES, "no limit is known"),
    }
}

/// The bytes that a server may need when every thread decodes the largest image while bodies fill their memory.
fn most_memory(settings: &Settings) -> u64 {
    let threads = settings.server.inference_threads() as u64;
    let pixels = settings.limits.max_megapixels.saturating_mul(1_000_000);
    let mib = (settings.limits.body_memory_mib as u64).saturating_add(settings.storage.profile_memory_mib as u64);
    let images = threads.saturating_mul(pixels.saturating_mul(PER_PIXEL));
    images.saturating_add(mib.saturating_mul(1 << 20)).saturating_add(IDLE)
}

fn memory(report: &mut Report, most: u64, given: Option<system::Memory>) {
    let Some(given) = given else { return report.ok(MEMORY, "its size is not known") };
    let (has, of) = (size(given.bytes), if given.limited { "this container or service" } else { "this machine" });
    if given.bytes < IDLE {
        report.failed(MEMORY, format!("{has} for {of}, and a server needs {} to start: give it more", size(IDLE)));
    } else if given.bytes < most {
        report.warning(
            MEMORY,
            format!(
                "{has} for {of}, and the settings allow for {} under the heaviest load: give it more, or lower \
                 limits.body_memory_mib, limits.max_megapixels or server.threads",
                size(most)
            ),
        );
    } else {
        report.ok(MEMORY, format!("{has} for {of}; the settings allow for {} under the heaviest load", size(most)));
    }
}

fn processors(report: &mut Report, threads: usize, available: usize, quota: Option<f64>) {
    let quota = quota.filter(|quota| *quota < available as f64);
    match quota {
        Some(quota) if quota < 1.0 => report.warning(
            PROCESSORS,
            format!("a quota of {quota:.2} processors, so that every answer is held up: give at least one"),
        ),
        _ if threads > available => report.warning(
            PROCESSORS,
            format!(
                "{threads} inference threads on {available} processors slow each other down: set server.threads to \
                 {available}, or leave it out"
            ),
        ),
        _ => report.ok(PROCESSORS, format!("{available} for {threads} inference threads")),
    }
}

/// Free space where the data folder is, or would be.
#[cfg(unix)]
fn disk(report: &mut Report, dir: &Path) {
    let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.to_path_buf());
    let Some(there) = absolute.ancestors().find(|folder| folder.exists()) else {
        return report.warning(DISK, format!("no part of `{}` exists: check --data-dir", open::plain(dir)));
    };
    match rustix::fs::statvfs(there) {
        Err(e) => report.warning(DISK, format!("free space at `{}` is not known ({e}): check it", open::plain(there))),
        Ok(found) => free(report, there, found.f_bavail.saturating_mul(found.f_frsize)),
    }
}

#[cfg(not(unix))]
fn disk(report: &mut Report, dir: &Path) {
    report.ok(DISK, format!("free space at `{}` is not known on this system", open::plain(dir)));
}

#[cfg_attr(not(unix), allow(dead_code))]
fn free(report: &mut Report, folder: &Path, bytes: u64) {
    let (folder, has) = (open::plain(folder), size(bytes));
    let advice = "without space nothing is recorded, and then nothing is answered: free some";
    if bytes < FULL {
        report.failed(DISK, format!("{has} free at `{folder}`: {advice}"));
    } else if bytes < SCARCE {
        report.warning(DISK, format!("{has} free at `{folder}`: {advice} soon"));
    } else {
        report.ok(DISK, format!("{has} free at {folder}"));
    }
}

/// Bytes for people.
fn size(bytes: u64) -> String {
    let mib = bytes >> 20;
    if mib < 1024 { format!("{mib} MiB") } else { format!("{:.1} GiB", mib as f64 / 1024.0) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn state(check: impl FnOnce(&mut Report)) -> String {
        let mut report = Report::new(false);
        check(&mut report);
        json!(report.checks())[0]["state"].as_str().unwrap().to_owned()
    }

    #[test]
    fn each_limit_is_compared_with_what_the_settings_need() {
        let files = |most| state(|report| open_files(report, 1024, most));
        assert_eq!([files(Some(1024)), files(Some(1088)), files(None)], ["warning", "ok", "ok"]);
        let given = |bytes| Some(system::Memory { bytes, limited: true });
        let memory = |bytes| state(|report| memory(report, 2 << 30, given(bytes)));
        assert_eq!([memory(256 << 20), memory(1 << 30), memory(4 << 30)], ["failed", "warning", "ok"]);
        let processors = |threads, quota| state(|report| processors(report, threads, 2, quota));
        assert_eq!([processors(2, None), processors(2, Some(0.5)), processors(8, None)], ["ok", "warning", "warning"]);
        assert_eq!(processors(2, Some(1.5)), "ok");
        let disk = |bytes| state(|report| free(report, Path::new("/srv"), bytes));
        assert_eq!([disk(1 << 20), disk(500 << 20), disk(5 << 30)], ["failed", "warning", "ok"]);
    }

    #[test]
    fn memory_grows_with_threads_and_with_the_largest_image() {
        let mut settings = Settings::default();
        settings.server.threads = Some(2);
        let two = most_memory(&settings);
        assert!((1 << 30..3 << 30).contains(&two), "{}", size(two));
        settings.server.threads = Some(4);
        assert!(most_memory(&settings) > two);
        settings.limits.max_megapixels = u64::MAX;
        assert_eq!(most_memory(&settings), u64::MAX);
        assert_eq!((size(450 << 20), size(3 << 29)), ("450 MiB".to_owned(), "1.5 GiB".to_owned()));
    }
}
