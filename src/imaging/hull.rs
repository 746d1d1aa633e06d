//! Convex hulls.

use super::Point;

/// The convex hull of points, corner by corner.
#[derive(Clone, Debug)]
pub struct Hull(Vec<Point>);

impl Hull {
    /// The hull of `points`, by Andrew's monotone chain (Information Processing Letters 9, 1979).
    pub fn around(mut points: Vec<Point>) -> Self {
        points.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
        // An edge from a point to itself has no direction.
        points.dedup();
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

    /// The hull scaled by `share` about the mean of its corners.
    #[must_use]
    pub fn scaled(&self, share: f32) -> Self {
        let n = self.0.len().max(1) as f32;
        let (x, y) = self.0.iter().fold((0.0, 0.0), |(x, y), p| (x + p.x / n, y + p.y / n));
        Self(self.0.iter().map(|p| Point::new(x + (p.x - x) * share, y + (p.y - y) * share)).collect())
    }

    /// The least signed distance in pixels from `p` to the lines of the edges: positive inside, negative outside. A
    /// hull of one point or none has no inside.
    pub fn depth(&self, p: Point) -> f32 {
        if self.0.is_empty() {
            return f32::NEG_INFINITY;
        }
        let edges = self.0.iter().zip(self.0.iter().cycle().skip(1));
        edges.map(|(&a, &b)| cross(a, b, p) / a.distance(b).max(1e-6)).fold(f32::INFINITY, f32::min)
    }
}

/// Positive where `p` lies to the left of the line from `a` to `b` (x to the right, y up).
fn cross(a: Point, b: Point, p: Point) -> f32 {
    (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hull(points: &[(f32, f32)]) -> Hull {
        Hull::around(points.iter().map(|&(x, y)| Point::new(x, y)).collect())
    }

    #[test]
    fn a_square_is_its_own_hull_and_depth_is_the_distance_to_its_sides() {
        let square = hull(&[(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0), (2.0, 1.0), (3.0, 3.0), (2.0, 0.0)]);
        assert_eq!(square.0.len(), 4);
        for (x, y, depth) in [(2.0, 2.0, 2.0), (2.0, 5.0, -1.0), (-3.0, 2.0, -3.0), (4.0, 1.0, 0.0)] {
            assert!((square.depth(Point::new(x, y)) - depth).abs() < 1e-5, "{x} {y}");
        }
        assert!((square.scaled(0.5).depth(Point::new(2.0, 2.0)) - 1.0).abs() < 1e-5);
    }

    #[test]
    fn one_point_or_none_has_no_inside() {
        for nothing in [hull(&[]), hull(&[(1.0, 1.0); 5])] {
            assert!(nothing.depth(Point::new(1.0, 1.0)) < 0.0);
        }
    }

    proptest! {
        #[test]
        fn every_point_lies_in_the_hull_around_it(points in prop::collection::vec((-50.0..50.0f32, -50.0..50.0f32), 1..20)) {
            let hull = hull(&points);
            if hull.0.len() > 2 {
                for (x, y) in points {
                    let depth = hull.depth(Point::new(x, y));
                    prop_assert!(depth > -1e-2, "{x} {y}: {depth}");
                }
            }
        }
    }
}
