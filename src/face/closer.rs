//! Hints, seen closer: a detection of too little confidence is a face if the network says so of a crop in which it has
//! a size that the network detects well. Several crops are one input, side by side.

use super::Detection;
use super::center_face;
use super::merge::in_source;
use crate::imaging::{Affine, Channels, Patch, Point, Pyramid};
use crate::inference::{InferenceError, Network, Tensor};

/// The side of a crop, and of the hint's box in it, in pixels.
const CROP: u32 = 64;
const FACE: f32 = 32.0;
/// The most crops in one input.
const CROPS: usize = 4;
/// The least confidence of a face in a crop, 0..=1.
const LEAST_CONFIDENCE: f32 = 0.5;

/// Those of the `hints` (in pixels of the source) that are faces when they are seen closer, as they are seen there. The
/// crops are sampled from pixels that are decoded: hints are seen in a picture shrunk further than these.
///
/// # Errors
/// When the network fails.
pub(super) fn look(net: &dyn Network, image: &Pyramid, hints: &[Detection]) -> Result<Vec<Detection>, InferenceError> {
    let mut faces = Vec::new();
    let side = CROP as usize;
    for hints in hints.chunks(CROPS) {
        let width = hints.len() * side;
        let mut data = vec![0.0f32; 3 * width * side];
        let maps: Vec<Affine> = hints
            .iter()
            .map(|hint| Affine::output_to_source(hint.bbox.centre(), hint.bbox.side() / FACE, 0.0, CROP))
            .collect();
        for (i, map) in maps.iter().enumerate() {
            let planes = Patch::sample_at_hand(image, map, CROP, CROP).planar(Channels::Rgb, [0.0; 3], 1.0);
            for (row, own) in data.chunks_exact_mut(width).zip(planes.chunks_exact(side)) {
                row[i * side..][..side].copy_from_slice(own);
            }
        }
        let found = center_face::run(net, Tensor::new(&[1, 3, side, width], data)?, LEAST_CONFIDENCE)?;
        faces.extend(maps.iter().enumerate().filter_map(|(i, map)| in_crop(&found, i, map)));
    }
    Ok(faces)
}

/// The most confident of the detections in the middle of crop `i`, in pixels of the source.
fn in_crop(found: &[Detection], i: usize, map: &Affine) -> Option<Detection> {
    let left = (i as u32 * CROP) as f32;
    let middle = Point::new(left + CROP as f32 / 2.0, CROP as f32 / 2.0);
    let own = found.iter().filter(|f| f.bbox.centre().distance(middle) <= CROP as f32 / 4.0);
    let best = own.max_by(|a, b| a.confidence.total_cmp(&b.confidence))?;
    let scale = map.scale();
    Some(in_source(best, |p| map.apply(Point::new(p.x - left, p.y)), (scale, scale)))
}
