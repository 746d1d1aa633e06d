//! AUC, EER and curves: how well scores rank genuine photographs above fakes at any threshold.

/// The area under the ROC curve: the share of (genuine, fake) pairs that the scores rank correctly, ties counted half
/// (Mann and Whitney 1947). `None` where either side is empty.
pub fn auc(genuine: &[f64], fakes: &[f64]) -> Option<f64> {
    if genuine.is_empty() || fakes.is_empty() {
        return None;
    }
    let mut all: Vec<(f64, bool)> =
        genuine.iter().map(|&s| (s, true)).chain(fakes.iter().map(|&s| (s, false))).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut right) = (0usize, 0.0);
    for tied in all.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let ours = tied.iter().filter(|(_, genuine)| *genuine).count();
        let theirs = tied.len() - ours;
        right += ours as f64 * (below as f64 + theirs as f64 / 2.0);
        below += theirs;
    }
    Some(right / (genuine.len() as f64 * fakes.len() as f64))
}

/// The equal error rate: the mean of the two error rates at the observed score where they differ least (of several, the
/// one with the smaller errors). `None` where either side is empty.
pub fn eer(genuine: &[f64], fakes: &[f64]) -> Option<f64> {
    let points = curve(genuine, fakes);
    // The last point lies above every score.
    let observed = points.split_last()?.1.iter();
    let gaps = observed.map(|[apcer, bpcer]| ((bpcer - apcer).abs(), (bpcer + apcer) / 2.0));
    gaps.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))).map(|(_, rate)| rate)
}

/// (APCER, BPCER) at a threshold on each observed score, from the lowest up, and above all of them: from (1, 0) to
/// (0, 1). A score at the threshold is accepted. Empty where either side is empty.
pub fn curve(genuine: &[f64], fakes: &[f64]) -> Vec<[f64; 2]> {
    if genuine.is_empty() || fakes.is_empty() {
        return Vec::new();
    }
    let (n, m) = (genuine.len() as f64, fakes.len() as f64);
    let mut all: Vec<(f64, bool)> =
        genuine.iter().map(|&s| (s, true)).chain(fakes.iter().map(|&s| (s, false))).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut rejected, mut accepted) = (0usize, fakes.len());
    let mut points = vec![[1.0, 0.0]];
    for tied in all.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let ours = tied.iter().filter(|(_, genuine)| *genuine).count();
        rejected += ours;
        accepted -= tied.len() - ours;
        points.push([accepted as f64 / m, rejected as f64 / n]);
    }
    points
}

/// The points at equal steps, and the last: about `most` in all.
pub fn thinned(points: &[[f64; 2]], most: usize) -> Vec<[f64; 2]> {
    let step = points.len().div_ceil(most.max(1)).max(1);
    let mut kept: Vec<[f64; 2]> = points.iter().copied().step_by(step).collect();
    if let Some(&last) = points.last().filter(|&last| kept.last() != Some(last)) {
        kept.push(last);
    }
    kept
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "figures that are exact are compared exactly")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(genuine: &[f64], fakes: &[f64]) -> f64 {
        let share = |g: &f64| {
            fakes
                .iter()
                .map(|f| {
                    if g > f {
                        1.0
                    } else if g == f {
                        0.5
                    } else {
                        0.0
                    }
                })
                .sum::<f64>()
        };
        genuine.iter().map(share).sum::<f64>() / (genuine.len() * fakes.len()) as f64
    }

    fn every_threshold(genuine: &[f64], fakes: &[f64]) -> f64 {
        let rate = |t: f64| {
            let frr = genuine.iter().filter(|s| **s < t).count() as f64 / genuine.len() as f64;
            let far = fakes.iter().filter(|s| **s >= t).count() as f64 / fakes.len() as f64;
            ((frr - far).abs(), f64::midpoint(frr, far))
        };
        let rates = genuine.iter().chain(fakes).map(|&t| rate(t));
        rates.min_by(|a, b| a.partial_cmp(b).unwrap()).unwrap().1
    }

    /// Few distinct values, so that ties are common.
    fn scores() -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec((0..20u8).prop_map(|v| f64::from(v) / 20.0), 1..30)
    }

    #[test]
    fn known_cases() {
        assert_eq!(auc(&[0.9, 0.8], &[0.1]), Some(1.0));
        assert_eq!(auc(&[0.1], &[0.9]), Some(0.0));
        assert_eq!(auc(&[0.5], &[0.5]), Some(0.5));
        assert_eq!(eer(&[0.9, 0.8], &[0.1]), Some(0.0));
        assert_eq!((auc(&[], &[0.5]), eer(&[0.5], &[])), (None, None));
    }

    #[test]
    fn thinning_keeps_the_ends() {
        let points: Vec<[f64; 2]> = (0..1000).map(|i| [f64::from(i), 0.0]).collect();
        let kept = thinned(&points, 100);
        assert!(kept.len() <= 102 && kept[0] == points[0] && kept.last() == points.last());
        assert_eq!(thinned(&points[..3], 100), points[..3]);
    }

    proptest! {
        #[test]
        fn auc_is_the_share_of_pairs(g in scores(), f in scores()) {
            prop_assert!((auc(&g, &f).unwrap() - pairs(&g, &f)).abs() < 1e-12);
        }

        #[test]
        fn auc_is_the_area_under_the_curve(g in scores(), f in scores()) {
            let points = curve(&g, &f);
            let trapezoid = |w: &[[f64; 2]]| (w[0][0] - w[1][0]) * (1.0 - f64::midpoint(w[0][1], w[1][1]));
            let area: f64 = points.windows(2).map(trapezoid).sum();
            prop_assert!((auc(&g, &f).unwrap() - area).abs() < 1e-12);
        }

        #[test]
        fn eer_is_the_best_of_every_threshold(g in scores(), f in scores()) {
            prop_assert!((eer(&g, &f).unwrap() - every_threshold(&g, &f)).abs() < 1e-12);
        }

        #[test]
        fn curves_are_monotone(g in scores(), f in scores()) {
            let points = curve(&g, &f);
            prop_assert!(points.windows(2).all(|w| w[1][0] <= w[0][0] && w[1][1] >= w[0][1]));
            prop_assert_eq!((points[0], *points.last().unwrap()), ([1.0, 0.0], [0.0, 1.0]));
        }
    }
}
