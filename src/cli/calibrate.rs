//! `faceward calibrate`: thresholds fitted to an operator's own images.

use std::process::ExitCode;

use faceward::eval::report::rates;
use faceward::eval::{Judge, Measured, Protocol, Targets, calibrate};
use faceward::file_error::{FileError, check_writable};
use faceward::service::{read_calibration, write_calibration};
use faceward::verdict::{Calibration, Thresholds};
use jiff::Timestamp;

use super::Failure;
use super::decided::DecidedArgs;
use super::eval::Data;
use super::shared_args::DataDir;

/// Fit the thresholds and the score to a labelled folder of your own.
///
/// Writes calibration.toml to the data folder. The service reads it when it starts, and every answer states what its
/// thresholds were fitted to. Delete the file to return to the shipped thresholds. Use images like those that you will
/// verify and, where you can, people whom you do not enroll: thresholds must not be fitted to the images they decide
/// on.
///
/// With --from-decisions it is fitted to what reviewers of a running server decided: confirmed and overturned verdicts
/// on people enrolled there. docs/cases.md says what that can and cannot teach.
#[derive(clap::Args)]
#[command(
    mut_arg("folder", |folder| folder.required(false).required_unless_present("from_decisions")),
    after_help = "Examples:\n  faceward calibrate pictures --genuine-called-fake 0.02 --data-dir enrollments\n  \
    faceward calibrate pictures --fake-called-real 0.05 --dry-run\n  \
    faceward calibrate --from-decisions http://127.0.0.1:8080 --dry-run\n\n\
    Exit codes: 0 fitted, 1 the command failed or there are too few images, 2 wrong usage, \
    5 the folder has no genuine photograph."
)]
pub(super) struct Args {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    decided: DecidedArgs,
    /// Share of genuine photographs that may be called fake, above 0 and below 0.5.
    #[arg(long, default_value_t = Targets::default().genuine_called_fake, value_parser = share, value_name = "SHARE")]
    genuine_called_fake: f64,
    /// Share of genuine photographs that may be called inconclusive, above 0 and below 0.5.
    #[arg(long, default_value_t = Targets::default().genuine_undecided, value_parser = share, value_name = "SHARE")]
    genuine_undecided: f64,
    /// Share of fakes that may be called real, above 0 and below 0.5; instead of --genuine-undecided.
    #[arg(long, value_parser = share, value_name = "SHARE", conflicts_with = "genuine_undecided")]
    fake_called_real: Option<f64>,
    /// Share of genuine photographs that may be called a different person, above 0 and below 0.5.
    #[arg(long, default_value_t = Targets::default().fnmr, value_parser = share, value_name = "SHARE")]
    fnmr: f64,
    #[command(flatten)]
    to: DataDir,
    /// Print the calibration, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Print the calibration as one JSON document.
    #[arg(long)]
    json: bool,
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| *share > 0.0 && *share < 0.5);
    share.ok_or_else(|| "give a number above 0 and below 0.5".into())
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let mut protocol = args.data.protocol()?;
    let targets = Targets {
        genuine_called_fake: args.genuine_called_fake,
        genuine_undecided: args.genuine_undecided,
        fake_called_real: args.fake_called_real,
        fnmr: args.fnmr,
    };
    if !args.dry_run {
        // Before hours of work.
        check_writable(&args.to.data_dir)?;
    }
    let judge = Judge::open(&args.data.networks.models, None)?;
    let measured = match &args.decided.from_decisions {
        None => args.data.measured(&judge, &protocol)?,
        Some(url) => decided(args, url, &judge, &mut protocol)?,
    };
    let calibration = calibrate(&judge, &protocol, &measured, &targets, Timestamp::now())?;
    if args.json {
        println!("{}", serde_json::to_string(&calibration)?);
    } else {
        print(&judge.fusion.thresholds, &calibration);
    }
    if args.dry_run {
        return Ok(ExitCode::SUCCESS);
    }
    std::fs::create_dir_all(&args.to.data_dir).map_err(FileError::make(&args.to.data_dir))?;
    let path = args.to.data_dir.join(Calibration::FILE);
    write_calibration(&path, &calibration)?;
    if !args.json {
        println!("wrote {}; restart a running server to use it", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// The answers in the cases that were decided at the server `url`.
fn decided(args: &Args, url: &str, judge: &Judge, protocol: &mut Protocol) -> Result<Measured, Failure> {
    // Nothing was drawn: each case was answered with what was enrolled then.
    (protocol.references, protocol.degradations) = (0, Vec::new());
    let before = read_calibration(&args.to.data_dir.join(Calibration::FILE))?;
    let decided = args.decided.read(url, judge, before.as_ref())?;
    if !args.json {
        println!(
            "{} decided cases; left out: {} that do not say what the picture was, {} of other models or calibrations",
            decided.measured.records.len(),
            decided.undecided,
            decided.other_scores
        );
    }
    Ok(decided.measured)
}

fn print(shipped: &Thresholds, calibration: &Calibration) {
    let (fitted, source) = (calibration.thresholds, &calibration.source);
    println!("{} people, {} genuine photographs, {} fakes", source.people, source.genuine, source.fakes);
    println!("{:18} {:>8} {:>8}", "", "shipped", "fitted");
    for (name, shipped, fitted) in [
        ("fake: at most", shipped.fake, fitted.fake),
        ("real: at least", shipped.real, fitted.real),
        ("likeness: at least", shipped.likeness, fitted.likeness),
        ("slope", 1.0, calibration.map.slope),
        ("offset", 0.0, calibration.map.offset),
    ] {
        println!("{name:18} {shipped:8.3} {fitted:8.3}");
    }
    for (name, points) in [
        ("genuine called fake", &calibration.operating_points.fake),
        ("fakes called real", &calibration.operating_points.real),
    ] {
        if let (Some(first), Some(last)) = (points.first(), points.last()) {
            println!("rates that identities can ask for, {name}: {} to {}", first.rate, last.rate);
        }
    }
    if let Some(tail) = calibration.tail.map(|tails| tails.confirmed) {
        let (share, strangers) = (tail.share * 100.0, source.strangers);
        println!("searches: {share} % of comparisons of {strangers} strangers reach a similarity of {:.3}", tail.from);
    }
    for kept in &source.kept {
        println!("as shipped: {kept}");
    }
    match &source.held_out {
        Some(held_out) => println!("on people held out in turn: {}", rates(held_out)),
        None => println!("too few people to hold any out: the error rates on other people are unknown"),
    }
}
