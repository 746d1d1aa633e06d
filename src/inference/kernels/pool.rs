//! Max-pooling.

use super::direct::{Direct, Fold};
use super::planes::{SLACK, Window};
use crate::simd::{Kernel, Lanes};

/// The largest value in each window of one picture.
pub(in crate::inference) struct MaxPool<'a> {
    /// How the window moves.
    pub(in crate::inference) window: Window,
    /// Channel by channel.
    pub(in crate::inference) source: &'a [f32],
    /// Channel by channel.
    pub(in crate::inference) out: &'a mut [f32],
    /// Room for one padded plane.
    pub(in crate::inference) scratch: &'a mut Vec<f32>,
}

impl Kernel for MaxPool<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { window, source, out, scratch } = self;
        match (window.kernel, window.stride) {
            ([3, 3], [2, 2]) => return direct::<L, 3, 2>(window, source, out),
            ([2, 2], [2, 2]) => return direct::<L, 2, 2>(window, source, out),
            _ => {}
        }
        let taps: Vec<usize> = window.taps().collect();
        let (len, flat, pitch) = (window.channel_len(), window.flat_len(), window.phase()[1]);
        if scratch.len() < len + SLACK + flat + SLACK {
            scratch.resize(len + SLACK + flat + SLACK, 0.0);
        }
        let (padded, largest) = scratch.split_at_mut(len + SLACK);
        let pictures = source.chunks_exact(window.input[0] * window.input[1]);
        let outs = out.chunks_exact_mut(window.output[0] * window.output[1]);
        for (picture, out) in pictures.zip(outs) {
            window.lay_out::<L>(picture, f32::NEG_INFINITY, &mut padded[..len]);
            let mut at = 0;
            while at < flat {
                let mut max = L::splat(f32::NEG_INFINITY);
                for &tap in &taps {
                    max = max.max(L::load(&padded[at + tap..]));
                }
                max.store(&mut largest[at..]);
                at += L::COUNT;
            }
            let cols = window.output[1];
            for (out, largest) in out.chunks_exact_mut(cols).zip(largest.chunks(pitch)) {
                out.copy_from_slice(&largest[..cols]);
            }
        }
    }
}

/// The largest of some values.
struct Largest;

impl<L: Lanes> Fold<L> for Largest {
    #[inline(always)]
    fn start(&self) -> L {
        L::splat(f32::NEG_INFINITY)
    }

    #[inline(always)]
    fn outside(&self) -> L {
        L::splat(f32::NEG_INFINITY)
    }

    #[inline(always)]
    fn step(&self, before: L, _: usize, value: L) -> L {
        before.max(value)
    }

    #[inline(always)]
    fn finish(&self, folded: L) -> L {
        folded
    }
}

#[inline(always)]
fn direct<L: Lanes, const K: usize, const S: usize>(window: Window, source: &[f32], out: &mut [f32]) {
    let pictures = source.chunks_exact(window.input[0] * window.input[1]);
    let outs = out.chunks_exact_mut(window.output[0] * window.output[1]);
    for (picture, out) in pictures.zip(outs) {
        Direct::<_, K, S> { fold: &Largest, window }.run::<L>(picture, out);
    }
}
