//! Convolutions as matrix products, with everything that follows the sum done while it is in registers.
//!
//! The matrix of weights has one row for each output channel and one column for each tap of each input channel. The
//! other matrix, whose row k holds what tap k reads for each output, is never built as a whole: a strip of it at a time
//! is copied together, in the nearest cache and in the order in which it is read, and all output channels are computed
//! from it.

use super::activation::Activation;
use super::planes::aligned;
use crate::simd::{Kernel, Lanes};

/// Rows of weights that are computed together.
pub(super) const PANEL: usize = 8;
/// Vectors of outputs that are computed together.
pub(super) const VECTORS: usize = 3;
/// No vector is longer.
pub(super) const WIDEST: usize = 16;
/// The longest run of outputs of one tile.
pub(super) const TILE: usize = VECTORS * WIDEST;

/// The weights of a large layer come from far away, and in order: so many values ahead are asked for in time.
pub(super) const AHEAD: usize = 512;

/// Weights, panel by panel: for each column of the matrix the [`PANEL`] rows' values side by side.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::inference) struct Weights {
    rows: usize,
    columns: usize,
    packed: Vec<f32>,
}

impl Weights {
    /// Packs `rows` x `columns` weights in row-major order.
    pub(in crate::inference) fn pack(rows: usize, columns: usize, weights: &[f32]) -> Self {
        let mut packed = vec![0.0; rows.div_ceil(PANEL) * PANEL * columns];
        for (row, values) in weights.chunks_exact(columns.max(1)).enumerate().take(rows) {
            let panel = &mut packed[row / PANEL * PANEL * columns..];
            for (k, v) in values.iter().enumerate() {
                panel[k * PANEL + row % PANEL] = *v;
            }
        }
        Self { rows, columns, packed }
    }

    /// Output channels.
    pub(in crate::inference) fn rows(&self) -> usize {
        self.rows
    }

    /// Input channels, or taps of all of them.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// The weight of output channel `row` and input channel or tap `k`.
    pub(super) fn get(&self, row: usize, k: usize) -> Option<f32> {
        let at = (row / PANEL * self.columns + k) * PANEL + row % PANEL;
        (row < self.rows && k < self.columns).then(|| self.packed.get(at).copied()).flatten()
    }

    pub(super) fn panels(&self) -> impl Iterator<Item = (usize, &[f32])> {
        self.packed.chunks_exact(PANEL * self.columns.max(1)).enumerate().map(|(i, p)| (i * PANEL, p))
    }
}

/// What becomes of a sum: plus its channel's bias, plus the value that stands at the same place of another tensor,
/// through the activation.
#[derive(Clone, Copy)]
pub(in crate::inference) struct Finish<'a> {
    /// One value for each output channel.
    pub(in crate::inference) bias: &'a [f32],
    /// As large as the output.
    pub(in crate::inference) plus: Option<&'a [f32]>,
    /// What the sum goes through.
    pub(in crate::inference) activation: &'a Activation,
}

impl Finish<'_> {
    /// Finishes a run of one channel's sums; `at` is its place in the whole output.
    #[inline(always)]
    pub(super) fn run<L: Lanes>(&self, channel: usize, at: usize, sums: &[f32], out: &mut [f32]) {
        let bias = L::splat(self.bias[channel]);
        for i in (0..out.len()).step_by(L::COUNT) {
            // What is left over goes through masks: from a copy it could not be loaded before it is stored.
            let part = L::part(0, out.len() - i);
            let mut v = L::load_part(&sums[i..], part, bias).add(bias);
            if let Some(plus) = self.plus {
                v = v.add(L::load_part(&plus[at + i..], part, bias));
            }
            self.activation.apply(channel, v).store_part(&mut out[i..], part);
        }
    }
}

/// The sums of `M` rows of a panel from row `first` on, over the first `N` vectors of a tile.
#[inline(always)]
fn sums<L: Lanes, const M: usize, const N: usize>(panel: &[f32], first: usize, tile: &[f32]) -> [[L; N]; M] {
    let mut sums = [[L::splat(0.0); N]; M];
    for (weights, source) in panel.chunks_exact(PANEL).zip(tile.chunks_exact(VECTORS * L::COUNT)) {
        let mut values = [L::splat(0.0); N];
        for (j, v) in values.iter_mut().enumerate() {
            *v = L::load(&source[j * L::COUNT..]);
        }
        L::prefetch(weights, AHEAD);
        let weights = &weights[first..first + M];
        for (row, w) in sums.iter_mut().zip(weights) {
            let w = L::splat(*w);
            for (sum, v) in row.iter_mut().zip(values) {
                *sum = w.mul_add(v, *sum);
            }
        }
    }
    sums
}

/// A 1x1 convolution with stride 1 of one picture.
pub(in crate::inference) struct Pointwise<'a> {
    /// Input channels are its columns.
    pub(in crate::inference) weights: &'a Weights,
    /// What becomes of the sums.
    pub(in crate::inference) finish: Finish<'a>,
    /// Channel by channel.
    pub(in crate::inference) source: &'a [f32],
    /// Channel by channel.
    pub(in crate::inference) out: &'a mut [f32],
    /// Values of one channel.
    pub(in crate::inference) plane: usize,
    /// Room for a strip of the source.
    pub(in crate::inference) scratch: &'a mut Vec<f32>,
}

/// Strips hold about this many values: what the nearest cache holds.
const STRIP: usize = 1 << 13;
/// The most tiles of a strip.
const TILES: usize = 8;

