//! Evidence over a labelled set: what the fusion is fitted on and what ablations read.
//!
//! From extracted templates (see [`super::extract`]) in the layout `person/real/…` and `person/fake/method/…`, draws
//! references, enrolls them by the service's own rules, and writes the evidence of every other picture. So the
//! fitting scripts see exactly what the service sees.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};

use crate::identity::{Candidate, Population, Profile, admit};
use crate::traits::{Embeddings, Template};
use crate::verdict::{Evidence, Fusion, most_alike};

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

/// A picture and its templates, by person and set (`real` or a method).
type Pictures = BTreeMap<String, BTreeMap<String, Vec<(String, Vec<Template>)>>>;

fn read(lines: impl BufRead) -> io::Result<Pictures> {
    let mut pictures = Pictures::new();
    for line in lines.lines() {
        let line: Line = serde_json::from_str(&line?)?;
        let parts: Vec<&str> = line.path.split('/').collect();
        let (person, set) = match parts[..] {
            [person, "fake", method, ..] => (person, format!("fake:{method}")),
            [person, set, _, ..] => (person, set.to_owned()),
            [person, _] => (person, "real".to_owned()),
            _ => continue,
        };
        let templates = line.faces.into_iter().map(|f| f.template).collect();
        pictures.entry(person.to_owned()).or_default().entry(set).or_default().push((line.path.clone(), templates));
    }
    Ok(pictures)
}

/// A reproducible shuffle: pictures in the order of a hash of seed and path.
fn shuffled<T>(mut pictures: Vec<&(String, T)>, seed: u64) -> Vec<&(String, T)> {
    use sha2::{Digest, Sha256};
    pictures.sort_by_key(|(path, _)| Sha256::digest(format!("{seed}/{path}")).to_vec());
    pictures
}

/// Draws `references` pictures a person (at most half) with each of `seeds`, and writes a JSON line of evidence for
/// every other picture of that person and for `others` pictures of other people.
///
/// # Errors
/// When the lines cannot be read or the output not written.
pub fn evidence(
    lines: impl BufRead,
    population: &Population,
    references: usize,
    seeds: u64,
    others: usize,
    out: &mut impl Write,
) -> io::Result<()> {
    let pictures = read(lines)?;
    for seed in 0..seeds {
        for (person, sets) in &pictures {
            let Some(real) = sets.get("real") else { continue };
            let real = shuffled(real.iter().collect(), seed);
            let (chosen, rest) = real.split_at(references.min(real.len() / 2));
            let Some(profile) = enrolled(chosen, population) else { continue };
            let used: Vec<&str> = chosen.iter().map(|(p, _)| stem(p)).collect();
            let mut write = |set: &str, (path, faces): &(String, Vec<Template>)| -> io::Result<()> {
                let all: Vec<Evidence> = faces.iter().map(|t| Evidence::measure(t, &profile)).collect();
                let Some(best) = most_alike(&all) else { return Ok(()) };
                let (evidence, quality) = (&all[best], faces[best].quality.score);
                let features = Fusion::features(evidence);
                let row = Row { seed, person, set, path, references: profile.references, features, quality, evidence };
                serde_json::to_writer(&mut *out, &row)?;
                out.write_all(b"\n")
            };
            for picture in rest {
                write("real", picture)?;
            }
            for (set, pictures) in sets.iter().filter(|(set, _)| *set != "real") {
                // A forgery made from an enrolled photograph would be compared with its own pixels.
                for picture in pictures.iter().filter(|(p, _)| !used.iter().any(|u| stem(p).contains(u))) {
                    write(set, picture)?;
                }
            }
            let strangers = pictures.iter().filter(|(p, _)| *p != person).filter_map(|(_, s)| s.get("real"));
            for picture in shuffled(strangers.flatten().collect(), seed).into_iter().take(others) {
                write("other", picture)?;
            }
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

fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn enrolled(pictures: &[&(String, Vec<Template>)], population: &Population) -> Option<Profile> {
    let candidates: Vec<Candidate> =
        pictures.iter().map(|(path, faces)| Candidate { sha256: path.clone(), faces: faces.clone() }).collect();
    let outcomes = admit(&[], &candidates, population);
    let taken = candidates.iter().zip(outcomes).filter_map(|(c, o)| c.faces.get(o.ok()?).cloned()).collect();
    Profile::of_templates(taken, population)
}
