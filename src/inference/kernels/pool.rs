//! Max-pooling.

use super::direct::{Direct, Reducer};
use super::planes::{ConvShape, SLACK};
use crate::simd::{Kernel, Lanes};

/// Max-pooling of one image.
pub(in crate::inference) struct MaxPool<'a> {
    pub(in crate::inference) shape: ConvShape,
    /// CHW.
    pub(in crate::inference) source: &'a [f32],
    /// CHW.
    pub(in crate::inference) out: &'a mut [f32],
    /// A padded plane and its maxima.
    pub(in crate::inference) scratch: &'a mut Vec<f32>,
}

impl Kernel for MaxPool<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { shape, source, out, scratch } = self;
        match (shape.kernel, shape.stride) {
            ([3, 3], [2, 2]) => return direct::<L, 3, 2>(shape, source, out),
            ([2, 2], [2, 2]) => return direct::<L, 2, 2>(shape, source, out),
            _ => {}
        }
        let taps: Vec<usize> = shape.taps().collect();
        let (len, flat, pitch) = (shape.channel_len(), shape.flat_len(), shape.phase()[1]);
        if scratch.len() < len + SLACK + flat + SLACK {
            scratch.resize(len + SLACK + flat + SLACK, 0.0);
        }
        let (padded, largest) = scratch.split_at_mut(len + SLACK);
        let images = source.chunks_exact(shape.input[0] * shape.input[1]);
        let outs = out.chunks_exact_mut(shape.output[0] * shape.output[1]);
        for (image, out) in images.zip(outs) {
            shape.lay_out::<L>(image, f32::NEG_INFINITY, &mut padded[..len]);
            let mut at = 0;
            while at < flat {
                let mut max = L::splat(f32::NEG_INFINITY);
                for &tap in &taps {
                    max = max.max(L::load(&padded[at + tap..]));
                }
                max.store(&mut largest[at..]);
                at += L::COUNT;
            }
            let cols = shape.output[1];
            for (out, largest) in out.chunks_exact_mut(cols).zip(largest.chunks(pitch)) {
                out.copy_from_slice(&largest[..cols]);
            }
        }
    }
}

/// The maximum of a window.
struct Max;

impl<L: Lanes> Reducer<L> for Max {
    #[inline(always)]
    fn init(&self) -> L {
        L::splat(f32::NEG_INFINITY)
    }

    #[inline(always)]
    fn padding(&self) -> L {
        L::splat(f32::NEG_INFINITY)
    }

    #[inline(always)]
    fn step(&self, acc: L, _: usize, value: L) -> L {
        acc.max(value)
    }

    #[inline(always)]
    fn finish(&self, acc: L) -> L {
        acc
    }
}

#[inline(always)]
fn direct<L: Lanes, const K: usize, const S: usize>(shape: ConvShape, source: &[f32], out: &mut [f32]) {
    let images = source.chunks_exact(shape.input[0] * shape.input[1]);
    let outs = out.chunks_exact_mut(shape.output[0] * shape.output[1]);
    for (image, out) in images.zip(outs) {
        Direct::<_, K, S> { reducer: &Max, shape }.run::<L>(image, out);
    }
}
