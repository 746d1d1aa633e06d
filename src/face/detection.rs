//! A detected face: its box and five points.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::imaging::Point;

/// A rectangle in pixels of the source image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BoundingBox {
    /// Left edge, in pixels from the left of the image.
    pub x: f32,
    /// Top edge, in pixels from the top of the image.
    pub y: f32,
    /// Pixels across.
    pub width: f32,
    /// Pixels down.
    pub height: f32,
}

impl BoundingBox {
    /// The centre.
    pub fn centre(&self) -> Point {
        Point::new(self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    /// The longer side in pixels.
    pub fn side(&self) -> f32 {
        self.width.max(self.height)
    }

    /// The area in square pixels.
    pub fn area(&self) -> f32 {
        self.width * self.height
    }

    /// Whether a point lies in it.
    pub fn contains(&self, p: Point) -> bool {
        p.x >= self.x && p.y >= self.y && p.x <= self.x + self.width && p.y <= self.y + self.height
    }

    /// Intersection over union, 0..=1.
    pub fn iou(&self, other: &Self) -> f32 {
        let w = (self.x + self.width).min(other.x + other.width) - self.x.max(other.x);
        let h = (self.y + self.height).min(other.y + other.height) - self.y.max(other.y);
        let inter = w.max(0.0) * h.max(0.0);
        inter / (self.area() + other.area() - inter).max(f32::MIN_POSITIVE)
    }
}

/// A face as the detection network sees it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// The face, forehead to chin.
    pub bbox: BoundingBox,
    /// The network's confidence that this is a face, 0..=1.
    pub confidence: f32,
    /// Right eye, left eye (the person's own sides), nose tip, right and left mouth corner.
    pub points: [Point; 5],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_of_a_box_with_itself_is_one() {
        let b = BoundingBox { x: 1.0, y: 2.0, width: 3.0, height: 4.0 };
        assert!((b.iou(&b) - 1.0).abs() < 1e-6);
        assert!(b.iou(&BoundingBox { x: 10.0, ..b }).abs() < 1e-6);
    }
}
