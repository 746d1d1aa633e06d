//! The conditions of a photograph, which lower the likeness of a genuine one although it shows the same person.
//!
//! A turned head, few pixels, blur, a misplaced mesh: each moves an embedding away from the references,
//! and none is a sign of forgery. The profile expects less likeness of such a probe, according to how much worse its
//! conditions are than the references' (`training/fit.py` fits the effects on genuine photographs of the training
//! people).

use serde::{Deserialize, Serialize};

use crate::face::Component;
use crate::template::Template;

/// The number of conditions.
pub const CONDITIONS: usize = 6;

/// The conditions of one photograph, or their mean over several; 0 is a good frontal portrait, 1 a hard one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Conditions(pub [f32; CONDITIONS]);

/// The effect of each condition on a genuine photograph's likeness, in standard deviations per unit; at most 0.
pub type ConditionEffects = [f32; CONDITIONS];

/// Eyes this many pixels apart show all the detail that the embeddings use.
const FULL_SIZE: f32 = 60.0;
/// The most that conditions lower the expectation, in standard deviations: beyond, a photograph tells little.
const MOST_LOWERED: f32 = -2.5;
/// The most that they raise it, where the references' conditions are worse than the probe's.
const MOST_RAISED: f32 = 0.5;

impl Conditions {
    /// The conditions of one photograph. Squared, as small values have no effect: yaw and pitch (in units of 30
    /// degrees), smallness (the logarithm of 60 pixels over the eyes' distance) and softness (0..=1). As they are:
    /// the landmarks' disagreement (in eye distances) and one minus the detector's confidence (0..=1).
    pub fn of(photograph: &Template) -> Self {
        let quality = &photograph.quality;
        let square = |angle: f32| (angle / 30.0).powi(2).min(4.0);
        let sharpness = quality.get(Component::Sharpness).map_or(100.0, |c| c.score);
        let confidence = quality.get(Component::DetectorConfidence).map_or(1.0, |c| c.value);
        Self([
            square(photograph.pose.yaw),
            square(photograph.pose.pitch),
            (FULL_SIZE / quality.value(Component::FaceSize).max(8.0)).ln().max(0.0).powi(2),
            (1.0 - sharpness / 100.0).powi(2),
            quality.value(Component::Landmarks).clamp(0.0, 1.0),
            1.0 - confidence,
        ])
    }

    /// The mean over photographs; the best conditions for none.
    pub fn mean<'a>(photographs: impl ExactSizeIterator<Item = &'a Template>) -> Self {
        let n = photographs.len().max(1) as f32;
        let mut mean = [0.0; CONDITIONS];
        for photograph in photographs {
            for (m, c) in mean.iter_mut().zip(Self::of(photograph).0) {
                *m += c / n;
            }
        }
        Self(mean)
    }

    /// These conditions less `usual`.
    #[must_use]
    pub fn beyond(&self, usual: &Self) -> Self {
        let mut beyond = self.0;
        for (b, u) in beyond.iter_mut().zip(usual.0) {
            *b -= u;
        }
        Self(beyond)
    }

    /// The expected change of a genuine photograph's likeness, in standard deviations.
    pub fn effect(&self, effects: &ConditionEffects) -> f32 {
        let sum: f32 = self.0.iter().zip(effects).map(|(c, e)| c * e).sum();
        sum.clamp(MOST_LOWERED, MOST_RAISED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::Pose;
    use crate::identity::fixtures::near;

    #[test]
    fn a_turned_head_lowers_what_is_expected_and_within_bounds() {
        let frontal = near(1, 0);
        let turned = |yaw| Template { pose: Pose { yaw, ..Pose::default() }, ..near(1, 1) };
        let usual = Conditions::mean([&frontal].into_iter());
        let effect = |t: &Template| Conditions::of(t).beyond(&usual).effect(&[-1.0; CONDITIONS]);
        assert!(effect(&frontal).abs() < 1e-6);
        assert!((effect(&turned(30.0)) + 1.0).abs() < 1e-5);
        assert!((effect(&turned(-89.0)) - MOST_LOWERED).abs() < 1e-6);
    }

    #[test]
    fn what_is_not_a_number_stays_out() {
        let broken = Template { pose: Pose { yaw: f32::NAN, pitch: 0.0, roll: 0.0 }, ..near(1, 1) };
        assert!(Conditions::of(&broken).0.iter().all(|c| c.is_finite()));
    }
}
