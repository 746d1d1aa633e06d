//! The values of one block to pixels, with integers (T.81, A.3.3).

use super::block::{ZIGZAG, wave};

/// For each value in the order of the file, its place in a block of rows.
pub(super) const PLACES: [u8; 64] = places();

const fn places() -> [u8; 64] {
    let (mut places, mut i) = ([0; 64], 0);
    while i < 64 {
        places[i] = 8 * ZIGZAG[i].1 + ZIGZAG[i].0;
        i += 1;
    }
    places
}

/// The sums of one pass over a row or column of eight, before the shift; factors of Loeffler, Ligtenberg and Moschytz
/// in units of 2^-12, as in `stb_image`.
#[inline(always)]
fn pass(v: [i32; 8], rounding: i32) -> [i32; 8] {
    let add = i32::wrapping_add;
    let sub = i32::wrapping_sub;
    let mul = i32::wrapping_mul;
    let even = mul(add(v[2], v[6]), 2217);
    let (t2, t3) = (add(even, mul(v[6], -7567)), add(even, mul(v[2], 3135)));
    let (t0, t1) = (add(v[0], v[4]) << 12, sub(v[0], v[4]) << 12);
    let (t0, t1) = (add(t0, rounding), add(t1, rounding));
    let (x0, x3, x1, x2) = (add(t0, t3), sub(t0, t3), add(t1, t2), sub(t1, t2));

    let p5 = mul(add(add(v[7], v[3]), add(v[5], v[1])), 4816);
    let p1 = add(p5, mul(add(v[7], v[1]), -3685));
    let p2 = add(p5, mul(add(v[5], v[3]), -10_497));
    let (p3, p4) = (mul(add(v[7], v[3]), -8034), mul(add(v[5], v[1]), -1597));
    let o3 = add(mul(v[1], 6149), add(p1, p4));
    let o2 = add(mul(v[3], 12_586), add(p2, p3));
    let o1 = add(mul(v[5], 8410), add(p2, p4));
    let o0 = add(mul(v[7], 1223), add(p1, p3));
    [add(x0, o3), add(x1, o2), add(x2, o1), add(x3, o0), sub(x3, o0), sub(x2, o1), sub(x1, o2), sub(x0, o3)]
}

/// Writes the block of `values` (dequantised, in rows) into the start of eight rows of `pitch` bytes.
#[inline(always)]
pub(super) fn whole(values: &mut [i32; 64], to: &mut [u8], pitch: usize) {
    let mut columns = [0; 64];
    for x in 0..8 {
        let column = pass(std::array::from_fn(|y| values[8 * y + x]), 512);
        for (y, v) in column.into_iter().enumerate() {
            values[8 * y + x] = v >> 10;
        }
    }
    for y in 0..8 {
        for x in 0..8 {
            columns[8 * x + y] = values[8 * y + x];
        }
    }
    for y in 0..8 {
        // Rounding of both passes, and the shift to values from zero.
        let row = pass(std::array::from_fn(|x| columns[8 * x + y]), 512 + 65_536 + (128 << 17));
        for (x, v) in row.into_iter().enumerate() {
            columns[8 * x + y] = (v >> 17).clamp(0, 255);
        }
    }
    for (y, out) in to.chunks_mut(pitch).take(8).enumerate() {
        if let Some(out) = out.first_chunk_mut::<8>() {
            *out = std::array::from_fn(|x| columns[8 * x + y] as u8);
        }
    }
}

/// Writes a block of one value.
#[inline(always)]
pub(super) fn flat(mean: i32, to: &mut [u8], pitch: usize) {
    let shade = (mean.wrapping_add(4 + 1024) >> 3).clamp(0, 255) as u8;
    for out in to.chunks_mut(pitch).take(8) {
        if let Some(out) = out.first_chunk_mut::<8>() {
            *out = [shade; 8];
        }
    }
}

/// The inverse transform to blocks of fewer pixels.
pub(super) struct Scaled {
    /// Columns and rows of a block, 1 to 8.
    pub(super) width: usize,
    pub(super) height: usize,
    across: [[f32; 8]; 8],
    down: [[f32; 8]; 8],
}

impl Scaled {
    /// The transform to blocks of `width` x `height` pixels.
    pub(super) fn new(width: usize, height: usize) -> Self {
        let waves =
            |n: usize| std::array::from_fn(|u| std::array::from_fn(|x| if u < n { wave(n, u, x) } else { 0.0 }));
        Self { width, height, across: waves(width), down: waves(height) }
    }

    /// Writes the block of `values` (dequantised, in rows) into the start of the rows of `pitch` bytes.
    pub(super) fn write(&self, values: &[i32; 64], to: &mut [u8], pitch: usize) {
        let mut rows = [[0.0f32; 8]; 8];
        for (v, row) in rows.iter_mut().enumerate().take(self.height) {
            for (u, waves) in self.across.iter().enumerate().take(self.width) {
                let value = values[8 * v + u] as f32;
                row.iter_mut().zip(waves).for_each(|(sum, wave)| *sum += value * wave);
            }
        }
        for (y, out) in to.chunks_mut(pitch).take(self.height).enumerate() {
            for (x, out) in out.iter_mut().enumerate().take(self.width) {
                let sum: f32 = (0..self.height).map(|v| rows[v][x] * self.down[v][y]).sum();
                *out = (sum + 128.5).clamp(0.0, 255.0) as u8;
            }
        }
    }
}
