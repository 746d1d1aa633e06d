//! From pixels with their channels side by side to channels with their pixels side by side.

use super::layer::BLOCK;
use crate::inference::kernels::gemm::Finish;
use crate::simd::Lanes;

/// Pixels with their channels side by side, and where they go.
pub(super) struct Turn<'a> {
    /// Room for whole vectors of pixels, whose channels are whole blocks.
    pub(super) source: &'a [f32],
    /// From one pixel to the next.
    pub(super) pitch: usize,
    /// From one block of channels to the next.
    pub(super) apart: usize,
    /// Pixels that count.
    pub(super) pixels: usize,
    /// Channels that count.
    pub(super) channels: usize,
    /// What becomes of the values.
    pub(super) finish: Finish<'a>,
    /// Values of an output channel.
    pub(super) plane: usize,
    /// Where in it the first pixel stands.
    pub(super) at: usize,
}

impl Turn<'_> {
    #[inline(always)]
    pub(super) fn run<L: Lanes>(&self, out: &mut [f32]) {
        // COUNT is a constant of L: one of these is compiled.
        match L::COUNT {
            16 => self.squares::<L, 16>(out),
            8 => self.squares::<L, 8>(out),
            _ => self.squares::<L, 4>(out),
        }
    }

    /// `N` channels of `N` pixels at a time.
    #[inline(always)]
    fn squares<L: Lanes, const N: usize>(&self, out: &mut [f32]) {
        for channel in (0..self.channels).step_by(N) {
            let source = &self.source[channel / BLOCK * self.apart + channel % BLOCK..];
            for pixel in (0..self.pixels).step_by(N) {
                let mut square = [L::splat(0.0); N];
                for (i, v) in square.iter_mut().enumerate() {
                    *v = L::load(&source[(pixel + i) * self.pitch..]);
                }
                let left = self.pixels - pixel;
                let part = L::part(0, left);
                for (i, v) in turned(square).into_iter().enumerate().take(self.channels - channel) {
                    let channel = channel + i;
                    let at = channel * self.plane + self.at + pixel;
                    let bias = L::splat(self.finish.bias[channel]);
                    let mut v = v.add(bias);
                    if let Some(plus) = self.finish.plus {
                        v = v.add(L::load_part(&plus[at..at + left], part, bias));
                    }
                    self.finish.activation.apply(channel, v).store_part(&mut out[at..at + left], part);
                }
            }
        }
    }
}

/// Rows become columns: each round moves the bits of a value's place in the whole by one, from row to column.
#[inline(always)]
fn turned<L: Lanes, const N: usize>(mut square: [L; N]) -> [L; N] {
    let mut round = 1;
    while round < N {
        let before = square;
        for i in 0..N / 2 {
            (square[2 * i], square[2 * i + 1]) = before[i].between(before[i + N / 2]);
        }
        round *= 2;
    }
    square
}
