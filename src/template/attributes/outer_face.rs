//! The outline: cheekbones, jaw, chin, forehead, profile.

use super::conditions::{Conditions, GEOMETRY, SIDE};
use super::scale;
use super::shape::Shape;
use super::table::{Attribute, Measure};
use crate::face::index::{
    CHIN, FOREHEAD, GLABELLA, LEFT_GONION, LEFT_TEMPLE, LEFT_ZYGION, NASION, NOSE_TIP, RIGHT_GONION, RIGHT_TEMPLE,
    RIGHT_ZYGION, SUBNASALE,
};

/// Both sides of the chin, about a quarter of the way to the angle of the jaw.
const CHIN_SIDES: (usize, usize) = (176, 400);
/// The lower edge of the jaw, half-way from the chin to the angle of the jaw.
const JAW_BODY: (usize, usize) = (136, 365);
/// The side of the face at the height of the mouth.
const LOWER_CHEEK: (usize, usize) = (132, 361);
/// The temples beside the eyes.
const TEMPLES: (usize, usize) = (162, 389);
/// The foremost point of the chin (pogonion).
pub(super) const POGONION: usize = 199;
/// The fold between lower lip and chin (sublabiale).
pub(super) const SUBLABIALE: usize = 200;

/// The conditions of heights that change as the mouth opens.
const SHUT: Conditions = Conditions { max_mouth_opening: 14.0, ..GEOMETRY };

fn across(s: &Shape, (right, left): (usize, usize)) -> f32 {
    s.distance(right, left)
}

fn zygions(s: &Shape) -> f32 {
    s.distance(RIGHT_ZYGION, LEFT_ZYGION)
}

fn third(s: &Shape, top: usize, bottom: usize) -> f32 {
    (s.down(bottom) - s.down(top)) / (s.down(CHIN) - s.down(FOREHEAD)) * 100.0
}

/// The measures of the outline.
pub(super) const TABLE: &[Attribute] = &[
    Attribute {
        name: "face_width",
        label: "face width",
        scale: scale::LENGTH,
        source: "bizygomatic width, zy-zy (Farkas 1994)",
        conditions: GEOMETRY,
        measure: Measure::Shape(zygions),
    },
    Attribute {
        name: "jaw_width",
        label: "jaw width",
        scale: scale::LENGTH,
        source: "bigonial width, go-go (Farkas 1994)",
        conditions: GEOMETRY,
        measure: Measure::Shape(|s| s.distance(RIGHT_GONION, LEFT_GONION)),
    },
    Attribute {
        name: "jaw_to_face_width",
        label: "jaw width relative to face width",
        scale: scale::OF_FACE_WIDTH,
        source: "mandible-face width index, go-go x 100 / zy-zy (Farkas 1994)",
        conditions: GEOMETRY,
        measure: Measure::Shape(|s| s.distance(RIGHT_GONION, LEFT_GONION) / zygions(s) * 100.0),
    },
    Attribute {
        name: "jaw_body_width",
        label: "jaw width halfway to the chin",
        scale: scale::LENGTH,
        source: "width half-way between gonion and menton, in the manner of go-go (Farkas 1994)",
        conditions: GEOMETRY,
        measure: Measure::Shape(|s| across(s, JAW_BODY)),
    },
    Attribute {
        name: "chin_width",
        label: "chin width",
        scale: scale::LENGTH,
        source: "width of the chin's lower edge beside the menton, in the manner of go-go (Farkas 1994)",
        conditions: GEOMETRY,
        measure: Measure::Shape(|s| across(s, CHIN_SIDES)),
    },
    Attribute {
        name: "chin_height",
        label: "chin height",
        scale: scale::LENGTH,
        source: "sublabiale to gnathion, sl-gn (Farkas 1994)",
        conditions: SHUT,
        measure: Measure::Shape(|s| s.distance(SUBLABIALE, CHIN)),
    },
    Attribute {
        name: "jaw_angle",
        label: "angle of the jaw",
        scale: scale::ANGLE,
        source: "gonial angle between ramus and mandible, mean of both sides (Farkas 1994)",
        conditions: SHUT,
        measure: Measure::Shape(|s| {
            f32::midpoint(s.angle(LOWER_CHEEK.0, RIGHT_GONION, CHIN), s.angle(LOWER_CHEEK.1, LEFT_GONION, CHIN))
        }),
    },
    Attribute {
        name: "face_index",
        label: "face height relative to face width",
        scale: scale::OF_FACE_WIDTH,
        source: "facial index, n-gn x 100 / zy-zy (Farkas 1994)",
        conditions: SHUT,
        measure: Measure::Shape(|s| s.distance(NASION, CHIN) / zygions(s) * 100.0),
    },
    Attribute {
        name: "upper_third",
        label: "height of the upper third of the face",
        scale: scale::OF_FACE_HEIGHT,
        source: "forehead, from the mesh's upper edge near the trichion to glabella, of the whole (Farkas 1994)",
        conditions: SHUT,
        measure: Measure::Shape(|s| third(s, FOREHEAD, GLABELLA)),
    },
    Attribute {
        name: "middle_third",
        label: "height of the middle third of the face",
        scale: scale::OF_FACE_HEIGHT,
        source: "glabella to subnasale, of the whole (Farkas 1994)",
        conditions: SHUT,
        measure: Measure::Shape(|s| third(s, GLABELLA, SUBNASALE)),
    },
    Attribute {
        name: "lower_third",
        label: "height of the lower third of the face",
        scale: scale::OF_FACE_HEIGHT,
        source: "subnasale to menton, sn-gn, of the whole (Farkas 1994)",
        conditions: SHUT,
        measure: Measure::Shape(|s| third(s, SUBNASALE, CHIN)),
    },
    Attribute {
        name: "forehead_width",
        label: "forehead width",
        scale: scale::LENGTH,
        source: "minimal frontal breadth, ft-ft (Farkas 1994)",
        conditions: GEOMETRY,
        measure: Measure::Shape(|s| s.distance(RIGHT_TEMPLE, LEFT_TEMPLE)),
    },
    Attribute {
        name: "temple_width",
        label: "temple width",
        scale: scale::LENGTH,
        source: "width of the outline beside the eyes, after ft-ft and zy-zy (Farkas 1994)",
        conditions: GEOMETRY,
        measure: Measure::Shape(|s| across(s, TEMPLES)),
    },
    Attribute {
        name: "forehead_slope",
        label: "slope of the forehead",
        scale: scale::TILT,
        source: "inclination of the forehead, tr-g against the face's vertical (Farkas 1994)",
        conditions: SIDE,
        measure: Measure::Shape(|s| {
            let (height, depth) = (s.down(GLABELLA) - s.down(FOREHEAD), s.inward(FOREHEAD) - s.inward(GLABELLA));
            depth.atan2(height).to_degrees()
        }),
    },
    Attribute {
        name: "facial_convexity",
        label: "angle of the profile without the nose",
        scale: scale::ANGLE,
        source: "facial convexity, angle n-sn-pg; 180 is straight (Farkas 1994)",
        conditions: SHUT,
        measure: Measure::Shape(|s| s.profile_angle(NASION, SUBNASALE, POGONION)),
    },
    Attribute {
        name: "total_convexity",
        label: "angle of the profile with the nose",
        scale: scale::ANGLE,
        source: "total facial convexity, angle n-prn-pg (Farkas 1994)",
        conditions: SHUT,
        measure: Measure::Shape(|s| s.profile_angle(NASION, NOSE_TIP, POGONION)),
    },
];
