//! Lips and philtrum.

use super::conditions::{COLOUR, LIGHTNESS, LIPS};
use super::outer_face::{POGONION, SUBLABIALE};
use super::scale;
use super::shape::Shape;
use super::surface::Surface;
use super::table::{Attribute, Measure};

use crate::face::index::{
    CUPID_LEFT, CUPID_RIGHT, LOWER_LIP_BOTTOM, LOWER_LIP_TOP, MOUTH_LEFT, MOUTH_RIGHT, NOSE_TIP, SUBNASALE,
    UPPER_LIP_BOTTOM, UPPER_LIP_TOP,
};

/// Mesh points of the lower lip; each disc lies between two of them.
const LOWER_LIP: [[usize; 2]; 3] = [[14, 17], [87, 84], [317, 314]];
/// The radius of the discs on the lower lip, in pixels of the surface.
const LIP_RADIUS: f32 = 1.8;

fn width(s: &Shape) -> f32 {
    s.distance(MOUTH_RIGHT, MOUTH_LEFT)
}

fn upper(s: &Shape) -> f32 {
    s.distance(UPPER_LIP_TOP, UPPER_LIP_BOTTOM)
}

fn lower(s: &Shape) -> f32 {
    s.distance(LOWER_LIP_TOP, LOWER_LIP_BOTTOM)
}

/// CIELAB of the lower lip minus that of the cheeks.
fn lip_against_skin(s: &Surface) -> Option<[f32; 3]> {
    let lip = s.colour(&LOWER_LIP.map(|points| s.disc(&points, LIP_RADIUS)))?;
    let skin = s.colour(&s.cheeks())?;
    Some([lip.l - skin.l, lip.a - skin.a, lip.b - skin.b])
}

/// The measures of the mouth.
pub(super) const TABLE: &[Attribute] = &[
    Attribute {
        name: "mouth_width",
        label: "mouth width",
        scale: scale::LENGTH,
        source: "labial fissure width, ch-ch (Farkas 1994)",
        conditions: LIPS,
        measure: Measure::Shape(width),
    },
    Attribute {
        name: "philtrum_length",
        label: "distance from the nose to the upper lip",
        scale: scale::LENGTH,
        source: "cutaneous upper lip height, sn-ls (Farkas 1994)",
        conditions: LIPS,
        measure: Measure::Shape(|s| s.distance(SUBNASALE, UPPER_LIP_TOP)),
    },
    Attribute {
        name: "philtrum_width",
        label: "distance between the peaks of the upper lip",
        scale: scale::LENGTH,
        source: "width of the philtrum between the peaks of Cupid's bow, cph-cph (Farkas 1994)",
        conditions: LIPS,
        measure: Measure::Shape(|s| s.distance(CUPID_RIGHT, CUPID_LEFT)),
    },
    Attribute {
        name: "upper_vermilion_height",
        label: "height of the upper lip",
        scale: scale::LENGTH,
        source: "upper vermilion height, ls-sto (Farkas 1994)",
        conditions: LIPS,
        measure: Measure::Shape(upper),
    },
    Attribute {
        name: "lower_vermilion_height",
        label: "height of the lower lip",
        scale: scale::LENGTH,
        source: "lower vermilion height, sto-li (Farkas 1994)",
        conditions: LIPS,
        measure: Measure::Shape(lower),
    },
    Attribute {
        name: "lip_ratio",
        label: "upper lip height relative to lower lip height",
        scale: scale::OF_LOWER_LIP,
        source: "vermilion height index, ls-sto x 100 / sto-li (Farkas 1994)",
        conditions: LIPS,
        measure: Measure::Shape(|s| upper(s) / lower(s) * 100.0),
    },
    Attribute {
        name: "cupids_bow_depth",
        label: "depth of the Cupid's bow",
        scale: scale::OFFSET,
        source: "height of cph above ls (Farkas 1994, landmarks)",
        conditions: LIPS,
        measure: Measure::Shape(|s| s.down(UPPER_LIP_TOP) - s.mean(&[CUPID_RIGHT, CUPID_LEFT], 1)),
    },
    Attribute {
        name: "upper_lip_protrusion",
        label: "protrusion of the upper lip",
        scale: scale::OFFSET,
        source: "upper lip before the esthetic line prn-pg (Ricketts 1968)",
        conditions: LIPS,
        measure: Measure::Shape(|s| s.profile_offset(UPPER_LIP_TOP, NOSE_TIP, POGONION)),
    },
    Attribute {
        name: "labiomental_angle",
        label: "angle between lower lip and chin",
        scale: scale::ANGLE,
        source: "labiomental angle, li-sl-pg (Farkas 1994)",
        conditions: LIPS,
        measure: Measure::Shape(|s| s.profile_angle(LOWER_LIP_BOTTOM, SUBLABIALE, POGONION)),
    },
    Attribute {
        name: "lip_redness",
        label: "redness of the lips against the skin",
        scale: scale::REDNESS_DIFFERENCE,
        source: "difference of a* between lower lip and cheeks (CIE 15:2004)",
        conditions: COLOUR,
        measure: Measure::Surface(|s| lip_against_skin(s).map(|d| d[1])),
    },
    Attribute {
        name: "lip_lightness",
        label: "lightness of the lips against the skin",
        scale: scale::LIGHTNESS_DIFFERENCE,
        source: "difference of L* between lower lip and cheeks (CIE 15:2004)",
        conditions: LIGHTNESS,
        measure: Measure::Surface(|s| lip_against_skin(s).map(|d| d[0])),
    },
    Attribute {
        name: "mouth_slant",
        label: "slant of the mouth towards the person's left",
        scale: scale::TILT,
        source: "inclination of ch-ch against ex-ex (Farkas 1994, asymmetry)",
        conditions: LIPS,
        measure: Measure::Shape(|s| {
            let [right, left] = [s.at(MOUTH_RIGHT), s.at(MOUTH_LEFT)];
            (left[1] - right[1]).atan2(left[0] - right[0]).to_degrees()
        }),
    },
];
