//! The public description of an attribute.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::conditions::Conditions;
use crate::face::{Area, Areas};

/// A region of the face, as explanations name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FaceRegion)]
pub enum Region {
    /// The outline: jaw, cheekbones, chin, forehead.
    OuterFace,
    /// Both brows.
    Brows,
    /// Both eyes.
    Eyes,
    /// The nose.
    Nose,
    /// The mouth with the philtrum.
    Mouth,
    /// The skin: colour and texture.
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

    /// The areas that it is read from: where one of them is covered, it is not read. The whole face always is.
    pub fn areas(self) -> Areas {
        match self {
            Self::OuterFace => const { Areas::of(&[Area::Forehead, Area::RightCheek, Area::LeftCheek, Area::Chin]) },
            Self::Brows => const { Areas::of(&[Area::Forehead, Area::RightEye, Area::LeftEye]) },
            Self::Eyes => Areas::EYES,
            Self::Nose => const { Areas::of(&[Area::Nose]) },
            Self::Mouth => const { Areas::of(&[Area::Mouth]) },
            Self::Skin => const { Areas::of(&[Area::RightCheek, Area::LeftCheek, Area::Chin]) },
            Self::Overall => Areas::NONE,
        }
    }
}

/// A kind of manipulation, as one network detects it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    /// A part of the face was pasted in, by the forensic network.
    Blending,
    /// A network drew the face, by the forensic network.
    Synthesis,
    /// A face was put into the picture of another, by the image encoder.
    EncoderBlending,
    /// A network drew the face, by the image encoder.
    EncoderSynthesis,
}

impl Trace {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Blending, Self::Synthesis, Self::EncoderBlending, Self::EncoderSynthesis];
    /// Those of the image encoder, in the order of its probes.
    pub const BY_ENCODER: [Self; 2] = [Self::EncoderBlending, Self::EncoderSynthesis];
}

/// An attribute: its name, unit, source, and measured figures.
#[derive(Clone, Copy, Debug)]
pub struct AttributeSpec {
    /// The stable name in answers and files, in `snake_case`.
    pub name: &'static str,
    /// The region of the face.
    pub region: Region,
    /// The name in sentences, for example `nose width`.
    pub label: &'static str,
    /// The unit in answers, for example `% of the outer-canthal width`.
    pub unit: &'static str,
    /// The least and the greatest possible value.
    pub(super) possible: [f32; 2],
    /// The anthropometric term or the formula, with its reference.
    pub source: &'static str,
    /// Whether it is read from the mesh, rather than from pixels.
    pub geometric: bool,
    /// The kind of manipulation that it is a trace of, if any. A trace below the usual range is no departure.
    pub trace: Option<Trace>,
    /// The conditions under which it is read.
    pub conditions: Conditions,
    /// The standard deviation of repeated readings of one photograph, re-encoded, resized and shifted, in `unit`.
    pub repeatability: f32,
    /// The standard deviation over different photographs of one person, in `unit`.
    pub within_person: f32,
    /// The standard deviation between people's means, in `unit`.
    pub between_people: f32,
    /// The drift of geometry with pose and expression: the change per 10 degrees of yaw, per square of that, per 10
    /// degrees of pitch, and per 10 % of the outer-canthal width that the mouth is open. It is subtracted from
    /// readings, which are those of a level, frontal face with its mouth shut.
    pub drift: [f32; 4],
}

impl AttributeSpec {
    /// The possible values, in [`unit`](Self::unit); an open end is infinite. Clip a range computed from a mean and a
    /// standard deviation to it. A reading at the very edge may lie beyond it by its [`drift`](Self::drift).
    pub const fn possible(&self) -> RangeInclusive<f32> {
        RangeInclusive::new(self.possible[0], self.possible[1])
    }
}
