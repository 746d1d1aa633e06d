//! What an attribute is, and the conditions under which it may be read.

use serde::{Deserialize, Serialize};

use super::figures;
use super::irises::Irises;
use super::shape::Shape;
use super::surface::Surface;
use super::traces::Traces;
use crate::face::{Component, Face};

/// A region of the face, as explanations name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    /// Outline: jaw, cheekbones, chin, forehead.
    OuterFace,
    /// Brows.
    Brows,
    /// Eyes.
    Eyes,
    /// Nose.
    Nose,
    /// Mouth.
    Mouth,
    /// Skin.
    Skin,
    /// The whole face.
    Overall,
}

impl Region {
    /// The name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::OuterFace => "outer_face",
            Self::Brows => "brows",
            Self::Eyes => "eyes",
            Self::Nose => "nose",
            Self::Mouth => "mouth",
            Self::Skin => "skin",
            Self::Overall => "overall",
        }
    }
}

/// What kind of manipulation a trace speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    /// Something was pasted in.
    Blending,
    /// A network drew it.
    Synthesis,
}

impl Trace {
    /// Every kind, in the order of the network's outputs.
    pub const ALL: [Self; 2] = [Self::Blending, Self::Synthesis];
}

/// What an attribute is.
#[derive(Clone, Copy, Debug)]
pub struct AttributeSpec {
    /// Its stable name, `snake_case`.
    pub name: &'static str,
    /// Where on the face.
    pub region: Region,
    /// As a reader reads it, for example `nasal width`.
    pub label: &'static str,
    /// Its unit, for example `% of the outer-canthal width`.
    pub unit: &'static str,
    /// The term of anthropometry or the formula, with its reference.
    pub source: &'static str,
    /// Whether it is read from the mesh; colour, detail and irises are not.
    pub geometric: bool,
    /// Whether it is a trace of manipulation, and of which kind. Less of it than usual is no departure.
    pub trace: Option<Trace>,
    /// When it may be read.
    pub conditions: Conditions,
    /// The standard deviation of repeated readings of one photograph, re-encoded, resized and shifted, in its unit.
    pub repeatability: f32,
    /// The standard deviation over different photographs of one person, in its unit.
    pub within_person: f32,
    /// The standard deviation between people's means, in its unit.
    pub between_people: f32,
    /// How geometry drifts with what is not the person's: its change for 10 degrees of yaw, for the square of that,
    /// for 10 degrees of pitch, and for 10 % of the outer-canthal width that the mouth is open. Readings have it taken
    /// away: they are as of a level frontal face with its mouth shut.
    pub drift: [f32; 4],
}

impl AttributeSpec {
    /// Whether it is a magnitude, so that a usual range below zero would say nothing: distances between colours, and
    /// chroma, and shares of a surface.
    pub fn never_negative(&self) -> bool {
        ["Delta", "C*", "% of the surface"].iter().any(|u| self.unit.contains(u))
    }
}

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

/// The unit of lengths.
pub(super) const PERCENT_WIDTH: &str = "% of the outer-canthal width";
/// The unit of what a network says of manipulation.
pub(super) const LOGIT: &str = "logit";
/// The unit of angles.
pub(super) const DEGREES: &str = "degrees";

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

/// How an attribute is read, by what it is read from.
#[derive(Clone, Copy)]
pub(super) enum Measure {
    /// From the mesh alone.
    Shape(fn(&Shape) -> f32),
    /// From the aligned colour patch.
    Surface(fn(&Surface) -> Option<f32>),
    /// From the two irises.
    Irises(fn(&Irises) -> Option<f32>),
    /// From the forensic network.
    Traces(Trace, fn(&Traces) -> Option<f32>),
}

/// One row of a region's table.
pub(super) struct Attribute {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) unit: &'static str,
    pub(super) source: &'static str,
    pub(super) conditions: Conditions,
    pub(super) measure: Measure,
}

impl Attribute {
    /// What the outside may know of it.
    pub(super) const fn spec(&self, region: Region) -> AttributeSpec {
        let ([repeatability, within_person, between_people], drift) = figures::of(self.name);
        AttributeSpec {
            name: self.name,
            region,
            label: self.label,
            unit: self.unit,
            source: self.source,
            geometric: matches!(self.measure, Measure::Shape(_)),
            trace: if let Measure::Traces(kind, _) = self.measure { Some(kind) } else { None },
            conditions: self.conditions,
            repeatability,
            within_person,
            between_people,
            drift,
        }
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
