//! How well a face can be read: components after ISO/IEC 29794-5:2025, each in its native unit and as a score from 0
//! (useless) to 100 (as good as it gets).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Detection, Mesh, Pose, square_map};
use crate::imaging::{Patch, Pyramid};

/// A component of quality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = QualityMeasure)]
pub enum Component {
    /// Distance between the centres of the eyes, in pixels, but at least 0.3 of the longer side of the face's box: a
    /// turned head brings the eyes closer together.
    FaceSize,
    /// Contrast of fine detail: mean absolute Laplacian over the standard deviation of luma, a ratio.
    Sharpness,
    /// Mean luma of the face, 0..=255.
    Exposure,
    /// The range of luma from the 5th to the 95th percentile, 0..=255.
    DynamicRange,
    /// Angle between the head's front and the camera, in degrees.
    Pose,
    /// The mean distance between the mesh's and the detector's five points, in eye distances (the longer side of the
    /// face's box over 2.4): high where the mesh is misplaced.
    Landmarks,
    /// The detector's confidence, 0..=1.
    DetectorConfidence,
    /// The covered share of the most covered of eyes, nose and mouth, 0..=1. Measured with a face's template only, as it
    /// costs a network.
    Occlusion,
}

impl Component {
    /// Every component. Stored records name them by their place.
    pub const ALL: [Self; 8] = [
        Self::FaceSize,
        Self::Sharpness,
        Self::Exposure,
        Self::DynamicRange,
        Self::Pose,
        Self::Landmarks,
        Self::DetectorConfidence,
        Self::Occlusion,
    ];

    /// The native values that score 0 and 100, with a linear score between them. Where the first is the larger, small
    /// values are good.
    fn range(self) -> (f32, f32) {
        match self {
            Self::FaceSize => (8.0, 48.0),
            Self::Sharpness => (0.02, 0.16),
            Self::Exposure => (25.0, 80.0),
            Self::DynamicRange => (25.0, 90.0),
            Self::Pose => (75.0, 25.0),
            Self::Landmarks => (0.45, 0.12),
            Self::DetectorConfidence => (0.35, 0.75),
            Self::Occlusion => (1.0, 0.0),
        }
    }

    /// The name in sentences.
    pub fn label(self) -> &'static str {
        match self {
            Self::FaceSize => "face size",
            Self::Sharpness => "sharpness",
            Self::Exposure => "exposure",
            Self::DynamicRange => "dynamic range",
            Self::Pose => "head pose",
            Self::Landmarks => "agreement of the landmarks",
            Self::DetectorConfidence => "detector confidence",
            Self::Occlusion => "occlusion",
        }
    }

    /// The unit of the native value, as a sentence says it after the number.
    pub fn unit(self) -> &'static str {
        match self {
            Self::FaceSize => "pixels between the eyes",
            Self::Sharpness => "(ratio of fine detail to contrast)",
            Self::Exposure | Self::DynamicRange => "of 255",
            Self::Pose => "degrees",
            Self::Landmarks => "eye distances",
            Self::DetectorConfidence | Self::Occlusion => "of 1",
        }
    }

    /// What a better photograph shows, as a sentence says it after `the face is`.
    pub fn advice(self) -> &'static str {
        match self {
            Self::FaceSize => "larger",
            Self::Sharpness => "sharper",
            Self::Exposure => "neither too dark nor too bright",
            Self::DynamicRange => "lit with more contrast",
            Self::Pose => "turned to the camera",
            Self::Landmarks | Self::DetectorConfidence => "larger and clearly visible",
            Self::Occlusion => "uncovered",
        }
    }

    /// The decimals that a sentence gives of the native value.
    pub fn decimals(self) -> usize {
        match self {
            Self::FaceSize | Self::Exposure | Self::DynamicRange | Self::Pose => 0,
            Self::Sharpness | Self::Landmarks | Self::DetectorConfidence | Self::Occlusion => 2,
        }
    }

    /// The score of a native value, 0..=100.
    pub fn score(self, value: f32) -> f32 {
        let (zero, full) = self.range();
        // Overexposure loses detail as underexposure does.
        let value = if self == Self::Exposure && value > 200.0 { (25.0 + (255.0 - value)).max(0.0) } else { value };
        ((value - zero) / (full - zero) * 100.0).clamp(0.0, 100.0)
    }
}

/// One measured component.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QualityComponent {
    /// The component.
    pub component: Component,
    /// In the component's native unit.
    pub value: f32,
    /// 0..=100.
    #[schema(minimum = 0, maximum = 100)]
    pub score: f32,
}

/// The quality of one face.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Quality {
    /// The least of the components' scores, 0..=100.
    #[schema(minimum = 0, maximum = 100)]
    pub score: f32,
    /// The measured components, in the order of [`Component::ALL`].
    pub components: Vec<QualityComponent>,
}

/// The side of the patch on which sharpness and light are measured. Larger faces are shrunk to it, so that values are
/// comparable between photographs.
const SIDE: u32 = 112;

