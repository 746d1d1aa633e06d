//! The upper tail of strangers' similarity, for `models/population.toml`.

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use super::templates::read_templates;
use crate::identity::Tail;
use crate::template::{Embedding, Template, cosine, mean_direction};

/// The share of comparisons that the tail is fitted to.
pub const TAIL_SHARE: f32 = 0.001;

/// The least number of photographs of a person who is enrolled.
const LEAST_ENROLLED: usize = 4;

/// The comparisons that a tail was fitted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Identities enrolled.
    pub identities: usize,
    /// Photographs of strangers, each compared with every identity.
    pub strangers: usize,
}

/// Fits the tail to photographs of many people (`lines` is the output of `write_templates` for a folder `person/…`).
/// People with [`LEAST_ENROLLED`] photographs or more are enrolled, each with at most `references`; the others are
/// strangers. The largest face of each picture counts. `None` where there are too few comparisons.
///
/// # Errors
/// When the lines cannot be read.
pub fn fit_tail(lines: impl BufRead, references: usize) -> io::Result<Option<(Tail, Compared)>> {
    let mut people: BTreeMap<String, Vec<Vec<f32>>> = BTreeMap::new();
    for picture in read_templates(lines) {
        let (path, faces) = picture?;
        let person = path.split('/').next().unwrap_or_default().to_owned();
        people.entry(person).or_default().extend(faces.first().map(vector));
    }
    let (enrolled, strangers): (Vec<_>, Vec<_>) = people.into_values().partition(|v| v.len() >= LEAST_ENROLLED);
    let profiles: Vec<Vec<f32>> =
        enrolled.iter().map(|v| mean_direction(v[..references.min(v.len())].iter().map(Vec::as_slice))).collect();
    let strangers: Vec<Vec<f32>> = strangers.into_iter().flatten().collect();
    let scores = strangers.iter().flat_map(|s| profiles.iter().map(move |p| cosine(p, s))).collect();
    let compared = Compared { identities: profiles.len(), strangers: strangers.len() };
    Ok(Tail::fit(scores, TAIL_SHARE).map(|tail| (tail, compared)))
}

fn vector(face: &Template) -> Vec<f32> {
    face.embeddings.get(Embedding::C).to_vec()
}
