//! Age and sex as the network sees them: for explanations and quality, never for the verdict.

use serde::{Deserialize, Serialize};

/// Sex as a network reads it from a face; says nothing of gender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// Read as female.
    Female,
    /// Read as male.
    Male,
    /// Not clearly either.
    Unclear,
}

/// What the networks read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Demographics {
    /// Apparent age in years (FaceRes).
    pub age: f32,
    /// How male the face is read, 0..=1 (FaceRes).
    pub male: f32,
}

impl Demographics {
    /// The sex read, [`Sex::Unclear`] between 0.35 and 0.65.
    pub fn sex(&self) -> Sex {
        match self.male {
            m if m >= 0.65 => Sex::Male,
            m if m <= 0.35 => Sex::Female,
            _ => Sex::Unclear,
        }
    }
}
