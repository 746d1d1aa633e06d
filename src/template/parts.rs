//! The face with one of its parts covered, as embedding B sees it: which part departs from the person.
//!
//! A face with a part of another person becomes more like the references when that part is covered; a genuine face does
//! not. This is the occlusion sensitivity of Zeiler and Fergus ("Visualizing and Understanding Convolutional Networks",
//! ECCV 2014), compared with the effect of the same cover on the references.

use serde::{Deserialize, Serialize};

use super::Region;
use super::cover::{Ground, covered};
use super::embedding::{chip_b, embed_b, normalised};
use crate::face::{Face, index};
use crate::imaging::{Hull, Pyramid};
use crate::inference::InferenceError;
use crate::models::Zoo;

/// A part of the face that can be covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Both eyes with their brows.
    Eyes,
    /// The nose.
    Nose,
    /// The mouth.
    Mouth,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 3] = [Self::Eyes, Self::Nose, Self::Mouth];

    /// The part's region, as explanations name it.
    pub fn region(self) -> Region {
        match self {
            Self::Eyes => Region::Eyes,
            Self::Nose => Region::Nose,
            Self::Mouth => Region::Mouth,
        }
    }

    /// Mesh points; the convex hull of each list is covered.
    fn outlines(self) -> &'static [&'static [usize]] {
        match self {
            Self::Eyes => &[&RIGHT_EYE, &LEFT_EYE],
            Self::Nose => &[&NOSE],
            Self::Mouth => &[&MOUTH],
        }
    }
}

const RIGHT_EYE: [usize; 13] = [33, 133, 159, 145, 226, 230, 223, 244, 70, 63, 105, 66, 107];
const LEFT_EYE: [usize; 13] = [263, 362, 386, 374, 446, 450, 443, 464, 336, 296, 334, 293, 300];
const NOSE: [usize; 14] = [
    index::NASION,
    6,
    197,
    195,
    5,
    4,
    index::NOSE_TIP,
    index::SUBNASALE,
    index::RIGHT_ALARE,
    index::LEFT_ALARE,
    98,
    327,
    index::RIGHT_BRIDGE,
    index::LEFT_BRIDGE,
];
const MOUTH: [usize; 16] = [61, 291, 0, 13, 14, 17, 40, 270, 91, 321, 164, 18, 37, 267, 84, 314];

/// For each of [`Part::ALL`], the unit vector of embedding B with that part covered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parts(Vec<Vec<f32>>);

/// The largest turn to either side, in degrees; beyond it the parts hide one another.
const MAX_YAW: f32 = 45.0;

impl Parts {
    /// From one vector per part, in the order of [`Part::ALL`]; each is scaled to unit length.
    pub fn new(vectors: [Vec<f32>; Part::ALL.len()]) -> Self {
        Self(vectors.into_iter().map(normalised).collect())
    }

    /// Covers each part of a face in turn, with one run of embedding B per part. `None` for a face turned too far.
    ///
    /// # Errors
    /// When the network fails.
    pub(super) fn read(zoo: &Zoo, image: &Pyramid, face: &Face) -> Result<Option<Self>, InferenceError> {
        if face.pose.yaw.abs() > MAX_YAW {
            return Ok(None);
        }
        let (chip, to_source) = chip_b(image, face);
        let Some(to_chip) = to_source.inverse() else { return Ok(None) };
        let ground = Ground::of(&chip);
        let mut vectors = Vec::with_capacity(Part::ALL.len());
        for part in Part::ALL {
            let place = |i: &usize| to_chip.apply(face.mesh.at(*i));
            let hulls: Vec<Hull> =
                part.outlines().iter().map(|o| Hull::around(o.iter().map(place).collect())).collect();
            vectors.push(normalised(embed_b(zoo, &covered(&chip, &ground, &hulls))?));
        }
        Ok(Some(Self(vectors)))
    }

    /// The unit vector with `part` covered.
    pub fn without(&self, part: Part) -> &[f32] {
        self.0.get(part as usize).map_or(&[], Vec::as_slice)
    }
}
