//! Depthwise convolution: each channel has its own kernel.
//!
//! Kernels of 3 x 3 and 5 x 5 with stride 1 or 2 are computed [directly](super::direct); all others on a padded copy of
//! the plane.

use super::activation::Activation;
use super::direct::{Direct, Reducer};
use super::planes::{ConvShape, SLACK};
use crate::simd::{Kernel, Lanes};

/// A depthwise convolution of one image.
pub(in crate::inference) struct Depthwise<'a> {
    /// `kernel[0] * kernel[1]` per channel.
    pub(in crate::inference) weights: &'a [f32],
    /// One value per channel.
    pub(in crate::inference) bias: &'a [f32],
    pub(in crate::inference) activation: &'a Activation,
    pub(in crate::inference) shape: ConvShape,
    /// CHW.
    pub(in crate::inference) source: &'a [f32],
    /// CHW.
    pub(in crate::inference) out: &'a mut [f32],
    /// A padded plane and its sums.
    pub(in crate::inference) scratch: &'a mut Vec<f32>,
}

/// One channel on its padded plane.
struct Plane<'a, L> {
    channel: usize,
    bias: L,
    activation: &'a Activation,
    shape: ConvShape,
    source: &'a [f32],
}

/// The taps of a kernel. A trait rather than a closure, because it must be inlined to be compiled for wide vectors.
trait Sum<L> {
    /// Adds the products of the taps, whose offsets are relative to the start of `source`.
    fn add(&self, sum: L, source: &[f32]) -> L;
}

/// A kernel of any size.
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
        let Self { weights, bias, activation, shape, source, out, scratch } = self;
        let filters = Filters { weights, bias, activation, shape };
        let taps: Vec<usize> = shape.taps().collect();
        let len = filters.scratch_len();
        if scratch.len() < len {
            scratch.resize(len, 0.0);
        }
        let images = source.chunks_exact(shape.input[0] * shape.input[1]);
        let outs = out.chunks_exact_mut(shape.output[0] * shape.output[1]);
        for (channel, (image, out)) in images.zip(outs).enumerate() {
            filters.channel::<L>(channel, &taps, image, out, scratch);
        }
    }
}

/// The filters of all channels.
struct Filters<'a> {
    weights: &'a [f32],
    bias: &'a [f32],
    activation: &'a Activation,
    shape: ConvShape,
}

impl Filters<'_> {
    /// Values of scratch memory that a channel needs.
    fn scratch_len(&self) -> usize {
        self.shape.channel_len() + SLACK + self.shape.flat_len() + SLACK
    }

    /// Computes one channel; `taps` are the offsets of the shape's taps.
    #[inline(always)]
    fn channel<L: Lanes>(&self, channel: usize, taps: &[usize], image: &[f32], out: &mut [f32], scratch: &mut [f32]) {
        let shape = self.shape;
        match (shape.kernel, shape.stride) {
            ([3, 3], [1, 1]) => return self.direct::<L, 3, 1>(channel, image, out),
            ([3, 3], [2, 2]) => return self.direct::<L, 3, 2>(channel, image, out),
            ([5, 5], [1, 1]) => return self.direct::<L, 5, 1>(channel, image, out),
            ([5, 5], [2, 2]) => return self.direct::<L, 5, 2>(channel, image, out),
            _ => {}
        }
        let (len, flat) = (shape.channel_len(), shape.flat_len());
        let (padded, sums) = scratch.split_at_mut(len + SLACK);
        shape.lay_out::<L>(image, 0.0, &mut padded[..len]);
        let weights = &self.weights[channel * taps.len()..][..taps.len()];
        let bias = L::splat(self.bias[channel]);
        let plane = Plane { channel, bias, activation: self.activation, shape, source: padded };
        plane.each(&Taps { weights, taps }, flat, sums, out);
    }

    #[inline(always)]
    fn direct<L: Lanes, const K: usize, const S: usize>(&self, channel: usize, image: &[f32], out: &mut [f32]) {
        let weights = &self.weights[channel * K * K..][..K * K];
        let filter = Filter { channel, bias: L::splat(self.bias[channel]), weights, activation: self.activation };
        Direct::<_, K, S> { reducer: &filter, shape: self.shape }.run::<L>(image, out);
    }
}

/// The filter of one channel.
struct Filter<'a, L> {
    channel: usize,
    bias: L,
    weights: &'a [f32],
    activation: &'a Activation,
}

impl<L: Lanes> Reducer<L> for Filter<'_, L> {
    #[inline(always)]
    fn init(&self) -> L {
        self.bias
    }

    #[inline(always)]
    fn padding(&self) -> L {
        L::splat(0.0)
    }

    #[inline(always)]
    fn step(&self, acc: L, tap: usize, value: L) -> L {
        L::splat(self.weights[tap]).mul_add(value, acc)
    }

    #[inline(always)]
    fn finish(&self, acc: L) -> L {
        self.activation.apply(self.channel, acc)
    }
}

impl<L: Lanes> Plane<'_, L> {
    /// Computes the channel, a vector of outputs at a time.
    #[inline(always)]
    fn each(&self, kernel: &impl Sum<L>, flat: usize, sums: &mut [f32], out: &mut [f32]) {
        let cols = self.shape.output[1];
        let pitch = self.shape.phase()[1];
        if cols < L::COUNT {
            // The plane is narrower than a vector: compute all flat positions, then copy the rows out.
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
                // The last vector ends with the row and overlaps the one before.
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
