//! Head pose, and the frame of the head in which geometry is measured.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Mesh, index};

/// Head pose in degrees (ISO/IEC 19794-5 angles): all zero for a level frontal view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Pose {
    /// Positive: turned to the person's own left.
    pub yaw: f32,
    /// Positive: looking up.
    pub pitch: f32,
    /// Positive: leaning towards the person's own right shoulder.
    pub roll: f32,
}

/// The head's own axes in picture coordinates (x right, y down, z away from the camera): unit vectors at right angles.
#[derive(Clone, Copy, Debug)]
pub struct HeadFrame {
    /// From the person's right to their left.
    pub across: [f32; 3],
    /// From forehead to chin.
    pub down: [f32; 3],
    /// From the face into the head.
    pub inward: [f32; 3],
    /// The middle between the outer corners of the eyes.
    pub origin: [f32; 3],
}

fn sub(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn add(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

fn dot(a: [f32; 3], b: [f32; 3]) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn unit(a: [f32; 3]) -> [f32; 3] {
    let n = dot(a, a).sqrt().max(f32::MIN_POSITIVE);
    a.map(|v| v / n)
}

/// Pairs of points at one height on a level head, the person's right first: eyes, cheekbones, jaw, temples.
const LEVEL: [(usize, usize); 4] = [
    (index::RIGHT_EYE_OUTER, index::LEFT_EYE_OUTER),
    (index::RIGHT_ZYGION, index::LEFT_ZYGION),
    (index::RIGHT_GONION, index::LEFT_GONION),
    (index::RIGHT_TEMPLE, index::LEFT_TEMPLE),
];

impl HeadFrame {
    /// The frame of a mesh: `across` is the mean direction over eyes, cheekbones, jaw and temples; `down` runs from
    /// forehead to chin, made perpendicular to `across`.
    pub fn of(mesh: &Mesh) -> Self {
        let at = |i: usize| mesh.points.get(i).copied().unwrap_or_default();
        let across = LEVEL.iter().fold([0.0; 3], |sum, &(r, l)| add(sum, unit(sub(at(l), at(r)))));
        let across = unit(across);
        let axis = sub(at(index::CHIN), at(index::FOREHEAD));
        let along = dot(axis, across);
        let down = unit(sub(axis, across.map(|v| v * along)));
        let inward = cross(across, down);
        let (r, l) = (at(index::RIGHT_EYE_OUTER), at(index::LEFT_EYE_OUTER));
        Self { across, down, inward, origin: add(r, l).map(|v| v / 2.0) }
    }

    /// A point of the picture in head coordinates, in pixels.
    pub fn to_head(&self, p: [f32; 3]) -> [f32; 3] {
        let d = sub(p, self.origin);
        [dot(d, self.across), dot(d, self.down), dot(d, self.inward)]
    }

    /// The angles of the frame, in degrees.
    pub fn pose(&self) -> Pose {
        let yaw = self.across[2].atan2(self.across[0].hypot(self.across[1]));
        let pitch = self.down[2].atan2(self.down[0].hypot(self.down[1]));
        let roll = self.across[1].atan2(self.across[0]);
        Pose { yaw: yaw.to_degrees(), pitch: pitch.to_degrees(), roll: roll.to_degrees() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::MESH_POINTS;

    /// A flat, level face, turned by `yaw` degrees about the vertical axis.
    fn turned(yaw: f32) -> Mesh {
        let mut points = vec![[0.0; 3]; MESH_POINTS];
        for (i, &(r, l)) in LEVEL.iter().enumerate() {
            let y = 10.0 * i as f32;
            points[r] = [-50.0, y, 0.0];
            points[l] = [50.0, y, 0.0];
        }
        points[index::FOREHEAD] = [0.0, -60.0, 0.0];
        points[index::CHIN] = [0.0, 80.0, 0.0];
        let (sin, cos) = yaw.to_radians().sin_cos();
        for p in &mut points {
            *p = [p[0] * cos, p[1], p[0] * sin];
        }
        Mesh { points, confidence: 1.0 }
    }

    #[test]
    fn a_known_turn_is_read_back() {
        for yaw in [-60.0f32, -20.0, 0.0, 35.0] {
            let pose = HeadFrame::of(&turned(yaw)).pose();
            assert!((pose.yaw - yaw).abs() < 0.1 && pose.roll.abs() < 0.1 && pose.pitch.abs() < 0.1, "{pose:?}");
        }
    }

    #[test]
    fn head_coordinates_do_not_depend_on_the_turn() {
        let (a, b) = (turned(0.0), turned(40.0));
        for i in [index::RIGHT_EYE_OUTER, index::LEFT_GONION, index::CHIN] {
            let p = HeadFrame::of(&a).to_head(a.points[i]);
            let q = HeadFrame::of(&b).to_head(b.points[i]);
            assert!(sub(p, q).iter().all(|d| d.abs() < 0.01), "{p:?} {q:?}");
        }
    }
}
