//! CenterFace, the detection network (Xu et al., "CenterFace: Joint Face Detection and Alignment Using Face as Point",
//! 2019): on a grid with one cell per 4 x 4 pixels it states how likely a face is centred there, its size, and five
//! points.

use super::{BoundingBox, Detection};
use crate::imaging::Point;
use crate::inference::{InferenceError, Network, Tensor, output};

/// Sides of the input are multiples of this: the network halves the picture five times.
pub(super) const SIDES: u32 = 32;
/// Pixels of the input per cell of the output.
const STRIDE: f32 = 4.0;

/// Runs the network on `input` (`[1, 3, height, width]`, RGB 0..=255, sides multiples of [`SIDES`]) and returns what it
/// detects with at least `min_confidence`, in pixels of the input.
///
/// The four output maps are centre heat, log size (height, width), centre offset (y, x), and points (y, x) in units of
/// the box.
pub(super) fn run(net: &dyn Network, input: Tensor, min_confidence: f32) -> Result<Vec<Detection>, InferenceError> {
    let outputs = net.run(input)?;
    let heat = output(&outputs, 0, 1)?;
    let (rows, cols) = match heat.shape[..] {
        [.., h, w] => (h, w),
        _ => (0, 0),
    };
    let n = rows * cols;
    let (size, offset, points) =
        (output(&outputs, 1, 2 * n)?, output(&outputs, 2, 2 * n)?, output(&outputs, 3, 10 * n)?);
    let mut found = Vec::new();
    for (i, &confidence) in heat.data.iter().enumerate().take(n) {
        if confidence < min_confidence {
            continue;
        }
        let (row, col) = ((i / cols) as f32, (i % cols) as f32);
        let height = size.data[i].exp() * STRIDE;
        let width = size.data[n + i].exp() * STRIDE;
        let centre_y = (row + offset.data[i] + 0.5) * STRIDE;
        let centre_x = (col + offset.data[n + i] + 0.5) * STRIDE;
        let bbox = BoundingBox { x: centre_x - width / 2.0, y: centre_y - height / 2.0, width, height };
        let point = |k: usize| {
            Point::new(points.data[(2 * k + 1) * n + i] * width + bbox.x, points.data[2 * k * n + i] * height + bbox.y)
        };
        let points = [point(0), point(1), point(2), point(3), point(4)];
        if bbox.width.is_finite()
            && bbox.height.is_finite()
            && points.iter().all(|p| p.x.is_finite() && p.y.is_finite())
        {
            found.push(Detection { bbox, confidence, points });
        }
    }
    Ok(found)
}
