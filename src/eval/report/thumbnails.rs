//! Cuts the faces of the worst cases out for the page, on request only: they are photographs of people.

use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};

use super::Report;
use crate::face::BoundingBox;
use crate::imaging::{DecodeLimits, RgbImage, decode_whole};

/// The side in pixels.
const SIDE: u32 = 112;
/// The side of the cut over the larger side of the face's box.
const MARGIN: f32 = 1.4;

/// Cuts the face of every worst case out of its undegraded picture under `folder`. A picture that cannot be read has
/// none.
pub fn add_thumbnails(report: &mut Report, folder: &Path) {
    for case in &mut report.worst {
        case.thumbnail = case.bbox.and_then(|bbox| thumbnail(&folder.join(&case.path), bbox));
    }
}

fn thumbnail(file: &Path, bbox: BoundingBox) -> Option<Vec<u8>> {
    let image = decode_whole(&std::fs::read(file).ok()?, &DecodeLimits::default()).ok()?;
    let square = cut(&image, bbox);
    let small = imageops::resize(&square, SIDE, SIDE, FilterType::Triangle);
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 80).encode_image(&small).ok()?;
    Some(bytes)
}

/// A square around the face, within the picture.
fn cut(image: &RgbImage, bbox: BoundingBox) -> RgbImage {
    let (w, h) = image.dimensions();
    let side = ((bbox.width.max(bbox.height) * MARGIN) as u32).clamp(1, w.min(h));
    let from = |centre: f32, size: u32| (centre - side as f32 / 2.0).clamp(0.0, (size - side) as f32) as u32;
    let x = from(bbox.x + bbox.width / 2.0, w);
    let y = from(bbox.y + bbox.height / 2.0, h);
    imageops::crop_imm(image, x, y, side, side).to_image()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_square_stays_in_the_picture() {
        let image = RgbImage::new(100, 60);
        for (x, y, width, height) in [(-20.0, -20.0, 30.0, 30.0), (90.0, 50.0, 40.0, 40.0), (0.0, 0.0, 500.0, 500.0)] {
            let (w, h) = cut(&image, BoundingBox { x, y, width, height }).dimensions();
            assert!(w == h && (1..=60).contains(&w), "{w} {h}");
        }
    }
}
