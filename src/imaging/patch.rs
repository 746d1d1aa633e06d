//! A patch: the small floating-point picture that a network sees.

#![allow(clippy::inline_always, reason = "only what is inlined into a kernel is compiled for wide vectors")]

use image::RgbImage;

use super::{Affine, Point, Pyramid};
use crate::simd::{Kernel, Lanes, dispatch};

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
        // Where two pixels that were made one lie may be anywhere in a pixel of the patch: one sample would not do.
        let least = if times > 1.0 { 2 } else { 1 };
        let sampler = Sampler::new(source, &output_to_source.into_smaller(times), least);
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
    /// The same map as the places of the first pixel, and the ways to the next on the right and below.
    fixed: [Fixed; 3],
    /// From where a pixel's corner lands to each sample, less the half that the centres of source pixels lie at.
    steps: Vec<(Point, Fixed)>,
    /// One over the number of samples.
    weight: f32,
}

/// A place or a way in 2^-32 of a source pixel: sums are exact, and the whole pixels are the upper half.
#[derive(Clone, Copy)]
struct Fixed {
    x: i64,
    y: i64,
}

impl Fixed {
    fn new(p: Point) -> Self {
        let fixed = |v: f32| (f64::from(v) * ONE) as i64;
        Self { x: fixed(p.x), y: fixed(p.y) }
    }

    /// This place and so many steps of a way.
    #[inline(always)]
    fn walk(self, way: Self, times: u32) -> Self {
        Self { x: self.x + way.x * i64::from(times), y: self.y + way.y * i64::from(times) }
    }
}

/// A pixel in units of [`Fixed`].
const ONE: f64 = 4_294_967_296.0;

impl<'a> Sampler<'a> {
    /// With one sample for each pixel of the source along an axis, and `least` at least.
    fn new(source: &'a RgbImage, map: &Affine, least: u32) -> Self {
        let taps = (map.scale().round() as u32).clamp(least, MAX_TAPS);
        let place = |t: u32| (t as f32 + 0.5) / taps as f32;
        let ([a, b, c], [d, e, f]) = (map.row_x, map.row_y);
        let step = |(tx, ty): (f32, f32)| Point::new(a * tx + b * ty - 0.5, d * tx + e * ty - 0.5);
        let steps = (0..taps * taps).map(|i| step((place(i % taps), place(i / taps))));
        Self {
            source,
            map: *map,
            fixed: [Point::new(c, f), Point::new(a, d), Point::new(b, e)].map(Fixed::new),
            steps: steps.map(|p| (p, Fixed::new(p))).collect(),
            weight: 1.0 / (taps * taps) as f32,
        }
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

    /// Row `y` of the patch.
    #[inline(always)]
    fn row<L: Lanes>(&self, y: u32, row: &mut [f32]) {
        let n = (row.len() / 3) as u32;
        // What is inside is one stretch: the map is affine.
        let is_inside = |x: &u32| self.is_inside(*x as f32, y as f32, 1.0);
        let (first, end) = if self.is_inside(0.0, y as f32, n as f32) {
            (0, n)
        } else {
            let first = (0..n).find(is_inside).unwrap_or(n);
            (first, (first..n).rfind(is_inside).map_or(first, |x| x + 1))
        };
        for (x, px) in (0..n).zip(row.chunks_exact_mut(3)) {
            let is_inside = first <= x && x < end;
            let sum = if is_inside { self.inner_sum::<L>(x, y) } else { self.any_sum(x, y) };
            for (v, sum) in px.iter_mut().zip(sum) {
                *v = sum * self.weight;
            }
        }
    }

    /// The sum over a pixel whose samples all lie inside. A sample reads two pixels of each of two rows: twice eight bytes, of
    /// which six count, so that the arithmetic is that of whole vectors.
    #[inline(always)]
    fn inner_sum<L: Lanes>(&self, x: u32, y: u32) -> [f32; 3] {
        let (raw, pitch) = (self.source.as_raw().as_slice(), 3 * self.source.width() as usize);
        let [first, right, down] = self.fixed;
        let corner = first.walk(right, x).walk(down, y);
        let mut sums = [L::splat(0.0); 16];
        for (_, step) in &self.steps {
            let Fixed { x, y } = corner.walk(*step, 1);
            let at = (y >> 32) as usize * pitch + 3 * (x >> 32) as usize;
            let eight = |at: usize| raw.get(at..)?.first_chunk::<8>();
            let (Some(upper), Some(lower)) = (eight(at), eight(at + pitch)) else { continue };
            let mut bytes = [0u8; 16];
            bytes[..8].copy_from_slice(upper);
            bytes[8..].copy_from_slice(lower);
            let (right, down) = (L::splat(part(x)), L::splat(part(y)));
            for (i, sum) in sums.iter_mut().enumerate().take(16 / L::COUNT) {
                let lane = i * L::COUNT;
                let across = right.mul_add(L::load(&RIGHT[lane..]), L::load(&LEFT[lane..]));
                let along = down.mul_add(L::load(&LOWER[lane..]), L::load(&UPPER[lane..]));
                *sum = L::load_bytes(&bytes[lane..]).mul_add(across.mul(along), *sum);
            }
        }
        let mut all = [0.0; 16];
        for (i, sum) in sums.iter().enumerate().take(16 / L::COUNT) {
            sum.store(&mut all[i * L::COUNT..]);
        }
        let both = |c: usize| (all[c] + all[c + 3]) + (all[c + 8] + all[c + 11]);
        [both(0), both(1), both(2)]
    }

    /// The sum over any pixel.
    fn any_sum(&self, x: u32, y: u32) -> [f32; 3] {
        let corner = self.map.apply(Point::new(x as f32, y as f32));
        let mut sum = [0.0f32; 3];
        for (step, _) in &self.steps {
            add_bilinear(self.source, Point::new(corner.x + step.x, corner.y + step.y), &mut sum);
        }
        sum
    }
}

/// How much of the way to the next pixel, in [`PART`]: as fine as an `f32` has it.
#[inline(always)]
fn part(fixed: i64) -> f32 {
    ((fixed as u32) >> 8) as f32
}

/// 2^-24 of a pixel.
const PART: f32 = 1.0 / 16_777_216.0;

/// How much each of the sixteen bytes of a sample counts, where the sample lies on the centre of the upper left pixel, and
/// how that changes with each [`PART`] on the way to the right, and down. Of either row there are three bytes of the left
/// pixel, three of the right one, and two that do not count.
const LEFT: [f32; 16] = rows(three_and_three(1.0, 0.0), 1.0, 1.0);
const RIGHT: [f32; 16] = rows(three_and_three(-PART, PART), 1.0, 1.0);
const UPPER: [f32; 16] = rows([1.0; 8], 1.0, 0.0);
const LOWER: [f32; 16] = rows([1.0; 8], -PART, PART);

const fn three_and_three(left: f32, right: f32) -> [f32; 8] {
    [left, left, left, right, right, right, 0.0, 0.0]
}

/// One row for each of two rows of pixels, with a weight.
const fn rows(row: [f32; 8], upper: f32, lower: f32) -> [f32; 16] {
    let mut both = [0.0; 16];
    let mut i = 0;
    while i < 8 {
        both[i] = row[i] * upper;
        both[i + 8] = row[i] * lower;
        i += 1;
    }
    both
}

/// All pixels of a patch.
struct Sampling<'a> {
    sampler: Sampler<'a>,
    width: u32,
    data: &'a mut [f32],
}

