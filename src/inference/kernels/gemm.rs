//! Convolutions as matrix products, with a fused epilogue.
//!
//! The matrix of weights has one row per output channel and one column per tap of each input channel. Row k of the
//! other matrix (im2col) holds what tap k reads for each output. It is never built as a whole: a few tiles of it are
//! packed in the first-level cache, in the order in which they are read, and all output channels are computed from
//! them.

use super::activation::Activation;
use super::planes::aligned;
use crate::simd::{Kernel, Lanes};

/// Rows of a panel of weights.
pub(super) const PANEL: usize = 8;
/// Vectors of a tile.
pub(super) const VECTORS: usize = 3;
/// Lanes of the widest vector.
pub(super) const WIDEST: usize = 16;
/// Outputs of the widest tile.
pub(super) const TILE: usize = VECTORS * WIDEST;

/// How far ahead weights are prefetched, in values: those of a large layer stream from memory.
pub(super) const PREFETCH_DISTANCE: usize = 512;

/// A matrix of weights, packed in panels of [`PANEL`] rows: in a panel, the rows' values of a column are contiguous.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::inference) struct PackedWeights {
    rows: usize,
    columns: usize,
    packed: Vec<f32>,
}

impl PackedWeights {
    /// Packs `rows` x `columns` weights that are in row-major order.
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

    /// Input channels times taps.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// The weight at `row` and column `k`; none outside the matrix.
    pub(super) fn get(&self, row: usize, k: usize) -> Option<f32> {
        let at = (row / PANEL * self.columns + k) * PANEL + row % PANEL;
        (row < self.rows && k < self.columns).then(|| self.packed.get(at).copied()).flatten()
    }

    /// The panels, each with its first row.
    pub(super) fn panels(&self) -> impl Iterator<Item = (usize, &[f32])> {
        self.packed.chunks_exact(PANEL * self.columns.max(1)).enumerate().map(|(i, p)| (i * PANEL, p))
    }
}

/// What follows the sum of an output: `activation(sum + bias + residual)`.
#[derive(Clone, Copy)]
pub(in crate::inference) struct Epilogue<'a> {
    /// One value per output channel.
    pub(in crate::inference) bias: &'a [f32],
    /// A tensor of the output's shape.
    pub(in crate::inference) residual: Option<&'a [f32]>,
    pub(in crate::inference) activation: &'a Activation,
}

impl Epilogue<'_> {
    /// Applies the epilogue to a run of one channel's sums; `at` is the index of the first in the output.
    #[inline(always)]
    pub(super) fn apply<L: Lanes>(&self, channel: usize, at: usize, sums: &[f32], out: &mut [f32]) {
        let bias = L::splat(self.bias[channel]);
        for i in (0..out.len()).step_by(L::COUNT) {
            // Masked, because a copied remainder could not be forwarded from the store to the load.
            let mask = L::row_mask(0, out.len() - i);
            let mut v = L::load_masked(&sums[i..], mask, bias).add(bias);
            if let Some(residual) = self.residual {
                v = v.add(L::load_masked(&residual[at + i..], mask, bias));
            }
            self.activation.apply(channel, v).store_masked(&mut out[i..], mask);
        }
    }
}

/// The micro-kernel: the sums of `M` rows of a panel from row `first` on, over the first `N` vectors of a tile.
#[inline(always)]
pub(super) fn sums<L: Lanes, const M: usize, const N: usize>(panel: &[f32], first: usize, tile: &[f32]) -> [[L; N]; M] {
    let mut sums = [[L::splat(0.0); N]; M];
    for (weights, source) in panel.chunks_exact(PANEL).zip(tile.chunks_exact(VECTORS * L::COUNT)) {
        let mut values = [L::splat(0.0); N];
        for (j, v) in values.iter_mut().enumerate() {
            *v = L::load(&source[j * L::COUNT..]);
        }
        L::prefetch(weights, PREFETCH_DISTANCE);
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

/// A 1x1 convolution with stride 1 of one image.
pub(in crate::inference) struct Pointwise<'a> {
    /// Its columns are the input channels.
    pub(in crate::inference) weights: &'a PackedWeights,
    pub(in crate::inference) epilogue: Epilogue<'a>,
    /// CHW.
    pub(in crate::inference) source: &'a [f32],
    /// CHW.
    pub(in crate::inference) out: &'a mut [f32],
    /// Values per channel.
    pub(in crate::inference) plane: usize,
    /// Packed tiles.
    pub(in crate::inference) scratch: &'a mut Vec<f32>,
}

/// Values of the tiles that are packed at a time: what the first-level cache holds.
const PACKED: usize = 1 << 13;
/// The most tiles that are packed at a time.
const TILES: usize = 8;

impl Kernel for Pointwise<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { weights, epilogue, source, out, plane, scratch } = self;
        let channels = Channels { source, plane };
        product::<L>(weights, epilogue, &channels, plane, out, scratch);
    }
}

