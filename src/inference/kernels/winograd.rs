//! Convolutions of 3 x 3 taps with stride 1, with a quarter of the multiplications.
//!
//! Winograd's minimal filtering algorithm, F(4 x 4, 3 x 3) of Lavin and Gray, "Fast Algorithms for Convolutional Neural
//! Networks" (2016). A tile of 4 x 4 outputs reads 6 x 6 inputs `d`; with the kernel `g` it is
//! `Aᵀ ((G g Gᵀ) ⊙ (Bᵀ d B)) A`,
//!
//! ```text
//!      ⎡ 4  0 -5  0  1  0 ⎤       ⎡  1/4    0    0  ⎤
//!      ⎢ 0 -4 -4  1  1  0 ⎥       ⎢ -1/6  -1/6 -1/6 ⎥       ⎡ 1  1  1  1  1  0 ⎤
//! Bᵀ = ⎢ 0  4 -4 -1  1  0 ⎥   G = ⎢ -1/6   1/6 -1/6 ⎥  Aᵀ = ⎢ 0  1 -1  2 -2  0 ⎥
//!      ⎢ 0 -2 -1  2  1  0 ⎥       ⎢  1/24 1/12  1/6 ⎥       ⎢ 0  1  1  4  4  0 ⎥
//!      ⎢ 0  2 -1 -2  1  0 ⎥       ⎢  1/24 -1/12 1/6 ⎥       ⎣ 0  1 -1  8 -8  1 ⎦
//!      ⎣ 0  4  0 -5  0  1 ⎦       ⎣   0     0    1  ⎦
//! ```
//!
//! so that the sum over the input channels becomes 36 matrix products, one per element of a transformed tile, whose
//! columns are the tiles: 36 multiplications for 16 outputs instead of 144. The kernels are transformed when the
//! network is loaded.
//!
//! A vector holds the same element of neighbouring tiles. The image is copied into phases as for a kernel of 6 x 6 taps
//! with stride 4, whose outputs are the tiles: each of those taps reads a contiguous run.

use super::activation::Activation;
use super::gemm::{Epilogue, OutputTile, PackedWeights, VECTORS, WIDEST};
use super::planes::{ConvShape, scratch_slices};
use crate::simd::{Kernel, Lanes};

/// The side of a tile of outputs.
const OUT: usize = 4;
/// The side of a tile of inputs, and of a transformed one.
const IN: usize = 6;
/// Elements of a transformed tile.
const ELEMENTS: usize = IN * IN;
/// The side of a kernel.
const SIDE: usize = 3;
/// Taps of a kernel.
const TAPS: usize = SIDE * SIDE;

/// Values of transformed inputs and outputs of a band: what the second-level cache holds.
const L2_VALUES: usize = 1 << 18;

const G: [[f64; SIDE]; IN] = [
    [1.0 / 4.0, 0.0, 0.0],
    [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
    [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
    [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
    [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
    [0.0, 0.0, 1.0],
];

/// Transformed kernels: for each element of a tile, a matrix of output channels by input channels.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::inference) struct WinogradWeights {
    elements: Vec<PackedWeights>,
    /// One zero per output channel, as the bias of the products.
    zeros: Vec<f32>,
    columns: usize,
}

impl WinogradWeights {
    /// Transforms the 3 x 3 kernels of `rows` output channels, each with one kernel per input channel.
    pub(in crate::inference) fn transform(rows: usize, kernels: &[f32]) -> Self {
        let columns = kernels.len() / (rows * TAPS).max(1);
        let mut elements = vec![vec![0.0; rows * columns]; ELEMENTS];
        for (at, g) in kernels.chunks_exact(TAPS).enumerate() {
            for (element, weights) in elements.iter_mut().enumerate() {
                let (left, right) = (G[element / IN], G[element % IN]);
                let terms = g.iter().enumerate().map(|(tap, g)| f64::from(*g) * left[tap / SIDE] * right[tap % SIDE]);
                weights[at] = terms.sum::<f64>() as f32;
            }
        }
        let elements = elements.iter().map(|w| PackedWeights::pack(rows, columns, w)).collect();
        Self { elements, zeros: vec![0.0; rows], columns }
    }

    /// Output channels.
    pub(in crate::inference) fn rows(&self) -> usize {
        self.zeros.len()
    }

    /// Input channels.
    fn columns(&self) -> usize {
        self.columns
    }
}

/// A convolution of one image.
pub(in crate::inference) struct Winograd<'a> {
    pub(in crate::inference) weights: &'a WinogradWeights,
    pub(in crate::inference) epilogue: Epilogue<'a>,
    /// 3 x 3 taps with stride 1.
    pub(in crate::inference) shape: ConvShape,
    /// CHW.
    pub(in crate::inference) source: &'a [f32],
    /// CHW.
    pub(in crate::inference) out: &'a mut [f32],
    /// The padded planes of one channel, and the outputs of one before they are interleaved.
    pub(in crate::inference) planes: &'a mut Vec<f32>,
    /// The transformed tiles.
    pub(in crate::inference) scratch: &'a mut Vec<f32>,
}

impl Kernel for Winograd<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { weights, epilogue, shape, source, out, planes, scratch } = self;
        let (rows, columns) = (weights.rows(), weights.columns());
        let [height, width] = shape.output;
        let per_row = (width / OUT + 2) * ELEMENTS * (rows + columns);
        let all = height.div_ceil(OUT);
        // Bands of about equal height: a short last one would read all weights for few outputs.
        let bands = all.div_ceil((L2_VALUES / per_row).max(1));
        let step = all.div_ceil(bands) * OUT;
        for top in (0..height).step_by(step) {
            let (band, from) = shape.band(top, step.min(height - top));
            let tiles = Tiles::over::<L>(&band);
            let plane_len = tiles.shape.channel_len();
            let [inputs, sums, _] =
                scratch_slices(scratch, [ELEMENTS * tiles.pitch(columns), ELEMENTS * tiles.pitch(rows), 0]);
            // A vector may read behind the last plane or line; those lanes are dropped.
            let [plane, outputs, _] = scratch_slices(planes, [plane_len + WIDEST, OUT * OUT * tiles.line + WIDEST, 0]);
            let len = band.input[0] * band.input[1];
            for (c, image) in source.chunks_exact(shape.input[0] * shape.input[1]).enumerate() {
                let image = &image[from * shape.input[1]..][..len];
                tiles.shape.lay_out_stride_4::<L>(image, &mut plane[..plane_len]);
                tiles.transform_inputs::<L>(c, columns, plane, inputs);
            }
            tiles.multiply::<L>(weights, inputs, sums);
            for channel in 0..rows {
                tiles.transform_outputs::<L>(channel, rows, sums, outputs);
                let start = (channel * height + top) * width;
                tiles.write::<L>(band.output, epilogue, channel, start, outputs, out);
            }
        }
    }
}

