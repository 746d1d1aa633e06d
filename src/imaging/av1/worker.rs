//! A child process that decodes.
//!
//! Requests and answers alternate on its standard input and output, each after its length. The child has no
//! environment, so no secrets, and ends with its input. One that ends by itself, answers nonsense or takes too long
//! fails its request only.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::{Fail, Frame, Request, Samples, decoder};

/// The time for all pictures of a file.
const LONGEST: Duration = Duration::from_secs(30);
/// Bytes of a request or an answer before its data.
const HEAD: usize = 13;

/// The program whose process decodes, and its arguments.
static PROGRAM: OnceLock<(PathBuf, &'static [&'static str])> = OnceLock::new();

/// Says how a child is started that calls [`serve`]. Only the first call counts.
pub fn decode_in(program: PathBuf, arguments: &'static [&'static str]) {
    let _ = PROGRAM.set((program, arguments));
}

/// Answers requests until the input ends. For a process that does nothing else.
///
/// # Errors
/// Where the input or the output breaks.
pub fn serve(input: &mut impl Read, output: &mut impl Write) -> io::Result<()> {
    loop {
        let mut head = [0; HEAD];
        if input.read(&mut head[..1])? == 0 {
            return Ok(());
        }
        input.read_exact(&mut head[1..])?;
        let (length, most) = (number(&head, 0), number(&head, 4));
        let mut data = Vec::new();
        input.take(length.into()).read_to_end(&mut data)?;
        let request = Request { data: &data, most, operating_point: head[8] };
        write_answer(output, &decoder::decode(&request))?;
        output.flush()?;
    }
}

/// Decodes pictures of one file, in a child or in this process.
pub(crate) struct Worker(Option<Process>);

struct Process {
    /// When it has to be done.
    until: Instant,
    child: Arc<Mutex<Child>>,
    input: ChildStdin,
    output: ChildStdout,
}

impl Worker {
    /// Starts a child if the program has said how.
    pub(crate) fn start() -> Result<Self, Fail> {
        PROGRAM.get().map(|(program, arguments)| Process::start(program, arguments, LONGEST)).transpose().map(Self)
    }

    /// Decodes a picture.
    pub(crate) fn decode(&mut self, request: &Request<'_>) -> Result<Frame, Fail> {
        match &mut self.0 {
            Some(process) => process.decode(request),
            None => decoder::decode(request),
        }
    }
}

impl Process {
    fn start(program: &PathBuf, arguments: &[&str], longest: Duration) -> Result<Self, Fail> {
        let until = Instant::now() + longest;
        let mut command = Command::new(program);
        command.args(arguments).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|_| Fail::Decoder)?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => Ok(Self { until, child: Arc::new(Mutex::new(child)), input, output }),
            _ => Err(Fail::Decoder),
        }
    }

    fn decode(&mut self, request: &Request<'_>) -> Result<Frame, Fail> {
        let is_done = self.watch();
        let length = u32::try_from(request.data.len()).map_err(|_| Fail::Decoder)?;
        let head = [&length.to_le_bytes()[..], &request.most.to_le_bytes(), &[request.operating_point, 0, 0, 0, 0]];
        let mut send = || {
            self.input.write_all(&head.concat())?;
            self.input.write_all(request.data)?;
            self.input.flush()
        };
        let answer = match send() {
            Ok(()) => read_answer(&mut self.output, request.most).unwrap_or(Err(Fail::Decoder)),
            Err(_) => Err(Fail::Decoder),
        };
        drop(is_done);
        answer
    }

    /// Ends the child when its time is over, if what is returned is not dropped before.
    fn watch(&self) -> Sender<()> {
        let (is_done, waiting) = channel();
        let (child, left) = (Arc::clone(&self.child), self.until.saturating_duration_since(Instant::now()));
        std::thread::spawn(move || {
            if waiting.recv_timeout(left) == Err(RecvTimeoutError::Timeout) {
                end(&child);
            }
        });
        is_done
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        end(&self.child);
    }
}

