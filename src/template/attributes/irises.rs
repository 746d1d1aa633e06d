//! The iris network: size and colour of both irises.

use super::colour::{Lab, trimmed};
use crate::face::{Mesh, index};
use crate::imaging::{Affine, Channels, Patch, Point, Pyramid};
use crate::inference::{InferenceError, Network, Tensor, output};

/// The side of the network's input in pixels.
const SIDE: u32 = 64;
/// The crop's side over the distance between the eye's corners.
const MARGIN: f32 = 2.3;
/// Points in the network's output.
const POINTS: usize = 76;
/// Points of the lower and the upper lid, each from the outer to the inner corner.
const LOWER_LID: std::ops::Range<usize> = 0..9;
const UPPER_LID: std::ops::Range<usize> = 9..16;
/// Points of the iris: its centre, and its edge at the inner and the outer side.
const CENTRE: usize = 71;
const EDGES: [usize; 2] = [72, 74];
/// The ring from which colour is read, in radii of the iris: outside the pupil, inside the dark limbus.
const RING: std::ops::Range<f32> = 0.45..0.88;
/// The radius from which the white of the eye is read, in radii of the iris.
const SCLERA_FROM: f32 = 1.2;
/// The least share of the ring that must be visible between the lids.
const MIN_VISIBLE: f32 = 0.35;

/// One eye.
struct Iris {
    /// Diameter in % of the distance between the eye's corners.
    diameter: f32,
    /// The colour of the ring; `None` behind lowered lids.
    colour: Option<Lab>,
    /// The colour of the white of the eye.
    sclera: Option<Lab>,
}

/// Both irises: the person's right, then left.
pub(super) struct Irises([Iris; 2]);

impl Irises {
    /// Runs the network on both eyes.
    pub(super) fn read(net: &dyn Network, image: &Pyramid, mesh: &Mesh) -> Result<Self, InferenceError> {
        let right = read(net, image, mesh, [index::RIGHT_EYE_OUTER, index::RIGHT_EYE_INNER], false)?;
        let left = read(net, image, mesh, [index::LEFT_EYE_OUTER, index::LEFT_EYE_INNER], true)?;
        Ok(Self([right, left]))
    }

    /// The mean diameter over open eyes, in % of the fissure length.
    pub(super) fn diameter(&self) -> Option<f32> {
        super::surface::mean(self.0.iter().filter(|i| i.colour.is_some()).map(|i| i.diameter))
    }

    /// The mean colour of the iris rings.
    pub(super) fn colour(&self) -> Option<Lab> {
        Lab::mean(&self.0.iter().filter_map(|i| i.colour).collect::<Vec<_>>())
    }

    /// The mean colour of the whites.
    pub(super) fn sclera(&self) -> Option<Lab> {
        Lab::mean(&self.0.iter().filter_map(|i| i.sclera).collect::<Vec<_>>())
    }
}

/// The crop around one eye; the left eye is mirrored, since the network expects the outer corner on the left.
fn crop(mesh: &Mesh, corners: [usize; 2], mirrored: bool) -> Affine {
    let [outer, inner] = corners.map(|i| mesh.at(i));
    let (right, left) = (mesh.at(index::RIGHT_EYE_OUTER), mesh.at(index::LEFT_EYE_OUTER));
    let roll = (left.y - right.y).atan2(left.x - right.x);
    let scale = (outer.distance(inner) * MARGIN / SIDE as f32).max(1e-3);
    let map = Affine::output_to_source(outer.midpoint(inner), scale, roll, SIDE);
    if !mirrored {
        return map;
    }
    let flip = |[a, b, c]: [f32; 3]| [-a, b, c + a * SIDE as f32];
    Affine { row_x: flip(map.row_x), row_y: flip(map.row_y) }
}

fn read(
    net: &dyn Network,
    image: &Pyramid,
    mesh: &Mesh,
    corners: [usize; 2],
    mirrored: bool,
) -> Result<Iris, InferenceError> {
    let patch = Patch::sample(image, &crop(mesh, corners, mirrored), SIDE, SIDE);
    let side = SIDE as usize;
    let input = Tensor::new(&[1, 3, side, side], patch.planar(Channels::Rgb, [0.0; 3], 1.0 / 255.0))?;
    let outputs = net.run(input)?;
    let values = output(&outputs, 0, 3 * POINTS)?;
    let points: Vec<Point> = values.data.chunks_exact(3).map(|p| Point::new(p[0], p[1])).collect();
    Ok(describe(&patch, &points))
}

