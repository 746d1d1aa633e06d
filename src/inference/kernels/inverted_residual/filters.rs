//! Depthwise filters over vectors of neighbouring channels.

use super::layer::{BLOCK, Group, padded, padded_activation, round_to_blocks};
use crate::inference::kernels::activation::Activation;
use crate::simd::Lanes;

/// Outputs of a row that are computed together, so that the pixels they share are loaded once.
const OUTPUTS: usize = 4;

/// Depthwise filters in blocks of channels, with bias and activation. In a block, the channels' weights of a tap are
/// contiguous.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::inference) struct Filters {
    taps: usize,
    packed: Vec<f32>,
    bias: Vec<f32>,
    activation: Activation,
    channels: usize,
}

impl Filters {
    /// Packs filters in channel-major order, with one bias (and slope, for `PReLU`) per channel.
    pub(in crate::inference) fn pack(filters: &[f32], bias: &[f32], activation: &Activation) -> Self {
        let channels = bias.len();
        let taps = filters.len() / channels.max(1);
        let mut packed = vec![0.0; round_to_blocks(channels) * taps];
        for (channel, filter) in filters.chunks_exact(taps.max(1)).enumerate() {
            for (tap, w) in filter.iter().enumerate() {
                packed[(channel / BLOCK * taps + tap) * BLOCK + channel % BLOCK] = *w;
            }
        }
        Self { taps, packed, bias: padded(bias), activation: padded_activation(activation), channels }
    }

    /// The number of filters.
    pub(in crate::inference) fn channels(&self) -> usize {
        self.channels
    }
}

/// A row of outputs and its inputs.
pub(super) struct Row<'a> {
    /// The ring buffer of a group; a pixel has the group's channels.
    pub(super) source: &'a [f32],
    /// The offsets of the lines that the row reads.
    pub(super) lines: &'a [usize],
    /// Pixels between the windows of neighbouring outputs.
    pub(super) stride: usize,
    /// Outputs of the row.
    pub(super) cols: usize,
    /// Values from one block of the output to the next; in a block, pixels are contiguous.
    pub(super) block_stride: usize,
}

impl Row<'_> {
    /// Filters the row for all channels of `group`.
    #[inline(always)]
    pub(super) fn filter<L: Lanes>(&self, filters: &Filters, group: Group, out: &mut [f32]) {
        match group.blocks {
            1 => self.blocks::<L, 1>(filters, group.first, out),
            2 => self.blocks::<L, 2>(filters, group.first, out),
            _ => self.blocks::<L, 3>(filters, group.first, out),
        }
    }

    #[inline(always)]
    fn blocks<L: Lanes, const N: usize>(&self, filters: &Filters, first: usize, out: &mut [f32]) {
        for lane in (0..N * BLOCK).step_by(L::COUNT) {
            let channel = first + lane;
            let out = &mut out[channel / BLOCK * self.block_stride + channel % BLOCK..];
            match (self.lines.len(), filters.taps, self.stride) {
                (3, 9, 1) => self.square::<L, N, 3, 1>(filters, channel, lane, out),
                (3, 9, 2) => self.square::<L, N, 3, 2>(filters, channel, lane, out),
                (5, 25, 1) => self.square::<L, N, 5, 1>(filters, channel, lane, out),
                (5, 25, 2) => self.square::<L, N, 5, 2>(filters, channel, lane, out),
                _ => self.any::<L, N>(filters, channel, lane, out),
            }
        }
    }

    /// Filters a vector of channels with `K` x `K` taps and stride `S`.
    #[inline(always)]
    fn square<L: Lanes, const N: usize, const K: usize, const S: usize>(
        &self,
        filters: &Filters,
        channel: usize,
        lane: usize,
        out: &mut [f32],
    ) {
        let packed = &filters.packed[channel / BLOCK * K * K * BLOCK + channel % BLOCK..];
        let mut weights = [[L::splat(0.0); K]; K];
        for (ky, row) in weights.iter_mut().enumerate() {
            for (kx, w) in row.iter_mut().enumerate() {
                *w = L::load(&packed[(ky * K + kx) * BLOCK..]);
            }
        }
        let bias = L::load(&filters.bias[channel..]);
        let mut x = 0;
        while x + OUTPUTS <= self.cols {
            let sums = self.sums::<L, N, K, S, OUTPUTS>(&weights, bias, lane, x);
            for (i, sum) in sums.into_iter().enumerate() {
                filters.activation.apply_across(channel, sum).store(&mut out[(x + i) * BLOCK..]);
            }
            x += OUTPUTS;
        }
        while x < self.cols {
            let [sum] = self.sums::<L, N, K, S, 1>(&weights, bias, lane, x);
            filters.activation.apply_across(channel, sum).store(&mut out[x * BLOCK..]);
            x += 1;
        }
    }

    /// The sums of `X` outputs from output `x` on.
    #[inline(always)]
    fn sums<L: Lanes, const N: usize, const K: usize, const S: usize, const X: usize>(
        &self,
        weights: &[[L; K]; K],
        bias: L,
        lane: usize,
        x: usize,
    ) -> [L; X] {
        let mut sums = [bias; X];
        for (weights, line) in weights.iter().zip(self.lines) {
            let columns = (X - 1) * S + K;
            let line = &self.source[line + x * S * N * BLOCK + lane..][..(columns - 1) * N * BLOCK + L::COUNT];
            for c in 0..columns {
                let v = L::load(&line[c * N * BLOCK..]);
                for (i, sum) in sums.iter_mut().enumerate() {
                    // Output i reads the columns from i * S on.
                    if c >= i * S && c - i * S < K {
                        *sum = weights[c - i * S].mul_add(v, *sum);
                    }
                }
            }
        }
        sums
    }

    /// Filters a vector of channels with any kernel and stride.
    #[inline(always)]
    fn any<L: Lanes, const N: usize>(&self, filters: &Filters, channel: usize, lane: usize, out: &mut [f32]) {
        let packed = &filters.packed[channel / BLOCK * filters.taps * BLOCK + channel % BLOCK..];
        let width = filters.taps / self.lines.len().max(1);
        for x in 0..self.cols {
            let mut sum = L::load(&filters.bias[channel..]);
            for (ky, line) in self.lines.iter().enumerate() {
                for kx in 0..width {
                    let v = L::load(&self.source[line + (x * self.stride + kx) * N * BLOCK + lane..]);
                    sum = L::load(&packed[(ky * width + kx) * BLOCK..]).mul_add(v, sum);
                }
            }
            filters.activation.apply_across(channel, sum).store(&mut out[x * BLOCK..]);
        }
    }
}