fn end(child: &Mutex<Child>) {
    let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

fn number(bytes: &[u8; HEAD], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// Status, depth, flags, matrix, width and height, then all samples.
fn write_answer(output: &mut impl Write, answer: &Result<Frame, Fail>) -> io::Result<()> {
    let mut head = [0; HEAD];
    let frame = match answer {
        Ok(frame) => frame,
        Err(fail) => {
            head[0] = match fail {
                Fail::Damaged => 1,
                Fail::NoPicture => 2,
                Fail::Decoder => 3,
            };
            return output.write_all(&head);
        }
    };
    let flags = [frame.is_halved.0, frame.is_halved.1, frame.is_on_luma.0, frame.is_on_luma.1, frame.is_full];
    let has_colour = !frame.planes[1].is_empty();
    let all = flags.into_iter().chain([has_colour]).enumerate();
    head[1] = frame.depth;
    head[2] = all.fold(0, |bits, (at, is_set)| bits | u8::from(is_set) << at);
    head[3..5].copy_from_slice(&frame.matrix.to_le_bytes());
    for (at, side) in [(5, frame.size.0), (9, frame.size.1)] {
        let side = u32::try_from(side).map_err(io::Error::other)?;
        head[at..at + 4].copy_from_slice(&side.to_le_bytes());
    }
    output.write_all(&head)?;
    frame.planes.iter().try_for_each(|plane| {
        let bytes: Vec<u8> = plane.iter().flat_map(|v| v.to_le_bytes()).collect();
        output.write_all(&bytes)
    })
}

/// An answer with at most `most` pixels; an error where the child ended or wrote nonsense.
fn read_answer(input: &mut impl Read, most: u32) -> io::Result<Result<Frame, Fail>> {
    let nonsense = || io::Error::from(io::ErrorKind::InvalidData);
    let mut head = [0; HEAD];
    input.read_exact(&mut head)?;
    match head[0] {
        0 => {}
        1 => return Ok(Err(Fail::Damaged)),
        2 => return Ok(Err(Fail::NoPicture)),
        _ => return Ok(Err(Fail::Decoder)),
    }
    let is_set = |at: u8| head[2] >> at & 1 == 1;
    let (width, height) = (number(&head, 5), number(&head, 9));
    if u64::from(width) * u64::from(height) > u64::from(most) || !(8..=16).contains(&head[1]) {
        return Err(nonsense());
    }
    let size = (width as usize, height as usize);
    let is_halved = (is_set(0), is_set(1));
    let half = |side: usize, is_halved: bool| if is_halved { side.div_ceil(2) } else { side };
    let chroma = if is_set(5) { half(size.0, is_halved.0) * half(size.1, is_halved.1) } else { 0 };
    let mut samples = |count: usize| -> io::Result<Samples> {
        let mut bytes = vec![0; 2 * count];
        input.read_exact(&mut bytes)?;
        Ok(bytes.as_chunks().0.iter().map(|&v| u16::from_le_bytes(v)).collect())
    };
    let planes = [samples(size.0 * size.1)?, samples(chroma)?, samples(chroma)?];
    Ok(Ok(Frame {
        size,
        depth: head[1],
        is_halved,
        is_on_luma: (is_set(2), is_set(3)),
        matrix: u16::from_le_bytes([head[3], head[4]]),
        is_full: is_set(4),
        planes,
    }))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn started(script: &'static str, longest: Duration) -> Process {
        let arguments: &'static [&'static str] = Box::leak(Box::new(["-c", script]));
        Process::start(&PathBuf::from("/bin/sh"), arguments, longest).unwrap()
    }

    const REQUEST: Request<'_> = Request { data: &[0; 90_000], most: 1 << 20, operating_point: 0 };

    #[test]
    fn a_child_that_ends_hangs_or_answers_nonsense_fails_its_request_only() {
        for script in
            ["exit 1", "kill -ABRT $$", "head -c 5000; exit 0", "head -c 90013 >/dev/null; head -c 40 /dev/zero"]
        {
            let mut process = started(script, LONGEST);
            assert_eq!(process.decode(&REQUEST), Err(Fail::Decoder), "{script}");
            assert_eq!(process.decode(&REQUEST), Err(Fail::Decoder), "{script}");
        }
        let before = std::time::Instant::now();
        for script in ["exec sleep 600", "exec cat >/dev/null"] {
            assert_eq!(started(script, Duration::from_millis(300)).decode(&REQUEST), Err(Fail::Decoder));
        }
        assert!(before.elapsed() < Duration::from_secs(20));
        assert!(Process::start(&PathBuf::from("/no/such/program"), &[], LONGEST).is_err());
    }

    #[test]
    fn answers_read_back_as_they_were_written() {
        let frame = Frame {
            size: (5, 3),
            depth: 10,
            is_halved: (true, true),
            is_on_luma: (true, false),
            matrix: 9,
            is_full: true,
            planes: [(0..15).collect(), (20..26).collect(), (900..906).collect()],
        };
        for answer in [Ok(frame), Err(Fail::Damaged), Err(Fail::NoPicture), Err(Fail::Decoder)] {
            let mut bytes = Vec::new();
            write_answer(&mut bytes, &answer).unwrap();
            if answer.is_ok() {
                assert!(read_answer(&mut &bytes[..], 14).is_err(), "more pixels than allowed");
                assert!(read_answer(&mut &bytes[..bytes.len() - 1], 15).is_err(), "cut");
            }
            assert_eq!(read_answer(&mut &bytes[..], 15).unwrap(), answer);
        }
    }

    #[test]
    fn requests_are_answered_until_the_input_ends() {
        let request = |data: &[u8]| {
            let length = u32::try_from(data.len()).unwrap().to_le_bytes();
            [&length[..], &1000u32.to_le_bytes(), &[0; 5], data].concat()
        };
        let input = [request(b"no pictures"), request(b"")].concat();
        let mut output = Vec::new();
        serve(&mut &input[..], &mut output).unwrap();
        assert_eq!(output.len(), 2 * HEAD);
        assert!(output.chunks(HEAD).all(|answer| answer[0] != 0));
    }
}
