//! Transposition from blocks of channels (`NCHWc`) to CHW.

use super::layer::BLOCK;
use crate::inference::kernels::gemm::Epilogue;
use crate::simd::Lanes;

/// Pixels with contiguous channels, and their destination.
pub(super) struct Transpose<'a> {
    /// Whole vectors of pixels, with whole blocks of channels.
    pub(super) source: &'a [f32],
    /// Values from one pixel to the next.
    pub(super) pitch: usize,
    /// Values from one block of channels to the next.
    pub(super) block_stride: usize,
    /// Pixels to write.
    pub(super) pixels: usize,
    /// Channels to write.
    pub(super) channels: usize,
    pub(super) epilogue: Epilogue<'a>,
    /// Values per output channel.
    pub(super) plane: usize,
    /// The index of the first pixel in its channel.
    pub(super) at: usize,
}

impl Transpose<'_> {
    #[inline(always)]
    pub(super) fn run<L: Lanes>(&self, out: &mut [f32]) {
        // COUNT is a constant of L: only one of these is compiled.
        match L::COUNT {
            16 => self.squares::<L, 16>(out),
            8 => self.squares::<L, 8>(out),
            _ => self.squares::<L, 4>(out),
        }
    }

    /// Transposes `N` channels of `N` pixels at a time.
    #[inline(always)]
    fn squares<L: Lanes, const N: usize>(&self, out: &mut [f32]) {
        for channel in (0..self.channels).step_by(N) {
            let source = &self.source[channel / BLOCK * self.block_stride + channel % BLOCK..];
            for pixel in (0..self.pixels).step_by(N) {
                let mut square = [L::splat(0.0); N];
                for (i, v) in square.iter_mut().enumerate() {
                    *v = L::load(&source[(pixel + i) * self.pitch..]);
                }
                let left = self.pixels - pixel;
                let mask = L::row_mask(0, left);
                for (i, v) in transposed(square).into_iter().enumerate().take(self.channels - channel) {
                    let channel = channel + i;
                    let at = channel * self.plane + self.at + pixel;
                    let bias = L::splat(self.epilogue.bias[channel]);
                    let mut v = v.add(bias);
                    if let Some(residual) = self.epilogue.residual {
                        v = v.add(L::load_masked(&residual[at..at + left], mask, bias));
                    }
                    self.epilogue.activation.apply(channel, v).store_masked(&mut out[at..at + left], mask);
                }
            }
        }
    }
}

/// The transpose: each round rotates the bits of a value's index in the square by one, from row to column.
#[inline(always)]
fn transposed<L: Lanes, const N: usize>(mut square: [L; N]) -> [L; N] {
    let mut round = 1;
    while round < N {
        let previous = square;
        for i in 0..N / 2 {
            (square[2 * i], square[2 * i + 1]) = previous[i].interleave(previous[i + N / 2]);
        }
        round *= 2;
    }
    square
}
