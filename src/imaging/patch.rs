//! A patch: the small floating-point picture that a network sees.

#![allow(clippy::inline_always, reason = "only what is inlined into a kernel is compiled for wide vectors")]

use image::RgbImage;

use super::{Affine, Point, Pyramid};
use crate::inference::{Kernel, Lanes, dispatch};

/// The order of the colour channels in a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// Red first.
    Rgb,
    /// Blue first.
    Bgr,
}

/// Interleaved RGB, each value 0..=255, sampled from a source image. Outside the source it is black, as in the
/// training crops of these networks.
#[derive(Clone, Debug)]
pub struct Patch {
    /// Pixels a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `height * width * 3` values.
    pub data: Vec<f32>,
}

/// A shrinking map takes at most this many samples along each axis of an output pixel.
const MAX_TAPS: u32 = 6;

impl Patch {
    /// Samples `width` x `height` pixels through `output_to_source`, bilinearly. Where one output pixel covers
    /// several source pixels, it is the mean of a grid of samples, so that a large photograph and its thumbnail give
    /// nearly the same patch.
    pub fn sample(source: &Pyramid, output_to_source: &Affine, width: u32, height: u32) -> Self {
        let (source, times) = source.shrunk(output_to_source.scale());
        let sampler = Sampler::new(source, &output_to_source.into_smaller(times));
        let mut data = vec![0.0f32; (width * height * 3) as usize];
        dispatch(Sampling { sampler, width, data: &mut data });
        Self { width, height, data }
    }

    /// The whole of `source`, pixel for pixel.
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
    /// Which RGB channel stands at place `c`.
    fn source(self, c: usize) -> usize {
        match self {
            Self::Rgb => c,
            Self::Bgr => 2 - c,
        }
    }
}

/// A map from output pixels to a source, with the places in a pixel where it is sampled.
struct Sampler<'a> {
    source: &'a RgbImage,
    map: Affine,
    /// From where a pixel's corner lands to each sample, in source pixels less the half that their centres lie at.
    steps: Vec<Point>,
    /// One over the number of samples.
    weight: f32,
}

impl<'a> Sampler<'a> {
    fn new(source: &'a RgbImage, map: &Affine) -> Self {
        let taps = (map.scale().round().max(1.0) as u32).min(MAX_TAPS);
        let place = |t: u32| (t as f32 + 0.5) / taps as f32;
        let step = |(tx, ty): (f32, f32)| {
            let ([a, b, _], [d, e, _]) = (map.row_x, map.row_y);
            Point::new(a * tx + b * ty - 0.5, d * tx + e * ty - 0.5)
        };
        let steps = (0..taps * taps).map(|i| step((place(i % taps), place(i / taps)))).collect();
        Self { source, map: *map, steps, weight: 1.0 / (taps * taps) as f32 }
    }

    /// Whether all that the `pixels` output pixels from (`x`, `y`) on to the right read lies well inside the source.
    fn is_inside(&self, x: f32, y: f32, pixels: f32) -> bool {
        let (w, h) = (self.source.width() as f32, self.source.height() as f32);
        let corners = [(x, y), (x + pixels, y), (x, y + 1.0), (x + pixels, y + 1.0)];
        corners.iter().all(|&(x, y)| {
            let p = self.map.apply(Point::new(x, y));
            p.x >= 1.0 && p.y >= 1.0 && p.x <= w - 3.0 && p.y <= h - 3.0
        })
    }

    /// One row of the patch. `sums` has room for each of its pixels.
    #[inline(always)]
    fn row(&self, y: f32, row: &mut [f32], sums: &mut [[f32; 8]]) {
        let inside = self.is_inside(0.0, y, sums.len() as f32);
        for (x, sum) in sums.iter_mut().enumerate() {
            let x = x as f32;
            *sum = if inside || self.is_inside(x, y, 1.0) { self.inner_sum(x, y) } else { self.any_sum(x, y) };
        }
        for (px, sum) in row.chunks_exact_mut(3).zip(sums) {
            px.copy_from_slice(&self.mean(sum));
        }
    }

    #[inline(always)]
    fn mean(&self, sum: &[f32; 8]) -> [f32; 3] {
        [0, 1, 2].map(|c| (sum[c] + sum[c + 3]) * self.weight)
    }

