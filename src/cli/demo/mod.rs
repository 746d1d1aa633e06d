//! `faceward demo`: enrollment and verification on five photographs that come with the program.

mod swap;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use faceward::audit::Actor;
use faceward::face::FaceFinder;
use faceward::file_error::{FileError, check_writable};
use faceward::identity::{IdentityFields, IdentityId, SampleKind};
use faceward::imaging::{DecodeLimits, Pyramid, decode};
use faceward::service::{RecordedService, Upload};
use image::ImageEncoder;
use serde_json::json;

use super::shared_args::ModelsDir;
use super::{Failure, open, pipeline, verify};

/// Enroll a person, then verify a genuine photograph, another person and a manipulated copy.
///
/// The photographs are works of the United States Government (demo/PROVENANCE.md); nothing is stored.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  faceward demo --write demo-photos\n\n\
    Exit codes: 0 the demo ran, 1 it failed, 2 wrong usage.")]
pub(super) struct Args {
    #[command(flatten)]
    networks: ModelsDir,
    /// Take the photographs from this folder, by the same file names, instead of those compiled in.
    #[arg(long, value_name = "DIR")]
    demo_dir: Option<PathBuf>,
    /// Share of the other person's face in the manipulated copy, 0 to 1. The greater, the less the copy resembles
    /// the person; near 1 it no longer depicts them.
    #[arg(long, default_value_t = 0.65, value_name = "SHARE")]
    blend: f32,
    /// Write the photographs and the manipulated copy to this folder, to try other commands on them.
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,
    /// Print one JSON document: the enrollment report and the three answers.
    #[arg(long)]
    json: bool,
}

const REFERENCES: [&str; 2] = ["obama-2009.jpg", "obama-2012.jpg"];
const GENUINE: &str = "obama-2010.jpg";
const OTHER: &str = "biden-2010.jpg";
const MANIPULATED: &str = "manipulated.jpg";

const EMBEDDED: [(&str, &[u8]); 5] = [
    ("obama-2009.jpg", include_bytes!("../../../demo/obama-2009.jpg")),
    ("obama-2010.jpg", include_bytes!("../../../demo/obama-2010.jpg")),
    ("obama-2012.jpg", include_bytes!("../../../demo/obama-2012.jpg")),
    ("biden-2010.jpg", include_bytes!("../../../demo/biden-2010.jpg")),
    ("collins.jpg", include_bytes!("../../../demo/collins.jpg")),
];

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    if let Some(folder) = &args.write {
        check_writable(folder)?;
    }
    let photo = |name: &str| photograph(args.demo_dir.as_deref(), name);
    let (genuine, other) = (photo(GENUINE)?, photo(OTHER)?);
    let (finder, _) = pipeline::networks(&args.networks.models)?;
    let manipulated = manipulate(&finder, &genuine, &other, args.blend)?;
    drop(finder);

    let data = Scratch::new()?;
    let service = RecordedService::open(&args.networks.models, &data.0)?;
    let service = service.acting_as(Actor::CommandLine);
    let id: IdentityId = "barack-obama".parse()?;
    service.put_identity(&id, &IdentityFields { display_name: "Barack Obama".into(), ..IdentityFields::default() })?;
    let uploads = REFERENCES.iter().map(|n| Ok(Upload { filename: Some((*n).into()), bytes: photo(n)? }));
    let uploads = uploads.collect::<Result<Vec<_>, Failure>>()?;
    let report = service.enroll(&id, SampleKind::Reference, &uploads)?;
    if let Some(folder) = &args.write {
        write(folder, args.demo_dir.as_deref(), &manipulated)?;
    }
    if args.json {
        let answers = [&genuine, &other, &manipulated].map(|bytes| service.verify(bytes, Some(&id)));
        let answers = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
        println!("{}", json!({ "enrollment": report, "answers": answers }));
        return Ok(ExitCode::SUCCESS);
    }
    println!("Enrolled {id}: {} of {} photographs accepted", report.accepted.len(), REFERENCES.len());
    if let Some(p) = report.profile {
        println!("  {}", p.remark);
    }

    let share = args.blend.clamp(0.0, 1.0) * 100.0;
    let forged = format!("3. The first photograph with the other person's face blended into it ({share:.0} %)");
    let steps = [
        ("1. A genuine photograph that was not enrolled", &genuine),
        ("2. Another person", &other),
        (forged.as_str(), &manipulated),
    ];
    for (title, bytes) in steps {
        println!("\n{title}");
        verify::print(&service.verify(bytes, Some(&id))?, false);
    }
    next(args.write.as_deref());
    Ok(ExitCode::SUCCESS)
}

fn photograph(folder: Option<&Path>, name: &str) -> Result<Vec<u8>, Failure> {
    if let Some(folder) = folder {
        let path = folder.join(name);
        return Ok(open::read(&path).map_err(|e| format!("cannot read `{}`: {e}", open::plain(&path)))?);
    }
    let found = EMBEDDED.iter().find(|(n, _)| *n == name);
    Ok(found.map(|(_, bytes)| bytes.to_vec()).ok_or_else(|| format!("`{name}` is not a photograph of the demo"))?)
}

/// `target` with `share` (0..=1) of the face of `donor`, as JPEG.
fn manipulate(finder: &FaceFinder, target: &[u8], donor: &[u8], share: f32) -> Result<Vec<u8>, Failure> {
    let open = |bytes: &[u8]| -> Result<(Pyramid, faceward::face::Mesh), Failure> {
        let image = decode(bytes, &DecodeLimits::default())?.image;
        let face = finder.find(&image)?.faces.into_iter().next().ok_or("a photograph of the demo shows no face")?;
        Ok((image, face.mesh))
    };
    let ((target, onto), (donor, from)) = (open(target)?, open(donor)?);
    let copy = swap::blend(target.finest(), &onto, &donor, &from, share.clamp(0.0, 1.0));
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 92).write_image(
        copy.as_raw(),
        copy.width(),
        copy.height(),
        image::ExtendedColorType::Rgb8,
    )?;
    Ok(bytes)
}

fn write(folder: &Path, demo_dir: Option<&Path>, manipulated: &[u8]) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(FileError::make(folder))?;
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).map_err(FileError::write(&path))
    };
    for (name, _) in EMBEDDED {
        put(name, &photograph(demo_dir, name)?)?;
    }
    Ok(put(MANIPULATED, manipulated)?)
}

fn next(written: Option<&Path>) {
    let folder = written.map_or_else(|| "DIR".to_owned(), open::plain);
    println!("\nWhat next");
    if written.is_none() {
        println!("  faceward demo --write DIR         # the photographs as files");
    }
    println!("  faceward enroll barack-obama {folder}/obama-2009.jpg {folder}/obama-2012.jpg --name \"Barack Obama\"");
    println!("  faceward verify --identity barack-obama {folder}/{MANIPULATED}");
    println!("  faceward batch {folder} --identity barack-obama --out result.jsonl");
    println!("  faceward serve                    # then, from another terminal:");
    println!("  curl -F image=@{folder}/{MANIPULATED} -F identity=barack-obama http://127.0.0.1:8080/v1/verify");
}

/// A temporary folder, removed when the demo ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("faceward-demo-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&path).map_err(FileError::make(&path))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
