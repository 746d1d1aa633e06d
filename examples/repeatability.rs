//! How far each attribute can be trusted: its spread over altered copies of one photograph, over different photographs
//! of one person, and between people.
//!
//!     cargo run --release --example repeatability -- --images DIR [--per-person 6] [--format table|rust|markdown]
//!
//! `DIR` holds one folder a person with photographs of that person. Of each photograph the largest face is measured,
//! then again in copies: JPEG at quality 70 and 95, resized to 0.5 and 0.75, shifted by 2 %, enlarged by 3 % and
//! cropped. The repeatability is the pooled standard deviation over the copies; the spread within a person that of
//! the originals. The worst twentieth of photographs (a face mistaken in a copy) is left out of either. The spread
//! between people is that of their means, less what the spread within them explains.
//!
//! `--format rust` prints the rows of `src/traits/attributes/figures.rs`, `--format markdown` the table of
//! `docs/attributes.md`.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use clap::{Parser, ValueEnum};
use faceward::face::{DetectorSettings, Face, FaceFinder};
use faceward::imaging::{DecodeLimits, RgbImage, decode};
use faceward::inference::{Manifest, TractEngine, Zoo};
use faceward::jobs::extract::image_files;
use faceward::traits::attributes::Conditions;
use faceward::traits::{ATTRIBUTES, AttributeSpec, AttributeVector};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, crop_imm, resize};

/// Measures the repeatability of the attributes.
#[derive(Parser)]
struct Args {
    /// One folder a person.
    #[arg(long)]
    images: PathBuf,
    /// The folder with the networks and their manifest.
    #[arg(long, default_value = "models")]
    models: PathBuf,
    /// At most this many photographs a person.
    #[arg(long, default_value_t = 6)]
    per_person: usize,
    /// What is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Table,
    Rust,
    Markdown,
}

/// The readings of one photograph: the original first, then its copies.
struct Photo {
    person: String,
    readings: Vec<AttributeVector>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let zoo = Arc::new(Zoo::load(&Manifest::open(&args.models)?, &TractEngine)?);
    let finder = FaceFinder::new(zoo.clone(), DetectorSettings::default());
    let files = chosen(&args.images, args.per_person);
    let clock = Clock::default();
    let (next, photos) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, Into::into) {
            scope.spawn(|| {
                while let Some((person, path)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let read = read(&zoo, &finder, path, &clock);
                    if let (Ok(readings), Ok(mut photos)) = (read, photos.lock()) {
                        photos.push(Photo { person: person.clone(), readings });
                    }
                }
            });
        }
    });
    let photos = photos.into_inner().map_err(|e| e.to_string())?;
    let mut out = std::io::stdout().lock();
    for (i, spec) in ATTRIBUTES.iter().enumerate() {
        print(&mut out, args.format, spec, &Figures::of(&photos, i))?;
    }
    writeln!(std::io::stderr(), "{} photographs, {:.2} ms a vector", photos.len(), clock.mean_ms())?;
    Ok(())
}

/// The files of each person, evenly chosen.
fn chosen(folder: &Path, per_person: usize) -> Vec<(String, PathBuf)> {
    let mut people: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for path in image_files(folder) {
        let person = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        people.entry(person).or_default().push(path);
    }
    let mut files = Vec::new();
    for (person, paths) in people {
        let step = paths.len().div_ceil(per_person).max(1);
        files.extend(paths.into_iter().step_by(step).map(|p| (person.clone(), p)));
    }
    files
}

/// Counts calls and their time.
#[derive(Default)]
struct Clock {
    calls: AtomicU64,
    micros: AtomicU64,
}

impl Clock {
    fn time<T>(&self, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(start.elapsed().as_micros() as u64, Ordering::Relaxed);
        result
    }

    fn mean_ms(&self) -> f64 {
        self.micros.load(Ordering::Relaxed) as f64 / 1e3 / self.calls.load(Ordering::Relaxed).max(1) as f64
    }
}

/// Reads one photograph and its copies.
fn read(
    zoo: &Zoo,
    finder: &FaceFinder,
    path: &Path,
    clock: &Clock,
) -> Result<Vec<AttributeVector>, Box<dyn Error + Send + Sync>> {
    let image = decode(&std::fs::read(path)?, &DecodeLimits::default())?.image;
    let mut readings = Vec::new();
    for copy in std::iter::once(Ok(image.clone())).chain(copies(&image)) {
        let copy = copy?;
        let faces: Vec<Face> = finder.find(&copy)?;
        let face = faces.first().ok_or("no face")?;
        readings.push(clock.time(|| AttributeVector::measure(zoo, &copy, face))?);
    }
    Ok(readings)
}

