//! Transposed convolution of 2 x 2 taps with stride 2: every input pixel makes four outputs, which do not overlap.
//!
//! It is a pointwise convolution to four times the channels: the even and odd rows and columns of each output channel,
//! which are interleaved while they are in the cache.

use super::gemm::{Channels, Epilogue, OutputTile, PANEL, PackedWeights, VECTORS};
use super::planes::scratch_slices;
use crate::simd::{Kernel, Lanes};

/// Taps per channel.
const TAPS: usize = 4;

/// The transposed convolution of one image.
pub(in crate::inference) struct TransposedConv<'a> {
    /// Four rows per output channel: the upper left tap, upper right, lower left, lower right.
    pub(in crate::inference) weights: &'a PackedWeights,
    /// Applied to the sums, with one bias and slope per row of the weights.
    pub(in crate::inference) epilogue: Epilogue<'a>,
    /// Added after the activation; a tensor of the output's shape.
    pub(in crate::inference) residual: Option<&'a [f32]>,
    /// The size of the input: rows, columns.
    pub(in crate::inference) input: [usize; 2],
    /// CHW.
    pub(in crate::inference) source: &'a [f32],
    /// CHW, twice the height and the width of the input.
    pub(in crate::inference) out: &'a mut [f32],
    pub(in crate::inference) scratch: &'a mut Vec<f32>,
}

impl Kernel for TransposedConv<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { weights, epilogue, residual, input: [height, width], source, out, scratch } = self;
        let plane = height * width;
        let (tile, channels) = (VECTORS * L::COUNT, Channels { source, plane });
        let tile_len = weights.columns() * tile;
        let [tiles, sums, _] = scratch_slices(scratch, [plane.div_ceil(tile) * tile_len, PANEL * plane, 0]);
        for (i, into) in tiles.chunks_exact_mut(tile_len).enumerate() {
            channels.copy::<L>(i * tile, tile.min(plane - i * tile), into);
        }
        for (row, panel) in weights.panels() {
            for (i, values) in tiles.chunks_exact(tile_len).enumerate() {
                let (at, len) = (i * tile, tile.min(plane - i * tile));
                OutputTile { epilogue, rows: weights.rows(), origin: row, at, len, plane }
                    .panel::<L>(row, panel, values, sums);
            }
            for (i, taps) in sums.chunks_exact(TAPS * plane).enumerate() {
                let channel = row / TAPS + i;
                if channel * TAPS < weights.rows() {
                    let range = channel * TAPS * plane..(channel + 1) * TAPS * plane;
                    let residual = match residual {
                        Some(residual) => &residual[range.clone()],
                        None => &[],
                    };
                    interleave::<L>(taps, width, residual, &mut out[range]);
                }
            }
        }
    }
}

/// Interleaves the four parts of a channel and adds `residual`, unless it is empty.
#[inline(always)]
fn interleave<L: Lanes>(taps: &[f32], width: usize, residual: &[f32], out: &mut [f32]) {
    let (upper, lower) = taps.split_at(taps.len() / 2);
    for (half, rows) in [upper, lower].iter().enumerate() {
        let (left, right) = rows.split_at(rows.len() / 2);
        for (y, (left, right)) in left.chunks_exact(width).zip(right.chunks_exact(width)).enumerate() {
            let start = (2 * y + half) * 2 * width;
            let out = &mut out[start..][..2 * width];
            let mut x = 0;
            while x + L::COUNT <= width {
                let (mut first, mut second) = L::load(&left[x..]).interleave(L::load(&right[x..]));
                if !residual.is_empty() {
                    let residual = &residual[start + 2 * x..][..2 * L::COUNT];
                    (first, second) = (first.add(L::load(residual)), second.add(L::load(&residual[L::COUNT..])));
                }
                first.store(&mut out[2 * x..]);
                second.store(&mut out[2 * x + L::COUNT..]);
                x += L::COUNT;
            }
            while x < width {
                for (i, v) in [left[x], right[x]].iter().enumerate() {
                    let residual = if residual.is_empty() { 0.0 } else { residual[start + 2 * x + i] };
                    out[2 * x + i] = v + residual;
                }
                x += 1;
            }
        }
    }
}
