//! Templates of every face under a folder, as JSON lines.

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::face::{Detection, FaceFinder, Mesh};
use crate::imaging::{DecodeLimits, decode};
use crate::parallel;
use crate::template::{Template, TemplateExtractor};

/// The line of one image.
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

/// Writes a line for each of `files` under `folder`, on `threads` threads; paths are relative to it. A file that cannot
/// be read or decoded gets a line with its error. `progress` gets the number of images done, and of all images.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_templates(
    finder: &FaceFinder,
    extractor: &TemplateExtractor,
    folder: &Path,
    files: &[PathBuf],
    threads: usize,
    out: &mut impl Write,
    progress: &dyn Fn(usize, usize),
) -> io::Result<()> {
    let json = |path: &PathBuf| {
        let name = path.strip_prefix(folder).unwrap_or(path);
        serde_json::to_string(&line(finder, extractor, path, name)).unwrap_or_default()
    };
    let mut done = 0;
    parallel::for_each(files, threads, json, |_, line| {
        done += 1;
        progress(done, files.len());
        writeln!(out, "{line}")
    })
}

fn line<'a>(finder: &FaceFinder, extractor: &TemplateExtractor, path: &Path, name: &'a Path) -> Line<'a> {
    let mut line = Line { path: name, width: 0, height: 0, error: None, faces: Vec::new() };
    let faces = || -> Result<(u32, u32, Vec<FaceLine>), Box<dyn std::error::Error>> {
        let image = decode(&std::fs::read(path)?, &DecodeLimits::default())?.image;
        let faces = finder.find(&image)?.faces.into_iter().map(|face| {
            let template = extractor.complete(extractor.extract(&image, &face)?, &image, &face)?;
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

/// The fields of a line that the other exports read.
#[derive(Deserialize)]
struct Read {
    path: String,
    faces: Vec<ReadFace>,
}

#[derive(Deserialize)]
struct ReadFace {
    template: Template,
}

/// Path and templates of each of the lines that [`write_templates`] wrote.
pub(super) fn read_templates(lines: impl BufRead) -> impl Iterator<Item = io::Result<(String, Vec<Template>)>> {
    lines.lines().map(|line| {
        let line: Read = serde_json::from_str(&line?)?;
        Ok((line.path, line.faces.into_iter().map(|face| face.template).collect()))
    })
}
