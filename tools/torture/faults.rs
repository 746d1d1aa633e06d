//! Faults around the server: full and read-only disks, damaged files, folders in use.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::http::{FORM, form, part, request};
use crate::server::{Dice, Folder, Server, run};
use crate::{Args, Outcome};

fn check(right: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if right { Ok(()) } else { Err(why()) }
}

fn put(server: &Server, id: &str) -> u16 {
    let body = format!("{{\"display_name\": \"{id}\"}}");
    let answer = server.send(&request("PUT", &format!("/v1/identities/{id}"), "application/json", body.as_bytes()));
    answer.map_or(0, |a| a.status)
}

fn status(server: &Server, path: &str) -> u16 {
    server.get(path).map_or(0, |a| a.status)
}

/// A small file system in memory, unmounted when dropped.
struct Disk<'a>(&'a Path);

impl<'a> Disk<'a> {
    fn mount(at: &'a Path) -> Option<Self> {
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", "size=3m", "tmpfs"]).arg(at).output().ok()?;
        done.status.success().then_some(Self(at))
    }

    fn remount(&self, how: &str) -> bool {
        Command::new("mount")
            .args(["-o", &format!("remount,{how}")])
            .arg(self.0)
            .output()
            .is_ok_and(|o| o.status.success())
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).output();
    }
}

/// The status of a verification, and whether the audit log recorded it.
fn verdict(args: &Args, server: &Server, data: &Path) -> (u16, bool) {
    let count = || {
        let text = std::fs::read_to_string(data.join("audit.jsonl")).unwrap_or_default();
        text.lines().filter(|l| l.contains("\"verified\"")).count()
    };
    let before = count();
    let status = server.send(&crate::http::verify(&args.photograph("obama-2009.jpg"), None)).map_or(0, |a| a.status);
    (status, count() > before)
}

pub(crate) fn disk(args: &Args) -> Outcome {
    let (mut outcome, folder) = (Outcome::default(), Folder::new());
    let Some(disk) = Disk::mount(folder.path()) else {
        outcome.note("left out: this user may not mount a small file system");
        return outcome;
    };
    let mut server = match Server::start(args, folder.path(), &[]) {
        Ok(server) => server,
        Err(e) => {
            outcome.case("start", Err(e));
            return outcome;
        }
    };
    let mut acknowledged: Vec<String> = Vec::new();
    let mut write = |server: &Server, n: usize| {
        let id = format!("d{n}");
        let status = put(server, &id);
        if status == 201 {
            acknowledged.push(id);
        }
        status
    };
    outcome.case("a disk with room", check(write(&server, 0) == 201, || "refused".into()));
    std::fs::write(folder.join("ballast"), vec![1; 8 << 20]).unwrap_err();
    let refused: Vec<u16> = (1..40).map(|n| write(&server, n)).filter(|s| *s != 201).collect();
    outcome.case(
        "a full disk is reported",
        check(refused.iter().all(|s| *s == 503) && !refused.is_empty(), || format!("{refused:?}")),
    );
    let (status_full, recorded) = verdict(args, &server, folder.path());
    let right = status_full == 503 || (status_full == 200 && recorded);
    outcome.case("no verdict without a record", check(right, || format!("{status_full}, recorded: {recorded}")));
    outcome.case("it lives", check(server.lives(), || "it died".into()));
    std::fs::remove_file(folder.join("ballast")).unwrap();
    let again = write(&server, 100);
    outcome.case("room again, writes again", check(again == 201, || format!("{again}")));
    let (status_again, recorded) = verdict(args, &server, folder.path());
    outcome.case("and verdicts again", check(status_again == 200 && recorded, || format!("{status_again}")));

    server.kill();
    if disk.remount("ro") {
        let refused = Server::start(args, folder.path(), &[]).err();
        outcome.case("read-only: no start", check(refused.is_some(), || "it started".into()));
        disk.remount("rw");
    } else {
        outcome.note("read-only left out: it cannot be made so");
    }
    match Server::start(args, folder.path(), &[]) {
        Ok(server) => {
            let lost = acknowledged.iter().filter(|id| status(&server, &format!("/v1/identities/{id}")) != 200).count();
            outcome.lost += lost;
            outcome.case(
                "what was acknowledged is there",
                check(lost == 0, || format!("{lost} of {}", acknowledged.len())),
            );
        }
        Err(e) => outcome.case("start on a disk with room", Err(e)),
    }
    let audit = run(args, folder.path(), &["audit", "verify"]);
    let said = String::from_utf8_lossy(&audit.stdout).into_owned();
    outcome.case("the audit log is whole", check(audit.status.success(), || said));
    outcome
}