/// The tiles of a band of outputs. All data derived from them has `line` values per channel: the flat indices of the
/// shape whose outputs are the tiles, rounded up to whole vector tiles.
struct Tiles {
    shape: ConvShape,
    line: usize,
}

impl Tiles {
    #[inline(always)]
    fn over<L: Lanes>(band: &ConvShape) -> Self {
        let output = band.output.map(|n| n.div_ceil(OUT));
        let shape = ConvShape { output, kernel: [IN; 2], stride: [OUT; 2], ..*band };
        let width = VECTORS * L::COUNT;
        Self { shape, line: shape.flat_len().div_ceil(width) * width }
    }

    /// Values from one element of the transformed tiles to the next. It is padded by a cache line: at a multiple of
    /// 4096 bytes all elements of a tile would map to the same cache set.
    fn pitch(&self, channels: usize) -> usize {
        channels * self.line + WIDEST
    }

    /// Transforms the tiles of channel `c`. The layout is element, vector tile, channel.
    #[inline(always)]
    fn transform_inputs<L: Lanes>(&self, c: usize, channels: usize, plane: &[f32], into: &mut [f32]) {
        let width = VECTORS * L::COUNT;
        let mut taps = [[0; IN]; IN];
        for (ky, row) in taps.iter_mut().enumerate() {
            for (kx, tap) in row.iter_mut().enumerate() {
                *tap = self.shape.tap(ky, kx);
            }
        }
        for at in (0..self.shape.flat_len()).step_by(L::COUNT) {
            let mut half = [[L::splat(0.0); IN]; IN];
            for (taps, half) in taps.iter().zip(&mut half) {
                let mut values = [L::splat(0.0); IN];
                for (tap, v) in taps.iter().zip(&mut values) {
                    *v = L::load(&plane[tap + at..]);
                }
                *half = transform_input(values);
            }
            let into = &mut into[(at / width * channels + c) * width + at % width..];
            for column in 0..IN {
                let mut values = [L::splat(0.0); IN];
                for (half, v) in half.iter().zip(&mut values) {
                    *v = half[column];
                }
                for (row, v) in transform_input(values).into_iter().enumerate() {
                    v.store(&mut into[(row * IN + column) * self.pitch(channels)..]);
                }
            }
        }
    }

    /// Multiplies by the weights, element by element.
    #[inline(always)]
    fn multiply<L: Lanes>(&self, weights: &WinogradWeights, inputs: &[f32], sums: &mut [f32]) {
        let (rows, columns) = (weights.rows(), weights.columns());
        let width = VECTORS * L::COUNT;
        let outputs = self.shape.flat_len().div_ceil(L::COUNT) * L::COUNT;
        let epilogue = Epilogue { bias: &weights.zeros, residual: None, activation: &Activation::None };
        for (element, weights) in weights.elements.iter().enumerate() {
            let inputs = &inputs[element * self.pitch(columns)..];
            let sums = &mut sums[element * self.pitch(rows)..];
            for (row, panel) in weights.panels() {
                for (at, values) in (0..outputs).step_by(width).zip(inputs.chunks_exact(columns * width)) {
                    let len = width.min(outputs - at);
                    OutputTile { epilogue, rows, origin: 0, at, len, plane: self.line }
                        .panel::<L>(row, panel, values, sums);
                }
            }
        }
    }

