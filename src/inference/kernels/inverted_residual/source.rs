//! Packing of the inputs of the expansion.

use super::layer::PIXELS;
use crate::inference::kernels::planes::{ConvShape, SLACK, aligned};
use crate::simd::Lanes;

/// The input image of the expansion.
pub(super) struct Source<'a> {
    image: &'a [f32],
    shape: ConvShape,
    channels: usize,
    /// The padded planes of a few rows.
    planes: &'a mut Vec<f32>,
}

impl<'a> Source<'a> {
    pub(super) fn new(image: &'a [f32], shape: ConvShape, planes: &'a mut Vec<f32>) -> Self {
        let channels = image.len() / (shape.input[0] * shape.input[1]).max(1);
        Self { image, shape, channels, planes }
    }

    /// Packs what the taps read for `count` rows of outputs from row `start` on: for [`PIXELS`] pixels at a time, the
    /// values of each tap are contiguous.
    #[inline(always)]
    pub(super) fn pack<L: Lanes>(&mut self, start: usize, count: usize, into: &mut [f32]) {
        if count == 0 {
            return;
        }
        let [height, width] = self.shape.input;
        let images = self.image.chunks_exact(height * width);
        let columns = self.channels * self.shape.kernel[0] * self.shape.kernel[1];
        if self.shape.is_pointwise() {
            for (c, image) in images.enumerate() {
                pack_run(&image[start * width..(start + count) * width], 0, c, columns, into);
            }
            return;
        }
        let (band, from) = self.shape.band(start, count);
        let (len, pitch, cols) = (band.channel_len(), band.phase()[1], band.output[1]);
        let plane = aligned(self.planes, len + SLACK);
        let taps = band.kernel[0] * band.kernel[1];
        for (c, image) in images.enumerate() {
            let image = &image[from * width..][..band.input[0] * width];
            band.lay_out::<L>(image, 0.0, &mut plane[..len]);
            for (k, tap) in band.taps().enumerate() {
                for y in 0..count {
                    pack_run(&plane[tap + y * pitch..][..cols], y * cols, c * taps + k, columns, into);
                }
            }
        }
    }
}

/// Packs what column `k` reads for neighbouring pixels from pixel `at` on.
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
