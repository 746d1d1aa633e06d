//! The nearest impostors: the strangers of the cohort who resemble a person most.
//!
//! A person is hardest to tell from those who resemble them. So the nearest impostors, and not strangers at large, set
//! the likeness at which another person begins (the hard negatives of `VIPGuard`'s second stage, arXiv 2505.19582).

use super::spread::Spread;
use crate::template::{Embedding, Embeddings, cosine};

/// The share of the cohort that counts as nearest impostors.
const COHORT_SHARE: f32 = 0.1;
/// The least number of nearest impostors.
const MIN_IMPOSTORS: usize = 3;

/// The faces of `cohort` that are most like `centroids` (one per [`Embedding::JUDGED`]): those with the highest sum of
/// standardised cosines.
pub(super) fn nearest_impostors<'a>(centroids: &[Vec<f32>], cohort: &'a [Embeddings]) -> Vec<&'a Embeddings> {
    let mut sums = vec![0.0f32; cohort.len()];
    for (which, centroid) in Embedding::JUDGED.into_iter().zip(centroids) {
        let cosines: Vec<f32> = cohort.iter().map(|c| cosine(centroid, c.get(which))).collect();
        let spread = Spread::of(&cosines);
        for (sum, c) in sums.iter_mut().zip(&cosines) {
            *sum += spread.z(*c);
        }
    }
    let mut order: Vec<usize> = (0..cohort.len()).collect();
    order.sort_by(|&a, &b| sums[b].total_cmp(&sums[a]).then(a.cmp(&b)));
    order.truncate(((cohort.len() as f32 * COHORT_SHARE).round() as usize).max(MIN_IMPOSTORS));
    order.into_iter().map(|i| &cohort[i]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::fixtures::{near, template};

    #[test]
    fn the_nearest_tenth_in_all_embeddings_together() {
        let centroids: Vec<Vec<f32>> = Embedding::JUDGED.map(|e| template(1).embeddings.get(e).to_vec()).into();
        let mut cohort: Vec<Embeddings> = (100..157).map(|i| template(i).embeddings).collect();
        let alike: Vec<Embeddings> = (0..3).map(|i| near(1, i).embeddings).collect();
        for (at, face) in [5, 20, 40].into_iter().zip(&alike) {
            cohort.insert(at, face.clone());
        }
        let found = nearest_impostors(&centroids, &cohort);
        assert_eq!(found.len(), 6);
        assert!(alike.iter().all(|face| found[..3].contains(&face)));
        assert_eq!(nearest_impostors(&centroids, &cohort[..10]).len(), MIN_IMPOSTORS);
        assert!(nearest_impostors(&centroids, &[]).is_empty());
    }
}
