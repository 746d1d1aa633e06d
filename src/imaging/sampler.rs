//! Sampling a picture through an affine map, bilinearly, with vector instructions where they help.

#![allow(clippy::inline_always, reason = "only what is inlined into a kernel is compiled for wide vectors")]

use image::RgbImage;

use super::{Affine, Point};
use crate::simd::{Kernel, Lanes, dispatch};

/// The most samples along each axis of an output pixel.
const MAX_TAPS: u32 = 6;

/// `width` x `height` pixels of `source` through `map` (output to source), interleaved RGB 0..=255, black outside. Each
/// is the mean of a grid of bilinear samples, one per source pixel along an axis and at least `least_taps`.
pub(super) fn sample(source: &RgbImage, map: &Affine, least_taps: u32, width: u32, height: u32) -> Vec<f32> {
    let sampler = Sampler::new(source, map, least_taps);
    let mut data = vec![0.0f32; (width * height * 3) as usize];
    dispatch(Sampling { sampler, width, data: &mut data });
    data
}

/// A map from output pixels to a source, with the sample points within a pixel.
struct Sampler<'a> {
    source: &'a RgbImage,
    map: Affine,
    /// The map in fixed point: the corner of the first pixel, and the steps to the next pixel right and down.
    fixed: [Fixed; 3],
    /// The offsets of the samples from a pixel's corner, less the half pixel at which source pixels are centred.
    steps: Vec<(Point, Fixed)>,
    /// One over the number of samples per pixel.
    weight: f32,
}

/// A position or step in units of 2^-32 source pixels: sums are exact, and the upper half counts whole pixels.
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

    /// This position plus `times` steps.
    #[inline(always)]
    fn walk(self, step: Self, times: u32) -> Self {
        Self { x: self.x + step.x * i64::from(times), y: self.y + step.y * i64::from(times) }
    }
}

/// One pixel in units of [`Fixed`].
const ONE: f64 = 4_294_967_296.0;

impl<'a> Sampler<'a> {
    /// One sample per source pixel along an axis, but at least `least_taps` and at most [`MAX_TAPS`].
    fn new(source: &'a RgbImage, map: &Affine, least_taps: u32) -> Self {
        let taps = (map.scale().round() as u32).clamp(least_taps, MAX_TAPS);
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

    /// Whether every sample of the `pixels` output pixels from (`x`, `y`) to the right lies well inside the source.
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
        // The map is affine, so the pixels inside are one stretch.
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

    /// The sum over a pixel whose samples all lie inside. A sample reads two pixels of each of two rows as twice eight
    /// bytes, of which six count, so that the arithmetic is that of whole vectors.
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

    /// The sum over any pixel, inside or not.
    fn any_sum(&self, x: u32, y: u32) -> [f32; 3] {
        let corner = self.map.apply(Point::new(x as f32, y as f32));
        let mut sum = [0.0f32; 3];
        for (step, _) in &self.steps {
            add_bilinear(self.source, Point::new(corner.x + step.x, corner.y + step.y), &mut sum);
        }
        sum
    }
}

/// The fraction of a position in units of [`PART`], the precision of an `f32`.
#[inline(always)]
fn part(fixed: i64) -> f32 {
    ((fixed as u32) >> 8) as f32
}

/// 2^-24 of a pixel.
const PART: f32 = 1.0 / 16_777_216.0;

/// The weights of the sixteen bytes of a sample at the centre of the upper left pixel, and their change per [`PART`] to
/// the right and down. Each row holds three bytes of the left pixel, three of the right pixel, and two that do not
/// count.
const LEFT: [f32; 16] = rows(three_and_three(1.0, 0.0), 1.0, 1.0);
const RIGHT: [f32; 16] = rows(three_and_three(-PART, PART), 1.0, 1.0);
const UPPER: [f32; 16] = rows([1.0; 8], 1.0, 0.0);
const LOWER: [f32; 16] = rows([1.0; 8], -PART, PART);

const fn three_and_three(left: f32, right: f32) -> [f32; 8] {
    [left, left, left, right, right, right, 0.0, 0.0]
}

/// `row` twice, for the upper and the lower row of pixels, each times its weight.
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

/// The sampling of all pixels, as a kernel.
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

/// Adds the bilinear value of `source` at `p` to `sum`, the first pixel's centre at (0, 0); pixels outside count zero.
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

    #[test]
    fn pixels_inside_are_sampled_like_those_at_the_edge() {
        let img = RgbImage::from_fn(90, 70, |x, y| image::Rgb([(x * 37 % 256) as u8, (y * 59 % 256) as u8, 200]));
        for scale in [0.3, 1.0, 2.4, 5.0] {
            let map = Affine::output_to_source(Point::new(40.3, 36.7), scale, 0.7, 24);
            let sampler = Sampler::new(&img, &map, 1);
            let pixels = sample(&img, &map, 1, 24, 24);
            let mut inside = 0;
            for i in 0..24 * 24 {
                let (x, y) = (i % 24, i / 24);
                if sampler.is_inside(x as f32, y as f32, 1.0) {
                    inside += 1;
                    let other = sampler.any_sum(x, y).map(|sum| sum * sampler.weight);
                    for (a, b) in pixels[3 * i as usize..].iter().zip(other) {
                        assert!((a - b).abs() < 1e-2, "{a} {b}");
                    }
                }
            }
            assert!(inside > 50, "{inside}");
        }
    }
}
