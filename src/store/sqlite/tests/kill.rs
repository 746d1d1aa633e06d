//! A process killed at any moment loses no acknowledged write.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::identity::{SampleKind, SearchRow};
use crate::store::fixtures::{at, id, named, sample};
use crate::store::{ErasureReason, SqliteStore, Store};

/// Where the child finds its folder; the test that is the child does nothing without it.
const FOLDER: &str = "FACEWARD_TEST_KILL_FOLDER";
const ROUND: &str = "FACEWARD_TEST_KILL_ROUND";

/// The child: writes until it is killed, and prints each write once it is acknowledged. It deletes every third identity
/// again.
#[test]
fn child_that_writes_until_it_is_killed() {
    let (Ok(dir), Ok(round)) = (std::env::var(FOLDER), std::env::var(ROUND)) else { return };
    let round: u32 = round.parse().unwrap();
    let store = SqliteStore::open(Path::new(&dir)).unwrap();
    let mut out = std::io::stdout();
    for n in round * 100_000.. {
        let who = id(&format!("p{n}"));
        store.put_identity(&who, &named("x"), at(1)).unwrap();
        write!(out, "\nput {who} .\n").unwrap();
        let samples = [sample(2 * n, SampleKind::Reference), sample(2 * n + 1, SampleKind::KnownFake)];
        store.add_samples(&who, &samples, at(2)).unwrap();
        write!(out, "\nsamples {who} {n} .\n").unwrap();
        if n % 3 == 0 {
            // From here until the acknowledgement the identity may exist or not.
            write!(out, "\ndeleting {who} .\n").unwrap();
            store.delete_identity(&who, ErasureReason::Requested, at(3)).unwrap();
            write!(out, "\ndeleted {who} .\n").unwrap();
        }
        out.flush().unwrap();
    }
}

#[test]
#[cfg_attr(not(unix), ignore = "kills with SIGKILL")]
fn acknowledged_writes_survive_a_kill() {
    let started = Instant::now();
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..10u32 {
        acknowledged.extend(killed_child(dir.path(), round));
        let store = SqliteStore::open(dir.path()).unwrap(); // checks the whole file
        store.check().unwrap();
        for line in &acknowledged {
            let words: Vec<&str> = line.split(' ').collect();
            let [what, who] = [words[0], words[1]];
            let deleting = acknowledged.iter().any(|other| *other == format!("deleting {who} ."));
            match what {
                "put" if !deleting => assert!(store.identity(&id(who)).unwrap().is_some(), "{line}"),
                "samples" if !deleting => {
                    let n: u32 = words[2].parse().unwrap();
                    let expected = [sample(2 * n, SampleKind::Reference), sample(2 * n + 1, SampleKind::KnownFake)];
                    assert_eq!(store.samples(&id(who)).unwrap(), expected, "{line}");
                    let row = store.listed(&id(who)).unwrap().unwrap().row;
                    assert_eq!(row, Some(SearchRow::of(&expected)), "{line}");
                }
                "deleted" => assert_eq!(store.identity(&id(who)).unwrap(), None, "{line}"),
                _ => {}
            }
        }
    }
    let deletions = acknowledged.iter().filter(|line| line.starts_with("deleted")).count();
    assert!(acknowledged.len() > 30 && deletions > 3, "{} acknowledged, {deletions} deletions", acknowledged.len());
    println!("{} acknowledged writes in {:?}", acknowledged.len(), started.elapsed());
}

/// The name of the test that is the child, as the harness knows it: its path without the crate's name.
fn child_test() -> String {
    let module = module_path!().split_once("::").unwrap().1;
    format!("{module}::child_that_writes_until_it_is_killed")
}

/// Lets a child write until it has acknowledged a random number of writes, kills it at a random moment after that, and
/// returns what it acknowledged.
fn killed_child(dir: &Path, round: u32) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", &child_test()])
        .env(FOLDER, dir)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let (send, lines) = std::sync::mpsc::channel();
    let reader =
        std::thread::spawn(move || stdout.split(b'\n').map_while(Result::ok).try_for_each(|line| send.send(line)));
    // Three identities, one of them deleted again, are eight lines.
    let enough = 8 + getrandom::u32().unwrap() as usize % 16;
    let mut seen = Vec::new();
    while seen.len() < enough {
        seen.extend(acknowledged(lines.recv_timeout(Duration::from_mins(1)).unwrap()));
    }
    std::thread::sleep(Duration::from_micros(u64::from(getrandom::u32().unwrap() % 50_000)));
    child.kill().unwrap(); // SIGKILL on unix
    child.wait().unwrap();
    seen.extend(lines.iter().filter_map(acknowledged));
    reader.join().unwrap().unwrap();
    seen
}

/// A line of the child that is whole; one cut short by the kill lacks its full stop and acknowledges nothing.
fn acknowledged(line: Vec<u8>) -> Option<String> {
    let line = String::from_utf8(line).unwrap();
    let known = ["put ", "samples ", "deleting ", "deleted "];
    (line.ends_with(" .") && known.iter().any(|word| line.starts_with(word))).then_some(line)
}
