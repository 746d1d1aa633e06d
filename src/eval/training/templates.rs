//! Templates of every face under a folder as JSON lines: what the scripts in `training/` start from.
//!
//! The output is biometric data in the clear. It is for training and for measuring on images that you may use so;
//! the service itself never writes it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;

use crate::face::{Detection, FaceFinder, Mesh};
use crate::imaging::{DecodeLimits, decode, image_files};
use crate::template::{Template, TemplateExtractor};

/// One image's line.
#[derive(Serialize)]
struct Line<'a> {
    path: &'a Path,
    width: u32,
    height: u32,
    error: Option<String>,
    faces: Vec<FaceLine>,
}

#[derive(Serialize)]
struct FaceLine {
    detection: Detection,
    mesh: Mesh,
    template: Template,
}

/// Writes one line an image for every image file under `folder`, on `threads` threads; paths are relative to it. A
/// file that cannot be read or decoded gets a line with its error.
///
/// # Errors
/// When `out` cannot be written.
pub fn extract(
    finder: &FaceFinder,
    extractor: &TemplateExtractor,
    folder: &Path,
    threads: usize,
    out: &mut (impl Write + Send),
    progress: &(dyn Fn(usize, usize) + Sync),
) -> io::Result<()> {
    let files: Vec<PathBuf> = image_files(folder);
    let next = AtomicUsize::new(0);
    let out = Mutex::new((out, Ok(())));
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let name = path.strip_prefix(folder).unwrap_or(path);
                    let line = serde_json::to_string(&line(finder, extractor, path, name)).unwrap_or_default();
                    let Ok(mut guard) = out.lock() else { return };
                    if guard.1.is_ok() {
                        guard.1 = writeln!(guard.0, "{line}");
                    }
                    drop(guard);
                    progress(next.load(Ordering::Relaxed).min(files.len()), files.len());
                }
            });
        }
    });
    out.into_inner().map_or(Ok(()), |(_, result)| result)
}

fn line<'a>(finder: &FaceFinder, extractor: &TemplateExtractor, path: &Path, name: &'a Path) -> Line<'a> {
    let mut line = Line { path: name, width: 0, height: 0, error: None, faces: Vec::new() };
    let faces = || -> Result<(u32, u32, Vec<FaceLine>), Box<dyn std::error::Error>> {
        let image = decode(&std::fs::read(path)?, &DecodeLimits::default())?.image;
        let faces = finder.find(&image)?.into_iter().map(|face| {
            let parts = extractor.parts(&image, &face)?;
            let template = Template { parts, ..extractor.extract(&image, &face)? };
            Ok(FaceLine { detection: face.detection, mesh: face.mesh, template })
        });
        let faces = faces.collect::<Result<_, crate::inference::InferenceError>>()?;
        Ok((image.width(), image.height(), faces))
    };
    match faces() {
        Ok((width, height, faces)) => (line.width, line.height, line.faces) = (width, height, faces),
        Err(e) => line.error = Some(e.to_string()),
    }
    line
}