/// Fills a store by a server that then ends.
fn filled(args: &Args, data: &Path) -> Result<(), String> {
    let mut server = Server::start(args, data, &[])?;
    for n in 0..30 {
        put(&server, &format!("x{n}"));
    }
    let face = args.photograph("obama-2009.jpg");
    let body = form(&[part("image", Some("a.jpg"), &face)]);
    server.send(&request("POST", "/v1/identities/x1/references", FORM, &body));
    server.terminate();
    server.wait(Duration::from_secs(20)).map(|_| ()).ok_or_else(|| "it did not end".to_owned())
}

pub(crate) fn damage(args: &Args) -> Outcome {
    let (mut outcome, folder, mut dice) = (Outcome::default(), Folder::new(), Dice::new(9));
    if let Err(e) = filled(args, folder.path()) {
        outcome.case("fill", Err(e));
        return outcome;
    }
    let file = folder.join("faceward.db");
    let whole = std::fs::read(&file).unwrap();
    let mut refused = |name: &str, bytes: Option<Vec<u8>>, words: &[&str]| {
        match bytes {
            Some(bytes) => std::fs::write(&file, bytes).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        // The command opens the store as the server does, and faster.
        let done = run(args, folder.path(), &["keys", "list"]);
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        let told = !done.status.success() && words.iter().any(|w| said.contains(w));
        outcome.case(name, check(told, || format!("{}: {said}", done.status)));
        outcome.crashes += usize::from(done.status.code().is_none());
    };
    refused("cut in half", Some(whole[..whole.len() / 2].to_vec()), &["restore"]);
    refused("a byte short", Some(whole[..whole.len() - 1].to_vec()), &["restore"]);
    refused("empty", Some(Vec::new()), &["restore"]);
    refused("zeros", Some(vec![0; whole.len()]), &["restore"]);
    for n in 0..args.some(16) {
        let mut damaged = whole.clone();
        let page = 1 + dice.below(whole.len() / 4096 - 1);
        damaged[page * 4096..page * 4096 + 200].fill(dice.below(256) as u8 | 0x80);
        std::fs::write(&file, &damaged).unwrap();
        let started = Server::start(args, folder.path(), &[]);
        let right = started.as_ref().err().is_none_or(|e| e.contains("restore") || e.contains("backup"));
        // An unused page may be damaged without harm; damage to any other must be refused or reported.
        let why = started.err().unwrap_or_default();
        outcome.case(&format!("page {page} damaged, {n}"), check(right, || why));
    }
    std::fs::write(&file, &whole).unwrap();
    let key = folder.join("master.key");
    let right_key = std::fs::read(&key).unwrap();
    for (name, content) in [
        ("no master key", None),
        ("another master key", Some("ab".repeat(32))),
        ("half a master key", Some("ab".repeat(9))),
    ] {
        match content {
            Some(text) => std::fs::write(&key, text).unwrap(),
            None => std::fs::remove_file(&key).unwrap(),
        }
        let done = run(args, folder.path(), &["keys", "list"]);
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        outcome.case(name, check(!done.status.success() && said.contains("master key"), || said));
    }
    std::fs::write(&key, right_key).unwrap();
    let server = Server::start(args, folder.path(), &[]);
    outcome.case(
        "put back",
        server.map(|s| status(&s, "/v1/identities/x1")).and_then(|s| check(s == 200, || s.to_string())),
    );
    outcome
}

pub(crate) fn two(args: &Args) -> Outcome {
    let (mut outcome, folder) = (Outcome::default(), Folder::new());
    let first = match Server::start(args, folder.path(), &[]) {
        Ok(server) => server,
        Err(e) => {
            outcome.case("start", Err(e));
            return outcome;
        }
    };
    let second = Server::start(args, folder.path(), &[]).err();
    outcome.case(
        "the second server is refused",
        check(second.as_ref().is_some_and(|e| e.contains("in use")), || format!("{second:?}")),
    );
    let rotate = run(args, folder.path(), &["keys", "rotate-master"]);
    outcome.case("no new master key meanwhile", check(!rotate.status.success(), || "it was made".into()));
    outcome.case("the first goes on", check(put(&first, "a") == 201, || "it does not write".into()));
    outcome
}
