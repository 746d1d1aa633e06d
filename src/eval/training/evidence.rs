//! Evidence over a labelled folder, as JSON lines: the input of the fusion's fit and of ablations.
//!
//! References are drawn and enrolled by the service's own rules, so the fits see what the service sees.

use std::collections::HashMap;
use std::io::{self, BufRead, Write};

use serde::Serialize;

use super::templates::read_templates;
use crate::eval::{Dataset, Protocol, draws, enroll};
use crate::identity::{OfferedImage, Population};
use crate::template::Template;
use crate::verdict::{Evidence, Fusion, best_match};

/// The line of one picture and one claimed person.
#[derive(Serialize)]
struct Row<'a> {
    seed: u64,
    person: &'a str,
    set: &'a str,
    path: &'a str,
    references: usize,
    /// The inputs of the fusion, see [`Fusion::features`].
    features: Vec<f32>,
    quality: f32,
    evidence: &'a Evidence,
}

/// The draws of [`write_evidence`].
#[derive(Clone, Copy, Debug)]
pub struct EvidenceOptions {
    /// References per person; at most half of the person's photographs.
    pub references: usize,
    /// Draws per person.
    pub seeds: u64,
    /// Pictures of other people per person and draw.
    pub others: usize,
}

/// Draws references per person from `lines` (the output of `write_templates`, in the layout `person/real/…` and
/// `person/fake/method/…`), and writes the evidence of every other picture of that person and of some pictures of other
/// people. With `probes`, the pictures verified are those of the same path in these other lines, for example of
/// degraded copies.
///
/// # Errors
/// When the lines cannot be read or `out` cannot be written.
pub fn write_evidence(
    lines: impl BufRead,
    probes: Option<impl BufRead>,
    population: &Population,
    options: EvidenceOptions,
    out: &mut impl Write,
) -> io::Result<()> {
    let pictures = Dataset::of(read_templates(lines).collect::<io::Result<Vec<_>>>()?);
    let probes =
        probes.map(|lines| read_templates(lines).collect::<io::Result<HashMap<_, Vec<Template>>>>()).transpose()?;
    let EvidenceOptions { references, seeds, others } = options;
    let protocol = Protocol { references, seeds, others, ..Protocol::default() };
    for draw in draws(&pictures, &protocol) {
        let candidates = draw.references.iter();
        let candidates =
            candidates.map(|p| OfferedImage { sha256: p.path.clone(), faces: p.content.clone() }).collect();
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
