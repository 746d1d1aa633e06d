//! Hostile images and requests: the server must answer each in time, with a documented code, and survive.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use crate::http::{self, Answer};
use crate::server::{Folder, Server};
use crate::{Args, Outcome, images as image_cases, requests as request_cases};

/// The longest that any answer may take on a busy machine.
const BOUND: Duration = Duration::from_secs(30);
/// The most memory at any time, in MiB: two images of 50 megapixels, two copies of each, and the networks.
const MEMORY: usize = 2_500;

/// Every code in the table of docs/errors.md.
fn codes(args: &Args) -> HashSet<String> {
    let text = std::fs::read_to_string(&args.codes).unwrap();
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn check(answer: Option<&Answer>, statuses: &[u16], codes: &HashSet<String>) -> Result<(), String> {
    let answer = answer.ok_or("no answer")?;
    if !statuses.contains(&answer.status) {
        let body = String::from_utf8_lossy(&answer.body).chars().take(200).collect::<String>();
        return Err(format!("status {}, expected {statuses:?}: {body}", answer.status));
    }
    // A refusal by the HTTP parser has no body.
    if answer.status >= 400 && !answer.body.is_empty() {
        let code = answer.code();
        if !codes.contains(&code) {
            return Err(format!("status {} with the code {code:?}, which is not documented", answer.status));
        }
        let kind = answer.header("content-type").unwrap_or_default();
        if kind != "application/problem+json" {
            return Err(format!("a refusal of type {kind:?}"));
        }
    }
    Ok(())
}

/// Sends every case to one server.
fn run<'a>(args: &Args, cases: impl Iterator<Item = (&'a str, Vec<u8>, &'a [u16])>) -> Outcome {
    let (mut outcome, codes, folder) = (Outcome::default(), codes(args), Folder::new());
    let mut server = match Server::start(args, folder.path(), &[]) {
        Ok(server) => server,
        Err(e) => {
            outcome.case("start", Err(e));
            return outcome;
        }
    };
    let mut longest = (Duration::ZERO, String::new());
    for (name, request, statuses) in cases {
        let started = Instant::now();
        let answer = http::send(&server.address, &request, BOUND);
        let took = started.elapsed();
        if took > longest.0 {
            longest = (took, name.to_owned());
        }
        outcome.case(name, check(answer.as_ref(), statuses, &codes));
        if answer.as_ref().is_none_or(|a| a.status >= 500) {
            outcome.crashes += 1;
        }
        if !server.lives() {
            outcome.crashes += 1;
            outcome.failures.push(format!("{name}: the server died"));
            match Server::start(args, folder.path(), &[]) {
                Ok(again) => server = again,
                Err(e) => {
                    outcome.failures.push(format!("{name}: and did not start again: {e}"));
                    return outcome;
                }
            }
        }
    }
    let peak = server.memory("VmHWM");
    if peak > MEMORY {
        outcome.leaks += 1;
        outcome.failures.push(format!("{peak} MiB at the peak, at most {MEMORY} are right"));
    }
    outcome.note(format!("peak {peak} MiB, longest {:.1} s ({})", longest.0.as_secs_f32(), longest.1));
    outcome
}

pub(crate) fn images(args: &Args) -> Outcome {
    let cases = image_cases::all(&args.photograph("obama-2009.jpg"));
    // A quick run leaves out the two most expensive cases.
    let chosen =
        cases.iter().enumerate().filter(|(i, c)| !args.quick || (i % 4 == 0 && !c.name.contains("megapixels")));
    run(args, chosen.map(|(_, c)| (c.name.as_str(), http::verify(&c.bytes, None), c.statuses)))
}

pub(crate) fn requests(args: &Args) -> Outcome {
    let cases = request_cases::all(&args.photograph("obama-2009.jpg"));
    let chosen = cases.iter().enumerate().filter(|(i, _)| !args.quick || i % 3 == 0);
    run(args, chosen.map(|(_, c)| (c.name.as_str(), c.bytes.clone(), c.statuses)))
}