    /// Transforms the sums of one channel to outputs: a line per element of a tile.
    #[inline(always)]
    fn transform_outputs<L: Lanes>(&self, channel: usize, channels: usize, sums: &[f32], into: &mut [f32]) {
        let sums = &sums[channel * self.line..];
        for at in (0..self.shape.flat_len()).step_by(L::COUNT) {
            let mut half = [[L::splat(0.0); OUT]; IN];
            for (row, half) in half.iter_mut().enumerate() {
                let mut values = [L::splat(0.0); IN];
                for (column, v) in values.iter_mut().enumerate() {
                    *v = L::load(&sums[(row * IN + column) * self.pitch(channels) + at..]);
                }
                *half = transform_output(values);
            }
            for column in 0..OUT {
                let mut values = [L::splat(0.0); IN];
                for (half, v) in half.iter().zip(&mut values) {
                    *v = half[column];
                }
                for (row, v) in transform_output(values).into_iter().enumerate() {
                    v.store(&mut into[(row * OUT + column) * self.line + at..]);
                }
            }
        }
    }

    /// Interleaves the outputs of one channel and applies the epilogue; `start` is the index of the band's first
    /// output.
    #[inline(always)]
    fn write<L: Lanes>(
        &self,
        [rows, cols]: [usize; 2],
        epilogue: Epilogue<'_>,
        channel: usize,
        start: usize,
        outputs: &[f32],
        out: &mut [f32],
    ) {
        let pitch = self.shape.phase()[1];
        let bias = L::splat(epilogue.bias[channel]);
        for x in (0..cols).step_by(OUT * L::COUNT) {
            let vectors = (cols - x).div_ceil(L::COUNT).min(OUT);
            let mut masks = [L::row_mask(0, cols - x); OUT];
            for (j, mask) in masks.iter_mut().enumerate().take(vectors) {
                *mask = L::row_mask(0, cols - x - j * L::COUNT);
            }
            for y in 0..rows {
                let from = &outputs[y % OUT * OUT * self.line + y / OUT * pitch + x / OUT..];
                let (first, second) = L::load(from).interleave(L::load(&from[2 * self.line..]));
                let (third, fourth) = L::load(&from[self.line..]).interleave(L::load(&from[3 * self.line..]));
                let ((a, b), (c, d)) = (first.interleave(third), second.interleave(fourth));
                let row = start + y * cols;
                for (j, (v, mask)) in [a, b, c, d].into_iter().zip(masks).enumerate().take(vectors) {
                    let (from, to) = (row + x + j * L::COUNT, row + cols);
                    let mut v = v.add(bias);
                    if let Some(residual) = epilogue.residual {
                        v = v.add(L::load_masked(&residual[from..to], mask, bias));
                    }
                    epilogue.activation.apply(channel, v).store_masked(&mut out[from..to], mask);
                }
            }
        }
    }
}

/// `Bᵀ` times a column.
#[inline(always)]
fn transform_input<L: Lanes>([d0, d1, d2, d3, d4, d5]: [L; IN]) -> [L; IN] {
    let minus = L::splat(-1.0);
    let (two, four, five) = (L::splat(2.0), L::splat(4.0), L::splat(-5.0));
    let (even, odd) = (L::splat(-4.0).mul_add(d2, d4), L::splat(-4.0).mul_add(d1, d3));
    let (outer, inner) = (minus.mul_add(d2, d4), minus.mul_add(d1, d3).mul(two));
    [
        four.mul_add(d0, five.mul_add(d2, d4)),
        even.add(odd),
        minus.mul_add(odd, even),
        outer.add(inner),
        minus.mul_add(inner, outer),
        four.mul_add(d1, five.mul_add(d3, d5)),
    ]
}

/// `Aᵀ` times a column.
#[inline(always)]
fn transform_output<L: Lanes>([m0, m1, m2, m3, m4, m5]: [L; IN]) -> [L; OUT] {
    let minus = L::splat(-1.0);
    let (near, far) = (m1.add(m2), m3.add(m4));
    let (nearer, farther) = (minus.mul_add(m2, m1), minus.mul_add(m4, m3));
    [
        m0.add(near).add(far),
        L::splat(2.0).mul_add(farther, nearer),
        L::splat(4.0).mul_add(far, near),
        L::splat(8.0).mul_add(farther, nearer).add(m5),
    ]
}
