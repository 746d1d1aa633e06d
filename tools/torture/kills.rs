//! SIGKILL at random moments: acknowledged writes survive, and no write is half done.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use crate::http::{FORM, form, part, request};
use crate::server::{Dice, Folder, Server, command, run};
use crate::{Args, Outcome};

/// The state of an identity, by the server's answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// Its creation was acknowledged.
    There,
    /// Its deletion was acknowledged.
    Gone,
    /// A request was under way when the server died: both states are allowed.
    Open,
}

#[derive(Default)]
struct Ledger {
    identities: BTreeMap<String, Known>,
    /// Acknowledged references of an identity.
    references: BTreeMap<String, Vec<String>>,
    /// Keys whose issue was acknowledged.
    keys: Vec<String>,
}

/// Creates, enrolls and deletes until the server is gone, and notes acknowledged writes.
fn write(address: &str, lane: usize, round: usize, face: Option<&[u8]>, ledger: &Mutex<Ledger>) {
    let patience = Duration::from_secs(30);
    let send = |r: &[u8]| crate::http::send(address, r, patience).filter(|a| a.status != 0);
    let note = |id: &str, known| {
        ledger.lock().unwrap().identities.insert(id.to_owned(), known);
    };
    for n in 0.. {
        let id = format!("k{round}-{lane}-{n}");
        let path = format!("/v1/identities/{id}");
        note(&id, Known::Open);
        let body = format!("{{\"display_name\": \"{id}\"}}");
        let Some(answer) = send(&request("PUT", &path, "application/json", body.as_bytes())) else { return };
        if answer.status != 201 {
            return;
        }
        note(&id, Known::There);
        if let Some(face) = face {
            let body = form(&[part("image", Some("a.jpg"), face)]);
            let Some(answer) = send(&request("POST", &format!("{path}/references"), FORM, &body)) else { return };
            let accepted = answer.json()["accepted"][0]["reference_id"].as_str().map(str::to_owned);
            ledger.lock().unwrap().references.entry(id.clone()).or_default().extend(accepted);
        }
        if n % 3 == 0 {
            note(&id, Known::Open);
            let Some(answer) = send(&request("DELETE", &path, "", b"")) else { return };
            note(&id, if answer.status == 204 { Known::Gone } else { Known::Open });
        }
    }
}

/// Compares a server with the ledger; returns the differences.
fn compare(server: &Server, ledger: &mut Ledger) -> Vec<String> {
    let mut wrong = Vec::new();
    for (id, known) in &mut ledger.identities {
        let Some(answer) = server.get(&format!("/v1/identities/{id}")) else {
            wrong.push(format!("{id}: no answer"));
            continue;
        };
        let name = answer.json()["display_name"].as_str().map(str::to_owned);
        match (*known, answer.status) {
            (Known::There | Known::Open, 200) if name.as_deref() == Some(id) => {
                let list = server.get(&format!("/v1/identities/{id}/references")).map(|a| a.json());
                let there: Vec<String> = list
                    .iter()
                    .flat_map(|l| l.as_array().cloned().unwrap_or_default())
                    .filter_map(|r| r["id"].as_str().map(str::to_owned))
                    .collect();
                let acknowledged = ledger.references.get(id).cloned().unwrap_or_default();
                let missing = acknowledged.iter().filter(|r| !there.contains(r)).count();
                // One more is allowed: its acknowledgement was under way.
                if missing > 0 || there.len() > acknowledged.len() + 1 {
                    wrong.push(format!("{id}: {} references, {} were acknowledged", there.len(), acknowledged.len()));
                }
                *known = Known::There;
                ledger.references.insert(id.clone(), there);
            }
            (Known::Gone | Known::Open, 404) => *known = Known::Gone,
            (known, status) => wrong.push(format!("{id}: {known:?} by what was acknowledged, and now {status}")),
        }
    }
    wrong
}

/// Whether the audit log is whole.
fn audited(args: &Args, data: &Path) -> Result<(), String> {
    let done = run(args, data, &["audit", "verify"]);
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    if done.status.success() { Ok(()) } else { Err(format!("audit verify: {said}")) }
}

/// Kills a server while three clients write.
pub(crate) fn server(args: &Args) -> Outcome {
    let (kills, lanes) = (if args.quick { 6 } else { 60 }, 2);
    let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..lanes).map(|lane| scope.spawn(move || one_lane(args, lane, kills / lanes))).collect();
        lanes.into_iter().map(|l| l.join().unwrap()).collect()
    });
    outcomes.into_iter().fold(Outcome::default(), |mut all, o| {
        all.cases += o.cases;
        all.right += o.right;
        all.crashes += o.crashes;
        all.lost += o.lost;
        all.notes.extend(o.notes);
        all.failures.extend(o.failures);
        all
    })
}

