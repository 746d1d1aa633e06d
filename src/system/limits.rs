//! Limits on memory and on processors: those of the machine, and of the control groups that a container runs in
//! (cgroups(7)), versions 2 and 1.

use std::fs;
use std::path::Path;

use super::process::number;

const GROUPS: &str = "/sys/fs/cgroup";

/// The memory that this process may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// In bytes.
    pub bytes: u64,
    /// Whether a control group gives less than the machine has.
    pub limited: bool,
}

/// The memory that this process may use; `None` where the system does not say.
pub fn memory() -> Option<Memory> {
    let machine = number(&fs::read_to_string("/proc/meminfo").ok()?, "MemTotal:")? << 10;
    let limits = [("memory.max", ""), ("memory.limit_in_bytes", "memory")];
    let limit = limits.into_iter().flat_map(|(file, controller)| in_groups(file, controller));
    let limit = limit.filter_map(|text| text.trim().parse::<u64>().ok()).min();
    let bytes = limit.map_or(machine, |limit| limit.min(machine));
    Some(Memory { bytes, limited: bytes < machine })
}

/// The processors that a control group lets this process use at a time, such as 0.5 or 4; `None` where none limits it.
pub fn processors() -> Option<f64> {
    let second = in_groups("cpu.max", "").iter().filter_map(|text| quota(text)).reduce(f64::min);
    let micros = |file| in_groups(file, "cpu").first().and_then(|text| text.trim().parse::<f64>().ok());
    let first = || match (micros("cpu.cfs_quota_us"), micros("cpu.cfs_period_us")) {
        (Some(quota), Some(period)) if quota > 0.0 && period > 0.0 => Some(quota / period),
        _ => None,
    };
    second.or_else(first)
}

/// The quota of a `cpu.max`, in processors.
fn quota(text: &str) -> Option<f64> {
    let (quota, period) = text.trim().split_once(' ')?;
    Some(quota.parse::<f64>().ok()? / period.parse::<f64>().ok().filter(|period| *period > 0.0)?)
}

/// The texts of `file` in the control group of this process and in those above it, the nearest first. `controller`
/// names a hierarchy of version 1; the one of version 2 has no name.
fn in_groups(file: &str, controller: &str) -> Vec<String> {
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let Some(own) = group(&groups, controller) else { return Vec::new() };
    // In a container the group may be named as the machine sees it, where only the root can be read.
    let above = Path::new(own).ancestors().map(|folder| folder.strip_prefix("/").unwrap_or(folder));
    let root = Path::new(GROUPS).join(controller);
    above.filter_map(|folder| fs::read_to_string(root.join(folder).join(file)).ok()).collect()
}

/// The path of the group in the hierarchy of `controller`, from the text of `/proc/self/cgroup`.
fn group<'a>(text: &'a str, controller: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        controllers.split(',').any(|name| name == controller).then_some(path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_and_quotas_are_read() {
        let text = "12:cpu,cpuacct:/docker/a\n4:memory:/docker/b\n0::/system.slice/faceward.service\n";
        assert_eq!(group(text, ""), Some("/system.slice/faceward.service"));
        assert_eq!(group(text, "cpu"), Some("/docker/a"));
        assert_eq!(group(text, "memory"), Some("/docker/b"));
        assert_eq!(group("", "memory"), None);
        assert_eq!(quota("50000 100000\n"), Some(0.5));
        assert_eq!(quota("max 100000\n"), None);
        assert_eq!(quota("1 0"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_machine_has_memory() {
        assert!(memory().unwrap().bytes > 64 << 20);
        assert!(processors().is_none_or(|processors| processors > 0.0));
    }
}
