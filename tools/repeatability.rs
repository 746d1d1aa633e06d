//! The reliability of each attribute: its standard deviation over altered copies of one photograph, over different
//! photographs of one person, and between people.
//!
//!     cargo run --release --example repeatability -- --images DIR [--per-person 100] [--copied 6] [--format rust]
//!
//! `DIR` holds one folder of photographs per person. The largest face of each photograph is measured, and for the first
//! few photographs of a person that of altered copies: JPEG at quality 70 and 95, resized to 0.5 and 0.75, shifted by 2
//! %, enlarged by 3 %, and cropped. The repeatability is the pooled standard deviation over the copies, without the
//! twentieth of photographs that varies most (there the copy's largest face is another one). The standard deviation
//! within a person is that of all originals. The standard deviation between people is that of their means, less the
//! part that the one within them explains.
//!
//! First the drift of geometry with pose and open mouth is fitted by least squares over the deviations from each
//! person's mean, and subtracted. The drift printed is the sum of this one and the drift that the library already
//! subtracts.
//!
//! `--format rust` prints the rows of `src/template/attributes/figures.rs`, `--format markdown` those of the tables in
//! `docs/attributes.md`.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::error::Error;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::{Parser, ValueEnum};
use faceward::face::{Areas, DetectorSettings, Face, FaceFinder, index};
use faceward::imaging::{DecodeLimits, Pyramid, RgbImage, decode_whole, image_files};
use faceward::inference::TractEngine;
use faceward::models::{Manifest, Zoo};
use faceward::parallel;
use faceward::template::attributes::Conditions;
use faceward::template::{ATTRIBUTES, AttributeSpec, AttributeVector};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, crop_imm, resize};

/// Measures the repeatability of the attributes.
#[derive(Parser)]
struct Args {
    /// The folder with one folder of photographs per person.
    #[arg(long)]
    images: PathBuf,
    /// The folder with the networks and their manifest.
    #[arg(long, default_value = "models")]
    models: PathBuf,
    /// The most photographs per person.
    #[arg(long, default_value_t = 100)]
    per_person: usize,
    /// The photographs per person of which copies are measured.
    #[arg(long, default_value_t = 6)]
    copied: usize,
    /// The output; several formats are printed one after another.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "table")]
    format: Vec<Format>,
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
    readings: Vec<Reading>,
}

/// One measured face with the terms of its drift, in the order of `AttributeSpec::drift`.
struct Reading {
    values: AttributeVector,
    with: [f64; 4],
}

impl Reading {
    fn new(values: AttributeVector, face: &Face) -> Self {
        let distance = |i: usize, j: usize| {
            let (p, q) = (face.mesh.points[i], face.mesh.points[j]);
            f64::from((p[0] - q[0]).hypot(p[1] - q[1]).hypot(p[2] - q[2]))
        };
        let opening = distance(index::UPPER_LIP_BOTTOM, index::LOWER_LIP_TOP);
        let width = distance(index::RIGHT_EYE_OUTER, index::LEFT_EYE_OUTER);
        let (yaw, pitch) = (f64::from(face.pose.yaw) / 10.0, f64::from(face.pose.pitch) / 10.0);
        Self { values, with: [yaw, yaw * yaw, pitch, opening / width * 10.0] }
    }

