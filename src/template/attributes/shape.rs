//! The mesh in the head's own frame, in % of the outer-canthal width: geometry without pose and size.

use crate::face::{HeadFrame, MESH_POINTS, Mesh, index};

/// The 468 points as (across, down, inward) of the head, in % of the distance between the outer corners of the eyes
/// (the biocular width, ex-ex, of anthropometry), with the origin between those corners.
///
/// Distances are three-dimensional, so a turn of the head hardly changes them.
pub(super) struct Shape {
    points: Vec<[f32; 3]>,
}

fn norm(v: &[f32]) -> f32 {
    v.iter().map(|x| x * x).sum::<f32>().sqrt()
}

fn minus(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

/// The angle between two directions, in degrees.
fn angle_between(a: &[f32], b: &[f32]) -> f32 {
    let dot: f32 = a.iter().zip(b).map(|(x, y)| x * y).sum();
    (dot / (norm(a) * norm(b)).max(f32::MIN_POSITIVE)).clamp(-1.0, 1.0).acos().to_degrees()
}

impl Shape {
    /// The shape of a mesh.
    pub(super) fn of(mesh: &Mesh) -> Self {
        let frame = HeadFrame::of(mesh);
        let at = |i: usize| mesh.points.get(i).copied().unwrap_or_default();
        let width = norm(&minus(at(index::RIGHT_EYE_OUTER), at(index::LEFT_EYE_OUTER)));
        let scale = 100.0 / width.max(f32::MIN_POSITIVE);
        let points = (0..MESH_POINTS).map(|i| frame.to_head(at(i)).map(|v| v * scale)).collect();
        Self { points }
    }

    /// Point `i` as (across, down, inward).
    pub(super) fn at(&self, i: usize) -> [f32; 3] {
        self.points.get(i).copied().unwrap_or_default()
    }

    /// The distance between two points, in three dimensions.
    pub(super) fn distance(&self, i: usize, j: usize) -> f32 {
        norm(&minus(self.at(i), self.at(j)))
    }

    /// The height of point `i`, positive below the line through the eyes.
    pub(super) fn down(&self, i: usize) -> f32 {
        self.at(i)[1]
    }

    /// The depth of point `i`, positive behind the outer corners of the eyes.
    pub(super) fn inward(&self, i: usize) -> f32 {
        self.at(i)[2]
    }

    /// The mean of `coordinate` (0 across, 1 down, 2 inward) over some points.
    pub(super) fn mean(&self, points: &[usize], coordinate: usize) -> f32 {
        points.iter().map(|&i| self.at(i)[coordinate]).sum::<f32>() / points.len().max(1) as f32
    }

    /// The angle at `apex` between the directions to `i` and `j`, in degrees.
    pub(super) fn angle(&self, i: usize, apex: usize, j: usize) -> f32 {
        angle_between(&minus(self.at(i), self.at(apex)), &minus(self.at(j), self.at(apex)))
    }

    /// The angle at `apex` between the directions to `i` and `j` in profile (the median plane), in degrees.
    pub(super) fn profile_angle(&self, i: usize, apex: usize, j: usize) -> f32 {
        angle_between(&minus(self.at(i), self.at(apex))[1..], &minus(self.at(j), self.at(apex))[1..])
    }

    /// The angle between the lines `a`-`b` and `c`-`d` in profile, in degrees.
    pub(super) fn profile_angle_of_lines(&self, [a, b]: [usize; 2], [c, d]: [usize; 2]) -> f32 {
        angle_between(&minus(self.at(b), self.at(a))[1..], &minus(self.at(d), self.at(c))[1..])
    }

    /// The distance of point `i` in profile from the line from `top` to `bottom`, positive in front of it.
    pub(super) fn profile_offset(&self, i: usize, top: usize, bottom: usize) -> f32 {
        let (line, p) = (minus(self.at(bottom), self.at(top)), minus(self.at(i), self.at(top)));
        (line[2] * p[1] - line[1] * p[2]) / norm(&line[1..]).max(f32::MIN_POSITIVE)
    }

    /// The rise of the line from `inner` to `outer` as seen from the front, in degrees.
    pub(super) fn rise(&self, inner: usize, outer: usize) -> f32 {
        let d = minus(self.at(outer), self.at(inner));
        (-d[1]).atan2(d[0].abs()).to_degrees()
    }

    /// The distance of point `i` from the straight line through `a` and `b`.
    pub(super) fn bow(&self, i: usize, a: usize, b: usize) -> f32 {
        let (line, p) = (minus(self.at(b), self.at(a)), minus(self.at(i), self.at(a)));
        let length = norm(&line).max(f32::MIN_POSITIVE);
        let along = (line[0] * p[0] + line[1] * p[1] + line[2] * p[2]) / length;
        norm(&minus(p, line.map(|v| v / length * along)))
    }

    /// The gap between the lips.
    pub(super) fn mouth_opening(&self) -> f32 {
        self.distance(index::UPPER_LIP_BOTTOM, index::LOWER_LIP_TOP)
    }
}
