//! `faceward batch`: many images, verified in this process or by a server.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::ValueEnum;
use faceward::batch::{self, BatchError, Format, Input, Line, Local, Output, Remote, Tally, Task, Verifier, input};
use faceward::file_error::FileError;
use faceward::identity::IdentityId;
use faceward::imaging::LeftOut;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::shared_args::ServiceArgs;
use super::{Failure, NothingFound, left_out, out};

/// Verify many images and write one line per image.
///
/// INPUT is a folder (every image under it, by content whatever its name), a glob in quotes ("in/**/*.jpg"), a manifest
/// (.csv or .jsonl with path and identity, paths relative to the manifest), or one image. A file that fails gets a line
/// with an `error` code and never stops the run; what is not an image is counted and listed. docs/batch.md describes
/// the manifests and the lines.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  faceward batch incoming --identity jane.doe --out result.jsonl --resume\n  \
    faceward batch list.csv --server http://localhost:8080 --out result.csv\n\n\
    Exit codes: 0 every image was verified and none called fake, 1 the command failed, 2 wrong usage, \
    3 at least one image was called fake, 4 at least one image failed and none was called fake, 5 there was no image \
    to verify. \
    With --resume the lines of the earlier run count too.")]
pub(super) struct Args {
    /// Folder, glob, .csv or .jsonl manifest, or image.
    input: String,
    /// Identity that the images claim to show, if a manifest names none; without either, all identities are
    /// searched for each face.
    #[arg(long, value_name = "ID")]
    identity: Option<IdentityId>,
    /// Verify on this server instead of in this process.
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Certificate (PEM) of the authority that signed the server's certificate, if that is not a public one.
    #[arg(long, env = "FACEWARD_CA_CERT", value_name = "FILE", requires = "server")]
    ca_cert: Option<PathBuf>,
    /// API key for the server.
    #[arg(long, env = "FACEWARD_TOKEN", hide_env_values = true)]
    token: Option<String>,
    #[command(flatten)]
    service: ServiceArgs,
    /// Share of strangers that may be taken for somebody enrolled where no identity is claimed, 0.000001 to 0.5
    /// [default: 0.0033, or the server's setting].
    #[arg(long, value_name = "RATE")]
    target_fpir: Option<f32>,
    /// Images verified at the same time.
    #[arg(long, short, default_value_t = std::thread::available_parallelism().map_or(1, Into::into), value_name = "N")]
    jobs: usize,
    /// File for the lines; an old one is left alone without --resume or --force [default: standard output].
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Format of the lines [default: csv if --out ends in .csv, else jsonl].
    #[arg(long, value_enum)]
    format: Option<Lines>,
    /// Continue the file of --out: skip images that have a line there (same path and identity).
    #[arg(long, requires = "out")]
    resume: bool,
    /// Replace the file of --out.
    #[arg(long, requires = "out", conflicts_with = "resume")]
    force: bool,
    /// Print the summary, on standard error, as one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Lines {
    Jsonl,
    Csv,
}

/// At least one image was called fake.
const FAKES: u8 = 3;
/// At least one image failed.
const FAILURES: u8 = 4;

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let Input { mut tasks, left_out, unread } =
        input::read(&args.input, args.identity.as_ref().map(IdentityId::as_str))?;
    // Before anything is opened or made.
    if let Some(path) = args.out.as_ref().filter(|_| !args.resume && !args.force) {
        Output::check_new(path).map_err(FileError::write(path))?;
    }
    let nothing = || NothingFound(format!("`{}`: there is no image to verify: check the input", args.input));
    if tasks.is_empty() && !args.resume {
        let tally = Tally::default();
        report(
            args.json,
            &Report { tally: &tally, left_out: &left_out, unread: &unread, skipped: 0, done: 0, rate: 0.0 },
        );
        return Err(nothing().into());
    }
    let verifier = verifier(args)?;
    let (mut output, mut tally) = output(args, &mut tasks)?;
    let skipped = tally.images();
    let bar = progress(tasks.len())?;
    let started = Instant::now();
    let result = batch::run(&tasks, verifier.as_ref(), args.jobs, &mut |line: &Line| {
        output.write(line)?;
        tally.add(line);
        bar.inc(1);
        Ok(())
    });
    bar.finish_and_clear();
    let result = result.map_err(|e| match (e, &args.out) {
        (BatchError::Output(e), None) => out::unwritable(e),
        (BatchError::Output(e), Some(path)) => FileError::write(path)(e).into(),
        (stopped, _) => Failure::from(stopped),
    });
    let done = tally.images() - skipped;
    let rate = done as f64 / started.elapsed().as_secs_f64().max(1e-3);
    report(args.json, &Report { tally: &tally, left_out: &left_out, unread: &unread, skipped, done, rate });
    result?;
    if tally.images() == 0 {
        return Err(nothing().into());
    }
    Ok(match (tally.fakes(), tally.failures()) {
        (0, 0) => ExitCode::SUCCESS,
        (0, _) => ExitCode::from(FAILURES),
        _ => ExitCode::from(FAKES),
    })
}