impl Kernel for Pointwise<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { weights, finish, source, out, plane, scratch } = self;
        let load = Channels { source, plane };
        product::<L>(weights, finish, &load, plane, out, scratch);
    }
}

/// Where the tiles of the second matrix come from. A trait and not a closure: it must be inlined to be compiled for
/// wide vectors.
pub(super) trait Load {
    /// Fills a tile with what every tap reads for the `here` outputs from place `at` on.
    fn load<L: Lanes>(&self, at: usize, here: usize, tile: &mut [f32]);
}

/// The product of both matrices: `places` values for each output channel.
#[inline(always)]
pub(super) fn product<L: Lanes>(
    weights: &Weights,
    finish: Finish<'_>,
    source: &impl Load,
    places: usize,
    out: &mut [f32],
    scratch: &mut Vec<f32>,
) {
    let width = VECTORS * L::COUNT;
    let tile_len = weights.columns * width;
    // With few columns a strip takes several tiles, so that each output channel is written in long runs.
    let tiles = (STRIP / tile_len.max(1)).clamp(1, TILES);
    let scratch = aligned(scratch, tiles * tile_len);
    let mut start = 0;
    while start < places {
        let end = places.min(start + tiles * width);
        let starts = || (start..end).step_by(width);
        for (at, tile) in starts().zip(scratch.chunks_exact_mut(tile_len)) {
            source.load::<L>(at, width.min(end - at), tile);
        }
        for (row, panel) in weights.panels() {
            for (at, tile) in starts().zip(scratch.chunks_exact(tile_len)) {
                let here = width.min(end - at);
                let strip = Strip { finish, rows: weights.rows, origin: 0, at, here, plane: places };
                strip.panel::<L>(row, panel, tile, out);
            }
        }
        start = end;
    }
}

/// The channels of a picture of `plane` values each.
pub(super) struct Channels<'a> {
    pub(super) source: &'a [f32],
    pub(super) plane: usize,
}

impl Channels<'_> {
    /// Copies `here` values of every channel from place `at` on into a tile.
    #[inline(always)]
    pub(super) fn copy<L: Lanes>(&self, at: usize, here: usize, tile: &mut [f32]) {
        let width = VECTORS * L::COUNT;
        for (to, from) in tile.chunks_exact_mut(width).zip(self.source.chunks_exact(self.plane)) {
            if here == width {
                let from = &from[at..at + width];
                for j in 0..VECTORS {
                    L::load(&from[j * L::COUNT..]).store(&mut to[j * L::COUNT..]);
                }
            } else {
                to[..here].copy_from_slice(&from[at..at + here]);
            }
        }
    }
}

impl Load for Channels<'_> {
    #[inline(always)]
    fn load<L: Lanes>(&self, at: usize, here: usize, tile: &mut [f32]) {
        self.copy::<L>(at, here, tile);
    }
}

/// Where a tile's outputs stand.
pub(super) struct Strip<'a> {
    pub(super) finish: Finish<'a>,
    /// Output channels in all.
    pub(super) rows: usize,
    /// The channel at which the output begins.
    pub(super) origin: usize,
    /// The tile's place in a channel of the output.
    pub(super) at: usize,
    /// How many places of it count.
    pub(super) here: usize,
    /// Values of a channel of the output.
    pub(super) plane: usize,
}

impl Strip<'_> {
    /// All channels of one panel, the first being `row`.
    #[inline(always)]
    pub(super) fn panel<L: Lanes>(&self, row: usize, panel: &[f32], tile: &[f32], out: &mut [f32]) {
        let mut first = 0;
        while first < PANEL && row + first < self.rows {
            // ROWS is a constant of L: one of these is compiled.
            if L::ROWS == PANEL {
                self.compute::<L, 8>(row, panel, first, tile, out);
            } else {
                self.compute::<L, 4>(row, panel, first, tile, out);
            }
            first += L::ROWS;
        }
    }

    #[inline(always)]
    fn compute<L: Lanes, const M: usize>(
        &self,
        row: usize,
        panel: &[f32],
        first: usize,
        tile: &[f32],
        out: &mut [f32],
    ) {
        if self.here > 2 * L::COUNT {
            self.vectors::<L, M, 3>(row, panel, first, tile, out);
        } else if self.here > L::COUNT {
            self.vectors::<L, M, 2>(row, panel, first, tile, out);
        } else {
            self.vectors::<L, M, 1>(row, panel, first, tile, out);
        }
    }

    #[inline(always)]
    fn vectors<L: Lanes, const M: usize, const N: usize>(
        &self,
        row: usize,
        panel: &[f32],
        first: usize,
        tile: &[f32],
        out: &mut [f32],
    ) {
        let sums = sums::<L, M, N>(panel, first, tile);
        for (i, sums) in sums.iter().enumerate() {
            let channel = row + first + i;
            if channel >= self.rows {
                return;
            }
            let at = (channel - self.origin) * self.plane + self.at;
            let out = &mut out[at..at + self.here];
            if self.here == N * L::COUNT {
                let bias = L::splat(self.finish.bias[channel]);
                for (j, sum) in sums.iter().enumerate() {
                    let mut v = sum.add(bias);
                    if let Some(plus) = self.finish.plus {
                        v = v.add(L::load(&plus[at + j * L::COUNT..]));
                    }
                    self.finish.activation.apply(channel, v).store(&mut out[j * L::COUNT..]);
                }
            } else {
                let mut run = [0.0; TILE];
                for (j, sum) in sums.iter().enumerate() {
                    sum.store(&mut run[j * L::COUNT..]);
                }
                self.finish.run::<L>(channel, at, &run, out);
            }
        }
    }
}
