//! Operating points: the thresholds for a grid of error rates, so that each identity can have its own.
//!
//! One pair of thresholds does not suit everybody: a person attacked daily needs few fakes called real, a person
//! photographed daily few photographs called fake. The fit of the general thresholds also gives those of other rates,
//! as quantiles of the same scores. Between the rates of the grid the threshold is interpolated linearly over the
//! logarithm of the rate; beyond the grid nothing is known, so no rate is accepted.

use serde::{Deserialize, Serialize};

use super::Thresholds;
use crate::identity::ErrorTargets;

/// An error rate and the threshold that was fitted to it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "[f32; 2]", into = "[f32; 2]")]
pub struct OperatingPoint {
    /// Above 0 and below 1.
    pub rate: f32,
    /// A score, 0..=1.
    pub threshold: f32,
}

impl From<[f32; 2]> for OperatingPoint {
    fn from([rate, threshold]: [f32; 2]) -> Self {
        Self { rate, threshold }
    }
}

impl From<OperatingPoint> for [f32; 2] {
    fn from(point: OperatingPoint) -> Self {
        [point.rate, point.threshold]
    }
}

/// The thresholds of a grid of error rates, each side in the order of rates; a side may have no points. In files a
/// point is written `[rate, threshold]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatingPoints {
    /// By the share of genuine photographs called fake, the threshold up to which scores are `fake`: never falls.
    #[serde(default)]
    pub fake: Vec<OperatingPoint>,
    /// By the share of fakes called real, the threshold from which scores are `real`: never rises.
    #[serde(default)]
    pub real: Vec<OperatingPoint>,
}

/// Why an identity cannot have the error rates that are asked for.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TargetError {
    /// The thresholds in use have no operating points for the rate.
    #[error(
        "{field} cannot be set: the thresholds in use, those of the models or of the calibration, carry no operating \
         points for it; `faceward calibrate` fits such points to your own pictures"
    )]
    Unavailable {
        /// The field.
        field: &'static str,
    },
    /// The rate lies outside the grid.
    #[error("{field} must be a number from {least} to {most}: beyond these no thresholds were fitted")]
    OutOfRange {
        /// The field.
        field: &'static str,
        /// The smallest rate.
        least: f32,
        /// The greatest rate.
        most: f32,
    },
}

impl OperatingPoints {
    /// The shares of genuine photographs called fake that points are fitted to where the data suffice.
    pub const GENUINE_CALLED_FAKE: [f64; 8] = [0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2];
    /// The shares of fakes called real that points are fitted to where the data suffice.
    pub const FAKE_CALLED_REAL: [f64; 7] = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3];

    /// Checks that the points are in order.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn check(&self) -> Result<(), String> {
        let within = |p: &OperatingPoint| p.rate > 0.0 && p.rate < 1.0 && (0.0..=1.0).contains(&p.threshold);
        let rates_rise = |side: &[OperatingPoint]| side.is_sorted_by(|a, b| a.rate < b.rate);
        let sides = [&self.fake, &self.real];
        let ordered = self.fake.is_sorted_by(|a, b| a.threshold <= b.threshold)
            && self.real.is_sorted_by(|a, b| a.threshold >= b.threshold);
        if ordered && sides.iter().all(|side| side.iter().all(within) && rates_rise(side)) {
            return Ok(());
        }
        Err("operating points must be [rate, threshold] with rates rising between 0 and 1, thresholds of fake never \
             falling and those of real never rising within 0 to 1"
            .into())
    }

    /// Whether identities can have these error rates.
    ///
    /// # Errors
    /// A [`TargetError`] that names the field and the rates that can be had.
    pub fn admit(&self, targets: &ErrorTargets) -> Result<(), TargetError> {
        let sides = [
            ("target_genuine_called_fake", targets.genuine_called_fake, &self.fake),
            ("target_fake_called_real", targets.fake_called_real, &self.real),
        ];
        for (field, rate, points) in sides {
            let Some(rate) = rate else { continue };
            let (Some(first), Some(last)) = (points.first(), points.last()) else {
                return Err(TargetError::Unavailable { field });
            };
            if !(first.rate..=last.rate).contains(&rate) {
                return Err(TargetError::OutOfRange { field, least: first.rate, most: last.rate });
            }
        }
        Ok(())
    }

    /// `general` with the thresholds for `targets`, and the rates that these were fitted to. A rate outside the grid
    /// (which a later calibration may have narrowed) gives the nearest point with that point's rate; a side without
    /// points stays unchanged.
    ///
    /// `real` never lies below `fake`: it is raised to it and gets the rate that belongs to the raised threshold, or
    /// the smallest rate of the grid where the threshold lies beyond; that rate is then an upper bound.
    #[must_use]
    pub fn thresholds(&self, targets: &ErrorTargets, general: Thresholds) -> Thresholds {
        let mut t = general;
        if let Some(point) = targets.genuine_called_fake.and_then(|rate| at_rate(&self.fake, rate)) {
            (t.target_genuine_called_fake, t.fake) = (point.rate, point.threshold);
        }
        if let Some(point) = targets.fake_called_real.and_then(|rate| at_rate(&self.real, rate)) {
            (t.target_fake_called_real, t.real) = (point.rate, point.threshold);
        }
        if t.real < t.fake {
            t.real = t.fake;
            let rate = rate_from(&self.real, t.real).unwrap_or(t.target_fake_called_real);
            t.target_fake_called_real = t.target_fake_called_real.min(rate);
        }
        t
    }
}

/// The point at `rate`, clamped to the grid; `None` without points.
fn at_rate(points: &[OperatingPoint], rate: f32) -> Option<OperatingPoint> {
    let (first, last) = (points.first()?, points.last()?);
    let rate = rate.min(last.rate).max(first.rate);
    let above = points.partition_point(|p| p.rate < rate);
    let upper = points.get(above).unwrap_or(last);
    let lower = above.checked_sub(1).and_then(|i| points.get(i)).unwrap_or(upper);
    let share = if lower.rate < upper.rate { (rate / lower.rate).ln() / (upper.rate / lower.rate).ln() } else { 1.0 };
    Some(OperatingPoint { rate, threshold: (1.0 - share) * lower.threshold + share * upper.threshold })
}

/// The rate of a threshold on a side where thresholds never rise, the inverse of [`at_rate`]: the smallest rate of the
/// grid above its thresholds, the greatest below them. `None` without points.
fn rate_from(points: &[OperatingPoint], threshold: f32) -> Option<f32> {
    let last = points.last()?;
    let below = points.partition_point(|p| p.threshold > threshold);
    let Some(lower) = points.get(below) else { return Some(last.rate) };
    let Some(upper) = below.checked_sub(1).and_then(|i| points.get(i)) else { return Some(lower.rate) };
    let share = (upper.threshold - threshold) / (upper.threshold - lower.threshold);
    Some(upper.rate * (lower.rate / upper.rate).powf(share))
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "figures that are exact are compared exactly")]
mod tests;