    /// The sum over a pixel whose samples all lie inside. A sample reads two pixels of each of two rows: eight bytes,
    /// of which six count, so that the arithmetic is that of whole vectors.
    #[inline(always)]
    fn inner_sum(&self, x: f32, y: f32) -> [f32; 8] {
        let corner = self.map.apply(Point::new(x, y));
        let (raw, pitch) = (self.source.as_raw().as_slice(), 3 * self.source.width() as usize);
        let mut sums = [0.0f32; 8];
        for step in &self.steps {
            let (x, y) = (corner.x + step.x, corner.y + step.y);
            // Positive: the whole part is the floor.
            let (x0, y0) = (x as i32, y as i32);
            let (fx, fy) = (x - x0 as f32, y - y0 as f32);
            let at = y0 as usize * pitch + 3 * x0 as usize;
            let Some(rows) = raw.get(at..at + pitch + 8) else { continue };
            let (Some(upper), Some(lower)) = (rows.first_chunk::<8>(), rows.last_chunk::<8>()) else { continue };
            let (upper, lower) = (upper.map(f32::from), lower.map(f32::from));
            let (gx, gy) = (1.0 - fx, 1.0 - fy);
            let across = [gx, gx, gx, fx, fx, fx, 0.0, 0.0];
            let down: [f32; 8] = std::array::from_fn(|i| upper[i] * gy + lower[i] * fy);
            sums = std::array::from_fn(|i| sums[i] + down[i] * across[i]);
        }
        sums
    }

    /// The sum over any pixel.
    fn any_sum(&self, x: f32, y: f32) -> [f32; 8] {
        let corner = self.map.apply(Point::new(x, y));
        let mut sum = [0.0f32; 3];
        for step in &self.steps {
            add_bilinear(self.source, Point::new(corner.x + step.x, corner.y + step.y), &mut sum);
        }
        let [r, g, b] = sum;
        [r, g, b, 0.0, 0.0, 0.0, 0.0, 0.0]
    }
}

/// All pixels of a patch.
struct Sampling<'a> {
    sampler: Sampler<'a>,
    width: u32,
    data: &'a mut [f32],
}

impl Kernel for Sampling<'_> {
    /// Plain loops over eight values at a time, which the compiler turns into whichever vectors it may use here.
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let mut sums = vec![[0.0; 8]; self.width as usize];
        for (y, row) in self.data.chunks_exact_mut(3 * self.width.max(1) as usize).enumerate() {
            self.sampler.row(y as f32, row, &mut sums);
        }
    }
}

/// Adds the bilinear value of `source` at `p`, the first pixel's centre being (0, 0), to `sum`; nothing outside.
fn add_bilinear(source: &RgbImage, p: Point, sum: &mut [f32; 3]) {
    // Decoding caps the sides far below 2^31.
    let (w, h) = (source.width().cast_signed(), source.height().cast_signed());
    let Point { x, y } = p;
    if !(x > -1.0 && y > -1.0 && x < w as f32 && y < h as f32) {
        return;
    }
    let (x0, y0) = (x.floor(), y.floor());
    let (fx, fy) = (x - x0, y - y0);
    let (x0, y0) = (x0 as i32, y0 as i32);
    let raw = source.as_raw();
    for (yy, wy) in [(y0, 1.0 - fy), (y0 + 1, fy)] {
        for (xx, wx) in [(x0, 1.0 - fx), (x0 + 1, fx)] {
            if xx < 0 || yy < 0 || xx >= w || yy >= h {
                continue;
            }
            let i = ((yy * w + xx) * 3) as usize;
            let k = wx * wy;
            for (s, v) in sum.iter_mut().zip(&raw[i..i + 3]) {
                *s += k * f32::from(*v);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        // The mean over columns 20..24 of a ramp is 21.5; the halves that it is taken from are rounded.
        assert!((p.pixel(5, 5)[0] - 21.5).abs() <= 0.5);
        let m = Affine::output_to_source(Point::new(32.0, 32.0), 2.0, 0.0, 32);
        assert!((Patch::sample(&img, &m, 32, 32).pixel(5, 5)[0] - 10.5).abs() < 1e-3);
        let far = Affine::output_to_source(Point::new(-500.0, 0.0), 1.0, 0.0, 8);
        assert!(Patch::sample(&img, &far, 8, 8).data.iter().all(|&v| v == 0.0));
    }

    #[test]
    fn pixels_inside_are_sampled_like_those_at_the_edge() {
        let img = RgbImage::from_fn(90, 70, |x, y| image::Rgb([(x * 37 % 256) as u8, (y * 59 % 256) as u8, 200]));
        for scale in [0.3, 1.0, 2.4, 5.0] {
            let map = Affine::output_to_source(Point::new(40.3, 36.7), scale, 0.7, 24);
            let sampler = Sampler::new(&img, &map);
            let mut inside = 0;
            for i in 0..24 * 24 {
                let (x, y) = ((i % 24) as f32, (i / 24) as f32);
                if sampler.is_inside(x, y, 1.0) {
                    inside += 1;
                    let [own, other] = [sampler.inner_sum(x, y), sampler.any_sum(x, y)].map(|s| sampler.mean(&s));
                    for (a, b) in own.iter().zip(other) {
                        assert!((a - b).abs() < 1e-2, "{a} {b}");
                    }
                }
            }
            assert!(inside > 50, "{inside}");
        }
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
