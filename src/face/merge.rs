//! Detections of one face, from one pass or from several, made one.

use super::{BoundingBox, Detection};
use crate::imaging::Point;

/// The most detections of one run that are considered. A face gives about ten.
const MOST: usize = 8192;

/// Drops all but the most confident of detections that overlap by more than `max_overlap` (intersection over union),
/// the most confident first.
pub(super) fn distinct(mut found: Vec<Detection>, max_overlap: f32) -> Vec<Detection> {
    found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    found.truncate(MOST);
    let mut kept: Vec<Detection> = Vec::new();
    for face in found {
        if !is_among(&kept, &face, max_overlap) {
            kept.push(face);
        }
    }
    kept
}

/// Adds `found`, of a finer pass, to `faces`. Of two detections of one face the finer counts where the other is smaller
/// than `vague` pixels, below which a box is inexact, and otherwise the one that is there.
pub(super) fn merge(faces: &mut Vec<Detection>, found: Vec<Detection>, vague: f32, max_overlap: f32) {
    faces.retain(|face| face.bbox.side() >= vague || !is_among(&found, face, max_overlap));
    for face in distinct(found, max_overlap) {
        if !is_among(faces, &face, max_overlap) {
            faces.push(face);
        }
    }
}

/// Whether `face` overlaps one of `faces` by more than `max_overlap`.
pub(super) fn is_among(faces: &[Detection], face: &Detection, max_overlap: f32) -> bool {
    faces.iter().any(|other| other.bbox.iou(&face.bbox) > max_overlap)
}

/// Puts the largest first.
pub(super) fn by_size(faces: &mut [Detection]) {
    faces.sort_by(|a, b| b.bbox.area().total_cmp(&a.bbox.area()));
}

/// A detection mapped `back` to the source, of which `scale` pixels across and down are one of the detection's.
pub(super) fn in_source(face: &Detection, back: impl Fn(Point) -> Point, scale: (f32, f32)) -> Detection {
    let BoundingBox { x, y, width, height } = face.bbox;
    let corner = back(Point::new(x, y));
    Detection {
        bbox: BoundingBox { x: corner.x, y: corner.y, width: width * scale.0, height: height * scale.1 },
        points: face.points.map(back),
        ..*face
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(x: f32, side: f32, confidence: f32) -> Detection {
        Detection {
            bbox: BoundingBox { x, y: 0.0, width: side, height: side },
            confidence,
            points: [Point::new(x, 0.0); 5],
        }
    }

    #[test]
    fn of_overlapping_detections_the_most_confident_is_kept() {
        let kept = distinct(vec![face(0.0, 10.0, 0.6), face(1.0, 10.0, 0.9), face(20.0, 10.0, 0.5)], 0.3);
        assert_eq!(kept, [face(1.0, 10.0, 0.9), face(20.0, 10.0, 0.5)]);
    }

    #[test]
    fn a_finer_pass_adds_faces_and_replaces_only_vague_ones() {
        let mut faces = vec![face(0.0, 100.0, 0.9), face(200.0, 20.0, 0.9)];
        let finer = vec![face(5.0, 95.0, 0.99), face(202.0, 19.0, 0.7), face(201.0, 19.0, 0.6), face(300.0, 30.0, 0.5)];
        merge(&mut faces, finer, 32.0, 0.3);
        assert_eq!(faces, [face(0.0, 100.0, 0.9), face(202.0, 19.0, 0.7), face(300.0, 30.0, 0.5)]);
    }

    #[test]
    fn boxes_and_points_are_mapped_alike() {
        let back = in_source(&face(10.0, 4.0, 0.5), |p| Point::new(2.0 * p.x + 1.0, 3.0 * p.y), (2.0, 3.0));
        assert_eq!(back.bbox, BoundingBox { x: 21.0, y: 0.0, width: 8.0, height: 12.0 });
        assert!((back.points[0].x - 21.0).abs() < 1e-6 && (back.confidence - 0.5).abs() < 1e-6);
    }
}
