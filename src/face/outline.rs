//! Where the features of a face lie in the picture: outlines for whoever draws over it.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Mesh, index};

/// The outline of the face from the forehead down its left side, over the chin and up again.
const FACE: [usize; 36] = [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150,
    136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
];
/// The lids of the right eye, from its outer corner below the eye and back above it.
const RIGHT_EYE: [usize; 16] = [33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246];
/// The lids of the left eye, in the same order.
const LEFT_EYE: [usize; 16] = [263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466];
/// The nose from its root down its left side, under the tip and up again.
const NOSE: [usize; 15] = [168, 417, 351, 399, 420, 358, 327, 326, 2, 97, 98, 129, 198, 174, 122];
/// The outer edge of the lips, from the right corner below the mouth and back above it.
const MOUTH: [usize; 20] = [61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185];

/// The outlines of a face and of its features: closed lines of points `[x, y]` in pixels of the upright image. "Right"
/// and "left" are the person's own.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Outlines {
    /// The face, forehead to chin.
    pub face: Vec<[f32; 2]>,
    /// The right brow.
    pub right_brow: Vec<[f32; 2]>,
    /// The left brow.
    pub left_brow: Vec<[f32; 2]>,
    /// The right eye, along its lids.
    pub right_eye: Vec<[f32; 2]>,
    /// The left eye, along its lids.
    pub left_eye: Vec<[f32; 2]>,
    /// The nose.
    pub nose: Vec<[f32; 2]>,
    /// The lips.
    pub mouth: Vec<[f32; 2]>,
}

impl Outlines {
    /// The outlines of a mesh.
    pub fn of(mesh: &Mesh) -> Self {
        let line = |points: &[usize]| points.iter().map(|&i| place(mesh, i)).collect();
        let brow = |upper: [usize; 5], lower: [usize; 5]| {
            upper.into_iter().chain(lower.into_iter().rev()).map(|i| place(mesh, i)).collect()
        };
        Self {
            face: line(&FACE),
            right_brow: brow(index::RIGHT_BROW, index::RIGHT_BROW_LOWER),
            left_brow: brow(index::LEFT_BROW, index::LEFT_BROW_LOWER),
            right_eye: line(&RIGHT_EYE),
            left_eye: line(&LEFT_EYE),
            nose: line(&NOSE),
            mouth: line(&MOUTH),
        }
    }
}

/// A point of the mesh, to a tenth of a pixel.
fn place(mesh: &Mesh, i: usize) -> [f32; 2] {
    let p = mesh.at(i);
    [p.x, p.y].map(|v| (v * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::MESH_POINTS;

    #[test]
    fn outlines_are_points_of_the_mesh_and_name_each_once() {
        let points = (0..MESH_POINTS).map(|i| [i as f32, 2.0 * i as f32 + 0.04, 0.0]).collect();
        let outlines = Outlines::of(&Mesh { points, confidence: 1.0 });
        let Outlines { face, right_brow, left_brow, right_eye, left_eye, nose, mouth } = outlines;
        assert_eq!(format!("{:?}", right_eye[0]), "[33.0, 66.0]", "to a tenth of a pixel");
        assert_eq!((right_brow.len(), left_brow.len()), (10, 10));
        for line in [face, right_brow, left_brow, right_eye, left_eye, nose, mouth] {
            let mut seen: Vec<u32> = line.iter().map(|p| p[0] as u32).collect();
            seen.sort_unstable();
            let named = seen.len();
            seen.dedup();
            assert_eq!(seen.len(), named, "{line:?}");
        }
    }
}
