//! The nose.

use super::conditions::{Conditions, GEOMETRY};
use super::outer_face::POGONION;
use super::scale;
use super::shape::Shape;
use super::table::{Attribute, Measure};

use crate::face::index::{GLABELLA, LEFT_ALARE, NASION, NOSE_TIP, RIGHT_ALARE, SUBNASALE, UPPER_LIP_TOP};

/// Both sides of the bridge, half-way down.
const BRIDGE: (usize, usize) = (196, 419);
/// The dorsum above the tip.
const DORSUM: usize = 195;
/// The middle of the dorsum.
const RHINION: usize = 197;

/// A smile spreads the wings of the nose, so a wide open mouth forbids widths.
const CALM: Conditions = Conditions { max_mouth_opening: 14.0, ..GEOMETRY };

fn alares(s: &Shape) -> f32 {
    s.distance(RIGHT_ALARE, LEFT_ALARE)
}

fn length(s: &Shape) -> f32 {
    s.distance(NASION, SUBNASALE)
}

fn projection(s: &Shape) -> f32 {
    s.mean(&[RIGHT_ALARE, LEFT_ALARE], 2) - s.inward(NOSE_TIP)
}

/// The measures of the nose.
pub(super) const TABLE: &[Attribute] = &[
    Attribute {
        name: "nasal_width",
        label: "nose width",
        scale: scale::LENGTH,
        source: "morphological nose width, al-al (Farkas 1994)",
        conditions: CALM,
        measure: Measure::Shape(alares),
    },
    Attribute {
        name: "nasal_bridge_width",
        label: "width of the bridge of the nose",
        scale: scale::LENGTH,
        source: "width of the nasal dorsum at mid-height, after mf-mf (Farkas 1994)",
        conditions: GEOMETRY,
        measure: Measure::Shape(|s| s.distance(BRIDGE.0, BRIDGE.1)),
    },
    Attribute {
        name: "nose_length",
        label: "nose length",
        scale: scale::LENGTH,
        source: "nose height, n-sn (Farkas 1994)",
        conditions: GEOMETRY,
        measure: Measure::Shape(length),
    },
    Attribute {
        name: "nasal_index",
        label: "nose width relative to nose length",
        scale: scale::OF_NOSE_LENGTH,
        source: "nasal index, al-al x 100 / n-sn (Farkas 1994)",
        conditions: CALM,
        measure: Measure::Shape(|s| alares(s) / length(s) * 100.0),
    },
    Attribute {
        name: "nose_protrusion",
        label: "protrusion of the nose",
        scale: scale::OFFSET,
        source: "nasal tip protrusion, depth of prn before the alar base (Farkas 1994)",
        conditions: GEOMETRY,
        measure: Measure::Shape(projection),
    },
    Attribute {
        name: "nasofrontal_angle",
        label: "angle between forehead and nose",
        scale: scale::ANGLE,
        source: "nasofrontal angle, g-n-dorsum (Farkas 1994; Powell and Humphreys 1984)",
        conditions: GEOMETRY,
        measure: Measure::Shape(|s| s.profile_angle(GLABELLA, NASION, DORSUM)),
    },
    Attribute {
        name: "nasofacial_angle",
        label: "angle between nose and face",
        scale: scale::ANGLE,
        source: "nasofacial angle, n-prn against n-pg (Powell and Humphreys 1984)",
        conditions: CALM,
        measure: Measure::Shape(|s| s.profile_angle_of_lines([NASION, NOSE_TIP], [NASION, POGONION])),
    },
    Attribute {
        name: "nasolabial_angle",
        label: "angle between nose and upper lip",
        scale: scale::ANGLE,
        source: "nasolabial angle, prn-sn-ls (Farkas 1994)",
        conditions: CALM,
        measure: Measure::Shape(|s| s.profile_angle(NOSE_TIP, SUBNASALE, UPPER_LIP_TOP)),
    },
    Attribute {
        name: "nasal_hump",
        label: "height of the hump on the nose",
        scale: scale::OFFSET,
        source: "height of the rhinion before the line n-prn; negative is a saddle (Powell and Humphreys 1984)",
        conditions: GEOMETRY,
        measure: Measure::Shape(|s| s.profile_offset(RHINION, NASION, NOSE_TIP)),
    },
];
