//! The upper tail of strangers' similarity: beyond a high quantile it is a generalised Pareto distribution (Pickands
//! 1975; for face recognition Scheirer et al., "Meta-recognition", 2011).

use serde::{Deserialize, Serialize};

/// The upper tail of the similarity of one stranger to one identity.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tail {
    /// The similarity at which the tail begins, -1..=1.
    pub from: f32,
    /// The share of comparisons with strangers that reach `from`, above 0 and below 1.
    pub share: f32,
    /// The scale of the generalised Pareto distribution of what exceeds `from`; above zero.
    pub scale: f32,
    /// Its shape; below zero for a tail that ends.
    pub shape: f32,
}

/// The least number of comparisons that a tail is fitted to.
pub const LEAST_EXCESSES: usize = 50;

impl Tail {
    /// Checks that the parameters are those of a distribution.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn check(&self) -> Result<(), String> {
        let Self { from, share, scale, shape } = *self;
        let finite = [from, share, scale, shape].into_iter().all(f32::is_finite);
        if finite && share > 0.0 && share < 1.0 && scale > 0.0 && shape.abs() < 0.5 {
            return Ok(());
        }
        let need = "a share between 0 and 1, a scale above 0 and a shape between -0.5 and 0.5";
        Err(format!("the tail of strangers' similarity must have {need}"))
    }

    /// Fits the tail to the similarity in comparisons between strangers and identities: the largest `share` of them, by
    /// probability-weighted moments (Hosking and Wallis 1987). `None` where fewer than [`LEAST_EXCESSES`] lie in the
    /// tail.
    pub fn fit(mut scores: Vec<f32>, share: f32) -> Option<Self> {
        let count = (scores.len() as f64 * f64::from(share)) as usize;
        if count < LEAST_EXCESSES {
            return None;
        }
        scores.sort_unstable_by(|a, b| b.total_cmp(a));
        let from = *scores.get(count)?;
        // The mean excess, and the mean of excess times the share of larger ones.
        let (mut first, mut second) = (0.0f64, 0.0f64);
        for (larger, score) in scores[..count].iter().enumerate() {
            let excess = f64::from(score - from);
            first += excess;
            second += excess * (larger as f64 + 0.35) / count as f64;
        }
        let (first, second) = (first / count as f64, second / count as f64);
        let shape = 2.0 - first / (first - 2.0 * second);
        let scale = 2.0 * first * second / (first - 2.0 * second);
        let tail = Self { from, share, scale: scale as f32, shape: shape.clamp(-0.45, 0.45) as f32 };
        tail.check().is_ok().then_some(tail)
    }

    /// The probability that the comparison of a stranger with one identity reaches the similarity `score`; at most
    /// [`Tail::share`], as the tail says nothing of a lower similarity.
    pub(super) fn exceedance(&self, score: f32) -> f64 {
        let (share, excess) = (f64::from(self.share), f64::from((score - self.from).max(0.0)) / f64::from(self.scale));
        let shape = f64::from(self.shape);
        if shape.abs() < 1e-6 {
            return share * (-excess).exp();
        }
        share * (1.0 + shape * excess).max(0.0).powf(-1.0 / shape)
    }

    /// The similarity that a stranger's comparison reaches with this probability; at least [`Tail::from`].
    pub fn score_at(&self, probability: f64) -> f32 {
        self.extrapolated(probability.min(f64::from(self.share)))
    }

    /// As [`Tail::score_at`], continued below [`Tail::from`], where it is a rough guess.
    pub(super) fn extrapolated(&self, probability: f64) -> f32 {
        let ratio = f64::from(self.share) / probability.max(f64::MIN_POSITIVE);
        let shape = f64::from(self.shape);
        let excess = if shape.abs() < 1e-6 { ratio.ln() } else { (ratio.powf(shape) - 1.0) / shape };
        self.from + self.scale * excess as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::fixtures::TAIL;

    #[test]
    fn a_tail_is_recovered_from_its_own_quantiles() {
        for shape in [-0.2, 0.0, 0.15] {
            let tail = Tail { shape, ..TAIL };
            // One in a thousand lies in the tail, at equal steps of probability.
            let excesses = (0..2000).map(|i| tail.score_at(0.001 * (f64::from(i) + 0.5) / 2000.0));
            let scores: Vec<f32> = excesses.chain((0..1_998_000).map(|i| 0.46 * (i % 1000) as f32 / 1000.0)).collect();
            let fitted = Tail::fit(scores, 0.001).unwrap();
            assert!((fitted.from - tail.from).abs() < 0.01, "{fitted:?}");
            assert!((fitted.scale / tail.scale - 1.0).abs() < 0.08, "{fitted:?}");
            assert!((fitted.shape - shape).abs() < 0.08, "{fitted:?}");
        }
        assert_eq!(Tail::fit(vec![0.1; 1000], 0.001), None, "one score is no tail");
    }

    #[test]
    fn parameters_of_no_distribution_are_refused() {
        for wrong in [
            Tail { share: 0.0, ..TAIL },
            Tail { share: 1.0, ..TAIL },
            Tail { scale: 0.0, ..TAIL },
            Tail { shape: 0.7, ..TAIL },
            Tail { from: f32::NAN, ..TAIL },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }
}