    /// The value of an attribute with a further drift subtracted.
    fn value(&self, attribute: usize, drift: &[f64; 4]) -> Option<f64> {
        let away: f64 = self.with.iter().zip(drift).map(|(w, d)| w * d).sum();
        self.values.values()[attribute].map(|v| f64::from(v) - away)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let zoo = Arc::new(Zoo::load(&Manifest::open(&args.models)?, &TractEngine)?);
    let finder = FaceFinder::new(zoo.clone(), DetectorSettings::default());
    let files = chosen(&args.images, args.per_person, args.copied);
    let clock = Clock::default();
    let mut photos = Vec::new();
    let read = |(_, path, copied): &(String, PathBuf, bool)| read(&zoo, &finder, path, *copied, &clock).ok();
    parallel::for_each(&files, parallel::cores(), read, |i, readings| {
        photos.extend(readings.map(|readings| Photo { person: files[i].0.clone(), readings }));
        Ok::<_, Infallible>(())
    })?;
    let mut out = std::io::stdout().lock();
    let figures: Vec<Figures> = ATTRIBUTES.iter().enumerate().map(|(i, spec)| Figures::of(&photos, i, spec)).collect();
    for format in args.format {
        for (spec, figures) in ATTRIBUTES.iter().zip(&figures) {
            print(&mut out, format, spec, figures)?;
        }
    }
    writeln!(std::io::stderr(), "{} photographs, {:.2} ms per vector", photos.len(), clock.mean_ms())?;
    Ok(())
}

/// The files of each person, chosen evenly, and whether each is measured in copies too.
fn chosen(folder: &Path, per_person: usize, copied: usize) -> Vec<(String, PathBuf, bool)> {
    let mut people: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for path in image_files(folder).files {
        let person = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        people.entry(person).or_default().push(path);
    }
    let mut files = Vec::new();
    for (person, paths) in people {
        let step = paths.len().div_ceil(per_person).max(1);
        files.extend(paths.into_iter().step_by(step).enumerate().map(|(i, p)| (person.clone(), p, i < copied)));
    }
    files
}

/// The number of calls and their total time.
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

/// Measures one photograph and, where `copied`, its copies.
fn read(
    zoo: &Zoo,
    finder: &FaceFinder,
    path: &Path,
    copied: bool,
    clock: &Clock,
) -> Result<Vec<Reading>, Box<dyn Error + Send + Sync>> {
    let image = decode_whole(&std::fs::read(path)?, &DecodeLimits::default())?;
    let mut readings = Vec::new();
    for copy in std::iter::once(Ok(image.clone())).chain(copies(&image).filter(|_| copied)) {
        let copy = Pyramid::from(copy?);
        let faces: Vec<Face> = finder.find(&copy)?.faces;
        let face = faces.first().ok_or("no face")?;
        let values = clock.time(|| AttributeVector::measure(zoo, &copy, face, Areas::NONE))?;
        readings.push(Reading::new(values, face));
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
    Ok(decode_whole(&bytes, &DecodeLimits::default())?)
}

/// The figures of one attribute.
struct Figures {
    mean: f64,
    repeatability: f64,
    within: f64,
    between: f64,
    readable: f64,
    drift: [f64; 4],
}

impl Figures {
    fn of(photos: &[Photo], attribute: usize, spec: &AttributeSpec) -> Self {
        let further = if spec.geometric { fit(photos, attribute) } else { [0.0; 4] };
        let value = |r: &Reading| r.value(attribute, &further);
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
        let within = pooled(&groups.iter().map(|v| squares(v)).collect::<Vec<_>>());
        let means: Vec<f64> = groups.iter().map(|v| mean(v)).collect();
        let (sum, freedom) = squares(&means);
        let explained = groups.iter().map(|v| within * within / v.len() as f64).sum::<f64>() / groups.len() as f64;
        Self {
            mean: mean(&all),
            repeatability: pooled(without_worst(&mut repeats)),
            within,
            between: (sum / freedom - explained).max(0.0).sqrt(),
            readable: all.len() as f64 / photos.len().max(1) as f64,
            drift: std::array::from_fn(|k| f64::from(spec.drift[k]) + further[k]),
        }
    }
}

/// The drift over the deviations from each person's mean, by least squares with a slight ridge penalty.
fn fit(photos: &[Photo], attribute: usize) -> [f64; 4] {
    let mut people: BTreeMap<&str, Vec<[f64; 5]>> = BTreeMap::new();
    for photo in photos {
        let Some(first) = photo.readings.first() else { continue };
        if let Some(v) = first.value(attribute, &[0.0; 4]) {
            let [a, b, c, d] = first.with;
            people.entry(&photo.person).or_default().push([a, b, c, d, v]);
        }
    }
    let mut normal = [[0.0; 5]; 4];
    for rows in people.values() {
        let middle: [f64; 5] = std::array::from_fn(|k| rows.iter().map(|r| r[k]).sum::<f64>() / rows.len() as f64);
        for row in rows {
            let d: [f64; 5] = std::array::from_fn(|k| row[k] - middle[k]);
            for i in 0..4 {
                for j in 0..5 {
                    normal[i][j] += d[i] * d[j];
                }
            }
        }
    }
    for (i, row) in normal.iter_mut().enumerate() {
        row[i] += 1.0;
    }
    solve(normal)
}

/// Solves four equations in four unknowns by Gauss-Jordan elimination, the right-hand side in the last column. The
/// matrix is positive definite, so no pivot is zero.
fn solve(mut m: [[f64; 5]; 4]) -> [f64; 4] {
    for i in 0..4 {
        let pivot = m[i][i];
        m[i] = m[i].map(|v| v / pivot);
        for j in (0..4).filter(|&j| j != i) {
            let factor = m[j][i];
            m[j] = std::array::from_fn(|k| m[j][k] - factor * m[i][k]);
        }
    }
    m.map(|row| row[4])
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The sum of squared deviations and its degrees of freedom.
fn squares(values: &[f64]) -> (f64, f64) {
    let middle = mean(values);
    (values.iter().map(|v| (v - middle).powi(2)).sum(), values.len() as f64 - 1.0)
}

/// All groups but the twentieth with the largest variance.
fn without_worst(groups: &mut [(f64, f64)]) -> &[(f64, f64)] {
    groups.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    &groups[..groups.len() - groups.len() / 20]
}

/// The pooled standard deviation of groups, from their sums of squares and degrees of freedom.
fn pooled(groups: &[(f64, f64)]) -> f64 {
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
            let drift = f.drift.map(|d| format!("{d:.3}")).join(", ");
            let (r, w, b) = (f.repeatability, f.within, f.between);
            writeln!(out, "    (\"{name}\", [{r:.3}, {w:.3}, {b:.3}], [{drift}]),")
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

/// The limits beyond which an attribute is not read, in short.
fn refusals(c: &Conditions) -> String {
    let mouth =
        if c.max_mouth_opening.is_finite() { format!("; mouth > {:.0}", c.max_mouth_opening) } else { String::new() };
    let grey = if c.in_colour { "; grey or toned" } else { "" };
    format!(
        "yaw > {:.0}, pitch > {:.0}; size < {:.0}; sharpness < {:.0}; landmarks > {:.2}{mouth}{grey}",
        c.max_yaw, c.max_pitch, c.min_face_size, c.min_sharpness, c.max_disagreement
    )
}
