//! Which attributes there are.

use serde::{Deserialize, Serialize};

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
    /// The standard deviation of repeated readings of one photograph, re-encoded, resized and shifted, in its unit.
    pub repeatability: f32,
    /// The standard deviation between photographs of one person, in its unit (training people).
    pub within_person: f32,
}

/// Every attribute, in the order of the vector.
pub const ATTRIBUTES: &[AttributeSpec] = &[];