/// The altered copies of a photograph.
fn copies(image: &RgbImage) -> impl Iterator<Item = Result<RgbImage, Box<dyn Error + Send + Sync>>> {
    let (w, h) = image.dimensions();
    let part = |v: u32, share: f32| (v as f32 * share).round() as u32;
    let sized = |k: f32| resize(image, part(w, k).max(1), part(h, k).max(1), FilterType::Triangle);
    let cropped = |left: f32, top: f32, keep: f32| {
        crop_imm(image, part(w, left), part(h, top), part(w, keep), part(h, keep)).to_image()
    };
    let larger = sized(1.03);
    [
        jpeg(image, 70),
        jpeg(image, 95),
        Ok(sized(0.5)),
        Ok(sized(0.75)),
        Ok(cropped(0.02, 0.01, 0.98)),
        Ok(cropped(0.0, 0.02, 0.97)),
        Ok(crop_imm(&larger, part(w, 0.02), part(h, 0.03), w, h).to_image()),
    ]
    .into_iter()
}

fn jpeg(image: &RgbImage, quality: u8) -> Result<RgbImage, Box<dyn Error + Send + Sync>> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(Cursor::new(&mut bytes), quality).encode_image(image)?;
    Ok(decode(&bytes, &DecodeLimits::default())?.image)
}

/// What is printed of one attribute.
struct Figures {
    mean: f64,
    repeatability: f64,
    within: f64,
    between: f64,
    readable: f64,
}

impl Figures {
    fn of(photos: &[Photo], attribute: usize) -> Self {
        let value = |v: &AttributeVector| v.values()[attribute].map(f64::from);
        let mut people: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        let mut repeats = Vec::new();
        for photo in photos {
            if let Some(original) = photo.readings.first().and_then(value) {
                people.entry(&photo.person).or_default().push(original);
            }
            let read: Vec<f64> = photo.readings.iter().filter_map(value).collect();
            if read.len() > 2 {
                repeats.push(squares(&read));
            }
        }
        let all: Vec<f64> = people.values().flatten().copied().collect();
        let groups: Vec<&Vec<f64>> = people.values().filter(|v| v.len() > 2).collect();
        let within = pooled(groups.iter().map(|v| squares(v)).collect());
        let means: Vec<f64> = groups.iter().map(|v| mean(v)).collect();
        let (sum, freedom) = squares(&means);
        let explained = groups.iter().map(|v| within * within / v.len() as f64).sum::<f64>() / groups.len() as f64;
        Self {
            mean: mean(&all),
            repeatability: pooled(repeats),
            within,
            between: (sum / freedom - explained).max(0.0).sqrt(),
            readable: all.len() as f64 / photos.len().max(1) as f64,
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The sum of squared deviations and its degrees of freedom.
fn squares(values: &[f64]) -> (f64, f64) {
    let middle = mean(values);
    (values.iter().map(|v| (v - middle).powi(2)).sum(), values.len() as f64 - 1.0)
}

/// The pooled standard deviation, the worst twentieth of groups left out.
fn pooled(mut groups: Vec<(f64, f64)>) -> f64 {
    groups.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    groups.truncate(groups.len() - groups.len() / 20);
    let (sum, freedom) = groups.iter().fold((0.0, 0.0), |(s, f), g| (s + g.0, f + g.1));
    (sum / freedom).sqrt()
}

fn print(out: &mut impl Write, format: Format, spec: &AttributeSpec, f: &Figures) -> std::io::Result<()> {
    let (name, region) = (spec.name, spec.region);
    match format {
        Format::Table => writeln!(
            out,
            "{:10} {name:28} mean {:8.2}  repeat {:6.3}  within {:6.3}  between {:6.3}  b/w {:5.2}  b/r {:5.2}  \
             read {:3.0} %",
            format!("{region:?}"),
            f.mean,
            f.repeatability,
            f.within,
            f.between,
            f.between / f.within,
            f.between / f.repeatability,
            f.readable * 100.0,
        ),
        Format::Rust => {
            writeln!(out, "    (\"{name}\", [{:.2}, {:.2}, {:.2}]),", f.repeatability, f.within, f.between)
        }
        Format::Markdown => writeln!(
            out,
            "| `{name}` | {} | {} | {} | {:.2} | {:.2} | {:.2} | {:.0} % | {} |",
            spec.label,
            spec.unit,
            spec.source,
            f.repeatability,
            f.within,
            f.between,
            f.readable * 100.0,
            refusals(&spec.conditions),
        ),
    }
}

/// When an attribute is not read, in short.
fn refusals(c: &Conditions) -> String {
    let mouth =
        if c.max_mouth_opening.is_finite() { format!("; mouth > {:.0}", c.max_mouth_opening) } else { String::new() };
    format!(
        "yaw > {:.0}, pitch > {:.0}; size < {:.0}; sharpness < {:.0}; occlusion > {:.2}{mouth}",
        c.max_yaw, c.max_pitch, c.min_face_size, c.min_sharpness, c.max_occlusion
    )
}
