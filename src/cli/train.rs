//! `faceward train`: data for the scripts in `training/`.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use faceward::eval::training::{EvidenceOptions, TAIL_SHARE, fit_tails, write_cohort, write_evidence, write_templates};
use faceward::file_error::FileError;
use faceward::identity::{LEAST_EXCESSES, Population};
use faceward::imaging::image_files;
use faceward::models::Manifest;
use faceward::toml_file;
use indicatif::{ProgressBar, ProgressStyle};

use super::shared_args::ModelsDir;
use super::{Failure, left_out, open, pipeline};

/// Prepare data for the scripts in training/. Writes biometric data in the clear; a service never needs it.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  faceward train extract pictures --out templates.jsonl\n  \
    faceward train cohort templates.jsonl --out cohort.bin\n  \
    faceward train tail templates.jsonl\n  \
    faceward train evidence templates.jsonl --out evidence.jsonl")]
pub(super) struct Args {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// Write the template of every face under a folder as a JSON line.
    #[command(after_help = "Example:\n  faceward train extract pictures --out templates.jsonl")]
    Extract {
        /// Folder; every image under it is read.
        folder: PathBuf,
        /// File for the lines.
        #[arg(long, short, value_name = "FILE")]
        out: PathBuf,
        #[command(flatten)]
        networks: ModelsDir,
        /// Threads for inference.
        #[arg(long, default_value_t = std::thread::available_parallelism().map_or(1, Into::into), value_name = "N")]
        jobs: usize,
    },
    /// Write the embeddings of extracted faces as a cohort of strangers.
    #[command(after_help = "Example:\n  faceward train cohort templates.jsonl --out cohort.bin")]
    Cohort {
        /// Templates that `faceward train extract` wrote.
        templates: PathBuf,
        /// File for the cohort.
        #[arg(long, short, value_name = "FILE")]
        out: PathBuf,
    },
    /// Fit the upper tails of strangers' similarity, and print them as the tables `[tail.…]` of population.toml.
    #[command(after_help = "Example:\n  faceward train tail templates.jsonl")]
    Tail {
        /// Templates that `faceward train extract` wrote for a folder person/…; people with fewer than four images are
        /// strangers.
        templates: PathBuf,
        /// The most references per person.
        #[arg(long, default_value_t = 5)]
        refs: usize,
    },
    /// Enroll drawn references, and write the evidence of every other image as a JSON line.
    #[command(after_help = "Example:\n  faceward train evidence templates.jsonl --out evidence.jsonl --refs 10")]
    Evidence {
        /// Templates that `faceward train extract` wrote for a folder with person/real/… and person/fake/method/…
        templates: PathBuf,
        /// File for the lines.
        #[arg(long, short, value_name = "FILE")]
        out: PathBuf,
        /// Take the probes from this file of `faceward train extract`, by the paths of those in TEMPLATES.
        #[arg(long, value_name = "TEMPLATES")]
        probes: Option<PathBuf>,
        /// References per person.
        #[arg(long, default_value_t = 10, value_name = "N")]
        refs: usize,
        /// Draws of references.
        #[arg(long, default_value_t = 2, value_name = "N")]
        seeds: u64,
        /// Images of other people per person and draw.
        #[arg(long, default_value_t = 60, value_name = "N")]
        others: usize,
        /// Population file [default: the one in the models folder].
        #[arg(long, value_name = "FILE")]
        population: Option<PathBuf>,
        #[command(flatten)]
        networks: ModelsDir,
    },
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.step {
        Step::Extract { folder, out, networks, jobs } => {
            if !folder.is_dir() {
                return Err(format!("there is no folder `{}`: give one with images", open::plain(folder)).into());
            }
            let found = image_files(folder);
            left_out::print(&found.left_out);
            let (finder, extractor) = pipeline::networks(&networks.models)?;
            let mut out = BufWriter::new(create(out)?);
            let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template("{bar:40} {pos}/{len}, {eta} left")?);
            write_templates(&finder, &extractor, folder, &found.files, *jobs, &mut out, &|done, all| {
                bar.set_length(all as u64);
                bar.set_position(done as u64);
            })?;
            out.flush()?;
            bar.finish();
        }
        Step::Cohort { templates, out } => {
            let templates = lines(templates)?;
            let mut out = BufWriter::new(create(out)?);
            let n = write_cohort(templates, &mut out)?;
            out.flush()?;
            println!("{n} faces");
        }
        Step::Tail { templates, refs } => {
            let fitted = fit_tails(lines(templates)?, *refs)?;
            let (tails, compared) = fitted.ok_or_else(|| {
                let least = LEAST_EXCESSES as f32 / TAIL_SHARE;
                format!(
                    "{}: at least {least} comparisons of strangers with enrolled people are needed",
                    templates.display()
                )
            })?;
            eprintln!("{} identities, {} photographs of strangers", compared.identities, compared.strangers);
            print!("[tail.searched]\n{}\n", toml::to_string(&tails.searched)?);
            print!("[tail.confirmed]\n{}", toml::to_string(&tails.confirmed)?);
        }
        Step::Evidence { templates, out, probes, refs, seeds, others, population, networks } => {
            let mut known = Population::load(&Manifest::open(&networks.models)?)?;
            if let Some(path) = population {
                known = toml_file::read(path, |text| Population::parse(text, known.cohort))?;
            }
            let probes = probes.as_deref().map(lines).transpose()?;
            let templates = lines(templates)?;
            let mut out = BufWriter::new(create(out)?);
            let options = EvidenceOptions { references: *refs, seeds: *seeds, others: *others };
            write_evidence(templates, probes, &known, options, &mut out)?;
            out.flush()?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn lines(path: &Path) -> Result<BufReader<File>, FileError> {
    Ok(BufReader::new(File::open(path).map_err(FileError::read(path))?))
}

fn create(path: &Path) -> Result<File, FileError> {
    File::create(path).map_err(FileError::write(path))
}