/// Packs tiles of the second matrix. A trait rather than a closure, because it must be inlined to be compiled for wide
/// vectors.
pub(super) trait Pack {
    /// Fills a tile with what every tap reads for the `len` outputs from index `at` on.
    fn pack<L: Lanes>(&self, at: usize, len: usize, tile: &mut [f32]);
}

/// The product of both matrices: `outputs` values per output channel.
#[inline(always)]
pub(super) fn product<L: Lanes>(
    weights: &PackedWeights,
    epilogue: Epilogue<'_>,
    source: &impl Pack,
    outputs: usize,
    out: &mut [f32],
    scratch: &mut Vec<f32>,
) {
    let width = VECTORS * L::COUNT;
    let tile_len = weights.columns * width;
    // With few columns several tiles are packed, so that each output channel is written in long runs.
    let tiles = (PACKED / tile_len.max(1)).clamp(1, TILES);
    let scratch = aligned(scratch, tiles * tile_len);
    let mut start = 0;
    while start < outputs {
        let end = outputs.min(start + tiles * width);
        let starts = || (start..end).step_by(width);
        for (at, tile) in starts().zip(scratch.chunks_exact_mut(tile_len)) {
            source.pack::<L>(at, width.min(end - at), tile);
        }
        for (row, panel) in weights.panels() {
            for (at, tile) in starts().zip(scratch.chunks_exact(tile_len)) {
                let len = width.min(end - at);
                let tile_out = OutputTile { epilogue, rows: weights.rows, origin: 0, at, len, plane: outputs };
                tile_out.panel::<L>(row, panel, tile, out);
            }
        }
        start = end;
    }
}

/// An image whose channels have `plane` values each.
pub(super) struct Channels<'a> {
    pub(super) source: &'a [f32],
    pub(super) plane: usize,
}

impl Channels<'_> {
    /// Copies `len` values of every channel from index `at` on into a tile.
    #[inline(always)]
    pub(super) fn copy<L: Lanes>(&self, at: usize, len: usize, tile: &mut [f32]) {
        let width = VECTORS * L::COUNT;
        for (to, from) in tile.chunks_exact_mut(width).zip(self.source.chunks_exact(self.plane)) {
            if len == width {
                let from = &from[at..at + width];
                for j in 0..VECTORS {
                    L::load(&from[j * L::COUNT..]).store(&mut to[j * L::COUNT..]);
                }
            } else {
                to[..len].copy_from_slice(&from[at..at + len]);
            }
        }
    }
}

impl Pack for Channels<'_> {
    #[inline(always)]
    fn pack<L: Lanes>(&self, at: usize, len: usize, tile: &mut [f32]) {
        self.copy::<L>(at, len, tile);
    }
}

/// The position of a tile in the output.
pub(super) struct OutputTile<'a> {
    pub(super) epilogue: Epilogue<'a>,
    /// Output channels in total.
    pub(super) rows: usize,
    /// The first channel in the output buffer.
    pub(super) origin: usize,
    /// The index of the tile's first output in its channel.
    pub(super) at: usize,
    /// Outputs of the tile that exist.
    pub(super) len: usize,
    /// Values per channel of the output.
    pub(super) plane: usize,
}

impl OutputTile<'_> {
    /// Computes all channels of one panel, whose first is `row`.
    #[inline(always)]
    pub(super) fn panel<L: Lanes>(&self, row: usize, panel: &[f32], tile: &[f32], out: &mut [f32]) {
        let mut first = 0;
        while first < PANEL && row + first < self.rows {
            // ROWS is a constant of L: only one of these is compiled.
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
        if self.len > 2 * L::COUNT {
            self.vectors::<L, M, 3>(row, panel, first, tile, out);
        } else if self.len > L::COUNT {
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
            let out = &mut out[at..at + self.len];
            if self.len == N * L::COUNT {
                let bias = L::splat(self.epilogue.bias[channel]);
                for (j, sum) in sums.iter().enumerate() {
                    let mut v = sum.add(bias);
                    if let Some(residual) = self.epilogue.residual {
                        v = v.add(L::load(&residual[at + j * L::COUNT..]));
                    }
                    self.epilogue.activation.apply(channel, v).store(&mut out[j * L::COUNT..]);
                }
            } else {
                let mut run = [0.0; TILE];
                for (j, sum) in sums.iter().enumerate() {
                    sum.store(&mut run[j * L::COUNT..]);
                }
                self.epilogue.apply::<L>(channel, at, &run, out);
            }
        }
    }
}
