//! Frequencies of one block to pixels.
//!
//! T.81 transforms 8 x 8 pixels. The same frequencies, the lowest N of them along an axis, transformed back as a block of N,
//! are the block at N eighths of its size: the way that libjpeg's `scale_denom` goes.

use std::array::from_fn;
use std::f32::consts::{FRAC_1_SQRT_2, PI};

/// The zigzag's places: of each value in the order of the file, its column and row.
pub(super) const ZIGZAG: [(u8, u8); 64] = zigzag();

const fn zigzag() -> [(u8, u8); 64] {
    let mut places = [(0, 0); 64];
    let (mut x, mut y, mut i) = (0i32, 0i32, 0);
    while i < 64 {
        places[i] = (x as u8, y as u8);
        // Up to the right on even diagonals, down to the left on odd ones.
        let (dx, dy) = if (x + y) % 2 == 0 { (1, -1) } else { (-1, 1) };
        let (nx, ny) = (x + dx, y + dy);
        (x, y) = if nx > 7 {
            (x, y + 1)
        } else if ny > 7 {
            (x + 1, y)
        } else if nx < 0 {
            (0, ny)
        } else if ny < 0 {
            (nx, 0)
        } else {
            (nx, ny)
        };
        i += 1;
    }
    places
}

/// How much each frequency adds to each pixel along an axis.
type Waves = [[f32; 8]; 8];

/// For a block of `n` pixels, 1 to 8.
fn waves(n: usize) -> Waves {
    let mut waves = [[0.0; 8]; 8];
    for (u, wave) in waves.iter_mut().enumerate().take(n) {
        // As eight pixels have them, for the mean of a block is to stay the mean.
        let size = if u == 0 { FRAC_1_SQRT_2 } else { 1.0 } / 2.0;
        for (x, v) in wave.iter_mut().enumerate().take(n) {
            *v = size * ((2 * x + 1) as f32 * u as f32 * PI / (2 * n) as f32).cos();
        }
    }
    waves
}

/// Makes blocks of one size of a component.
pub(super) struct Transform {
    /// Columns and rows of pixels: 1 to 8.
    pub(super) width: usize,
    pub(super) height: usize,
    across: Waves,
    /// By pixel, then by frequency.
    down: Waves,
    /// Of each value in the order of the file, its step of quantisation; 0: it is too high a frequency.
    steps: [f32; 64],
    /// So many values, from the first one on, may be needed.
    pub(super) kept: usize,
}

/// The frequencies of a block: by row, then by column.
pub(super) type Frequencies = [[f32; 8]; 8];

impl Transform {
    /// For blocks of `width` x `height` pixels, by the steps of quantisation.
    pub(super) fn new(width: usize, height: usize, steps: &[u16; 64]) -> Self {
        let is_kept = |&(x, y): &(u8, u8)| usize::from(x) < width && usize::from(y) < height;
        let rows = waves(height);
        Self {
            width,
            height,
            across: waves(width),
            down: from_fn(|y| from_fn(|v| rows[v][y])),
            steps: from_fn(|i| if is_kept(&ZIGZAG[i]) { f32::from(steps[i]) } else { 0.0 }),
            kept: ZIGZAG.iter().rposition(is_kept).map_or(0, |last| last + 1),
        }
    }

    /// Puts the value that is `at`-th in the file into its place.
    #[inline(always)]
    pub(super) fn place(&self, at: usize, value: i32, into: &mut Frequencies) {
        let (x, y) = ZIGZAG[at];
        into[usize::from(y)][usize::from(x)] = value as f32 * self.steps[at];
    }

    /// A block of which nothing but the mean is known.
    #[inline(always)]
    pub(super) fn flat(&self, mean: i32, to: &mut [u8], pitch: usize) {
        let value = shade(mean as f32 * self.steps[0] / 8.0);
        for row in to.chunks_mut(pitch).take(self.height) {
            row[..self.width].fill(value);
        }
    }

    /// The pixels, into the first of each `pitch` bytes.
    #[inline(always)]
    pub(super) fn pixels(&self, from: &Frequencies, to: &mut [u8], pitch: usize) {
        match (self.width, self.height) {
            (2, 2) => self.sized::<2>(from, to, pitch),
            (4, 4) => self.sized::<4>(from, to, pitch),
            _ => self.sized::<8>(from, to, pitch),
        }
    }

    /// With `N` for both sides, if they are not longer: what is behind them is zero in the waves.
    #[inline(always)]
    fn sized<const N: usize>(&self, from: &Frequencies, to: &mut [u8], pitch: usize) {
        let mut rows = [[0.0f32; N]; N];
        for (row, values) in rows.iter_mut().zip(from) {
            for (value, wave) in values.iter().zip(&self.across).take(N) {
                add(row, *value, wave);
            }
        }
        for (out, weights) in to.chunks_mut(pitch).zip(&self.down).take(self.height.min(N)) {
            let mut sums = [0.0f32; N];
            for (row, weight) in rows.iter().zip(weights) {
                add(&mut sums, *weight, row);
            }
            for (out, sum) in out.iter_mut().zip(sums).take(self.width) {
                *out = shade(sum);
            }
        }
    }
}

/// Adds `weight` times `values` to sums.
#[inline(always)]
fn add(sums: &mut [f32], weight: f32, values: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += weight * value;
    }
}

/// A value about zero as a byte.
#[inline(always)]
fn shade(v: f32) -> u8 {
    /// From here to its double an `f32` has no fractions: the lowest bits are the number.
    const WHOLE: f32 = 8_388_608.0;
    ((v + 128.0).clamp(0.0, 255.0) + WHOLE).to_bits() as u8
}
