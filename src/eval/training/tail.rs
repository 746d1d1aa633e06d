//! The upper tails of strangers' similarity, for `models/population.toml`.

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use super::templates::read_templates;
use crate::identity::{SEARCHED, Similarity, Tails};
use crate::template::{Embedding, Template, cosine, mean_direction};

/// The share of comparisons that a tail is fitted to.
pub const TAIL_SHARE: f32 = 0.001;

/// The least number of photographs of a person who is enrolled.
const LEAST_ENROLLED: usize = 4;

/// The comparisons that the tails were fitted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Identities enrolled.
    pub identities: usize,
    /// Photographs of strangers, each compared with every identity.
    pub strangers: usize,
}

/// Fits the tails to photographs of many people (`lines` is the output of `write_templates` for a folder `person/…`).
/// People with [`LEAST_ENROLLED`] photographs or more are enrolled, each with at most `references`; the others are
/// strangers. The largest face of each picture counts. `None` where there are too few comparisons.
///
/// # Errors
/// When the lines cannot be read.
pub fn fit_tails(lines: impl BufRead, references: usize) -> io::Result<Option<(Tails, Compared)>> {
    let mut people: BTreeMap<String, Vec<Vectors>> = BTreeMap::new();
    for picture in read_templates(lines) {
        let (path, faces) = picture?;
        let person = path.split('/').next().unwrap_or_default().to_owned();
        people.entry(person).or_default().extend(faces.first().map(Vectors::of));
    }
    let (enrolled, strangers): (Vec<_>, Vec<_>) = people.into_values().partition(|v| v.len() >= LEAST_ENROLLED);
    let identities: Vec<Vectors> = enrolled.iter().map(|v| Vectors::mean(&v[..references.min(v.len())])).collect();
    let strangers: Vec<Vectors> = strangers.into_iter().flatten().collect();
    let similarities: Vec<Similarity> =
        strangers.iter().flat_map(|s| identities.iter().map(move |p| p.similarity(s))).collect();
    let compared = Compared { identities: identities.len(), strangers: strangers.len() };
    Ok(Tails::fit(&similarities, TAIL_SHARE).map(|tails| (tails, compared)))
}

/// The vectors that a search compares, of one photograph or the mean of several.
struct Vectors {
    searched: Vec<f32>,
    confirming: Vec<f32>,
}

impl Vectors {
    fn of(face: &Template) -> Self {
        let of = |e: Embedding| face.embeddings.get(e).to_vec();
        Self { searched: of(SEARCHED), confirming: of(Embedding::D) }
    }

    fn mean(all: &[Self]) -> Self {
        Self {
            searched: mean_direction(all.iter().map(|v| v.searched.as_slice())),
            confirming: mean_direction(all.iter().map(|v| v.confirming.as_slice())),
        }
    }

    fn similarity(&self, other: &Self) -> Similarity {
        Similarity {
            searched: cosine(&self.searched, &other.searched),
            confirming: Some(cosine(&self.confirming, &other.confirming)),
        }
    }
}
