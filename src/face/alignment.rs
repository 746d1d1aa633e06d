//! The crop of each network: maps from its pixels to the source image.

use super::{Detection, Mesh, index};
use crate::imaging::{Affine, Point};

/// A square in the source image, turned with the head.
#[derive(Clone, Copy, Debug)]
pub struct CropPlan {
    /// Its centre.
    pub centre: Point,
    /// Its side in source pixels.
    pub side: f32,
    /// The roll of the head in radians, clockwise on the screen; in the crop the head is upright.
    pub roll: f32,
}

impl CropPlan {
    /// The map from a crop of `side` pixels onto this square.
    pub fn map(&self, side: u32) -> Affine {
        Affine::output_to_source(self.centre, self.side / side as f32, self.roll, side)
    }

    /// A point of the source in a crop of `side` units.
    pub fn to_crop(&self, p: Point, side: f32) -> Point {
        let (sin, cos) = self.roll.sin_cos();
        let (x, y) = (p.x - self.centre.x, p.y - self.centre.y);
        let (scale, half) = (side / self.side, side / 2.0);
        Point::new((cos * x + sin * y) * scale + half, (cos * y - sin * x) * scale + half)
    }
}

impl Detection {
    /// The angle of the line through the eyes, in radians, clockwise on the screen.
    pub fn roll(&self) -> f32 {
        let [right, left, ..] = self.points;
        (left.y - right.y).atan2(left.x - right.x)
    }
}

/// The side of the detector's square over the height of the mesh, and the distance of its middle above the mesh's, as a
/// share of its side (medians over photographs).
const SQUARE_TO_MESH: f32 = 1.084;
const SQUARE_ABOVE: f32 = 0.051;

impl Mesh {
    /// The angle of the line through the eyes' outer corners, in radians, clockwise on the screen.
    pub fn roll(&self) -> f32 {
        let (right, left) = (self.at(index::RIGHT_EYE_OUTER), self.at(index::LEFT_EYE_OUTER));
        (left.y - right.y).atan2(left.x - right.x)
    }

    /// The square that the detector would draw around the face, eyes level. It is computed from the mesh because the
    /// detector's own box moves from one pass to another.
    pub fn square(&self) -> CropPlan {
        let roll = self.roll();
        let (sin, cos) = roll.sin_cos();
        let mut low = [f32::INFINITY; 2];
        let mut high = [f32::NEG_INFINITY; 2];
        for p in &self.points {
            for (axis, v) in [cos * p[0] + sin * p[1], cos * p[1] - sin * p[0]].into_iter().enumerate() {
                low[axis] = low[axis].min(v);
                high[axis] = high[axis].max(v);
            }
        }
        let side = (SQUARE_TO_MESH * (high[1] - low[1])).max(1.0);
        let (across, down) = (low[0].midpoint(high[0]), low[1].midpoint(high[1]) - SQUARE_ABOVE * side);
        CropPlan { centre: Point::new(cos * across - sin * down, sin * across + cos * down), side, roll }
    }

    /// The five points of an alignment: right eye, left eye, nose tip, right and left mouth corner.
    pub(super) fn five_points(&self) -> [Point; 5] {
        let [right, left] = self.eyes();
        [right, left, self.at(index::NOSE_TIP), self.at(index::MOUTH_RIGHT), self.at(index::MOUTH_LEFT)]
    }
}

/// The map from a crop of `side` pixels onto [`Mesh::square`], enlarged by `margin`.
pub fn square_map(mesh: &Mesh, margin: f32, side: u32) -> Affine {
    let square = mesh.square();
    CropPlan { side: square.side * margin, ..square }.map(side)
}

/// The five-point template of ArcFace for a side of 112 (Deng et al., CVPR 2019; constants of the insightface
/// project): right eye, left eye, nose tip, right and left mouth corner.
const ARCFACE: [Point; 5] = [
    Point::new(38.2946, 51.6963),
    Point::new(73.5318, 51.5014),
    Point::new(56.0252, 71.7366),
    Point::new(41.5493, 92.3655),
    Point::new(70.7299, 92.2041),
];

/// The similarity from a crop of `side` pixels to the source that puts the five points on ArcFace's template.
pub fn arcface_map(mesh: &Mesh, side: u32) -> Affine {
    let k = side as f32 / 112.0;
    let template = ARCFACE.map(|p| Point::new(p.x * k, p.y * k));
    Affine::similarity(&template, &mesh.five_points())
}

/// dlib's five-point mean shape, in units of the chip (dlib, `get_face_chip_details`): the left eye's outer and inner
/// corner, the right eye's outer and inner corner (on the screen: right, right, left, left), the base of the nose.
const DLIB: [Point; 5] = [
    Point::new(0.859_567_46, 0.213_498_15),
    Point::new(0.646_060_5, 0.228_967_44),
    Point::new(0.120_575_06, 0.213_727_45),
    Point::new(0.334_085_06, 0.229_064_24),
    Point::new(0.490_112_3, 0.627_797_53),
];

/// The similarity from dlib's chip of `side` pixels, padding included, to the source, by the mesh's eye corners and
/// nose base.
pub fn dlib_map(mesh: &Mesh, side: u32) -> Affine {
    /// The border that dlib leaves on each side, as a share of the face's size.
    const PADDING: f32 = 0.25;
    let place = |v: f32| (PADDING + v) / (2.0 * PADDING + 1.0) * side as f32;
    let template = DLIB.map(|p| Point::new(place(p.x), place(p.y)));
    let points = [
        mesh.at(index::LEFT_EYE_OUTER),
        mesh.at(index::LEFT_EYE_INNER),
        mesh.at(index::RIGHT_EYE_OUTER),
        mesh.at(index::RIGHT_EYE_INNER),
        mesh.at(index::SUBNASALE),
    ];
    Affine::similarity(&template, &points)
}
