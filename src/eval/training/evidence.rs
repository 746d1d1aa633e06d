//! Evidence over a labelled set: what the fusion is fitted on and what ablations read.
//!
//! From extracted templates (see [`super::templates`]) in the layout `person/real/…` and `person/fake/method/…`, draws
//! references, enrolls them by the service's own rules, and writes the evidence of every other picture. So the
//! fitting scripts see exactly what the service sees.

use std::collections::HashMap;
use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};

use crate::eval::{Dataset, Protocol, draws, enroll};
use crate::identity::{Candidate, Population};
use crate::template::{Embeddings, Template};
use crate::verdict::{Evidence, Fusion, best_match};

#[derive(Deserialize)]
struct Line {
    path: String,
    faces: Vec<FaceLine>,
}

#[derive(Deserialize)]
struct FaceLine {
    template: Template,
}

/// One picture's evidence against one person.
#[derive(Serialize)]
struct Row<'a> {
    seed: u64,
    person: &'a str,
    set: &'a str,
    path: &'a str,
    references: usize,
    /// What the fusion reads, see [`Fusion::features`].
    features: Vec<f32>,
    quality: f32,
    evidence: &'a Evidence,
}

fn read(lines: impl BufRead) -> io::Result<Vec<(String, Vec<Template>)>> {
    let mut pictures = Vec::new();
    for line in lines.lines() {
        let line: Line = serde_json::from_str(&line?)?;
        pictures.push((line.path, line.faces.into_iter().map(|f| f.template).collect()));
    }
    Ok(pictures)
}

/// What [`evidence`] reads besides the templates.
#[derive(Clone, Copy, Debug)]
pub struct EvidenceOptions {
    /// References a person, at most half of their pictures.
    pub references: usize,
    /// Draws.
    pub seeds: u64,
    /// Pictures of other people, a person and draw.
    pub others: usize,
}

/// Draws references a person, and writes a JSON line of evidence for every other picture of that person and for some
/// of other people. With `probes`, the pictures verified are those of the same path in these other lines (of worn
/// copies, for example); the references stay those of `lines`.
///
/// # Errors
/// When the lines cannot be read or the output not written.
pub fn evidence(
    lines: impl BufRead,
    probes: Option<impl BufRead>,
    population: &Population,
    options: EvidenceOptions,
    out: &mut impl Write,
) -> io::Result<()> {
    let pictures = Dataset::of(read(lines)?);
    let probes = probes.map(read).transpose()?.map(HashMap::<String, Vec<Template>>::from_iter);
    let EvidenceOptions { references, seeds, others } = options;
    let protocol = Protocol { references, seeds, others, ..Protocol::default() };
    for draw in draws(&pictures, &protocol) {
        let candidates = draw.references.iter();
        let candidates = candidates.map(|p| Candidate { sha256: p.path.clone(), faces: p.content.clone() }).collect();
        let Some(profile) = enroll(candidates, population).0 else { continue };
        for (set, picture) in draw.probes.iter().flat_map(|(set, pictures)| pictures.iter().map(move |p| (set, p))) {
            let faces = match &probes {
                Some(probes) => probes.get(&picture.path).map_or(&[][..], Vec::as_slice),
                None => &picture.content,
            };
            let mut all: Vec<Evidence> = faces.iter().map(|t| Evidence::measure(t, &profile)).collect();
            let Some(best) = best_match(&all) else { continue };
            if let Some(parts) = &faces[best].parts {
                all[best].measure_parts(&faces[best].embeddings, parts, &profile);
            }
            let row = Row {
                seed: draw.seed,
                person: draw.person,
                set: &set.to_string(),
                path: &picture.path,
                references: profile.references,
                features: Fusion::features(&all[best]),
                quality: faces[best].quality.score,
                evidence: &all[best],
            };
            serde_json::to_writer(&mut *out, &row)?;
            out.write_all(b"\n")?;
        }
    }
    Ok(())
}

/// Writes the embeddings of the largest face of every picture in the file format of `models/cohort.bin`; returns how
/// many.
///
/// # Errors
/// When the lines cannot be read or the output not written.
pub fn cohort(lines: impl BufRead, out: &mut impl Write) -> io::Result<usize> {
    let mut cohort: Vec<Embeddings> = Vec::new();
    for line in lines.lines() {
        let line: Line = serde_json::from_str(&line?)?;
        cohort.extend(line.faces.into_iter().next().map(|f| f.template.embeddings));
    }
    let bytes = postcard::to_stdvec(&cohort).map_err(io::Error::other)?;
    out.write_all(&bytes)?;
    Ok(cohort.len())
}
