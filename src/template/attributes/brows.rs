//! The brows.

use super::conditions::{Conditions, GEOMETRY, LIGHTNESS, SIDE};
use super::scale;
use super::shape::Shape;
use super::surface::Surface;
use super::table::{Attribute, Measure};

use crate::face::index::{
    LEFT_BROW, LEFT_BROW_LOWER, LEFT_EYE_INNER, LEFT_EYE_OUTER, RIGHT_BROW, RIGHT_BROW_LOWER, RIGHT_EYE_INNER,
    RIGHT_EYE_OUTER,
};

/// Surprise raises the brows and opens the mouth, so a wide open mouth forbids heights.
const CALM: Conditions = Conditions { max_mouth_opening: 14.0, ..SIDE };
/// The radius of the discs on a brow, in pixels of the surface.
const BROW_RADIUS: f32 = 1.8;
/// Mesh points of the skin above the brows, three per side.
const ABOVE_BROWS: [usize; 6] = [108, 69, 104, 337, 299, 333];

/// The height of the brow's middle above the corners of the eye.
fn height(s: &Shape, brow: &[usize; 5], lower: &[usize; 5], corners: [usize; 2]) -> f32 {
    s.mean(&corners, 1) - s.mean(&[brow[2], lower[2]], 1)
}

fn right_height(s: &Shape) -> f32 {
    height(s, &RIGHT_BROW, &RIGHT_BROW_LOWER, [RIGHT_EYE_INNER, RIGHT_EYE_OUTER])
}

fn left_height(s: &Shape) -> f32 {
    height(s, &LEFT_BROW, &LEFT_BROW_LOWER, [LEFT_EYE_INNER, LEFT_EYE_OUTER])
}

fn arch(s: &Shape) -> f32 {
    let of = |brow: &[usize; 5]| s.bow(brow[2], brow[0], brow[4]);
    f32::midpoint(of(&RIGHT_BROW_LOWER), of(&LEFT_BROW_LOWER))
}

fn thickness(s: &Shape) -> f32 {
    let of = |upper: &[usize; 5], lower: &[usize; 5]| {
        upper.iter().zip(lower).map(|(&u, &l)| s.distance(u, l)).sum::<f32>() / 5.0
    };
    f32::midpoint(of(&RIGHT_BROW, &RIGHT_BROW_LOWER), of(&LEFT_BROW, &LEFT_BROW_LOWER))
}

/// L* of the skin above the brows minus that of the brows.
fn contrast(s: &Surface) -> Option<f32> {
    let hair: Vec<_> = RIGHT_BROW
        .iter()
        .zip(&RIGHT_BROW_LOWER)
        .chain(LEFT_BROW.iter().zip(&LEFT_BROW_LOWER))
        .map(|(&upper, &lower)| s.disc(&[upper, lower], BROW_RADIUS))
        .collect();
    let skin = ABOVE_BROWS.map(|i| s.disc(&[i], BROW_RADIUS));
    Some(s.colour(&skin)?.l - s.colour(&hair)?.l)
}

/// The measures of the brows.
pub(super) const TABLE: &[Attribute] = &[
    Attribute {
        name: "brow_height_right",
        label: "height of the right brow",
        scale: scale::OFFSET,
        source: "eyebrow above the palpebral fissure, after os-or (Farkas 1994)",
        conditions: CALM,
        measure: Measure::Shape(right_height),
    },
    Attribute {
        name: "brow_height_left",
        label: "height of the left brow",
        scale: scale::OFFSET,
        source: "eyebrow above the palpebral fissure, after os-or (Farkas 1994)",
        conditions: CALM,
        measure: Measure::Shape(left_height),
    },
    Attribute {
        name: "brow_outer_height",
        label: "height of the brows' outer ends",
        scale: scale::OFFSET,
        source: "lateral brow above the exocanthion (Farkas 1994, landmarks)",
        conditions: CALM,
        measure: Measure::Shape(|s| {
            s.mean(&[RIGHT_EYE_OUTER, LEFT_EYE_OUTER], 1) - s.mean(&[RIGHT_BROW_LOWER[4], LEFT_BROW_LOWER[4]], 1)
        }),
    },
    Attribute {
        name: "brow_arch",
        label: "arch of the brows",
        scale: scale::LENGTH,
        source: "height of the brow's middle over the chord of its ends (Farkas 1994, landmarks)",
        conditions: GEOMETRY,
        measure: Measure::Shape(arch),
    },
    Attribute {
        name: "brow_slope",
        label: "slope of the brows' inner half",
        scale: scale::TILT,
        source: "inclination of the medial half of the brow (Farkas 1994, landmarks)",
        conditions: CALM,
        measure: Measure::Shape(|s| {
            f32::midpoint(s.rise(RIGHT_BROW[0], RIGHT_BROW[2]), s.rise(LEFT_BROW[0], LEFT_BROW[2]))
        }),
    },
    Attribute {
        name: "brow_length",
        label: "length of the brows",
        scale: scale::LENGTH,
        source: "medial to lateral end of the brow, mean of both (Farkas 1994, landmarks)",
        conditions: GEOMETRY,
        measure: Measure::Shape(|s| {
            f32::midpoint(
                s.distance(RIGHT_BROW_LOWER[0], RIGHT_BROW_LOWER[4]),
                s.distance(LEFT_BROW_LOWER[0], LEFT_BROW_LOWER[4]),
            )
        }),
    },
    Attribute {
        name: "brow_distance",
        label: "distance between the brows",
        scale: scale::LENGTH,
        source: "interbrow distance between the medial ends (Farkas 1994, landmarks)",
        conditions: GEOMETRY,
        measure: Measure::Shape(|s| s.distance(RIGHT_BROW_LOWER[0], LEFT_BROW_LOWER[0])),
    },
    Attribute {
        name: "brow_thickness",
        label: "thickness of the brows",
        scale: scale::LENGTH,
        source: "upper to lower edge of the brow, mean of five places on both (Farkas 1994, landmarks)",
        conditions: GEOMETRY,
        measure: Measure::Shape(thickness),
    },
    Attribute {
        name: "brow_contrast",
        label: "darkness of the brows against the skin",
        scale: scale::LIGHTNESS_DIFFERENCE,
        source: "difference of L* between the skin above the brows and the brows (after Russell 2009)",
        conditions: LIGHTNESS,
        measure: Measure::Surface(contrast),
    },
];
