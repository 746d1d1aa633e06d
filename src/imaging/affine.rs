//! Plane geometry: points, affine maps, and the least-squares similarity between two sets of points.

use serde::{Deserialize, Serialize};

/// A point in pixels; x to the right, y down, the centre of the first pixel at (0.5, 0.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Pixels from the left edge.
    pub x: f32,
    /// Pixels from the top edge.
    pub y: f32,
}

impl Point {
    /// The point at (`x`, `y`), in pixels.
    pub const fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }

    /// The point half-way to `other`.
    #[must_use]
    pub fn midpoint(self, other: Self) -> Self {
        Self::new(f32::midpoint(self.x, other.x), f32::midpoint(self.y, other.y))
    }

    /// The Euclidean distance to `other`, in pixels.
    pub fn distance(self, other: Self) -> f32 {
        (self.x - other.x).hypot(self.y - other.y)
    }
}

/// The map `(x, y) -> (a x + b y + c, d x + e y + f)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    /// `[a, b, c]`, the row of the new x.
    pub row_x: [f32; 3],
    /// `[d, e, f]`, the row of the new y.
    pub row_y: [f32; 3],
}

impl Affine {
    /// The map from a square of `side` output pixels onto the source: the output's centre lands on `centre`, one output
    /// pixel covers `scale` source pixels, and the output is turned by `angle` radians (clockwise on the screen).
    pub fn output_to_source(centre: Point, scale: f32, angle: f32, side: u32) -> Self {
        let (sin, cos) = angle.sin_cos();
        let half = side as f32 / 2.0;
        let (a, b) = (scale * cos, -scale * sin);
        let (d, e) = (scale * sin, scale * cos);
        Self { row_x: [a, b, centre.x - half * (a + b)], row_y: [d, e, centre.y - half * (d + e)] }
    }

    /// Maps `p`.
    pub fn apply(&self, p: Point) -> Point {
        let [a, b, c] = self.row_x;
        let [d, e, f] = self.row_y;
        Point::new(a * p.x + b * p.y + c, d * p.x + e * p.y + f)
    }

    /// The side of one output pixel in source pixels: the square root of the determinant.
    pub fn scale(&self) -> f32 {
        (self.row_x[0] * self.row_y[1] - self.row_x[1] * self.row_y[0]).abs().sqrt()
    }

    /// The map to the same places in a copy of the source that is `times` smaller.
    #[must_use]
    pub fn into_smaller(&self, times: f32) -> Self {
        Self { row_x: self.row_x.map(|v| v / times), row_y: self.row_y.map(|v| v / times) }
    }

    /// The inverse map; `None` where the determinant is zero or not finite.
    pub fn inverse(&self) -> Option<Self> {
        let ([a, b, x], [c, d, y]) = (self.row_x, self.row_y);
        let area = a * d - b * c;
        (area.abs() > f32::MIN_POSITIVE && area.is_finite()).then(|| {
            let [a, b, c, d] = [d / area, -b / area, -c / area, a / area];
            Self { row_x: [a, b, -(a * x + b * y)], row_y: [c, d, -(c * x + d * y)] }
        })
    }

    /// The similarity (rotation, uniform scale, shift; no reflection) that takes `from` to `to` with the least sum
    /// of squared distances: Umeyama, "Least-squares estimation of transformation parameters between two point
    /// patterns" (IEEE TPAMI 13(4), 1991), in its closed form for the plane. Degenerate input (fewer than two
    /// distinct points) gives a pure shift.
    pub fn similarity(from: &[Point], to: &[Point]) -> Self {
        let n = from.len().min(to.len()).max(1) as f32;
        let mean = |ps: &[Point]| {
            let (x, y) = ps.iter().fold((0.0, 0.0), |(x, y), p| (x + p.x, y + p.y));
            Point::new(x / n, y / n)
        };
        let (mf, mt) = (mean(from), mean(to));
        let (mut cos, mut sin, mut norm) = (0.0f32, 0.0f32, 0.0f32);
        for (p, q) in from.iter().zip(to) {
            let (px, py, qx, qy) = (p.x - mf.x, p.y - mf.y, q.x - mt.x, q.y - mt.y);
            cos += px * qx + py * qy;
            sin += px * qy - py * qx;
            norm += px * px + py * py;
        }
        let (a, b) = if norm > f32::EPSILON { (cos / norm, sin / norm) } else { (1.0, 0.0) };
        Self { row_x: [a, -b, mt.x - a * mf.x + b * mf.y], row_y: [b, a, mt.y - b * mf.x - a * mf.y] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(a: Point, b: Point) -> bool {
        a.distance(b) < 1e-2 * (1.0 + a.x.abs().max(a.y.abs()))
    }

    #[test]
    fn the_output_centre_lands_on_the_given_centre() {
        let m = Affine::output_to_source(Point::new(40.0, 70.0), 2.0, 0.3, 112);
        assert!(close(m.apply(Point::new(56.0, 56.0)), Point::new(40.0, 70.0)));
        assert!((m.scale() - 2.0).abs() < 1e-5);
    }

    #[test]
    fn degenerate_points_give_a_shift() {
        let m = Affine::similarity(&[Point::new(1.0, 1.0); 5], &[Point::new(3.0, 4.0); 5]);
        assert!(close(m.apply(Point::new(1.0, 1.0)), Point::new(3.0, 4.0)));
        assert!((m.scale() - 1.0).abs() < 1e-5);
    }

    #[test]
    fn a_map_without_area_has_no_inverse() {
        assert!(Affine { row_x: [1.0, 2.0, 3.0], row_y: [2.0, 4.0, 5.0] }.inverse().is_none());
    }

    proptest! {
        #[test]
        fn the_inverse_undoes_the_map(
            angle in -3.0f32..3.0, scale in 0.2f32..5.0, x in -200.0f32..200.0, y in -200.0f32..200.0,
        ) {
            let there = Affine::output_to_source(Point::new(x, y), scale, angle, 112);
            let p = Point::new(y, x);
            prop_assert!(close(there.inverse().unwrap().apply(there.apply(p)), p));
        }

        #[test]
        fn similarity_recovers_a_known_map(
            angle in -3.0f32..3.0, scale in 0.2f32..5.0, x in -200.0f32..200.0, y in -200.0f32..200.0,
            xs in proptest::collection::vec((0.0f32..100.0, 0.0f32..100.0), 3..8),
        ) {
            let from: Vec<Point> = xs.iter().map(|&(x, y)| Point::new(x, y)).collect();
            let spread = from.iter().map(|p| p.distance(from[0])).fold(0.0, f32::max);
            prop_assume!(spread > 5.0);
            let truth = Affine::output_to_source(Point::new(x, y), scale, angle, 64);
            let to: Vec<Point> = from.iter().map(|&p| truth.apply(p)).collect();
            let found = Affine::similarity(&from, &to);
            for (&p, &q) in from.iter().zip(&to) {
                prop_assert!(close(found.apply(p), q), "{:?} {:?}", found.apply(p), q);
            }
        }
    }
}
