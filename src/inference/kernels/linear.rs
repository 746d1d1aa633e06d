//! Products of rows of `f32` and a matrix of bytes with one scale per output: the linear layers of transformers.
//!
//! Weights stay bytes in memory, a quarter of their size as `f32`. They are widened tile by tile, just before all rows
//! are multiplied by them, so that each byte is read once and the result is that of the same product in `f32`.

use super::gemm::{PANEL, TILE, VECTORS, sums};
use super::planes::aligned;
use crate::simd::{Kernel, Lanes};

/// What a signed weight is stored with, so that it is unsigned.
const SHIFT: f32 = 128.0;
/// Values of a widened tile: with the rows that meet it, what the first-level cache holds.
const WIDENED: usize = 1 << 12;

/// A matrix of `inputs` x `outputs` signed bytes with a scale and a bias per output.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::inference) struct ByteWeights {
    inputs: usize,
    outputs: usize,
    /// By [`TILE`] outputs, then by input; shifted by [`SHIFT`].
    packed: Vec<u8>,
    /// Padded to whole tiles, as is `bias`.
    scale: Vec<f32>,
    bias: Vec<f32>,
}

impl ByteWeights {
    /// Packs weights in row-major order, a row per input; `scale` and `bias` have a value per output.
    pub(in crate::inference) fn pack(inputs: usize, weights: &[i8], scale: &[f32], bias: &[f32]) -> Self {
        let outputs = scale.len().min(bias.len());
        let padded = outputs.next_multiple_of(TILE);
        let mut packed = vec![128; padded * inputs];
        for (k, row) in weights.chunks_exact(outputs.max(1)).enumerate().take(inputs) {
            for (output, v) in row.iter().enumerate() {
                packed[(output / TILE * inputs + k) * TILE + output % TILE] = v.cast_unsigned() ^ 0x80;
            }
        }
        let pad = |values: &[f32]| values.iter().take(outputs).copied().chain(vec![0.0; padded - outputs]).collect();
        Self { inputs, outputs, packed, scale: pad(scale), bias: pad(bias) }
    }

    /// Values of a row of the input.
    pub(in crate::inference) fn inputs(&self) -> usize {
        self.inputs
    }

    /// Values of a row of the output.
    pub(in crate::inference) fn outputs(&self) -> usize {
        self.outputs
    }
}

/// `out = source x weights * scale + bias`.
pub(in crate::inference) struct Linear<'a> {
    pub(in crate::inference) weights: &'a ByteWeights,
    /// Rows of the weights' inputs.
    pub(in crate::inference) source: &'a [f32],
    /// As many rows of the weights' outputs.
    pub(in crate::inference) out: &'a mut [f32],
    /// Packed rows and a widened tile.
    pub(in crate::inference) scratch: &'a mut Vec<f32>,
}

impl Kernel for Linear<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { weights, source, out, scratch } = self;
        let (inputs, outputs) = (weights.inputs, weights.outputs);
        if inputs == 0 || outputs == 0 {
            return;
        }
        let width = VECTORS * L::COUNT;
        let rows = source.len() / inputs;
        let panels = rows.div_ceil(PANEL);
        let depth = (WIDENED / width).min(inputs);
        let (lines, totals) = (panels * PANEL * inputs, panels * PANEL * width);
        let scratch = aligned(scratch, totals + depth * width + lines);
        let (totals, scratch) = scratch.split_at_mut(totals);
        let (tile, lines) = scratch.split_at_mut(depth * width);
        pack(source, inputs, lines);
        for at in (0..outputs).step_by(width) {
            let tiles = &weights.packed[at / TILE * TILE * inputs..][..TILE * inputs];
            for start in (0..inputs).step_by(depth) {
                let len = depth.min(inputs - start);
                let tile = &mut tile[..len * width];
                widen::<L>(&tiles[start * TILE..], at % TILE, tile);
                for (panel, totals) in lines.chunks_exact(PANEL * inputs).zip(totals.chunks_exact_mut(PANEL * width)) {
                    let panel = &panel[start * PANEL..][..len * PANEL];
                    add_products::<L>(panel, tile, start == 0, totals);
                }
            }
            let (scale, bias) = (&weights.scale[at..], &weights.bias[at..]);
            let len = width.min(outputs - at);
            for (row, total) in out.chunks_exact_mut(outputs).zip(totals.chunks_exact_mut(width)) {
                for i in (0..width).step_by(L::COUNT) {
                    let v = L::load(&total[i..]).mul_add(L::load(&scale[i..]), L::load(&bias[i..]));
                    v.store(&mut total[i..]);
                }
                row[at..at + len].copy_from_slice(&total[..len]);
            }
        }
    }
}

/// Packs rows in panels of [`PANEL`]: in a panel, the rows' values of an input are contiguous.
fn pack(source: &[f32], inputs: usize, lines: &mut [f32]) {
    for (rows, panel) in source.chunks(PANEL * inputs).zip(lines.chunks_exact_mut(PANEL * inputs)) {
        for (i, row) in rows.chunks_exact(inputs).enumerate() {
            for (v, to) in row.iter().zip(panel.iter_mut().skip(i).step_by(PANEL)) {
                *to = *v;
            }
        }
    }
}

/// Widens the bytes from output `at` of a tile on.
#[inline(always)]
fn widen<L: Lanes>(bytes: &[u8], at: usize, tile: &mut [f32]) {
    let shift = L::splat(-SHIFT);
    for (from, to) in bytes.chunks_exact(TILE).zip(tile.chunks_exact_mut(VECTORS * L::COUNT)) {
        for j in 0..VECTORS {
            L::load_bytes(&from[at + j * L::COUNT..]).add(shift).store(&mut to[j * L::COUNT..]);
        }
    }
}

/// Adds the products of a panel's rows and a tile to `totals`, a row of the tile's width for each; the `first` ones
/// replace what is there.
#[inline(always)]
fn add_products<L: Lanes>(panel: &[f32], tile: &[f32], first: bool, totals: &mut [f32]) {
    for (rows, totals) in (0..PANEL).step_by(L::ROWS).zip(totals.chunks_exact_mut(L::ROWS * VECTORS * L::COUNT)) {
        // ROWS is a constant of L: only one of these is compiled.
        if L::ROWS == PANEL {
            add_rows::<L, 8>(panel, rows, tile, first, totals);
        } else {
            add_rows::<L, 4>(panel, rows, tile, first, totals);
        }
    }
}

#[inline(always)]
fn add_rows<L: Lanes, const M: usize>(panel: &[f32], row: usize, tile: &[f32], first: bool, totals: &mut [f32]) {
    let sums = sums::<L, M, VECTORS>(panel, row, tile);
    for (sums, totals) in sums.iter().zip(totals.chunks_exact_mut(VECTORS * L::COUNT)) {
        for (sum, total) in sums.iter().zip(totals.chunks_exact_mut(L::COUNT)) {
            let sum = if first { *sum } else { sum.add(L::load(total)) };
            sum.store(total);
        }
    }
}