impl Quality {
    /// Measures one face.
    pub fn measure(image: &Pyramid, face: &Detection, mesh: &Mesh, pose: Pose) -> Self {
        let patch = Patch::sample(image, &square_map(mesh, 0.8, SIDE), SIDE, SIDE);
        let luma = patch.luma();
        let light = Light::of(&luma);
        let [right, left] = mesh.eyes();
        let eye_distance = right.distance(left);
        let value = |component| match component {
            Component::Occlusion => None,
            // On a turned head the eyes are closer together, but the face is as large.
            Component::FaceSize => Some(eye_distance.max(face.bbox.side() * 0.3)),
            Component::Sharpness => Some(detail(&luma, SIDE as usize) / light.deviation.max(4.0)),
            Component::Exposure => Some(light.mean),
            Component::DynamicRange => Some(light.range),
            Component::Pose => {
                Some(pose.yaw.to_radians().cos().mul_add(pose.pitch.to_radians().cos(), 0.0).acos().to_degrees())
            }
            Component::Landmarks => Some(disagreement(face, mesh)),
            Component::DetectorConfidence => Some(face.confidence),
        };
        Self::from_values(Component::ALL.into_iter().filter_map(|component| Some((component, value(component)?))))
    }

    /// With this value of a component that was not measured before. The score becomes the lower one of the two.
    #[must_use]
    pub fn with(mut self, component: Component, value: f32) -> Self {
        let score = component.score(value);
        self.components.push(QualityComponent { component, value, score });
        Self { score: self.score.min(score), ..self }
    }

    /// Scores native values.
    pub fn from_values(values: impl IntoIterator<Item = (Component, f32)>) -> Self {
        let components: Vec<QualityComponent> = values
            .into_iter()
            .map(|(component, value)| QualityComponent { component, value, score: component.score(value) })
            .collect();
        let score = components.iter().map(|c| c.score).fold(100.0, f32::min);
        Self { score, components }
    }

    /// The least of the components' scores but for one, 0..=100.
    pub fn apart_from(&self, component: Component) -> f32 {
        self.components.iter().filter(|c| c.component != component).map(|c| c.score).fold(100.0, f32::min)
    }

    /// The component with the least score.
    pub fn weakest(&self) -> Option<&QualityComponent> {
        self.components.iter().min_by(|a, b| a.score.total_cmp(&b.score))
    }

    /// One component.
    pub fn get(&self, component: Component) -> Option<&QualityComponent> {
        self.components.iter().find(|c| c.component == component)
    }

    /// The native value of one component; zero where it was not measured.
    pub fn value(&self, component: Component) -> f32 {
        self.get(component).map_or(0.0, |c| c.value)
    }
}

/// Statistics of luma, 0..=255.
struct Light {
    mean: f32,
    deviation: f32,
    range: f32,
}

impl Light {
    fn of(luma: &[f32]) -> Self {
        let n = luma.len().max(1) as f32;
        let mean = luma.iter().sum::<f32>() / n;
        let variance = luma.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / n;
        let mut sorted = luma.to_vec();
        sorted.sort_by(f32::total_cmp);
        let at = |q: f32| sorted.get((q * (n - 1.0)) as usize).copied().unwrap_or_default();
        Self { mean, deviation: variance.sqrt(), range: at(0.95) - at(0.05) }
    }
}

/// The mean absolute four-neighbour Laplacian of a square of `side`.
fn detail(luma: &[f32], side: usize) -> f32 {
    let mut sum = 0.0;
    for y in 1..side - 1 {
        for x in 1..side - 1 {
            let i = y * side + x;
            sum += (4.0 * luma[i] - luma[i - 1] - luma[i + 1] - luma[i - side] - luma[i + side]).abs();
        }
    }
    sum / ((side - 2) * (side - 2)) as f32
}

/// The mean distance between the detector's five points and the mesh's, in units of the box's longer side over 2.4:
/// about the eye distance of a frontal face, but steady when the head turns.
fn disagreement(face: &Detection, mesh: &Mesh) -> f32 {
    let mean = mesh.five_points().iter().zip(&face.points).map(|(a, b)| a.distance(*b)).sum::<f32>() / 5.0;
    mean / (face.bbox.side() / 2.4).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_run_from_zero_to_hundred() {
        for c in Component::ALL {
            let (zero, full) = c.range();
            assert!(c.score(zero).abs() < 1e-3 && (c.score(full) - 100.0).abs() < 1e-3, "{c:?}");
        }
        assert!(Component::Exposure.score(254.0) < 5.0);
    }

    #[test]
    fn the_weakest_component_is_the_score() {
        let q = Quality::from_values([(Component::FaceSize, 100.0), (Component::Pose, 50.0)]);
        assert_eq!(q.weakest().unwrap().component, Component::Pose);
        assert!((q.score - 50.0).abs() < 1e-3);
    }

    #[test]
    fn blur_lowers_sharpness() {
        let side = 64;
        let sharp: Vec<f32> = (0..side * side).map(|i| f32::from(u8::from((i % side) / 2 % 2 == 0)) * 200.0).collect();
        let mut soft = sharp.clone();
        for y in 0..side {
            for x in 2..side - 2 {
                soft[y * side + x] = (x - 2..=x + 2).map(|k| sharp[y * side + k]).sum::<f32>() / 5.0;
            }
        }
        let ratio = |l: &[f32]| detail(l, side) / Light::of(l).deviation.max(4.0);
        assert!(ratio(&soft) < ratio(&sharp) * 0.8);
    }
}
