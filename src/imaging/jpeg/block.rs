//! The frequencies of one block to pixels.
//!
//! T.81 transforms blocks of 8 x 8 pixels. The lowest N frequencies along each axis, transformed back as a block of N x
//! N pixels, give the block at N eighths of its size, as libjpeg's `scale_denom` does.

use std::f32::consts::{FRAC_1_SQRT_2, PI};

/// The column and row of each value, in the zigzag order of the file.
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

/// The share of frequency `u` in pixel `x` of `n` along an axis.
pub(super) fn wave(n: usize, u: usize, x: usize) -> f32 {
    // The factors of eight pixels, so that the mean of a block stays its mean.
    let size = if u == 0 { FRAC_1_SQRT_2 } else { 1.0 } / 2.0;
    size * ((2 * x + 1) as f32 * u as f32 * PI / (2 * n) as f32).cos()
}

/// The inverse transform of a component to blocks of one size.
pub(super) struct Transform {
    /// Columns of a block, 1 to 8, and its rows.
    pub(super) width: usize,
    pub(super) height: usize,
    /// For each value, in the order of the file, what one quantisation step adds to each pixel of a square of
    /// [`Transform::side`]; zeros where the frequency is too high.
    waves: Box<[[f32; 64]; 64]>,
    /// The number of values, from the first, that may be needed.
    pub(super) kept: usize,
}

impl Transform {
    /// The transform to blocks of `width` x `height` pixels, with the quantisation `steps`.
    pub(super) fn new(width: usize, height: usize, steps: &[u16; 64]) -> Self {
        let is_kept = |&(u, v): &(u8, u8)| usize::from(u) < width && usize::from(v) < height;
        let kept = ZIGZAG.iter().rposition(is_kept).map_or(0, |last| last + 1);
        let mut transform = Self { width, height, waves: Box::new([[0.0; 64]; 64]), kept };
        let side = transform.side();
        for (i, &(u, v)) in ZIGZAG.iter().enumerate().filter(|(_, place)| is_kept(place)) {
            for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
                let wave = wave(width, u.into(), x) * wave(height, v.into(), y);
                transform.waves[i][y * side + x] = f32::from(steps[i]) * wave;
            }
        }
        transform
    }

    /// The side of the square in which a block is computed.
    pub(super) fn side(&self) -> usize {
        self.width.max(self.height)
    }

    /// Adds the share of the `at`-th value in the file to the pixels.
    #[inline(always)]
    pub(super) fn add<const PIXELS: usize>(&self, at: usize, value: i32, to: &mut [f32; PIXELS]) {
        for (pixel, wave) in to.iter_mut().zip(&self.waves[at]) {
            *pixel += value as f32 * wave;
        }
    }

    /// Writes the pixels of a square of `N` into the start of each row of `pitch` bytes.
    #[inline(always)]
    pub(super) fn write<const N: usize, const PIXELS: usize>(
        &self,
        pixels: &[f32; PIXELS],
        to: &mut [u8],
        pitch: usize,
    ) {
        let shades = pixels.map(shade);
        for (out, row) in to.chunks_mut(pitch).zip(shades.as_chunks::<N>().0).take(self.height) {
            // A row of known length is one store.
            match out.first_chunk_mut::<N>().filter(|_| self.width == N) {
                Some(all) => *all = *row,
                None => out[..self.width].copy_from_slice(&row[..self.width]),
            }
        }
    }
}

/// A value centred on zero as a byte.
#[inline(always)]
fn shade(v: f32) -> u8 {
    /// From here to twice this an `f32` has no fraction: its lowest bits are the integer.
    const WHOLE: f32 = 8_388_608.0;
    ((v + 128.0).clamp(0.0, 255.0) + WHOLE).to_bits() as u8
}
