//! Figures as functions of scores.
//!
//! A score is high for a genuine photograph of the claimed person. Error rates are named as in ISO/IEC 30107-3: APCER
//! is the share of fakes that a threshold accepts as genuine, BPCER the share of genuine photographs that it rejects.

mod abstention;
mod interval;
mod ranking;
mod reliability;

pub use abstention::abstention;
pub use interval::mean_interval;
pub use ranking::{auc, curve, eer, thinned};
pub use reliability::{Bin, calibration_error, reliability};

/// One judged face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// The calibrated probability of a genuine photograph, 0..=1.
    pub score: f64,
    /// Whether it is a genuine photograph of the claimed person.
    pub genuine: bool,
    /// At least zero.
    pub weight: f64,
}

/// The mean; `None` for no values.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The smallest of `values` (value, weight) up to which the weights sum to at least the share `q` of all. `None` for no
/// values.
pub fn weighted_quantile(values: &[(f64, f64)], q: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let wanted = q * sorted.iter().map(|v| v.1).sum::<f64>();
    let mut sum = 0.0;
    let found = sorted.iter().find(|(_, weight)| {
        sum += weight;
        sum >= wanted
    });
    found.or(sorted.last()).map(|v| v.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_count_weights() {
        let values = [(3.0, 1.0), (1.0, 1.0), (2.0, 2.0)];
        assert_eq!(weighted_quantile(&values, 0.0), Some(1.0));
        assert_eq!(weighted_quantile(&values, 0.5), Some(2.0));
        assert_eq!(weighted_quantile(&values, 0.76), Some(3.0));
        assert_eq!(weighted_quantile(&values, 1.0), Some(3.0));
        assert_eq!(weighted_quantile(&[], 0.5), None);
    }
}
