//! What the store keeps of an identity beside its templates, so that listing and searching need not open them.
//!
//! A row follows from the templates alone, not from the population: whoever changes the samples can write it, with or
//! without networks.

use serde::{Deserialize, Serialize};

use super::{Agreement, Sample, SampleKind};
use crate::template::{Embedding, NETWORKS, mean_direction};

/// The embedding by which identities are searched.
pub const SEARCHED: Embedding = Embedding::C;

/// The value of 1 in a stored direction.
const ONE: f32 = 32767.0;

/// What finds an identity, and what a list says of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SearchRow {
    /// The set of networks ([`NETWORKS`]) that it was made for.
    networks: u8,
    /// The number of references.
    pub references: u32,
    /// The number of negatives.
    pub negatives: u32,
    /// The agreement of the references, in the order of [`Embedding::JUDGED`].
    pub agreement: [Agreement; Embedding::JUDGED.len()],
    /// The mean embedding of the references by [`SEARCHED`], in steps of 1 / 32767; empty without a vector.
    direction: Vec<i16>,
}

impl SearchRow {
    /// The row of an identity with these samples, in the order in which they were added. Of vectors of several lengths
    /// those of the newest reference count.
    pub fn of(samples: &[Sample]) -> Self {
        let references = || samples.iter().filter(|s| s.kind == SampleKind::Reference);
        let vectors = |which: Embedding| {
            let all: Vec<&[f32]> = references().map(|s| s.template.embeddings.get(which)).collect();
            let length = all.iter().rev().map(|v| v.len()).find(|n| *n > 0).unwrap_or_default();
            all.into_iter().filter(|v| !v.is_empty() && v.len() == length).collect::<Vec<_>>()
        };
        let direction = mean_direction(vectors(SEARCHED));
        Self {
            networks: NETWORKS,
            references: references().count() as u32,
            negatives: (samples.len() - references().count()) as u32,
            agreement: Embedding::JUDGED.map(|e| Agreement::of(&vectors(e))),
            direction: direction.iter().map(|v| (v * ONE).round() as i16).collect(),
        }
    }

    /// The mean embedding of the references by [`SEARCHED`], a unit vector but for rounding; empty without a vector.
    pub fn direction(&self) -> Vec<f32> {
        self.direction.iter().map(|v| f32::from(*v) / ONE).collect()
    }

    /// Whether no search finds the identity although it has references: earlier networks read all of them.
    pub fn is_outdated(&self) -> bool {
        self.references > 0 && self.direction.is_empty()
    }

    /// Whether it was made for the networks that this faceward runs.
    pub fn is_current(&self) -> bool {
        self.networks == NETWORKS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Profile;
    use crate::identity::fixtures::{near, population, sample};
    use crate::template::{Embeddings, cosine};

    #[test]
    fn a_row_says_what_the_profile_says() {
        let population = population();
        let mut samples: Vec<Sample> = (0..4).map(|i| sample(SampleKind::Reference, near(1, i))).collect();
        samples.insert(2, sample(SampleKind::KnownFake, near(2, 0)));
        let row = SearchRow::of(&samples);
        assert_eq!((row.references, row.negatives), (4, 1));
        assert!(row.is_current());
        let profile = Profile::fit(&samples, &population).unwrap();
        assert!(cosine(&row.direction(), &profile.embedding(SEARCHED).centroid) > 0.999_999);
        for e in Embedding::JUDGED {
            let genuine = row.agreement[e as usize].genuine(&population.prior(e), population.model.prior_weight);
            assert_eq!(genuine, profile.embedding(e).genuine);
        }
        let none = SearchRow::of(&samples[2..3]);
        assert_eq!((none.references, none.negatives, none.direction()), (0, 1, Vec::new()));
    }

    #[test]
    fn of_vectors_of_two_lengths_those_of_the_newest_count() {
        let of = |n: usize| {
            let mut s = sample(SampleKind::Reference, near(1, n as u64));
            s.template.embeddings = Embeddings::new([vec![1.0; 3], vec![1.0; 3], vec![1.0; n], vec![1.0]]);
            s
        };
        let row = SearchRow::of(&[of(5), of(0), of(4), of(4), of(0)]);
        assert_eq!((row.references, row.direction().len(), row.agreement[2].vectors), (5, 4, 2));
    }
}
