//! The map that calibrates scores.

use serde::{Deserialize, Serialize};

/// Platt scaling: a straight line on the scale of log odds (Platt 1999). It never changes which of two faces scores
/// higher.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoreMap {
    /// Above zero; above 1 moves scores away from 0.5, below 1 towards it.
    pub slope: f32,
    /// In natural log odds.
    pub offset: f32,
}

impl Default for ScoreMap {
    /// The map that changes nothing.
    fn default() -> Self {
        Self { slope: 1.0, offset: 0.0 }
    }
}

impl ScoreMap {
    /// The mapped score, 0..=1.
    pub fn apply(&self, score: f32) -> f32 {
        if *self == Self::default() {
            return score;
        }
        let score = score.clamp(1e-6, 1.0 - 1e-6);
        let logit = self.slope * (score / (1.0 - score)).ln() + self.offset;
        1.0 / (1.0 + (-logit).exp())
    }

    /// The map that undoes this one.
    #[must_use]
    pub fn inverse(self) -> Self {
        Self { slope: 1.0 / self.slope, offset: -self.offset / self.slope }
    }

    /// The map that applies `first` and then this one.
    #[must_use]
    pub fn after(self, first: Self) -> Self {
        Self { slope: self.slope * first.slope, offset: self.slope * first.offset + self.offset }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "figures that are exact are compared exactly")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn maps_keep_the_order_and_the_range(
            a in 0.0..=1.0f32, b in 0.0..=1.0f32, slope in 0.1..5.0f32, offset in -3.0..3.0f32,
        ) {
            let map = ScoreMap { slope, offset };
            let (low, high) = (map.apply(a.min(b)), map.apply(a.max(b)));
            prop_assert!(0.0 <= low && low <= high && high <= 1.0);
            prop_assert_eq!(ScoreMap::default().apply(a), a);
        }

        #[test]
        fn the_inverse_undoes_a_map(score in 0.01..=0.99f32, slope in 0.5..2.0f32, offset in -2.0..2.0f32) {
            let map = ScoreMap { slope, offset };
            prop_assert!((map.inverse().apply(map.apply(score)) - score).abs() < 1e-3);
        }

        #[test]
        fn two_maps_are_one(
            score in 0.001..=0.999f32, a in 0.5..2.0f32, b in -2.0..2.0f32, c in 0.5..2.0f32, d in -2.0..2.0f32,
        ) {
            let (first, second) = (ScoreMap { slope: a, offset: b }, ScoreMap { slope: c, offset: d });
            let one = second.after(first).apply(score);
            prop_assert!((one - second.apply(first.apply(score))).abs() < 1e-4);
            prop_assert_eq!(ScoreMap::default().after(first), first);
        }
    }
}