fn verifier(args: &Args) -> Result<Box<dyn Verifier>, Failure> {
    if let Some(url) = &args.server {
        let read = |path: &PathBuf| std::fs::read(path).map_err(FileError::read(path));
        let authority = args.ca_cert.as_ref().map(read).transpose()?;
        let remote = Remote::connect(url, args.token.clone(), authority.as_deref()).map_err(|p| p.detail)?;
        return Ok(Box::new(remote.with_target_fpir(args.target_fpir)));
    }
    let service = args.service.service(|service| service)?;
    if let Some(id) = &args.identity {
        service.identity(id)?;
    }
    Ok(Box::new(Local { service, target_fpir: args.target_fpir }))
}

/// The output, with the counts of the lines that it already has; tasks that have a line are dropped.
fn output(args: &Args, tasks: &mut Vec<Task>) -> Result<(Output, Tally), Failure> {
    let named_csv = args.out.as_ref().and_then(|p| p.extension()).is_some_and(|e| e.eq_ignore_ascii_case("csv"));
    let format = match args.format {
        Some(Lines::Csv) => Format::Csv,
        None if named_csv => Format::Csv,
        Some(Lines::Jsonl) | None => Format::Jsonl,
    };
    let Some(path) = &args.out else {
        return Ok((Output::new(Box::new(std::io::stdout()), format), Tally::default()));
    };
    let fail = FileError::write(path);
    if args.resume {
        let (output, earlier) = Output::resume(path, format).map_err(fail)?;
        tasks.retain(|t| !earlier.has(t));
        return Ok((output, earlier.tally));
    }
    Ok((Output::create(path, format, args.force).map_err(fail)?, Tally::default()))
}

/// A progress bar on a terminal; hidden elsewhere.
fn progress(images: usize) -> Result<ProgressBar, Failure> {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len}, {per_sec}, {eta} left")?;
    let target =
        if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    Ok(ProgressBar::with_draw_target(Some(images as u64), target).with_style(style))
}

/// What a run did.
struct Report<'a> {
    tally: &'a Tally,
    left_out: &'a [LeftOut],
    /// Columns or keys of the manifest that were not read.
    unread: &'a [String],
    /// Images with a line of the earlier run.
    skipped: usize,
    done: usize,
    /// Images per second.
    rate: f64,
}

fn report(json: bool, it: &Report<'_>) {
    if json {
        let rate = (it.rate * 100.0).round() / 100.0;
        let counts = json!({ "verdicts": it.tally.verdicts, "errors": it.tally.errors, "skipped": it.skipped,
            "images": it.done, "images_per_second": rate, "left_out": left_out::json(it.left_out), "unread": it.unread });
        eprintln!("{counts}");
        return;
    }
    for (verdict, n) in &it.tally.verdicts {
        eprintln!("{verdict:24} {n:8}");
    }
    for (code, n) in &it.tally.errors {
        eprintln!("{:24} {n:8}", format!("error {code}"));
    }
    left_out::print(it.left_out);
    if !it.unread.is_empty() {
        eprintln!("columns of the manifest that are not read: {}", it.unread.join(", "));
    }
    let earlier = if it.skipped > 0 { format!(", {} from the earlier run", it.skipped) } else { String::new() };
    eprintln!("{} images, {:.2} images/s{earlier}", it.done, it.rate);
}
