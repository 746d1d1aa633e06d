//! Eyes: lids, corners, irises.

use super::conditions::{GEOMETRY, IRIS, IRIS_COLOUR, SIDE};
use super::irises::Irises;
use super::scale;
use super::shape::Shape;
use super::table::{Attribute, Measure};

use crate::face::index::{
    LEFT_EYE_BOTTOM, LEFT_EYE_INNER, LEFT_EYE_OUTER, LEFT_EYE_TOP, NASION, RIGHT_EYE_BOTTOM, RIGHT_EYE_INNER,
    RIGHT_EYE_OUTER, RIGHT_EYE_TOP,
};

fn right_length(s: &Shape) -> f32 {
    s.distance(RIGHT_EYE_OUTER, RIGHT_EYE_INNER)
}

fn left_length(s: &Shape) -> f32 {
    s.distance(LEFT_EYE_OUTER, LEFT_EYE_INNER)
}

fn right_height(s: &Shape) -> f32 {
    s.distance(RIGHT_EYE_TOP, RIGHT_EYE_BOTTOM)
}

fn left_height(s: &Shape) -> f32 {
    s.distance(LEFT_EYE_TOP, LEFT_EYE_BOTTOM)
}

/// The measures of the eyes.
pub(super) const TABLE: &[Attribute] = &[
    Attribute {
        name: "interocular_ratio",
        label: "distance between the eyes",
        scale: scale::LENGTH,
        source: "intercanthal index, en-en x 100 / ex-ex (Farkas 1994)",
        conditions: GEOMETRY,
        measure: Measure::Shape(|s| s.distance(RIGHT_EYE_INNER, LEFT_EYE_INNER)),
    },
    Attribute {
        name: "fissure_length_right",
        label: "width of the right eye",
        scale: scale::LENGTH,
        source: "palpebral fissure length, en-ex (Farkas 1994)",
        conditions: SIDE,
        measure: Measure::Shape(right_length),
    },
    Attribute {
        name: "fissure_length_left",
        label: "width of the left eye",
        scale: scale::LENGTH,
        source: "palpebral fissure length, en-ex (Farkas 1994)",
        conditions: SIDE,
        measure: Measure::Shape(left_length),
    },
    Attribute {
        name: "fissure_height_right",
        label: "opening of the right eye",
        scale: scale::LENGTH,
        source: "palpebral fissure height, ps-pi (Farkas 1994)",
        conditions: SIDE,
        measure: Measure::Shape(right_height),
    },
    Attribute {
        name: "fissure_height_left",
        label: "opening of the left eye",
        scale: scale::LENGTH,
        source: "palpebral fissure height, ps-pi (Farkas 1994)",
        conditions: SIDE,
        measure: Measure::Shape(left_height),
    },
    Attribute {
        name: "canthal_tilt_right",
        label: "tilt of the right eye",
        scale: scale::TILT,
        source: "inclination of the palpebral fissure, en-ex (Farkas 1994)",
        conditions: SIDE,
        measure: Measure::Shape(|s| s.rise(RIGHT_EYE_INNER, RIGHT_EYE_OUTER)),
    },
    Attribute {
        name: "canthal_tilt_left",
        label: "tilt of the left eye",
        scale: scale::TILT,
        source: "inclination of the palpebral fissure, en-ex (Farkas 1994)",
        conditions: SIDE,
        measure: Measure::Shape(|s| s.rise(LEFT_EYE_INNER, LEFT_EYE_OUTER)),
    },
    Attribute {
        name: "eye_depth_nasion",
        label: "depth of the eyes behind the bridge of the nose",
        scale: scale::OFFSET,
        source: "depth of the endocanthion behind the sellion, en-se (Farkas 1994)",
        conditions: GEOMETRY,
        measure: Measure::Shape(|s| s.mean(&[RIGHT_EYE_INNER, LEFT_EYE_INNER], 2) - s.inward(NASION)),
    },
    Attribute {
        name: "iris_diameter",
        label: "diameter of the irises",
        scale: scale::OF_EYE_LENGTH,
        source: "horizontal visible iris diameter over en-ex, mean of both eyes (after Farkas 1994)",
        conditions: IRIS,
        measure: Measure::Irises(Irises::diameter),
    },
    Attribute {
        name: "iris_lightness",
        label: "lightness of the irises",
        scale: scale::LIGHTNESS,
        source: "L* of the iris ring, mean of both eyes (CIE 15:2004)",
        conditions: IRIS,
        measure: Measure::Irises(|i| i.colour().map(|c| c.l)),
    },
    Attribute {
        name: "iris_chroma",
        label: "colour strength of the irises",
        scale: scale::CHROMA,
        source: "C*ab of the iris ring, mean of both eyes (CIE 15:2004)",
        conditions: IRIS_COLOUR,
        measure: Measure::Irises(|i| i.colour().map(|c| c.a.hypot(c.b))),
    },
    Attribute {
        name: "iris_yellowness",
        label: "yellowness of the irises against the white of the eyes",
        scale: scale::YELLOWNESS_DIFFERENCE,
        source: "b* of the iris ring minus that of the sclera: brown high, blue low (CIE 15:2004)",
        conditions: IRIS_COLOUR,
        measure: Measure::Irises(|i| Some(i.colour()?.b - i.sclera()?.b)),
    },
    Attribute {
        name: "iris_redness",
        label: "redness of the irises against the white of the eyes",
        scale: scale::REDNESS_DIFFERENCE,
        source: "a* of the iris ring minus that of the sclera: hazel high, green low (CIE 15:2004)",
        conditions: IRIS_COLOUR,
        measure: Measure::Irises(|i| Some(i.colour()?.a - i.sclera()?.a)),
    },
    Attribute {
        name: "sclera_contrast",
        label: "contrast between the white of the eyes and the irises",
        scale: scale::LIGHTNESS_DIFFERENCE,
        source: "difference of L* between sclera and iris ring (after Russell 2009)",
        conditions: IRIS,
        measure: Measure::Irises(|i| Some(i.sclera()?.l - i.colour()?.l)),
    },
    Attribute {
        name: "eye_height_difference",
        label: "difference in opening between the right and the left eye",
        scale: scale::OFFSET,
        source: "signed asymmetry of the palpebral fissure height (Farkas 1994, asymmetry)",
        conditions: SIDE,
        measure: Measure::Shape(|s| right_height(s) - left_height(s)),
    },
];
