//! How alike a person's references are by one embedding, and the likeness of a further photograph that follows from it.

use serde::{Deserialize, Serialize};

use super::EmbeddingPrior;
use super::spread::Spread;
use crate::template::{cosine, mean_direction};

/// The agreement of one embedding's vectors of a person's references.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// The number of vectors.
    pub vectors: u32,
    /// The mean cosine of two of them; 0 for fewer than two.
    pairwise: f32,
    /// Of the cosines of each vector with the mean embedding of the others, the sum of squared differences from their
    /// mean.
    squares: f32,
}

impl Agreement {
    /// The agreement of unit vectors of one length.
    pub fn of(vectors: &[&[f32]]) -> Self {
        let n = vectors.len();
        let mut pairs = Vec::new();
        for (i, a) in vectors.iter().enumerate() {
            pairs.extend(vectors[..i].iter().map(|b| cosine(a, b)));
        }
        let pairwise = if pairs.is_empty() { 0.0 } else { pairs.iter().sum::<f32>() / pairs.len() as f32 };
        let left_out: Vec<f32> = (0..n)
            .filter(|_| n > 1)
            .map(|i| {
                let rest = vectors.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, v)| *v);
                cosine(vectors[i], &mean_direction(rest))
            })
            .collect();
        let mean = left_out.iter().sum::<f32>() / left_out.len().max(1) as f32;
        let squares = left_out.iter().map(|s| (s - mean).powi(2)).sum();
        Self { vectors: n as u32, pairwise, squares }
    }

    /// The cosine of a further genuine photograph with the mean embedding of the vectors, shrunk towards the
    /// population's `prior`, which weighs as much as `weight` references.
    pub fn genuine(&self, prior: &EmbeddingPrior, weight: f32) -> Spread {
        // n photographs give n (n - 1) / 2 pairs but only about n - 1 independent ones.
        let own = (self.vectors as f32 - 1.0).max(0.0);
        let pairwise = (weight * prior.pairwise + own * self.pairwise) / (weight + own);
        let within = (weight * prior.spread.powi(2) + self.squares) / (weight + own);
        let of_centre = prior.between_people.powi(2) * weight / (weight + own);
        Spread { centre: expected_cosine(pairwise, self.vectors), deviation: (within + of_centre).sqrt() }
    }
}

/// The expected cosine with the mean embedding of `n` photographs whose pairs have the cosine `pairwise`: the mean of
/// `n` unit vectors with that pairwise cosine has length sqrt((1 + (n - 1) pairwise) / n).
fn expected_cosine(pairwise: f32, n: u32) -> f32 {
    let n = n.max(1) as f32;
    pairwise / ((1.0 + (n - 1.0) * pairwise) / n).max(1e-6).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_centroid_of_many_is_nearer_than_a_pair() {
        assert!((expected_cosine(0.6, 1) - 0.6).abs() < 1e-6);
        assert!((expected_cosine(0.6, 10_000) - 0.6f32.sqrt()).abs() < 1e-3);
    }
}
