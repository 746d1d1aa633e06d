//! What the rest of the code may know of an attribute.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::conditions::Conditions;

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
    /// Its unit as a specialist writes it, for example `% of the outer-canthal width`.
    pub unit: &'static str,
    /// Its unit as a sentence says it after a number, for example `% of the width across the eyes`.
    pub prose_unit: &'static str,
    /// The least and the greatest value that can occur.
    pub(super) possible: [f32; 2],
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
    /// The values that can occur, in its unit; open ends are infinite. A usual range that is computed from a mean and a
    /// standard deviation says nothing beyond it.
    pub const fn possible(&self) -> RangeInclusive<f32> {
        RangeInclusive::new(self.possible[0], self.possible[1])
    }
}
