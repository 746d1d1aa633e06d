//! A plain face swap for the demo: the donor's inner face, warped to the target's mesh, recoloured and feathered.

use faceward::face::Mesh;
use faceward::imaging::{Affine, Hull, Patch, Point, Pyramid, RgbImage};

/// Scale of the hull of the mesh, so that the outline of the face stays the target's.
const INNER: f32 = 0.86;
/// Width of the fading edge, as a share of the face's width.
const FEATHER: f32 = 0.12;

/// `target` with `share` (0..=1) of the face of `donor`.
pub(super) fn blend(target: &RgbImage, onto: &Mesh, donor: &Pyramid, from: &Mesh, share: f32) -> RgbImage {
    let points = |m: &Mesh| (0..m.points.len()).map(|i| m.at(i)).collect::<Vec<Point>>();
    let (there, here) = (points(onto), points(from));
    let (w, h) = target.dimensions();
    let laid = Patch::sample(donor, &Affine::similarity(&there, &here), w, h);
    let hull = Hull::around(there).scaled(INNER);
    let [left, _, right, _] = onto.bounds();
    let feather = ((right - left) * FEATHER).max(1.0);
    let mask: Vec<f32> = (0..w * h)
        .map(|i| hull.depth(Point::new((i % w) as f32 + 0.5, (i / w) as f32 + 0.5)))
        .map(|d| (d / feather).clamp(0.0, 1.0))
        .collect();
    let base = Patch::from_image(target);
    let (mean_to, sd_to) = colour(&base, &mask);
    let (mean_from, sd_from) = colour(&laid, &mask);
    let mut out = target.clone();
    for (i, px) in out.pixels_mut().enumerate().filter(|(i, _)| mask[*i] > 0.0) {
        let weight = mask[i] * share;
        for (c, value) in px.0.iter_mut().enumerate() {
            let recoloured = (laid.data[i * 3 + c] - mean_from[c]) * sd_to[c] / sd_from[c] + mean_to[c];
            *value = (base.data[i * 3 + c] * (1.0 - weight) + recoloured * weight).round().clamp(0.0, 255.0) as u8;
        }
    }
    out
}

/// Mean and standard deviation of each channel under the mask.
fn colour(patch: &Patch, mask: &[f32]) -> ([f32; 3], [f32; 3]) {
    let n = mask.iter().map(|m| f64::from(*m)).sum::<f64>() + 1e-9;
    let weighted = |c: usize, of: fn(f64) -> f64| {
        let pixels = patch.data.chunks_exact(3).zip(mask);
        pixels.map(|(px, m)| of(f64::from(px[c])) * f64::from(*m)).sum::<f64>() / n
    };
    let mean = [0, 1, 2].map(|c| weighted(c, |v| v));
    let sd = [0, 1, 2].map(|c| (weighted(c, |v| v * v) - mean[c] * mean[c]).max(1.0).sqrt() as f32);
    (mean.map(|m| m as f32), sd)
}
