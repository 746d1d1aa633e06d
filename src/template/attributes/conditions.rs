//! The conditions under which an attribute is read.

use super::shape::Shape;
use crate::face::{Component, Face};

/// The limits beyond which an attribute is not read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    /// The largest turn to either side, in degrees.
    pub max_yaw: f32,
    /// The largest pitch up or down, in degrees.
    pub max_pitch: f32,
    /// The least [`Component::FaceSize`], in source pixels between the eyes.
    pub min_face_size: f32,
    /// The least score of [`Component::Sharpness`], 0..=100.
    pub min_sharpness: f32,
    /// The largest [`Component::Landmarks`], in eye distances.
    pub max_disagreement: f32,
    /// The widest gap between the lips, in % of the outer-canthal width.
    pub max_mouth_opening: f32,
    /// Whether the face must be in colour: neither grey nor toned.
    pub in_colour: bool,
}

/// The conditions of most geometry.
pub(super) const GEOMETRY: Conditions = Conditions {
    max_yaw: 30.0,
    max_pitch: 30.0,
    min_face_size: 20.0,
    min_sharpness: 5.0,
    max_disagreement: 0.35,
    max_mouth_opening: f32::INFINITY,
    in_colour: false,
};

/// The conditions of measures of one side, and of small heights.
pub(super) const SIDE: Conditions = Conditions { max_yaw: 25.0, max_pitch: 25.0, min_face_size: 24.0, ..GEOMETRY };

/// The conditions of the lips, which must be nearly closed.
pub(super) const LIPS: Conditions = Conditions { max_mouth_opening: 12.0, ..SIDE };

/// The conditions of lightness.
pub(super) const LIGHTNESS: Conditions =
    Conditions { max_yaw: 25.0, max_pitch: 30.0, min_face_size: 24.0, max_disagreement: 0.3, ..GEOMETRY };

/// The conditions of colour.
pub(super) const COLOUR: Conditions = Conditions { in_colour: true, ..LIGHTNESS };

/// The conditions of fine detail.
pub(super) const DETAIL: Conditions = Conditions { min_face_size: 32.0, ..LIGHTNESS };

/// The conditions of the irises.
pub(super) const IRIS: Conditions =
    Conditions { max_yaw: 25.0, max_pitch: 25.0, min_face_size: 32.0, min_sharpness: 15.0, ..LIGHTNESS };

/// The conditions of the irises' colour.
pub(super) const IRIS_COLOUR: Conditions = Conditions { in_colour: true, ..IRIS };

/// The properties of a face that [`Conditions`] limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances {
    yaw: f32,
    pitch: f32,
    face_size: f32,
    sharpness: f32,
    disagreement: f32,
    mouth_opening: f32,
    in_colour: bool,
}

impl Circumstances {
    /// The circumstances of a face with its shape; of its colour nothing is known yet.
    pub(super) fn of(face: &Face, shape: &Shape) -> Self {
        Self {
            yaw: face.pose.yaw,
            pitch: face.pose.pitch,
            face_size: face.quality.value(Component::FaceSize),
            sharpness: face.quality.get(Component::Sharpness).map_or(0.0, |c| c.score),
            disagreement: face.quality.value(Component::Landmarks),
            mouth_opening: shape.mouth_opening(),
            in_colour: true,
        }
    }

    /// The circumstances of a face that is in colour or not.
    pub(super) fn in_colour(self, in_colour: bool) -> Self {
        Self { in_colour, ..self }
    }

    /// The drift of a face under these circumstances, by the coefficients of
    /// [`AttributeSpec::drift`](super::AttributeSpec::drift).
    pub(super) fn drift(&self, per: &[f32; 4]) -> f32 {
        let yaw = self.yaw / 10.0;
        let by = [yaw, yaw * yaw, self.pitch / 10.0, self.mouth_opening / 10.0];
        per.iter().zip(by).map(|(p, b)| p * b).sum()
    }
}

impl Conditions {
    /// Whether an attribute with these conditions is read from a face.
    pub(super) fn allow(&self, c: &Circumstances) -> bool {
        c.yaw.abs() <= self.max_yaw
            && c.pitch.abs() <= self.max_pitch
            && c.face_size >= self.min_face_size
            && c.sharpness >= self.min_sharpness
            && c.disagreement <= self.max_disagreement
            && c.mouth_opening <= self.max_mouth_opening
            && (c.in_colour || !self.in_colour)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Circumstances = Circumstances {
        yaw: 0.0,
        pitch: 0.0,
        face_size: 80.0,
        sharpness: 90.0,
        disagreement: 0.05,
        mouth_opening: 1.0,
        in_colour: true,
    };

    #[test]
    fn each_condition_forbids_on_its_own() {
        assert!(LIPS.allow(&GOOD));
        let spoiled = [
            Circumstances { yaw: -40.0, ..GOOD },
            Circumstances { pitch: 40.0, ..GOOD },
            Circumstances { face_size: 10.0, ..GOOD },
            Circumstances { sharpness: 0.0, ..GOOD },
            Circumstances { disagreement: 0.6, ..GOOD },
            Circumstances { mouth_opening: 20.0, ..GOOD },
        ];
        for c in spoiled {
            assert!(!LIPS.allow(&c), "{c:?}");
        }
        assert!(GEOMETRY.allow(&spoiled[5]), "an open mouth does not hide the cheekbones");
        let grey = GOOD.in_colour(false);
        assert!(COLOUR.allow(&GOOD) && !COLOUR.allow(&grey) && LIGHTNESS.allow(&grey));
    }

    #[test]
    fn circumstances_that_are_not_numbers_forbid() {
        assert!(!GEOMETRY.allow(&Circumstances { yaw: f32::NAN, ..GOOD }));
        assert!(!LIPS.allow(&Circumstances { mouth_opening: f32::NAN, ..GOOD }));
    }
}