impl Kernel for Sampling<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        for (y, row) in (0..).zip(self.data.chunks_exact_mut(3 * self.width.max(1) as usize)) {
            self.sampler.row::<L>(y, row);
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
        let m = Affine::output_to_source(Point::new(32.0, 32.0), 1.6, 0.0, 40);
        assert!((Patch::sample(&img, &m, 40, 40).pixel(5, 5)[0] - 8.3).abs() < 1e-3);
        let far = Affine::output_to_source(Point::new(-500.0, 0.0), 1.0, 0.0, 8);
        assert!(Patch::sample(&img, &far, 8, 8).data.iter().all(|&v| v == 0.0));
    }

    #[test]
    fn pixels_inside_are_sampled_like_those_at_the_edge() {
        let img = RgbImage::from_fn(90, 70, |x, y| image::Rgb([(x * 37 % 256) as u8, (y * 59 % 256) as u8, 200]));
        for scale in [0.3, 1.0, 2.4, 5.0] {
            let map = Affine::output_to_source(Point::new(40.3, 36.7), scale, 0.7, 24);
            let sampler = Sampler::new(&img, &map, 1);
            let mut patch = Patch { width: 24, height: 24, data: vec![0.0; 24 * 24 * 3] };
            dispatch(Sampling { sampler: Sampler::new(&img, &map, 1), width: 24, data: &mut patch.data });
            let mut inside = 0;
            for i in 0..24 * 24 {
                let (x, y) = (i % 24, i / 24);
                if sampler.is_inside(x as f32, y as f32, 1.0) {
                    inside += 1;
                    let other = sampler.any_sum(x, y).map(|sum| sum * sampler.weight);
                    for (c, b) in other.into_iter().enumerate() {
                        let a = patch.pixel(x, y)[c];
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
