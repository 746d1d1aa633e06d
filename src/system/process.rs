//! This process, from `/proc/self` (proc(5)).

use std::fs;

/// Ticks per second of the times in `/proc`: `USER_HZ`, which is 100 wherever Rust runs on Linux.
const TICKS: f64 = 100.0;

/// What this process has used and holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Process {
    /// Processor time of all threads, in user and system mode, in seconds.
    pub cpu_seconds: f64,
    /// Memory in use, in bytes.
    pub resident_bytes: u64,
    /// Address space, in bytes.
    pub virtual_bytes: u64,
    /// Threads.
    pub threads: u64,
    /// Open files, sockets included.
    pub open_files: u64,
    /// When it started, in seconds since 1970.
    pub started: f64,
}

impl Process {
    /// The state now; `None` where the system does not say.
    pub fn read() -> Option<Self> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let boot = number(&fs::read_to_string("/proc/stat").ok()?, "btime ")?;
        let (cpu, started) = times(&stat)?;
        // The listing itself holds one file open.
        let open_files = (fs::read_dir("/proc/self/fd").ok()?.count() as u64).saturating_sub(1);
        Some(Self {
            cpu_seconds: cpu,
            resident_bytes: number(&status, "VmRSS:")? << 10,
            virtual_bytes: number(&status, "VmSize:")? << 10,
            threads: number(&status, "Threads:")?,
            open_files,
            started: boot as f64 + started,
        })
    }
}

/// The most files that this process may open; `None` where there is no limit or the system does not say.
pub fn max_open_files() -> Option<u64> {
    number(&fs::read_to_string("/proc/self/limits").ok()?, "Max open files")
}

/// The processor time, and the start since boot, both in seconds, of the text of `/proc/self/stat`.
fn times(stat: &str) -> Option<(f64, f64)> {
    // The name of the program, in parentheses, may itself hold spaces and parentheses.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    // proc(5) counts fields from 1; the state, field 3, is the first one here.
    let ticks = |field: usize| fields.get(field - 3)?.parse::<f64>().ok();
    Some(((ticks(14)? + ticks(15)?) / TICKS, ticks(22)? / TICKS))
}

/// The first number of the line that begins with `name`.
pub(super) fn number(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_the_system_are_read() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194560 1 2 3 4 150 50 5 6 20 0 9 0 1200 1000 200 18446744073709551615";
        assert_eq!(times(stat), Some((2.0, 12.0)));
        assert_eq!(times("7 (cut"), None);
        assert_eq!(number("VmSize:\t  10 kB\nVmRSS:\t   5 kB\n", "VmRSS:"), Some(5));
        assert_eq!(number("Max open files   1024   4096   files", "Max open files"), Some(1024));
        assert_eq!(number("Max open files   unlimited   unlimited   files", "Max open files"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_known() {
        let before = Process::read().unwrap();
        let file = fs::File::open("/proc/self/stat").unwrap();
        let after = Process::read().unwrap();
        drop(file);
        assert!(after.open_files > 3 && after.threads >= 2 && after.resident_bytes > 1 << 20, "{after:?}");
        assert!(after.cpu_seconds >= before.cpu_seconds && after.virtual_bytes > after.resident_bytes, "{after:?}");
        let now = jiff::Timestamp::now().as_second() as f64;
        assert!(after.started <= now && after.started > now - 86_400.0, "{after:?}");
    }
}
