//! Calibration: whether eight in ten faces with a score of 0.8 are genuine.

use serde::{Deserialize, Serialize};

use super::Scored;

/// One bin of the reliability curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Scores from here, inclusive.
    pub from: f64,
    /// Scores to here, exclusive; the last bin holds 1 too.
    pub to: f64,
    /// The number of faces.
    pub count: usize,
    /// Its share of the whole weight.
    pub share: f64,
    /// The weighted mean of the scores.
    pub score: f64,
    /// The weighted share of genuine photographs.
    pub genuine: f64,
}

/// The reliability curve in `bins` bins of equal width; empty bins are left out.
pub fn reliability(samples: &[Scored], bins: usize) -> Vec<Bin> {
    let whole: f64 = samples.iter().map(|s| s.weight).sum();
    let place = |s: &Scored| ((s.score * bins as f64) as usize).min(bins.saturating_sub(1));
    let bin = |b: usize| {
        let inside: Vec<&Scored> = samples.iter().filter(|s| place(s) == b).collect();
        let weight: f64 = inside.iter().map(|s| s.weight).sum();
        let average = |of: &dyn Fn(&Scored) -> f64| inside.iter().map(|s| s.weight * of(s)).sum::<f64>() / weight;
        (weight > 0.0).then(|| Bin {
            from: b as f64 / bins as f64,
            to: (b + 1) as f64 / bins as f64,
            count: inside.len(),
            share: weight / whole,
            score: average(&|s| s.score),
            genuine: average(&|s| f64::from(u8::from(s.genuine))),
        })
    };
    (0..bins).filter_map(bin).collect()
}

/// The expected calibration error: the mean distance between score and share of genuine photographs over the bins,
/// weighted by their share (Naeini, Cooper and Hauskrecht 2015). `None` without bins.
pub fn calibration_error(bins: &[Bin]) -> Option<f64> {
    (!bins.is_empty()).then(|| bins.iter().map(|b| b.share * (b.score - b.genuine).abs()).sum())
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "figures that are exact are compared exactly")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample(score: f64, genuine: bool) -> Scored {
        Scored { score, genuine, weight: 1.0 }
    }

    #[test]
    fn calibrated_scores_have_no_error() {
        let mut all = vec![sample(0.75, true); 3];
        all.push(sample(0.75, false));
        let bins = reliability(&all, 10);
        assert_eq!((bins.len(), bins[0].count), (1, 4));
        assert!(calibration_error(&bins).unwrap() < 1e-12);
    }

    #[test]
    fn overconfidence_is_measured() {
        let all = [sample(1.0, true), sample(1.0, false)];
        let bins = reliability(&all, 10);
        assert_eq!(bins[0].to, 1.0);
        assert!((calibration_error(&bins).unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(calibration_error(&[]), None);
    }

    proptest! {
        #[test]
        fn bins_share_the_whole_and_the_error_is_a_share(
            all in prop::collection::vec((0.0..=1.0f64, any::<bool>(), 0.01..2.0f64), 1..60), bins in 1..20usize,
        ) {
            let all: Vec<Scored> =
                all.into_iter().map(|(score, genuine, weight)| Scored { score, genuine, weight }).collect();
            let curve = reliability(&all, bins);
            prop_assert_eq!(curve.iter().map(|b| b.count).sum::<usize>(), all.len());
            prop_assert!((curve.iter().map(|b| b.share).sum::<f64>() - 1.0).abs() < 1e-9);
            prop_assert!(curve.iter().all(|b| b.from - 1e-9 <= b.score && b.score <= b.to + 1e-9));
            prop_assert!((0.0..=1.0).contains(&calibration_error(&curve).unwrap()));
        }
    }
}
