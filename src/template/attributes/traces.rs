//! The forensic network: traces of manipulation in the whole face and on a coarse map of it.
//!
//! The network is trained on forgeries made for this project (`training/forensics`). A part pasted into a photograph
//! leaves a seam and differs from its surroundings (blending); a face drawn by a network has another texture
//! (synthesis). The level of its answers depends on camera and compression too, so a reading is compared with those of
//! the person's references.

use super::spec::Trace;
use crate::face::{CropPlan, Mesh, index};
use crate::imaging::{Channels, Patch, Point, Pyramid, between_fields};
use crate::inference::{InferenceError, Network, Tensor, output};

/// The side of the network's input in pixels.
const SIDE: u32 = 160;
/// The side of the network's map in fields.
const FIELDS: usize = 10;
/// The side of the crop, in heights of the face from forehead to chin.
const MARGIN: f32 = 1.45;

/// Mesh points of both eyes with their lids.
pub(super) const EYES: [usize; 16] = [33, 133, 159, 145, 226, 230, 223, 244, 263, 362, 386, 374, 446, 450, 443, 464];
/// Mesh points of the nose.
pub(super) const NOSE: [usize; 10] = [1, 4, 5, 195, 197, 2, 129, 358, 198, 420];
/// Mesh points of the mouth.
pub(super) const MOUTH: [usize; 12] = [61, 291, 0, 13, 14, 17, 40, 270, 91, 321, 164, 18];
/// Mesh points of forehead, cheeks and chin.
const SKIN: [usize; 12] = [151, 108, 337, 117, 346, 50, 280, 205, 425, 123, 352, 199];
/// Mesh points of the outline, where the seam of a replaced face lies.
const OUTLINE: [usize; 16] = [10, 103, 332, 54, 284, 127, 356, 93, 323, 58, 288, 172, 397, 149, 378, 152];

/// All parts of the face.
const PARTS: [&[usize]; 5] = [&EYES, &NOSE, &MOUTH, &SKIN, &OUTLINE];

/// The network's answers for one face.
pub(super) struct Traces {
    totals: [f32; 2],
    /// `FIELDS` x `FIELDS` logits per kind of trace.
    map: Vec<f32>,
    /// The mesh, in fields of the map.
    points: Vec<Point>,
}

impl Traces {
    /// Runs the network on the face of `mesh`.
    pub(super) fn read(net: &dyn Network, image: &Pyramid, mesh: &Mesh) -> Result<Self, InferenceError> {
        let plan = square(mesh);
        let patch = Patch::sample(image, &plan.map(SIDE), SIDE, SIDE);
        let side = SIDE as usize;
        let input = Tensor::new(&[1, 3, side, side], patch.planar(Channels::Rgb, [0.0; 3], 1.0 / 255.0))?;
        let outputs = net.run(input)?;
        let totals = output(&outputs, 0, 2)?;
        let map = output(&outputs, 1, 2 * FIELDS * FIELDS)?.data.clone();
        let points = (0..mesh.points.len()).map(|i| plan.to_crop(mesh.at(i), FIELDS as f32)).collect();
        Ok(Self { totals: [totals.data[0], totals.data[1]], map, points })
    }

    /// The logit of the face as a whole.
    pub(super) fn total(&self, kind: Trace) -> Option<f32> {
        self.totals.get(kind as usize).copied()
    }

    /// The mean logit of one part of the face less the mean over all parts. The difference is used because the level of
    /// a photograph says nothing about the place.
    pub(super) fn stands_out(&self, kind: Trace, part: &[usize]) -> Option<f32> {
        let all = PARTS.iter().map(|part| self.at(kind, part)).sum::<Option<f32>>()?;
        Some(self.at(kind, part)? - all / PARTS.len() as f32)
    }

    /// The mean logit at the mesh points `places`.
    fn at(&self, kind: Trace, places: &[usize]) -> Option<f32> {
        let map = self.map.chunks_exact(FIELDS * FIELDS).nth(kind as usize)?;
        let each = places.iter().map(|&i| self.points.get(i).map(|p| between_fields(map, FIELDS, *p)));
        each.sum::<Option<f32>>().map(|sum| sum / places.len() as f32)
    }
}

/// The square around the midpoint of forehead and chin, the outer corners of the eyes level.
fn square(mesh: &Mesh) -> CropPlan {
    let (forehead, chin) = (mesh.at(index::FOREHEAD), mesh.at(index::CHIN));
    CropPlan { centre: forehead.midpoint(chin), side: (MARGIN * forehead.distance(chin)).max(1.0), roll: mesh.roll() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_square_holds_forehead_and_chin_and_turns_with_the_eyes() {
        let mut points = vec![[0.0f32; 3]; 468];
        let put = |points: &mut Vec<[f32; 3]>, i: usize, x: f32, y: f32| points[i] = [x, y, 0.0];
        // A face lying on its side, the forehead to the right.
        put(&mut points, index::FOREHEAD, 200.0, 100.0);
        put(&mut points, index::CHIN, 100.0, 100.0);
        put(&mut points, index::RIGHT_EYE_OUTER, 160.0, 70.0);
        put(&mut points, index::LEFT_EYE_OUTER, 160.0, 130.0);
        let plan = square(&Mesh { points, confidence: 1.0 });
        let forehead = plan.to_crop(Point::new(200.0, 100.0), FIELDS as f32);
        let chin = plan.to_crop(Point::new(100.0, 100.0), FIELDS as f32);
        assert!((forehead.x - 5.0).abs() < 1e-3 && (chin.x - 5.0).abs() < 1e-3, "{forehead:?} {chin:?}");
        assert!((chin.y - forehead.y - FIELDS as f32 / MARGIN).abs() < 1e-3, "{forehead:?} {chin:?}");
    }
}
