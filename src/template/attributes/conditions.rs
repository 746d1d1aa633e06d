//! The conditions under which an attribute may be read, and what a face offers to meet them.

use super::shape::Shape;
use crate::face::{Component, Face};

/// The limits beyond which an attribute must not be read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    /// The head turned to either side, at most, in degrees.
    pub max_yaw: f32,
    /// The head up or down, at most, in degrees.
    pub max_pitch: f32,
    /// Between the eyes, at least, in source pixels ([`Component::FaceSize`]).
    pub min_face_size: f32,
    /// The score of [`Component::Sharpness`], at least, 0..=100.
    pub min_sharpness: f32,
    /// The value of [`Component::Occlusion`], at most, in eye distances.
    pub max_occlusion: f32,
    /// The gap between the lips, at most, in % of the outer-canthal width.
    pub max_mouth_opening: f32,
}

/// What most geometry needs.
pub(super) const GEOMETRY: Conditions = Conditions {
    max_yaw: 30.0,
    max_pitch: 30.0,
    min_face_size: 20.0,
    min_sharpness: 5.0,
    max_occlusion: 0.35,
    max_mouth_opening: f32::INFINITY,
};

/// What measures of one side, and of fine height, need.
pub(super) const SIDE: Conditions = Conditions { max_yaw: 25.0, max_pitch: 25.0, min_face_size: 24.0, ..GEOMETRY };

/// What lips need: closed or nearly so.
pub(super) const LIPS: Conditions = Conditions { max_mouth_opening: 12.0, ..SIDE };

/// What colour needs.
pub(super) const COLOUR: Conditions =
    Conditions { max_yaw: 25.0, max_pitch: 30.0, min_face_size: 24.0, max_occlusion: 0.3, ..GEOMETRY };

/// What fine detail of the skin needs.
pub(super) const DETAIL: Conditions = Conditions { min_face_size: 32.0, ..COLOUR };

/// What irises need.
pub(super) const IRIS: Conditions =
    Conditions { max_yaw: 25.0, max_pitch: 25.0, min_face_size: 32.0, min_sharpness: 15.0, ..COLOUR };

/// What a face offers, to hold against [`Conditions`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances {
    yaw: f32,
    pitch: f32,
    face_size: f32,
    sharpness: f32,
    occlusion: f32,
    mouth_opening: f32,
}

impl Circumstances {
    /// Of one face with its shape.
    pub(super) fn of(face: &Face, shape: &Shape) -> Self {
        Self {
            yaw: face.pose.yaw,
            pitch: face.pose.pitch,
            face_size: face.quality.value(Component::FaceSize),
            sharpness: face.quality.get(Component::Sharpness).map_or(0.0, |c| c.score),
            occlusion: face.quality.value(Component::Occlusion),
            mouth_opening: shape.mouth_opening(),
        }
    }
}

impl Circumstances {
    /// What [`AttributeSpec::drift`] is multiplied with, summed up.
    pub(super) fn drift(&self, per: &[f32; 4]) -> f32 {
        let yaw = self.yaw / 10.0;
        let by = [yaw, yaw * yaw, self.pitch / 10.0, self.mouth_opening / 10.0];
        per.iter().zip(by).map(|(p, b)| p * b).sum()
    }
}

impl Conditions {
    /// Whether an attribute with these conditions may be read.
    pub(super) fn allow(&self, c: &Circumstances) -> bool {
        c.yaw.abs() <= self.max_yaw
            && c.pitch.abs() <= self.max_pitch
            && c.face_size >= self.min_face_size
            && c.sharpness >= self.min_sharpness
            && c.occlusion <= self.max_occlusion
            && c.mouth_opening <= self.max_mouth_opening
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Circumstances =
        Circumstances { yaw: 0.0, pitch: 0.0, face_size: 80.0, sharpness: 90.0, occlusion: 0.05, mouth_opening: 1.0 };

    #[test]
    fn each_condition_forbids_on_its_own() {
        assert!(LIPS.allow(&GOOD));
        let spoiled = [
            Circumstances { yaw: -40.0, ..GOOD },
            Circumstances { pitch: 40.0, ..GOOD },
            Circumstances { face_size: 10.0, ..GOOD },
            Circumstances { sharpness: 0.0, ..GOOD },
            Circumstances { occlusion: 0.6, ..GOOD },
            Circumstances { mouth_opening: 20.0, ..GOOD },
        ];
        for c in spoiled {
            assert!(!LIPS.allow(&c), "{c:?}");
        }
        assert!(GEOMETRY.allow(&spoiled[5]), "an open mouth does not hide the cheekbones");
    }

    #[test]
    fn what_is_not_a_number_is_not_read() {
        assert!(!GEOMETRY.allow(&Circumstances { yaw: f32::NAN, ..GOOD }));
        assert!(!LIPS.allow(&Circumstances { mouth_opening: f32::NAN, ..GOOD }));
    }
}
