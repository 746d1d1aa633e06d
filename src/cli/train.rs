//! `faceward train …`: what the scripts in `training/` start from.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use faceward::eval::training::{EvidenceOptions, write_cohort, write_evidence, write_templates};
use faceward::identity::Population;
use faceward::models::Manifest;
use faceward::toml_file;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Failure, pipeline};

/// Prepare data for the scripts in training/ (writes biometric data in the clear; not for service use).
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// Write the templates of every face under a folder as JSON lines.
    Extract {
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
    },
    /// Write the embeddings of extracted faces as a cohort of strangers.
    Cohort {
        /// What `extract` wrote.
        templates: PathBuf,
        /// Where the cohort goes.
        #[arg(long, short)]
        out: PathBuf,
    },
    /// Enroll drawn references and write the evidence of every other picture as JSON lines.
    Evidence {
        /// What `extract` wrote, over a folder laid out person/real/… and person/fake/method/…
        templates: PathBuf,
        /// Where the lines go.
        #[arg(long, short)]
        out: PathBuf,
        /// Verify the pictures of the same paths in this file of `extract` in place of those in TEMPLATES.
        #[arg(long, value_name = "TEMPLATES")]
        probes: Option<PathBuf>,
        /// References a person.
        #[arg(long, default_value_t = 10)]
        refs: usize,
        /// Draws.
        #[arg(long, default_value_t = 2)]
        seeds: u64,
        /// Pictures of other people, a person and draw.
        #[arg(long, default_value_t = 60)]
        others: usize,
        /// Read the population from this file instead of the models folder.
        #[arg(long)]
        population: Option<PathBuf>,
        /// The folder with the networks and their manifest.
        #[arg(long, default_value = "models")]
        models: PathBuf,
    },
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.step {
        Step::Extract { folder, out, models, jobs } => {
            let (finder, extractor) = pipeline::networks(models)?;
            let mut out = BufWriter::new(File::create(out)?);
            let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template("{bar:40} {pos}/{len}, {eta} left")?);
            write_templates(&finder, &extractor, folder, *jobs, &mut out, &|done, all| {
                bar.set_length(all as u64);
                bar.set_position(done as u64);
            })?;
            out.flush()?;
            bar.finish();
        }
        Step::Cohort { templates, out } => {
            let mut out = BufWriter::new(File::create(out)?);
            let n = write_cohort(BufReader::new(File::open(templates)?), &mut out)?;
            out.flush()?;
            println!("{n} faces");
        }
        Step::Evidence { templates, out, probes, refs, seeds, others, population, models } => {
            let mut known = Population::load(&Manifest::open(models)?)?;
            if let Some(path) = population {
                known = toml_file::read(path, |text| Population::parse(text, known.cohort))?;
            }
            let mut out = BufWriter::new(File::create(out)?);
            let lines = BufReader::new(File::open(templates)?);
            let probes = probes.as_ref().map(File::open).transpose()?.map(BufReader::new);
            let options = EvidenceOptions { references: *refs, seeds: *seeds, others: *others };
            write_evidence(lines, probes, &known, options, &mut out)?;
            out.flush()?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
