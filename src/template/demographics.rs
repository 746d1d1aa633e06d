//! Apparent age and sex, for explanations and quality; the verdict does not use them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Apparent sex, read from a face by a network. It is not gender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ApparentSex)]
pub enum Sex {
    /// Read as female.
    Female,
    /// Read as male.
    Male,
    /// Not clearly either.
    Unclear,
}

/// Apparent age and sex.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Demographics {
    /// Apparent age in years (FaceRes).
    pub age: f32,
    /// How male the face looks, 0..=1 (FaceRes).
    pub male: f32,
}

impl Demographics {
    /// The apparent sex, [`Sex::Unclear`] between 0.35 and 0.65.
    pub fn sex(&self) -> Sex {
        match self.male {
            m if m >= 0.65 => Sex::Male,
            m if m <= 0.35 => Sex::Female,
            _ => Sex::Unclear,
        }
    }
}
