//! Depthwise convolution: every channel with its own small kernel.
//!
//! It does few operations for each value it reads, so what counts is how often a value is loaded. Four rows of outputs
//! are computed together: a row of inputs is loaded once for all the outputs of a column that it belongs to.

use super::activation::Activation;
use super::direct::{Direct, Fold};
use super::planes::{SLACK, Window};
use crate::simd::{Kernel, Lanes};

/// A depthwise convolution of one picture.
pub(in crate::inference) struct Depthwise<'a> {
    /// Channel by channel, `kernel[0] * kernel[1]` each.
    pub(in crate::inference) weights: &'a [f32],
    /// One for each channel.
    pub(in crate::inference) bias: &'a [f32],
    /// What the sums go through.
    pub(in crate::inference) activation: &'a Activation,
    /// How the kernel moves.
    pub(in crate::inference) window: Window,
    /// Channel by channel.
    pub(in crate::inference) source: &'a [f32],
    /// Channel by channel.
    pub(in crate::inference) out: &'a mut [f32],
    /// Room for one padded plane.
    pub(in crate::inference) scratch: &'a mut Vec<f32>,
}

/// One channel on its padded plane.
struct Plane<'a, L> {
    channel: usize,
    bias: L,
    activation: &'a Activation,
    window: Window,
    source: &'a [f32],
}

/// A kernel's taps. A trait and not a closure: it must be inlined to be compiled for wide vectors.
trait Sum<L> {
    /// Adds what lies under the kernel that reads from the start of `source` on.
    fn add(&self, sum: L, source: &[f32]) -> L;
}

/// Any taps.
struct Taps<'a> {
    weights: &'a [f32],
    taps: &'a [usize],
}

impl<L: Lanes> Sum<L> for Taps<'_> {
    #[inline(always)]
    fn add(&self, mut sum: L, source: &[f32]) -> L {
        for (w, tap) in self.weights.iter().zip(self.taps) {
            sum = L::splat(*w).mul_add(L::load(&source[*tap..]), sum);
        }
        sum
    }
}

impl Kernel for Depthwise<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { weights, bias, activation, window, source, out, scratch } = self;
        let filters = Filters { weights, bias, activation, window };
        let taps: Vec<usize> = window.taps().collect();
        let room = filters.room();
        if scratch.len() < room {
            scratch.resize(room, 0.0);
        }
        let pictures = source.chunks_exact(window.input[0] * window.input[1]);
        let outs = out.chunks_exact_mut(window.output[0] * window.output[1]);
        for (channel, (picture, out)) in pictures.zip(outs).enumerate() {
            filters.channel::<L>(channel, &taps, picture, out, scratch);
        }
    }
}

/// The filters of all channels, and how they move.
struct Filters<'a> {
    weights: &'a [f32],
    bias: &'a [f32],
    activation: &'a Activation,
    window: Window,
}

impl Filters<'_> {
    /// How much room a channel needs to be computed in.
    fn room(&self) -> usize {
        self.window.channel_len() + SLACK + self.window.flat_len() + SLACK
    }

    /// Computes one channel; `taps` are those of the window.
    #[inline(always)]
    fn channel<L: Lanes>(&self, channel: usize, taps: &[usize], picture: &[f32], out: &mut [f32], scratch: &mut [f32]) {
        let window = self.window;
        match (window.kernel, window.stride) {
            ([3, 3], [1, 1]) => return self.direct::<L, 3, 1>(channel, picture, out),
            ([3, 3], [2, 2]) => return self.direct::<L, 3, 2>(channel, picture, out),
            ([5, 5], [1, 1]) => return self.direct::<L, 5, 1>(channel, picture, out),
            ([5, 5], [2, 2]) => return self.direct::<L, 5, 2>(channel, picture, out),
            _ => {}
        }
        let (len, flat) = (window.channel_len(), window.flat_len());
        let (padded, sums) = scratch.split_at_mut(len + SLACK);
        window.lay_out::<L>(picture, 0.0, &mut padded[..len]);
        let weights = &self.weights[channel * taps.len()..][..taps.len()];
        let bias = L::splat(self.bias[channel]);
        let plane = Plane { channel, bias, activation: self.activation, window, source: padded };
        plane.each(&Taps { weights, taps }, flat, sums, out);
    }

    #[inline(always)]
    fn direct<L: Lanes, const K: usize, const S: usize>(&self, channel: usize, picture: &[f32], out: &mut [f32]) {
        let weights = &self.weights[channel * K * K..][..K * K];
        let filter = Filter { channel, bias: L::splat(self.bias[channel]), weights, activation: self.activation };
        Direct::<_, K, S> { fold: &filter, window: self.window }.run::<L>(picture, out);
    }
}

/// The filter of one channel.
struct Filter<'a, L> {
    channel: usize,
    bias: L,
    weights: &'a [f32],
    activation: &'a Activation,
}

impl<L: Lanes> Fold<L> for Filter<'_, L> {
    #[inline(always)]
    fn start(&self) -> L {
        self.bias
    }

    #[inline(always)]
    fn outside(&self) -> L {
        L::splat(0.0)
    }

    #[inline(always)]
    fn step(&self, before: L, tap: usize, value: L) -> L {
        L::splat(self.weights[tap]).mul_add(value, before)
    }

    #[inline(always)]
    fn finish(&self, folded: L) -> L {
        self.activation.apply(self.channel, folded)
    }
}

impl<L: Lanes> Plane<'_, L> {
    /// Vectors of outputs one by one.
    #[inline(always)]
    fn each(&self, kernel: &impl Sum<L>, flat: usize, sums: &mut [f32], out: &mut [f32]) {
        let cols = self.window.output[1];
        let pitch = self.window.phase()[1];
        if cols < L::COUNT {
            // A plane narrower than a vector: all flat places in turn, then the rows picked out of them.
            let mut at = 0;
            while at < flat {
                self.one(kernel, &self.source[at..]).store(&mut sums[at..]);
                at += L::COUNT;
            }
            for (out, sums) in out.chunks_exact_mut(cols).zip(sums.chunks(pitch)) {
                out.copy_from_slice(&sums[..cols]);
            }
            return;
        }
        for (y, out) in out.chunks_exact_mut(cols).enumerate() {
            let source = &self.source[y * pitch..];
            let mut x = 0;
            loop {
                // The last vector of a row ends with it.
                x = x.min(cols - L::COUNT);
                self.one(kernel, &source[x..]).store(&mut out[x..]);
                x += L::COUNT;
                if x >= cols {
                    break;
                }
            }
        }
    }

    #[inline(always)]
    fn one(&self, kernel: &impl Sum<L>, source: &[f32]) -> L {
        self.activation.apply(self.channel, kernel.add(self.bias, source))
    }
}
