//! What the first convolution reads.

use super::layer::PIXELS;
use crate::inference::kernels::planes::{SLACK, Window, aligned};
use crate::simd::Lanes;

/// A picture, and how a kernel moves over it.
pub(super) struct Source<'a> {
    picture: &'a [f32],
    window: Window,
    channels: usize,
    /// Room for the padded planes of a few rows.
    planes: &'a mut Vec<f32>,
}

impl<'a> Source<'a> {
    pub(super) fn new(picture: &'a [f32], window: Window, planes: &'a mut Vec<f32>) -> Self {
        let channels = picture.len() / (window.input[0] * window.input[1]).max(1);
        Self { picture, window, channels, planes }
    }

    /// What the taps read for `count` rows of outputs from row `start` on: [`PIXELS`] pixels at a time, for each tap side
    /// by side.
    #[inline(always)]
    pub(super) fn pack<L: Lanes>(&mut self, start: usize, count: usize, into: &mut [f32]) {
        if count == 0 {
            return;
        }
        let [height, width] = self.window.input;
        let pictures = self.picture.chunks_exact(height * width);
        let columns = self.channels * self.window.kernel[0] * self.window.kernel[1];
        if self.window.is_pointwise() {
            for (c, picture) in pictures.enumerate() {
                pack_run(&picture[start * width..(start + count) * width], 0, c, columns, into);
            }
            return;
        }
        let (band, from) = self.window.band(start, count);
        let (len, pitch, cols) = (band.channel_len(), band.phase()[1], band.output[1]);
        let plane = aligned(self.planes, len + SLACK);
        let taps = band.kernel[0] * band.kernel[1];
        for (c, picture) in pictures.enumerate() {
            let picture = &picture[from * width..][..band.input[0] * width];
            band.lay_out::<L>(picture, 0.0, &mut plane[..len]);
            for (k, tap) in band.taps().enumerate() {
                for y in 0..count {
                    pack_run(&plane[tap + y * pitch..][..cols], y * cols, c * taps + k, columns, into);
                }
            }
        }
    }
}

/// Puts what column `k` reads for neighbouring pixels from pixel `at` on into its places.
#[inline(always)]
fn pack_run(mut run: &[f32], mut at: usize, k: usize, columns: usize, into: &mut [f32]) {
    while !run.is_empty() {
        let to = &mut into[(at / PIXELS * columns + k) * PIXELS..][..PIXELS];
        if at.is_multiple_of(PIXELS) && run.len() >= PIXELS {
            to.copy_from_slice(&run[..PIXELS]);
            run = &run[PIXELS..];
            at += PIXELS;
        } else {
            to[at % PIXELS] = run[0];
            run = &run[1..];
            at += 1;
        }
    }
}
