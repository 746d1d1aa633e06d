//! The error among decided faces, when more or fewer are decided.

use super::Scored;

/// (share decided, error among the decided) when faces are decided in the order of their distance from `middle`, on
/// the scale of log odds, the farthest first. A decided face is in error when it lies on the wrong side of `middle`.
/// Shares are of the whole weight. Faces at equal distance are decided together.
pub fn abstention(samples: &[Scored], middle: f64) -> Vec<[f64; 2]> {
    let whole: f64 = samples.iter().map(|s| s.weight).sum();
    if whole <= 0.0 {
        return Vec::new();
    }
    let distance = |s: &Scored| (logit(s.score) - logit(middle)).abs();
    let mut sorted: Vec<(f64, &Scored)> = samples.iter().map(|s| (distance(s), s)).collect();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut decided, mut wrong) = (0.0, 0.0);
    let mut points = Vec::new();
    for tied in sorted.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        for (_, s) in tied {
            decided += s.weight;
            wrong += if (s.score >= middle) == s.genuine { 0.0 } else { s.weight };
        }
        if decided > 0.0 {
            points.push([decided / whole, wrong / decided]);
        }
    }
    points
}

/// Log odds, kept finite.
fn logit(p: f64) -> f64 {
    let p = p.clamp(1e-9, 1.0 - 1e-9);
    (p / (1.0 - p)).ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample(score: f64, genuine: bool) -> Scored {
        Scored { score, genuine, weight: 1.0 }
    }

    #[test]
    fn sure_faces_come_first() {
        let all = [sample(0.99, true), sample(0.05, false), sample(0.6, false), sample(0.45, true)];
        let points = abstention(&all, 0.5);
        assert_eq!(points, [[0.25, 0.0], [0.5, 0.0], [0.75, 1.0 / 3.0], [1.0, 0.5]]);
        assert!(abstention(&[], 0.5).is_empty());
    }

    proptest! {
        #[test]
        fn all_decided_is_the_plain_error(
            all in prop::collection::vec((0.0..=1.0f64, any::<bool>(), 0.01..2.0f64), 1..60), middle in 0.1..0.9f64,
        ) {
            let all: Vec<Scored> =
                all.into_iter().map(|(score, genuine, weight)| Scored { score, genuine, weight }).collect();
            let points = abstention(&all, middle);
            let whole: f64 = all.iter().map(|s| s.weight).sum();
            let wrong: f64 = all.iter().filter(|s| (s.score >= middle) != s.genuine).map(|s| s.weight).sum();
            let last = points.last().unwrap();
            prop_assert!((last[0] - 1.0).abs() < 1e-9 && (last[1] - wrong / whole).abs() < 1e-9);
            prop_assert!(points.windows(2).all(|w| w[0][0] <= w[1][0]));
        }
    }
}
