//! The degraded copy of a face for the stability check: does the verdict survive when the image is encoded again?
//!
//! Changes too small to see can be made so that a network sees another face. They seldom survive a change of size and
//! strong compression; the verdict on a genuine photograph does. So the face is cropped with its surroundings, scaled,
//! encoded as JPEG, decoded and judged again. Its place is known: the detector does not run a second time.

use image::ExtendedColorType;
use image::ImageEncoder as _;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};

use crate::face::{BoundingBox, Detection};
use crate::imaging::{DecodeError, DecodeLimits, Point, Pyramid, decode};

/// The JPEG quality of the copy.
const QUALITY: u8 = 60;
/// The scale of the copy.
const SCALE: f32 = 0.8;
/// The longest side of the copy, which shows the face and its surroundings, in pixels: larger ones are scaled down more.
const SIDE: f32 = 640.0;
/// The side of the cropped square, in sides of the face's box; the crops of all networks lie within.
const MARGIN: f32 = 2.5;

/// The degraded copy of the face at `found`, and the face's place in it.
pub(super) fn degraded(image: &Pyramid, found: &Detection) -> Result<(Pyramid, Detection), DecodeError> {
    let ([_, _, width, height], _) = square(found, 1.0, (image.width(), image.height()));
    let scale = SCALE.min(SIDE / width.max(height) as f32);
    let (source, times) = image.shrunk(1.0 / scale);
    let ([x, y, width, height], found) = square(found, times, source.dimensions());
    let region = imageops::crop_imm(source, x, y, width, height);
    let side = |s: u32| ((s as f32 * times * scale).round() as u32).max(1);
    let small = imageops::resize(&*region, side(width), side(height), FilterType::Triangle);

    let mut encoded = Vec::new();
    JpegEncoder::new_with_quality(&mut encoded, QUALITY)
        .write_image(small.as_raw(), small.width(), small.height(), ExtendedColorType::Rgb8)
        .map_err(|e| DecodeError::Corrupt { format: "jpeg", detail: e.to_string() })?;
    let copy = decode(&encoded, &DecodeLimits::default())?.image;

    // The exact scale, from the rounded sides.
    let (sx, sy) = (copy.width() as f32 / width as f32, copy.height() as f32 / height as f32);
    let at = |p: Point| Point::new((p.x - x as f32) * sx, (p.y - y as f32) * sy);
    let corner = at(Point::new(found.bbox.x, found.bbox.y));
    let bbox = BoundingBox { x: corner.x, y: corner.y, width: found.bbox.width * sx, height: found.bbox.height * sy };
    Ok((copy, Detection { bbox, points: found.points.map(at), ..found }))
}

/// The square to crop (left, top, width, height) and the face, in a copy of the image that is `times` smaller and has
/// these sides. The square is clipped to the copy.
fn square(found: &Detection, times: f32, (columns, rows): (u32, u32)) -> ([u32; 4], Detection) {
    let b = found.bbox;
    let bbox = BoundingBox { x: b.x / times, y: b.y / times, width: b.width / times, height: b.height / times };
    let points = found.points.map(|p| Point::new(p.x / times, p.y / times));
    let (centre, half) = (bbox.centre(), bbox.side() * MARGIN / 2.0);
    let along = |c: f32, most: u32| {
        let [from, to] = [c - half, c + half].map(|edge| edge.clamp(0.0, most as f32) as u32);
        (from, (to - from).max(1))
    };
    let ((x, width), (y, height)) = (along(centre.x, columns), along(centre.y, rows));
    ([x, y, width, height], Detection { bbox, points, ..*found })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_face_is_at_its_stated_place_in_the_copy() {
        // A bright spot on a dark image, near its edge.
        let (cx, cy) = (300.0f32, 60.0f32);
        let image = image::RgbImage::from_fn(400, 300, |x, y| {
            let near = (x as f32 - cx).hypot(y as f32 - cy) < 12.0;
            image::Rgb(if near { [250; 3] } else { [20; 3] })
        })
        .into();
        let bbox = BoundingBox { x: cx - 40.0, y: cy - 50.0, width: 80.0, height: 100.0 };
        let found = Detection { bbox, confidence: 0.9, points: [Point::new(cx, cy); 5] };
        let (copy, moved) = degraded(&image, &found).unwrap();
        let copy = copy.finest();
        assert!(copy.width() < 220 && copy.height() < 160, "{:?}", copy.dimensions());
        let spot = moved.points[0];
        assert!(copy.get_pixel(spot.x as u32, spot.y as u32).0[0] > 200, "{spot:?}");
        assert!(copy.get_pixel(2, 2).0[0] < 60);
        assert!((moved.bbox.width / found.bbox.width - SCALE).abs() < 0.02);
        // A box outside the image does not panic.
        let outside = BoundingBox { x: 900.0, y: -300.0, ..bbox };
        assert!(degraded(&image, &Detection { bbox: outside, ..found }).is_ok());
    }
}
