//! `faceward extract`.

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use faceward::jobs::extract::extract;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Failure, pipeline};

/// Write the templates of every face under a folder as JSON lines (biometric data in the clear; for training).
#[derive(clap::Args)]
pub(super) struct Args {
    /// The folder; every image file under it is read.
    folder: PathBuf,
    /// Where the lines go.
    #[arg(long, short)]
    out: PathBuf,
    /// The folder with the networks and their manifest.
    #[arg(long, default_value = "models")]
    models: PathBuf,
    /// Threads.
    #[arg(long, default_value_t = std::thread::available_parallelism().map_or(1, Into::into))]
    jobs: usize,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let (finder, extractor) = pipeline::load(&args.models)?;
    let mut out = BufWriter::new(std::fs::File::create(&args.out)?);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} images, {eta} left")?;
    let bar = ProgressBar::new(0).with_style(style);
    extract(&finder, &extractor, &args.folder, args.jobs, &mut out, &|done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    })?;
    out.flush()?;
    bar.finish();
    Ok(ExitCode::SUCCESS)
}
