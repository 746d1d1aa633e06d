//! Overload, slow clients, and shutdown during work.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::http::{self, FORM};
use crate::server::{Folder, PATIENCE, Server};
use crate::{Args, Outcome};

/// The length of the server's queue in these suites; a short queue bounds the wait.
const QUEUE: usize = 6;

fn started(args: &Args, outcome: &mut Outcome, folder: &Folder) -> Option<Server> {
    let (queue, head) = (QUEUE.to_string(), if args.quick { "4" } else { "15" });
    // All clients of these suites come from one address, as behind a proxy.
    let settings = ["--queue", &queue, "--head-timeout", head, "--connections-per-address", "1024"];
    match Server::start(args, folder.path(), &settings) {
        Ok(server) => Some(server),
        Err(e) => {
            outcome.case("start", Err(e));
            None
        }
    }
}

/// Lets `clients` repeat the request for `time`; returns status, duration and whether there was a `Retry-After`.
fn drive(address: &str, request: &[u8], clients: usize, time: Duration) -> Vec<(u16, Duration, bool)> {
    let (begun, answers) = (Instant::now(), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                while begun.elapsed() < time {
                    let started = Instant::now();
                    let answer = http::send(address, request, PATIENCE);
                    let status = answer.as_ref().map_or(0, |a| a.status);
                    let hinted = answer.is_some_and(|a| a.header("retry-after").is_some());
                    answers.lock().unwrap().push((status, started.elapsed(), hinted));
                    if status == 429 {
                        // Ten times capacity, not a denial of service by the test itself.
                        std::thread::sleep(Duration::from_millis(100));
                    }
                }
            });
        }
    });
    answers.into_inner().unwrap()
}

fn quantile(times: &mut [Duration], q: f32) -> Duration {
    times.sort();
    times.get(((times.len() as f32 * q) as usize).min(times.len().saturating_sub(1))).copied().unwrap_or_default()
}

pub(crate) fn overload(args: &Args) -> Outcome {
    let (mut outcome, folder) = (Outcome::default(), Folder::new());
    let Some(mut server) = started(args, &mut outcome, &folder) else { return outcome };
    let request = http::verify(&args.photograph("obama-2009.jpg"), None);
    let warm = Duration::from_secs(if args.quick { 3 } else { 15 });
    let capacity = drive(&server.address, &request, 2, warm).len() as f32 / warm.as_secs_f32();
    let before = server.memory("VmRSS");
    let time = Duration::from_secs(if args.quick { 6 } else { 120 });
    // Each refused client sends about ten requests per second.
    let clients = (capacity * 10.0 / 8.0).ceil().max(4.0) as usize + 2 + QUEUE;
    let answers = drive(&server.address, &request, clients, time);
    let after = server.memory("VmRSS");

    let mut accepted: Vec<Duration> = answers.iter().filter(|a| a.0 == 200).map(|a| a.1).collect();
    let refused: Vec<_> = answers.iter().filter(|a| a.0 == 429).collect();
    let others = answers.iter().filter(|a| !matches!(a.0, 200 | 429)).count();
    let offered = answers.len() as f32 / time.as_secs_f32();
    let p99 = quantile(&mut accepted, 0.99);
    // The queue and its own turn, doubled for a machine that others use too.
    let bound = Duration::from_secs_f32((QUEUE + 4) as f32 / capacity.max(0.1) * 2.0 + 1.0);
    outcome.crashes += others;
    outcome.case("only 200 and 429", if others == 0 { Ok(()) } else { Err(format!("{others} others")) });
    let hinted = refused.iter().all(|a| a.2) && !refused.is_empty();
    outcome.case("429 with Retry-After", if hinted { Ok(()) } else { Err(format!("{} refusals", refused.len())) });
    outcome.case("p99 is bounded", if p99 <= bound { Ok(()) } else { Err(format!("{p99:?}, at most {bound:?}")) });
    let worked = accepted.len() as f32 / time.as_secs_f32() >= capacity * 0.5;
    outcome.case("accepted work goes on", if worked { Ok(()) } else { Err(format!("{} accepted", accepted.len())) });
    let flat = after <= before + before / 4 + 64;
    outcome.leaks += usize::from(!flat);
    outcome.case("memory is flat", if flat { Ok(()) } else { Err(format!("{before} MiB before, {after} after")) });
    let begun = Instant::now();
    let recovered = server.send(&request).is_some_and(|a| a.status == 200) && begun.elapsed() < bound;
    outcome.case("recovers immediately", if recovered { Ok(()) } else { Err(format!("{:?}", begun.elapsed())) });
    outcome.case("lives", if server.lives() { Ok(()) } else { Err("it died".into()) });
    outcome.note(format!(
        "capacity {capacity:.1}/s, offered {offered:.1}/s for {} s, {} accepted, {} x 429, p99 {:.1} s, {before} to {after} MiB",
        time.as_secs(),
        accepted.len(),
        refused.len(),
        p99.as_secs_f32()
    ));
    outcome
}

