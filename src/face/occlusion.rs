//! What covers a face: a mask, sunglasses, a hand, the edge of the picture.
//!
//! The network is trained on things drawn over faces (`training/occlusion`) and answers with the covered share of each
//! [`Area`]. Whatever a photograph shows there is not the face, so nothing is read from it.

use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use super::{Mesh, square_map};
use crate::imaging::{Channels, Patch, Pyramid};
use crate::inference::{InferenceError, Network, Tensor, output};

/// The side of the network's input in pixels.
const SIDE: u32 = 96;
/// The side of the crop over that of [`Mesh::square`].
const MARGIN: f32 = 1.2;
/// An area is covered from this share on, 0..=1.
const COVERED: f32 = 0.5;

/// An area of the face. "Right" and "left" are the person's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Area {
    /// From the brows to the hair.
    Forehead,
    /// The right eye with its lids.
    RightEye,
    /// The left eye with its lids.
    LeftEye,
    /// The nose.
    Nose,
    /// The right cheek.
    RightCheek,
    /// The left cheek.
    LeftCheek,
    /// The lips.
    Mouth,
    /// Below the mouth.
    Chin,
}

impl Area {
    /// Every area, in the order of the network's outputs.
    pub const ALL: [Self; 8] = [
        Self::Forehead,
        Self::RightEye,
        Self::LeftEye,
        Self::Nose,
        Self::RightCheek,
        Self::LeftCheek,
        Self::Mouth,
        Self::Chin,
    ];

    /// The name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Forehead => "forehead",
            Self::RightEye => "right_eye",
            Self::LeftEye => "left_eye",
            Self::Nose => "nose",
            Self::RightCheek => "right_cheek",
            Self::LeftCheek => "left_cheek",
            Self::Mouth => "mouth",
            Self::Chin => "chin",
        }
    }
}

/// A set of areas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Areas(u8);

impl Areas {
    /// None.
    pub const NONE: Self = Self(0);

    /// The areas of `list`.
    pub const fn of(list: &[Area]) -> Self {
        let (mut bits, mut i) = (0, 0);
        while i < list.len() {
            bits |= 1 << list[i] as u8;
            i += 1;
        }
        Self(bits)
    }

    /// The areas, in the order of [`Area::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Area> {
        Area::ALL.into_iter().filter(move |&a| self.contains(a))
    }

    /// Whether `area` is one of them.
    pub fn contains(self, area: Area) -> bool {
        self.0 & 1 << area as u8 != 0
    }

    /// Whether all of `others` are among them.
    pub fn contains_all(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those that are also among `others`.
    #[must_use]
    pub fn and(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// In words, as the subject of a sentence with its verb: `the nose and the mouth are`. Both of a pair are one word.
    pub fn are(self) -> String {
        const PAIRS: [(Areas, &str); 2] = [(Areas::EYES, "the eyes"), (Areas::CHEEKS, "the cheeks")];
        let mut words: Vec<String> = Vec::new();
        let mut plural = false;
        for area in self.iter() {
            let pair = PAIRS.iter().find(|(pair, _)| pair.contains(area) && self.contains_all(*pair));
            let word =
                pair.map_or_else(|| format!("the {}", area.name().replace('_', " ")), |(_, both)| (*both).into());
            plural |= pair.is_some();
            if !words.contains(&word) {
                words.push(word);
            }
        }
        plural |= words.len() > 1;
        let verb = if plural { "are" } else { "is" };
        match &words[..] {
            [] => String::new(),
            [one] => format!("{one} {verb}"),
            [first @ .., last] => format!("{} and {last} {verb}", first.join(", ")),
        }
    }

    /// Both eyes.
    pub const EYES: Self = Self::of(&[Area::RightEye, Area::LeftEye]);
    /// Both cheeks.
    pub const CHEEKS: Self = Self::of(&[Area::RightCheek, Area::LeftCheek]);
    /// The areas that tell people apart.
    pub const FEATURES: Self = Self::of(&[Area::RightEye, Area::LeftEye, Area::Nose, Area::Mouth]);
}

impl Serialize for Areas {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.iter().map(Area::name))
    }
}

/// The covered share of each area of one face.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Occlusion([f32; Area::ALL.len()]);

impl Occlusion {
    /// From one share per area, 0..=1, in the order of [`Area::ALL`].
    pub fn new(shares: [f32; Area::ALL.len()]) -> Self {
        Self(shares)
    }

    /// Runs the network on the face of `mesh`.
    ///
    /// # Errors
    /// When the network fails.
    pub fn read(net: &dyn Network, image: &Pyramid, mesh: &Mesh) -> Result<Self, InferenceError> {
        let patch = Patch::sample(image, &square_map(mesh, MARGIN, SIDE), SIDE, SIDE);
        let side = SIDE as usize;
        let input = Tensor::new(&[1, 3, side, side], patch.planar(Channels::Rgb, [0.0; 3], 1.0 / 255.0))?;
        let outputs = net.run(input)?;
        let mut shares = [0.0; Area::ALL.len()];
        shares.copy_from_slice(&output(&outputs, 0, Area::ALL.len())?.data);
        Ok(Self(shares))
    }

    /// The covered share of `area`, 0..=1.
    pub fn share(&self, area: Area) -> f32 {
        self.0[area as usize]
    }

    /// The covered share of the most covered of the areas that tell people apart, 0..=1. Of the eyes, one is enough.
    pub fn of_features(&self) -> f32 {
        Areas::FEATURES.iter().map(|a| self.share(a)).fold(0.0, f32::max)
    }

    /// The covered areas.
    pub fn covered(&self) -> Areas {
        let covered = Area::ALL.into_iter().filter(|&a| self.share(a) >= COVERED);
        Areas(covered.map(|a| 1 << a as u8).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_told_as_people_would() {
        let said = |list: &[Area]| Areas::of(list).are();
        assert_eq!(said(&[]), "");
        assert_eq!(said(&[Area::Mouth]), "the mouth is");
        assert_eq!(said(&[Area::Mouth, Area::Nose]), "the nose and the mouth are");
        assert_eq!(said(&[Area::LeftEye]), "the left eye is");
        assert_eq!(said(&[Area::LeftEye, Area::RightEye]), "the eyes are");
        assert_eq!(
            said(&[Area::Nose, Area::Mouth, Area::Chin, Area::LeftCheek, Area::RightCheek]),
            "the nose, the cheeks, the mouth and the chin are"
        );
    }

    #[test]
    fn an_area_is_covered_from_half_of_it_on() {
        let mut shares = [0.0; 8];
        shares[Area::Nose as usize] = COVERED;
        shares[Area::Mouth as usize] = COVERED - 0.01;
        shares[Area::Chin as usize] = 0.9;
        let seen = Occlusion::new(shares);
        assert_eq!(seen.covered(), Areas::of(&[Area::Nose, Area::Chin]));
        assert_eq!(seen.covered().and(Areas::FEATURES), Areas::of(&[Area::Nose]));
        assert!((seen.of_features() - COVERED).abs() < 1e-6);
        assert_eq!(serde_json::to_value(seen.covered()).unwrap(), serde_json::json!(["nose", "chin"]));
    }

    #[test]
    fn shares_that_are_no_numbers_cover_nothing() {
        assert!(Occlusion::new([f32::NAN; 8]).covered().is_empty());
    }
}
