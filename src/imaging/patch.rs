//! A patch: the small floating-point picture that a network sees.

use image::RgbImage;

use super::sampler::sample;
use super::{Affine, Pyramid};

/// The order of the colour channels in a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// Red first.
    Rgb,
    /// Blue first.
    Bgr,
}

/// Interleaved RGB, each value 0..=255, sampled from a source image. Pixels outside the source are black, as in the
/// training crops of these networks.
#[derive(Clone, Debug)]
pub struct Patch {
    /// Pixels per row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `height * width * 3` values.
    pub data: Vec<f32>,
}

impl Patch {
    /// Samples `width` x `height` pixels through `output_to_source`, bilinearly. An output pixel that covers several
    /// source pixels is the mean of a grid of samples, so that a large photograph and its thumbnail give nearly the
    /// same patch.
    pub fn sample(source: &Pyramid, output_to_source: &Affine, width: u32, height: u32) -> Self {
        Self::sample_copy(source.shrunk(output_to_source.scale()), output_to_source, width, height)
    }

    /// Like [`Patch::sample`], but from pixels that are decoded, even where finer ones exist.
    pub fn sample_at_hand(source: &Pyramid, output_to_source: &Affine, width: u32, height: u32) -> Self {
        Self::sample_copy(source.at_hand(output_to_source.scale()), output_to_source, width, height)
    }

    /// Samples a copy of the source and how many times smaller than the source it is.
    fn sample_copy((source, times): (&RgbImage, f32), output_to_source: &Affine, width: u32, height: u32) -> Self {
        // The edge between two pixels of a shrunk copy may lie anywhere in a pixel of the patch: one sample is too few.
        let least_taps = if times > 1.0 { 2 } else { 1 };
        let data = sample(source, &output_to_source.into_smaller(times), least_taps, width, height);
        Self { width, height, data }
    }

    /// All of `source`, pixel for pixel.
    pub fn from_image(source: &RgbImage) -> Self {
        let data = source.as_raw().iter().map(|&v| f32::from(v)).collect();
        Self { width: source.width(), height: source.height(), data }
    }

    /// The pixel at column `x`, row `y`; both must lie inside.
    pub fn pixel(&self, x: u32, y: u32) -> [f32; 3] {
        let i = ((y * self.width + x) * 3) as usize;
        [self.data[i], self.data[i + 1], self.data[i + 2]]
    }

    /// Rec. 601 luma, 0..=255, row by row.
    pub fn luma(&self) -> Vec<f32> {
        self.data.chunks_exact(3).map(|p| 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2]).collect()
    }

    /// Plane by plane (`[3, height, width]`), `(value - mean[c]) * scale`, `mean` in the order of `channels`.
    pub fn planar(&self, channels: Channels, mean: [f32; 3], scale: f32) -> Vec<f32> {
        let n = (self.width * self.height) as usize;
        let mut out = Vec::with_capacity(3 * n);
        for (c, m) in mean.iter().enumerate() {
            let source = channels.source(c);
            out.extend(self.data.chunks_exact(3).map(|px| (px[source] - m) * scale));
        }
        out
    }
}

impl Channels {
    /// The RGB channel at place `c` of this order.
    fn source(self, c: usize) -> usize {
        match self {
            Self::Rgb => c,
            Self::Bgr => 2 - c,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::Point;

    fn ramp(w: u32, h: u32) -> RgbImage {
        RgbImage::from_fn(w, h, |x, y| image::Rgb([x as u8, y as u8, (x + y) as u8]))
    }

    #[test]
    fn identity_map_copies_pixels() {
        let img = ramp(20, 10);
        let m = Affine { row_x: [1.0, 0.0, 0.0], row_y: [0.0, 1.0, 0.0] };
        let same = Patch::from_image(&img);
        assert_eq!(Patch::sample(&img.into(), &m, 20, 10).data, same.data);
    }

    #[test]
    fn shrinking_averages_and_outside_is_black() {
        let img = Pyramid::from(ramp(64, 64));
        let m = Affine::output_to_source(Point::new(32.0, 32.0), 4.0, 0.0, 16);
        let p = Patch::sample(&img, &m, 16, 16);
        // The mean over columns 20..24 of a ramp is 21.5; the halved copies are rounded.
        assert!((p.pixel(5, 5)[0] - 21.5).abs() <= 0.5);
        let m = Affine::output_to_source(Point::new(32.0, 32.0), 1.6, 0.0, 40);
        assert!((Patch::sample(&img, &m, 40, 40).pixel(5, 5)[0] - 8.3).abs() < 1e-3);
        let far = Affine::output_to_source(Point::new(-500.0, 0.0), 1.0, 0.0, 8);
        assert!(Patch::sample(&img, &far, 8, 8).data.iter().all(|&v| v == 0.0));
    }

    #[test]
    fn planes_follow_the_order_of_channels() {
        let p = Patch::from_image(&ramp(3, 2));
        let chw = p.planar(Channels::Bgr, [1.0, 2.0, 3.0], 0.5);
        let close = |a: f32, b: f32| assert!((a - b).abs() < 1e-6, "{a} {b}");
        close(chw[0], (p.pixel(0, 0)[2] - 1.0) * 0.5);
        close(chw[6 + 4], (p.pixel(1, 1)[1] - 2.0) * 0.5);
        close(chw[12 + 5], (p.pixel(2, 1)[0] - 3.0) * 0.5);
    }
}
