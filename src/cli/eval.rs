//! `faceward eval`: the error rates of the service on a labelled folder.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use faceward::eval::report::{add_thumbnails, html, markdown, summary};
use faceward::eval::{
    Cache, Dataset, Degradation, ForgedRegions, Judge, Labels, Measured, Protocol, Report, draws, extract, measure,
    wanted,
};
use faceward::file_error::{FileError, check_writable};
use faceward::service::{StartError, read_calibration};
use faceward::verdict::Calibration;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::open::plain;
use super::shared_args::ModelsDir;
use super::{Failure, NothingFound, left_out};

/// Measure the error rates of the service on a labelled folder.
///
/// DIR holds `<person>/real/…`, `<person>/fake/<method>/…` and optionally `<person>/other/…`, and `others/…` with
/// strangers for searches. Each draw enrolls some genuine photographs per person and verifies all other images against
/// them, with the code of the service and without touching the enrolled identities. docs/evaluation.md defines the
/// figures.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  faceward eval pictures --degrade none,jpeg50,resize0.5 --out report\n  \
    faceward eval pictures --out new --compare report/evaluation.json\n\n\
    Exit codes: 0 measured, 1 the command failed, 2 wrong usage, 5 the folder has no genuine photograph.")]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) data: Data,
    /// Write evaluation.json, evaluation.md and evaluation.html to this folder.
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write every answer to this file as a JSON line.
    #[arg(long, value_name = "FILE")]
    records: Option<PathBuf>,
    /// Compare with the evaluation.json of an earlier run.
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,
    /// Groups of people: a CSV file with a column `identity` [default: apparent sex, age and skin tone, as read
    /// from the photographs].
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Decide by this calibration.toml of `faceward calibrate` instead of by the shipped thresholds.
    #[arg(long, value_name = "FILE")]
    calibration: Option<PathBuf>,
    /// Show the faces of the worst errors in the page, which then contains photographs of people.
    #[arg(long, requires = "out")]
    thumbnails: bool,
    /// Print the report as one JSON document, like evaluation.json.
    #[arg(long)]
    json: bool,
}

/// The labelled folder and how references and probes are drawn; shared with `faceward calibrate`.
#[derive(clap::Args)]
pub(super) struct Data {
    /// Labelled folder.
    #[arg(value_name = "DIR", required = true)]
    pub(super) folder: Option<PathBuf>,
    /// References per person; at most half of the person's genuine photographs.
    #[arg(long, default_value_t = 10, value_name = "N")]
    refs: usize,
    /// Draws of references; the figures are means over the draws.
    #[arg(long, default_value_t = 2, value_name = "N")]
    seeds: u64,
    /// Images of other people per person and draw.
    #[arg(long, default_value_t = 60, value_name = "N")]
    others: usize,
    /// Probes per set, person and draw; 0 for all.
    #[arg(long, default_value_t = 0, value_name = "N")]
    max_per_set: usize,
    /// Degradations of the probes: none, jpeg50 (quality), resize0.5 (factor, and back), scale2 (factor), crop0.2
    /// (share), brightness0.7 (factor), mirror, border0.1 (share), blur1 (pixels), noise5 (grey levels).
    #[arg(long, default_value = "none", value_delimiter = ',', value_name = "HOW,…")]
    degrade: Vec<Degradation>,
    /// Cache templates in this file, so that a second run is fast. It holds biometric data in the clear: keep it beside
    /// the images, and delete it with them.
    #[arg(long, value_name = "FILE")]
    cache: Option<PathBuf>,
    /// Threads for inference.
    #[arg(long, short, default_value_t = std::thread::available_parallelism().map_or(1, Into::into), value_name = "N")]
    jobs: usize,
    #[command(flatten)]
    pub(super) networks: ModelsDir,
}

impl Data {
    /// The labelled folder; empty where a command needs none.
    pub(super) fn folder(&self) -> &Path {
        self.folder.as_deref().unwrap_or(Path::new(""))
    }

    pub(super) fn protocol(&self) -> Result<Protocol, Failure> {
        let mut degradations: Vec<Degradation> = Vec::new();
        for &how in &self.degrade {
            if !degradations.contains(&how) {
                degradations.push(how);
            }
        }
        if self.refs == 0 || self.seeds == 0 || degradations.is_empty() {
            return Err("--refs, --seeds and --degrade must not be empty: give at least 1".into());
        }
        Ok(Protocol {
            references: self.refs,
            seeds: self.seeds,
            others: self.others,
            max_per_set: self.max_per_set,
            degradations,
        })
    }

