//! A plain face swap for the demo: the donor's inner face, laid on the target by the mesh, recoloured, feathered.

use faceward::face::Mesh;
use faceward::imaging::{Affine, Patch, Point, RgbImage};

/// The hull of the mesh is drawn in by this, so that the face's outline stays the target's.
const INNER: f32 = 0.86;
/// The edge fades over this share of the face's width.
const FEATHER: f32 = 0.12;

/// `target` with `share` (0..=1) of the face of `donor`.
pub(super) fn blend(target: &RgbImage, onto: &Mesh, donor: &RgbImage, from: &Mesh, share: f32) -> RgbImage {
    let points = |m: &Mesh| (0..m.points.len()).map(|i| m.at(i)).collect::<Vec<Point>>();
    let (there, here) = (points(onto), points(from));
    let (w, h) = target.dimensions();
    let laid = Patch::sample(donor, &Affine::similarity(&there, &here), w, h);
    let hull = shrunk(&hull(there));
    let [left, _, right, _] = onto.bounds();
    let feather = ((right - left) * FEATHER).max(1.0);
    let mask: Vec<f32> = (0..w * h)
        .map(|i| depth(&hull, Point::new((i % w) as f32 + 0.5, (i / w) as f32 + 0.5)))
        .map(|d| (d / feather).clamp(0.0, 1.0))
        .collect();
    let base = Patch::from_image(target);
    let (mean_to, sd_to) = colour(&base, &mask);
    let (mean_from, sd_from) = colour(&laid, &mask);
    let mut out = target.clone();
    for (i, px) in out.pixels_mut().enumerate().filter(|(i, _)| mask[*i] > 0.0) {
        for c in 0..3 {
            let recoloured = (laid.data[i * 3 + c] - mean_from[c]) * sd_to[c] / sd_from[c] + mean_to[c];
            let weight = mask[i] * share;
            px.0[c] = (base.data[i * 3 + c] * (1.0 - weight) + recoloured * weight).round().clamp(0.0, 255.0) as u8;
        }
    }
    out
}

/// Mean and standard deviation of each channel under the mask.
fn colour(patch: &Patch, mask: &[f32]) -> ([f32; 3], [f32; 3]) {
    let mut sums = ([0.0f64; 3], [0.0f64; 3]);
    let mut n = 1e-9f64;
    for (px, m) in patch.data.chunks_exact(3).zip(mask).filter(|(_, m)| **m > 0.0) {
        n += f64::from(*m);
        for c in 0..3 {
            sums.0[c] += f64::from(px[c] * m);
            sums.1[c] += f64::from(px[c] * px[c] * m);
        }
    }
    let mean = sums.0.map(|s| (s / n) as f32);
    let sd = |c: usize| ((sums.1[c] / n) as f32 - mean[c] * mean[c]).max(1.0).sqrt();
    (mean, [sd(0), sd(1), sd(2)])
}

/// The convex hull, counter-clockwise (Andrew's monotone chain).
fn hull(mut points: Vec<Point>) -> Vec<Point> {
    points.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    let half = |points: &mut dyn Iterator<Item = Point>| {
        let mut chain: Vec<Point> = Vec::new();
        for p in points {
            while let [.., a, b] = chain[..]
                && cross(a, b, p) <= 0.0
            {
                chain.pop();
            }
            chain.push(p);
        }
        chain.pop();
        chain
    };
    let mut lower = half(&mut points.iter().copied());
    lower.extend(half(&mut points.iter().rev().copied()));
    lower
}

fn cross(a: Point, b: Point, p: Point) -> f32 {
    (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x)
}

fn shrunk(hull: &[Point]) -> Vec<Point> {
    let n = hull.len().max(1) as f32;
    let (x, y) = hull.iter().fold((0.0, 0.0), |(x, y), p| (x + p.x / n, y + p.y / n));
    hull.iter().map(|p| Point::new(x + (p.x - x) * INNER, y + (p.y - y) * INNER)).collect()
}

/// How far inside the hull a point lies, in pixels; negative outside.
fn depth(hull: &[Point], p: Point) -> f32 {
    let edges = hull.iter().zip(hull.iter().cycle().skip(1));
    edges.map(|(a, b)| cross(*a, *b, p) / a.distance(*b).max(1e-6)).fold(f32::INFINITY, f32::min)
}
