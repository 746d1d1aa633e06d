//! Covering a part of a chip, so that a network sees the rest alone.

use crate::imaging::{Patch, Point};

/// The cover reaches this far beyond the hull, and fades over twice [`FADE`], in chip pixels.
const MARGIN: f32 = 3.0;
const FADE: f32 = 3.0;

/// The chip with everything in the hulls replaced by its ground.
pub(super) fn covered(chip: &Patch, ground: &Ground, hulls: &[Hull]) -> Patch {
    let mut out = chip.clone();
    let width = chip.width as usize;
    for (i, pixel) in out.data.chunks_exact_mut(3).enumerate() {
        let at = Point::new((i % width) as f32 + 0.5, (i / width) as f32 + 0.5);
        let distance = hulls.iter().map(|h| h.distance(at)).fold(f32::INFINITY, f32::min);
        let share = ((MARGIN + FADE - distance) / (2.0 * FADE)).clamp(0.0, 1.0);
        if share > 0.0 {
            for (value, under) in pixel.iter_mut().zip(ground.at(at)) {
                *value += share * (under - *value);
            }
        }
    }
    out
}

/// Fields along each side of the chip.
const FIELDS: usize = 6;

/// The chip without any detail: the mean colours of a grid of fields, and between their middles a plane.
pub(super) struct Ground {
    side: f32,
    means: Vec<[f32; 3]>,
}

impl Ground {
    /// Of a square chip.
    pub(super) fn of(chip: &Patch) -> Self {
        let (width, height) = (chip.width as usize, chip.height as usize);
        let mut sums = vec![([0.0f32; 3], 0.0f32); FIELDS * FIELDS];
        for (i, pixel) in chip.data.chunks_exact(3).enumerate() {
            let (sum, count) = &mut sums[i / width * FIELDS / height * FIELDS + i % width * FIELDS / width];
            for (s, v) in sum.iter_mut().zip(pixel) {
                *s += v;
            }
            *count += 1.0;
        }
        let means = sums.into_iter().map(|(sum, count)| sum.map(|s| s / count.max(1.0))).collect();
        Self { side: chip.width as f32, means }
    }

    fn at(&self, p: Point) -> [f32; 3] {
        let along = |v: f32| {
            let v = (v * FIELDS as f32 / self.side - 0.5).clamp(0.0, (FIELDS - 1) as f32);
            let first = (v as usize).min(FIELDS - 2);
            (first, v - first as f32)
        };
        let ((x, right), (y, below)) = (along(p.x), along(p.y));
        let mean = |x: usize, y: usize, c: usize| self.means[y * FIELDS + x][c];
        let row = |y: usize, c: usize| mean(x, y, c) * (1.0 - right) + mean(x + 1, y, c) * right;
        [0, 1, 2].map(|c| row(y, c) * (1.0 - below) + row(y + 1, c) * below)
    }
}

/// A convex outline.
pub(super) struct Hull(Vec<Point>);

impl Hull {
    /// Around some points, by the monotone chain of Andrew (Information Processing Letters 9, 1979).
    pub(super) fn around(mut points: Vec<Point>) -> Self {
        points.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
        let chain = |points: &mut dyn Iterator<Item = Point>| {
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
        let mut outline = chain(&mut points.iter().copied());
        outline.extend(chain(&mut points.iter().rev().copied()));
        Self(outline)
    }

    /// How far `p` lies outside, below zero inside; beyond a corner, from the nearer of its edges' lines.
    fn distance(&self, p: Point) -> f32 {
        let edges = self.0.iter().zip(self.0.iter().cycle().skip(1));
        let beyond = edges.map(|(&a, &b)| -cross(a, b, p) / a.distance(b).max(f32::MIN_POSITIVE));
        beyond.fold(f32::NEG_INFINITY, f32::max)
    }
}

/// Above zero where `p` lies to the left of the line from `a` to `b` (with x to the right and y up).
fn cross(a: Point, b: Point, p: Point) -> f32 {
    (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_square_is_its_own_hull_and_distances_are_those_of_its_sides() {
        let corners = [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0), (2.0, 1.0), (3.0, 3.0), (2.0, 0.0)];
        let hull = Hull::around(corners.map(|(x, y)| Point::new(x, y)).to_vec());
        assert_eq!(hull.0.len(), 4);
        for (x, y, distance) in [(2.0, 2.0, -2.0), (2.0, 5.0, 1.0), (-3.0, 2.0, 3.0), (4.0, 1.0, 0.0)] {
            assert!((hull.distance(Point::new(x, y)) - distance).abs() < 1e-5, "{x} {y}");
        }
    }

    #[test]
    fn what_is_covered_is_ground_and_the_rest_stays() {
        // Stripes: their mean is grey everywhere.
        let mut chip = Patch { width: 60, height: 60, data: vec![0.0; 60 * 60 * 3] };
        for (i, pixel) in chip.data.chunks_exact_mut(3).enumerate() {
            pixel.fill(if i % 2 == 0 { 40.0 } else { 200.0 });
        }
        let hull = Hull::around(
            [(20.0, 20.0), (40.0, 20.0), (40.0, 40.0), (20.0, 40.0)].map(|(x, y)| Point::new(x, y)).to_vec(),
        );
        let out = covered(&chip, &Ground::of(&chip), &[hull]);
        for (x, y) in [(30, 30), (21, 38)] {
            assert!(out.pixel(x, y).iter().all(|v| (v - 120.0).abs() < 1e-3), "{:?}", out.pixel(x, y));
        }
        for (x, y) in [(5, 5), (30, 50), (47, 30)] {
            assert_eq!(out.pixel(x, y).map(f32::to_bits), chip.pixel(x, y).map(f32::to_bits));
        }
    }

    proptest! {
        #[test]
        fn every_point_lies_in_the_hull_around_it(points in prop::collection::vec((-50.0..50.0f32, -50.0..50.0f32), 1..20)) {
            let points: Vec<Point> = points.into_iter().map(|(x, y)| Point::new(x, y)).collect();
            let hull = Hull::around(points.clone());
            if hull.0.len() > 2 {
                for p in points {
                    prop_assert!(hull.distance(p) < 1e-2, "{p:?} {}", hull.distance(p));
                }
            }
        }
    }
}