/// Clients that send nothing, or a byte per second in head or body.
pub(crate) fn slow(args: &Args) -> Outcome {
    let (mut outcome, folder) = (Outcome::default(), Folder::new());
    let Some(server) = started(args, &mut outcome, &folder) else { return outcome };
    let (each, done) = (args.some(200), AtomicBool::new(false));
    let head = "POST /v1/verify HTTP/1.1\r\nHost: x\r\nX-Slow: ";
    let body =
        format!("POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nContent-Length: 9999999\r\n\r\n--Bo");
    let mut streams: Vec<TcpStream> = Vec::new();
    for begin in ["", head, &body] {
        for _ in 0..each {
            if let Ok(mut stream) = TcpStream::connect(&server.address) {
                let _ = stream.write_all(begin.as_bytes());
                streams.push(stream);
            }
        }
    }
    let slow = streams.len();
    let time = Duration::from_secs(if args.quick { 8 } else { 40 });
    let request = http::verify(&args.photograph("obama-2009.jpg"), None);
    let (mut lives, mut verdicts) = (Vec::new(), Vec::new());
    let mut closed = 0;
    std::thread::scope(|scope| {
        let trickle = scope.spawn(|| {
            let mut left = streams;
            while !done.load(Ordering::Relaxed) {
                left.retain_mut(|s| s.write_all(b"a").is_ok());
                std::thread::sleep(Duration::from_secs(1));
            }
            left.len()
        });
        let begun = Instant::now();
        while begun.elapsed() < time {
            let one = Instant::now();
            let fine = server.get("/livez").is_some_and(|a| a.status == 200);
            lives.push(if fine { one.elapsed() } else { PATIENCE });
            let one = Instant::now();
            let fine = server.send(&request).is_some_and(|a| a.status == 200);
            verdicts.push(if fine { one.elapsed() } else { PATIENCE });
            std::thread::sleep(Duration::from_millis(300));
        }
        done.store(true, Ordering::Relaxed);
        closed = slow - trickle.join().unwrap();
    });
    let (live, verdict) = (quantile(&mut lives, 1.0), quantile(&mut verdicts, 1.0));
    let check = |right, why: String| if right { Ok(()) } else { Err(why) };
    outcome.case("liveness is answered", check(live < Duration::from_secs(2), format!("{live:?} at worst")));
    outcome.case("verdicts are answered", check(verdict < Duration::from_secs(15), format!("{verdict:?} at worst")));
    outcome.case("slow heads are closed", check(closed >= 2 * each - each / 10, format!("{closed} of {slow} closed")));
    outcome.note(format!("{slow} slow clients, {closed} closed, verdicts within {:.1} s", verdict.as_secs_f32()));
    outcome
}

/// SIGTERM while requests are under way: they are answered, and the server exits with 0.
pub(crate) fn drain(args: &Args) -> Outcome {
    let mut outcome = Outcome::default();
    let request = http::verify(&args.photograph("obama-2009.jpg"), None);
    for round in 0..args.some(4) {
        let folder = Folder::new();
        let Some(mut server) = started(args, &mut outcome, &folder) else { return outcome };
        let answers = std::thread::scope(|scope| {
            let clients: Vec<_> =
                (0..QUEUE).map(|_| scope.spawn(|| http::send(&server.address, &request, PATIENCE))).collect();
            std::thread::sleep(Duration::from_millis(400));
            server.terminate();
            clients.into_iter().map(|c| c.join().unwrap().map_or(0, |a| a.status)).collect::<Vec<_>>()
        });
        let status = server.wait(Duration::from_mins(1));
        let lost = answers.iter().filter(|s| **s != 200).count();
        outcome.lost += lost;
        outcome.case(&format!("round {round}"), if lost == 0 { Ok(()) } else { Err(format!("{answers:?}")) });
        let ended = status.is_some_and(|s| s.success());
        outcome.case("ends with 0", if ended { Ok(()) } else { Err(format!("{status:?}")) });
    }
    outcome
}
