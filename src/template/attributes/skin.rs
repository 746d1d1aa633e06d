//! Skin: tone, redness, evenness, texture.

use super::colour::Lab;
use super::conditions::{COLOUR, DETAIL, LIGHTNESS};
use super::scale;
use super::surface::{Surface, mean, median};
use super::table::{Attribute, Measure};

/// Mesh points below each eye.
const UNDER_EYES: [[usize; 2]; 2] = [[230, 119], [450, 348]];
/// Mesh points where light glances off: forehead, bridge and tip of the nose, cheekbones.
const SHINY: [usize; 5] = [151, 195, 4, 117, 346];
/// The luma of a shining pixel over the median luma of the skin.
const SHINE: f32 = 1.3;

fn tone(s: &Surface) -> Option<Lab> {
    s.colour(&s.cheeks())
}

/// The mean distance of cheeks, forehead and chin from their mean colour.
fn evenness(s: &Surface) -> Option<f32> {
    let [right, left] = s.cheeks();
    let colours: Vec<Lab> = [right, left, s.forehead(), s.chin()].into_iter().filter_map(|d| s.colour(&[d])).collect();
    let common = Lab::mean(&colours)?;
    mean(colours.iter().map(|c| c.difference(common))).filter(|_| colours.len() == 4)
}

/// Fine detail of the cheeks over the contrast of the face.
fn texture(s: &Surface) -> Option<f32> {
    let places: Vec<_> = (0..4).map(|i| s.disc(&[[151, 4, 0, 199][i]], 12.0)).chain(s.cheeks()).collect();
    let lumas = s.lumas(&places);
    let middle = mean(lumas.iter().copied())?;
    let deviation = mean(lumas.iter().map(|v| (v - middle).powi(2)))?.sqrt();
    Some(s.detail(&s.cheeks())? / deviation.max(4.0) * 100.0)
}

fn specular(s: &Surface) -> Option<f32> {
    let skin = median(s.lumas(&s.cheeks()))?;
    let lumas = s.lumas(&SHINY.map(|i| s.disc(&[i], 5.0)));
    mean(lumas.into_iter().map(|v| if v > skin * SHINE { 100.0 } else { 0.0 }))
}

/// The measures of the skin.
pub(super) const TABLE: &[Attribute] = &[
    Attribute {
        name: "skin_tone",
        label: "skin lightness",
        scale: scale::TYPOLOGY_ANGLE,
        source: "individual typology angle, atan2(L* - 50, b*) of the cheeks; light is high (Chardin et al. 1991)",
        conditions: COLOUR,
        measure: Measure::Surface(|s| tone(s).map(|c| (c.l - 50.0).atan2(c.b).to_degrees())),
    },
    Attribute {
        name: "skin_redness",
        label: "redness of the skin",
        scale: scale::REDNESS,
        source: "a* of the cheeks, an index of haemoglobin (Takiwaki 1998)",
        conditions: COLOUR,
        measure: Measure::Surface(|s| tone(s).map(|c| c.a)),
    },
    Attribute {
        name: "skin_yellowness",
        label: "yellowness of the skin",
        scale: scale::YELLOWNESS,
        source: "b* of the cheeks (CIE 15:2004)",
        conditions: COLOUR,
        measure: Measure::Surface(|s| tone(s).map(|c| c.b)),
    },
    Attribute {
        name: "skin_evenness",
        label: "unevenness of the skin's colour",
        scale: scale::COLOUR_DISTANCE,
        source: "mean Delta E*ab 1976 of cheeks, forehead and chin from their mean (after Fink, Grammer and Matts 2006)",
        conditions: COLOUR,
        measure: Measure::Surface(evenness),
    },
    Attribute {
        name: "cheek_forehead_redness",
        label: "redness of the cheeks against the forehead",
        scale: scale::REDNESS_DIFFERENCE,
        source: "difference of a* between cheeks and forehead (CIE 15:2004)",
        conditions: COLOUR,
        measure: Measure::Surface(|s| Some(tone(s)?.a - s.colour(&[s.forehead()])?.a)),
    },
    Attribute {
        name: "chin_darkness",
        label: "darkness of the chin against the cheeks",
        scale: scale::LIGHTNESS_DIFFERENCE,
        source: "difference of L* between cheeks and chin: beard, stubble (CIE 15:2004)",
        conditions: LIGHTNESS,
        measure: Measure::Surface(|s| Some(tone(s)?.l - s.colour(&[s.chin()])?.l)),
    },
    Attribute {
        name: "under_eye_darkness",
        label: "darkness under the eyes",
        scale: scale::LIGHTNESS_DIFFERENCE,
        source: "difference of L* between cheeks and the skin below the eyes (CIE 15:2004)",
        conditions: LIGHTNESS,
        measure: Measure::Surface(|s| Some(tone(s)?.l - s.colour(&UNDER_EYES.map(|p| s.disc(&p, 3.0)))?.l)),
    },
    Attribute {
        name: "skin_texture",
        label: "strength of the skin texture",
        scale: scale::TEXTURE,
        source: "mean absolute Laplacian of the cheeks over the deviation of the face's luma",
        conditions: DETAIL,
        measure: Measure::Surface(texture),
    },
    Attribute {
        name: "skin_shine",
        label: "shine of the skin",
        scale: scale::SHARE,
        source: "share of forehead, nose and cheekbones lighter than 1.3 times the cheeks' median luma",
        conditions: LIGHTNESS,
        measure: Measure::Surface(specular),
    },
];