/// Size and colours by the network's points, in pixels of the patch.
fn describe(patch: &Patch, points: &[Point]) -> Iris {
    let at = |i: usize| points.get(i).copied().unwrap_or_default();
    let centre = at(CENTRE);
    let radius = EDGES.iter().map(|&i| at(i).distance(centre)).sum::<f32>() / 2.0;
    let (mut ring, mut white, mut all) = (Vec::new(), Vec::new(), 0usize);
    for y in 0..patch.height {
        for x in 0..patch.width {
            let p = Point::new(x as f32 + 0.5, y as f32 + 0.5);
            let r = p.distance(centre) / radius.max(1.0);
            all += usize::from(RING.contains(&r));
            if !between_lids(points, p) {
                continue;
            }
            if RING.contains(&r) {
                ring.push(patch.pixel(x, y));
            } else if r > SCLERA_FROM {
                white.push(patch.pixel(x, y));
            }
        }
    }
    let visible = ring.len() as f32 >= MIN_VISIBLE * all as f32;
    let colour = if visible { trimmed(ring) } else { None };
    Iris { diameter: 2.0 * radius * MARGIN / SIDE as f32 * 100.0, colour, sclera: colour.and(trimmed(white)) }
}

/// Pixels of the patch left out along the lids: lashes and their shadow.
const LID_RIM: f32 = 1.0;

/// Whether `p` lies between the lids.
fn between_lids(points: &[Point], p: Point) -> bool {
    let (Some(lower), Some(upper)) = (points.get(LOWER_LID), points.get(UPPER_LID)) else { return false };
    let Some((&outer, &inner)) = lower.first().zip(lower.last()) else { return false };
    if p.x < outer.x + LID_RIM || p.x > inner.x - LID_RIM {
        return false;
    }
    let top = height(std::iter::once(outer).chain(upper.iter().copied()).chain([inner]), p.x);
    let bottom = height(lower.iter().copied(), p.x);
    top.zip(bottom).is_some_and(|(t, b)| p.y > t + LID_RIM && p.y < b - LID_RIM)
}

/// The height at `x` of a line of points that runs from left to right.
fn height(line: impl Iterator<Item = Point>, x: f32) -> Option<f32> {
    let mut before: Option<Point> = None;
    for q in line {
        if let Some(p) = before.filter(|p| p.x <= x && x <= q.x) {
            let share = (x - p.x) / (q.x - p.x).max(1e-6);
            return Some(p.y + (q.y - p.y) * share);
        }
        before = Some(q);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::MESH_POINTS;
    use image::RgbImage;

    #[test]
    fn both_crops_have_the_outer_corner_on_the_left() {
        let mut points = vec![[0.0; 3]; MESH_POINTS];
        for (i, x) in [(33, 100.0), (133, 130.0), (362, 170.0), (263, 200.0)] {
            points[i] = [x, 50.0, 0.0];
        }
        let mesh = Mesh { points, confidence: 1.0 };
        for (corners, mirrored) in [([33, 133], false), ([263, 362], true)] {
            let map = crop(&mesh, corners, mirrored);
            let edge = SIDE as f32 / 2.0 * (1.0 - 1.0 / MARGIN);
            let outer = map.apply(Point::new(edge, 32.0));
            let inner = map.apply(Point::new(SIDE as f32 - edge, 32.0));
            assert!(outer.distance(mesh.at(corners[0])) < 0.01, "{outer:?}");
            assert!(inner.distance(mesh.at(corners[1])) < 0.01, "{inner:?}");
        }
    }

    /// Lids of an eye 28 pixels long and of the given height, and an iris of radius 6.
    fn eye(height: f32) -> Vec<Point> {
        let mut points = vec![Point::default(); POINTS];
        let bow = |t: f32| height / 2.0 * (1.0 - (2.0 * t - 1.0).powi(2));
        for (i, p) in points.iter_mut().enumerate().take(9) {
            let t = i as f32 / 8.0;
            *p = Point::new(18.0 + 28.0 * t, 32.0 + bow(t));
        }
        for i in 0..7 {
            let t = (i + 1) as f32 / 8.0;
            points[9 + i] = Point::new(18.0 + 28.0 * t, 32.0 - bow(t));
        }
        points[CENTRE] = Point::new(32.0, 32.0);
        (points[EDGES[0]], points[EDGES[1]]) = (Point::new(38.0, 32.0), Point::new(26.0, 32.0));
        points
    }

    #[test]
    fn iris_and_white_are_told_apart_and_a_shut_eye_is_not_read() {
        let picture = RgbImage::from_fn(SIDE, SIDE, |x, y| {
            let r = Point::new(x as f32 + 0.5, y as f32 + 0.5).distance(Point::new(32.0, 32.0));
            image::Rgb(if r < 6.0 { [90, 60, 40] } else { [220, 220, 220] })
        });
        let patch = Patch::from_image(&picture);
        let open = describe(&patch, &eye(14.0));
        let (iris, white) = (open.colour.unwrap(), open.sclera.unwrap());
        assert!(iris.b > 10.0 && iris.l < 35.0 && white.l > 80.0, "{iris:?} {white:?}");
        assert!((open.diameter - 12.0 * MARGIN / 64.0 * 100.0).abs() < 0.1);
        let shut = describe(&patch, &eye(3.0));
        assert!(shut.colour.is_none() && shut.sclera.is_none());
    }
}