    /// Extracts every image and judges every probe.
    pub(super) fn measured(&self, judge: &Judge, protocol: &Protocol) -> Result<Measured, Failure> {
        let folder = self.folder();
        if !folder.is_dir() {
            return Err(format!("there is no folder `{}`: give the labelled folder", plain(folder)).into());
        }
        let (dataset, left_out) = Dataset::scan(folder);
        left_out::print(&left_out);
        if dataset.people.is_empty() {
            let layout = "<person>/real/… and <person>/fake/<method>/…";
            let why = format!("{}: no genuine photographs: arrange the folder as {layout}", plain(folder));
            return Err(NothingFound(why).into());
        }
        let cache = self.cache.as_deref().map(|path| Cache::open(path, &judge.templates_version)).transpose()?;
        let drawn = draws(&dataset, protocol);
        let pictures = wanted(&drawn, &dataset.strangers, &protocol.degradations);
        let bar = progress()?;
        let seen = extract(&judge.analyser, folder, &pictures, self.jobs, cache, &|done, all| {
            bar.set_length(all as u64);
            bar.set_position(done as u64);
        })?;
        bar.finish_and_clear();
        Ok(measure(judge, &dataset, protocol, &seen))
    }

    /// The folder's name in the report, without its path.
    pub(super) fn name(&self) -> String {
        let whole = self.folder().canonicalize().unwrap_or_else(|_| self.folder().into());
        whole.file_name().map_or_else(|| "a folder".into(), |n| n.to_string_lossy().into_owned())
    }
}

/// A progress bar on a terminal; hidden elsewhere.
fn progress() -> Result<ProgressBar, Failure> {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} images, {per_sec}, {eta} left")?;
    let target =
        if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    Ok(ProgressBar::with_draw_target(Some(0), target).with_style(style))
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    // Everything that is cheap to check is checked before hours of work.
    let protocol = args.data.protocol()?;
    let old = args.compare.as_deref().map(earlier).transpose()?;
    let labels = args.labels.as_deref().map(Labels::read).transpose()?;
    let calibration = args.calibration.as_deref().map(calibration).transpose()?;
    let forged = ForgedRegions::read(args.data.folder())?;
    if let Some(folder) = &args.out {
        std::fs::create_dir_all(folder).map_err(FileError::make(folder))?;
        check_writable(folder)?;
    }
    if let Some(path) = &args.records {
        // Not emptied before there is something to write.
        OpenOptions::new().create(true).append(true).open(path).map_err(FileError::write(path))?;
    }
    let judge =
        Judge::open(&args.data.networks.models, calibration.as_ref()).map_err(|e| match (e, &args.calibration) {
            (StartError::Calibration(e), Some(path)) => {
                format!("`{}`: {e}: give one that was fitted to these, or leave out --calibration", plain(path)).into()
            }
            (e, _) => Failure::from(e),
        })?;
    let mut measured = args.data.measured(&judge, &protocol)?;
    forged.note_in(&mut measured.records);
    if let Some(path) = &args.records {
        records(path, &measured).map_err(FileError::write(path))?;
    }
    let labels = labels.unwrap_or_else(|| Labels::apparent(&measured));
    let source = calibration.as_ref().map(|c| &c.source);
    let mut report = Report::build(&args.data.name(), &protocol, &judge, source, &measured, &labels);
    if args.thumbnails {
        add_thumbnails(&mut report, args.data.folder());
    }
    let comparison = old.map(|old| report.compared_with(&old));
    if let Some(folder) = &args.out {
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            std::fs::write(&path, text).map_err(FileError::write(&path))
        };
        write("evaluation.json", serde_json::to_string_pretty(&report)?)?;
        write("evaluation.md", markdown(&report, comparison.as_ref()))?;
        write("evaluation.html", html(&report, comparison.as_ref()))?;
    }
    if args.json {
        println!("{}", serde_json::to_string(&report)?);
        return Ok(ExitCode::SUCCESS);
    }
    print!("{}", summary(&report));
    for change in comparison.iter().flat_map(|c| &c.changes).filter(|c| c.delta().abs() >= 0.0005) {
        let (set, figure) = (&change.set, &change.figure);
        println!("{:10} {set:22} {figure:18} {:.3} -> {:.3}", change.degrade, change.old, change.new);
    }
    Ok(ExitCode::SUCCESS)
}

fn earlier(path: &Path) -> Result<Report, Failure> {
    let bytes = std::fs::read(path).map_err(FileError::read(path))?;
    let other = |e| format!("`{}` is not an evaluation.json of `faceward eval` ({e}): give one", plain(path));
    Ok(serde_json::from_slice(&bytes).map_err(other)?)
}

fn calibration(path: &Path) -> Result<Calibration, Failure> {
    Ok(read_calibration(path)?
        .ok_or_else(|| format!("there is no file `{}`: `faceward calibrate` writes one", plain(path)))?)
}

fn records(path: &Path, measured: &Measured) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    for record in &measured.records {
        serde_json::to_writer(&mut out, record)?;
        out.write_all(b"\n")?;
    }
    out.flush()
}