fn one_lane(args: &Args, lane: usize, kills: usize) -> Outcome {
    let (mut outcome, folder, mut dice) = (Outcome::default(), Folder::new(), Dice::new(lane as u64 + 11));
    let face = args.photograph("obama-2009.jpg");
    let ledger = Mutex::new(Ledger::default());
    for round in 0..=kills {
        let server = match Server::start(args, folder.path(), &[]) {
            Ok(server) => server,
            Err(e) => {
                outcome.crashes += 1;
                outcome.failures.push(format!("after kill {round}: {e}"));
                return outcome;
            }
        };
        if round > 0 {
            let wrong = compare(&server, &mut ledger.lock().unwrap());
            outcome.lost += wrong.len();
            outcome.case(&format!("kill {round}"), wrong.first().map_or(Ok(()), |w| Err(w.clone())));
        }
        if round == kills {
            break;
        }
        let pause = Duration::from_millis(dice.below(2_400) as u64);
        std::thread::scope(|scope| {
            for writer in 0..3 {
                // One enrolls photographs; the others only write names, which is quick.
                let face = (writer == 0).then_some(face.as_slice());
                let (address, ledger) = (server.address.clone(), &ledger);
                scope.spawn(move || write(&address, writer, round, face, ledger));
            }
            std::thread::sleep(pause);
            server.kill();
        });
        if let Err(e) = audited(args, folder.path()) {
            outcome.lost += 1;
            outcome.failures.push(format!("after kill {round}: {e}"));
        }
    }
    let ledger = ledger.into_inner().unwrap();
    let references: usize = ledger.references.values().map(Vec::len).sum();
    let gone = ledger.identities.values().filter(|k| **k == Known::Gone).count();
    outcome.note(format!("{} identities ({gone} deleted), {references} references", ledger.identities.len()));
    outcome
}

/// Kills commands that write to the folder: new API keys and new master keys.
pub(crate) fn commands(args: &Args) -> Outcome {
    let (mut outcome, folder, mut dice) = (Outcome::default(), Folder::new(), Dice::new(5));
    let data = folder.join("data");
    let mut ledger = Ledger::default();
    // A template that must survive.
    let face = args.photograph("obama-2009.jpg");
    match Server::start(args, &data_with_log(&data), &[]) {
        Ok(mut server) => {
            server.send(&request("PUT", "/v1/identities/a", "application/json", b"{\"display_name\": \"a\"}"));
            let body = form(&[part("image", Some("a.jpg"), &face)]);
            server.send(&request("POST", "/v1/identities/a/references", FORM, &body));
            server.terminate();
            server.wait(Duration::from_secs(20));
        }
        Err(e) => outcome.failures.push(e),
    }
    let (kills, mut finished) = (if args.quick { 12 } else { 60 }, 0);
    for round in 0..kills {
        let words: &[&str] = match round % 3 {
            0 | 1 => &["keys", "rotate-master"],
            _ => &["keys", "create", "--name", "k", "--scope", "verify", "--json"],
        };
        let mut child = command(args, words)
            .arg("--data-dir")
            .arg(&data)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_micros(dice.below(200_000) as u64));
        let _ = child.kill();
        let done = child.wait_with_output().unwrap();
        finished += usize::from(done.status.success());
        if let Ok(key) = serde_json::from_slice::<serde_json::Value>(&done.stdout) {
            ledger.keys.extend(key["id"].as_str().map(str::to_owned));
        }
        let list = run(args, &data, &["keys", "list", "--json"]);
        let said = String::from_utf8_lossy(&list.stdout).into_owned();
        let missing = ledger.keys.iter().filter(|k| !said.contains(k.as_str())).count();
        outcome.lost += missing;
        let whole = if list.status.success() {
            audited(args, &data)
        } else {
            Err(String::from_utf8_lossy(&list.stderr).into_owned())
        };
        outcome.case(
            &format!("kill {round} of {}", words[1]),
            whole.and(if missing == 0 { Ok(()) } else { Err("a key is gone".into()) }),
        );
    }
    // A start opens every template with the present master key.
    let left = Server::start(args, &data, &[]);
    outcome.lost += usize::from(left.is_err());
    outcome.case("start after all", left.map(|_| ()));
    outcome.note(format!("{finished} of {kills} commands ended before the kill"));
    outcome
}

fn data_with_log(data: &Path) -> std::path::PathBuf {
    std::fs::create_dir_all(data).unwrap();
    data.to_path_buf()
}
