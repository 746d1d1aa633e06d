//! A picture at one scale, as the detection network sees it: whole, or tile by tile.

use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer, images::Image as Resized};

use super::Detection;
use super::center_face::{self, SIDES};
use super::merge::{distinct, in_source};
use super::tiles::{Cells, OVERLAP, Rect};
use crate::imaging::{Point, Pyramid, RgbImage};
use crate::inference::{InferenceError, Network, Tensor};

/// A picture at one scale.
pub(super) struct Scaled {
    /// Interleaved RGB.
    pixels: Vec<u8>,
    width: u32,
    height: u32,
    /// Pixels of the source per pixel, across and down.
    per_pixel: (f32, f32),
}

impl Scaled {
    /// `image` at `scale` (its pixels per pixel of the source).
    ///
    /// # Errors
    /// When it cannot be resized.
    pub(super) fn of(image: &Pyramid, scale: f32) -> Result<Self, InferenceError> {
        let side = |v: u32| ((v as f32 * scale).round() as u32).max(1);
        let (width, height) = (side(image.width()), side(image.height()));
        let pixels = resize(image.shrunk(1.0 / scale).0, width, height)?;
        let per_pixel = (image.width() as f32 / width as f32, image.height() as f32 / height as f32);
        Ok(Self { pixels, width, height, per_pixel })
    }

    /// What the network detects with at least `least` confidence, the most confident first, in pixels of the source;
    /// those that overlap by more than `max_overlap` are one.
    ///
    /// # Errors
    /// When the network fails.
    pub(super) fn detect(
        &self,
        net: &dyn Network,
        least: f32,
        max_overlap: f32,
    ) -> Result<Vec<Detection>, InferenceError> {
        let whole = Rect { x: 0, y: 0, width: self.width, height: self.height };
        let found = center_face::run(net, self.input(whole)?, least)?;
        Ok(self.back(&distinct(found, max_overlap)))
    }

    /// Like [`Scaled::detect`], but run only over what shows something, in tiles of limited size. Faces of up to
    /// [`OVERLAP`] pixels are found at every place.
    ///
    /// # Errors
    /// When the network fails.
    pub(super) fn detect_in_tiles(
        &self,
        net: &dyn Network,
        least: f32,
        max_overlap: f32,
    ) -> Result<Vec<Detection>, InferenceError> {
        let mut all = Vec::new();
        for tile in Cells::of(&self.pixels, self.width, self.height).tiles(self.width, self.height) {
            let found = center_face::run(net, self.input(tile.rect)?, least)?;
            let offset = (tile.rect.x as f32, tile.rect.y as f32);
            let moved = distinct(found, max_overlap).into_iter();
            let moved = moved.map(|f| in_source(&f, |p| Point::new(p.x + offset.0, p.y + offset.1), (1.0, 1.0)));
            all.extend(moved.filter(|f| {
                let centre = f.bbox.centre();
                tile.owns((centre.x, centre.y), f.bbox.side())
            }));
        }
        Ok(self.back(&distinct(all, max_overlap)))
    }

    /// The largest face that tiles are sure to find, in pixels of the source.
    pub(super) fn largest_in_tiles(&self) -> f32 {
        OVERLAP as f32 * self.per_pixel.0
    }

    /// The pixels of `rect` as the network's input, black at the right and at the bottom up to a multiple of its sides.
    fn input(&self, rect: Rect) -> Result<Tensor, InferenceError> {
        let padded = |v: u32| (v.div_ceil(SIDES) * SIDES) as usize;
        let (width, height) = (padded(rect.width), padded(rect.height));
        let n = width * height;
        let mut data = vec![0.0f32; 3 * n];
        let pitch = 3 * self.width as usize;
        let rows = || self.pixels.chunks_exact(pitch).skip(rect.y as usize).take(rect.height as usize);
        let columns = 3 * rect.x as usize..3 * (rect.x + rect.width) as usize;
        for (c, plane) in data.chunks_exact_mut(n).enumerate() {
            for (row, out) in rows().zip(plane.chunks_exact_mut(width)) {
                for (px, v) in row[columns.clone()].chunks_exact(3).zip(out) {
                    *v = f32::from(px[c]);
                }
            }
        }
        Tensor::new(&[1, 3, height, width], data)
    }

    fn back(&self, found: &[Detection]) -> Vec<Detection> {
        let (sx, sy) = self.per_pixel;
        found.iter().map(|f| in_source(f, |p| Point::new(p.x * sx, p.y * sy), (sx, sy))).collect()
    }
}

/// `image` at `w` x `h`, interleaved RGB.
fn resize(image: &RgbImage, w: u32, h: u32) -> Result<Vec<u8>, InferenceError> {
    if (w, h) == image.dimensions() {
        return Ok(image.as_raw().clone());
    }
    let mut out = Resized::new(w, h, PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    Resizer::new().resize(image, &mut out, &options).map_err(|e| InferenceError::Run(e.to_string()))?;
    Ok(out.into_vec())
}
