//! Convolutions of 3 x 3 taps with stride 1 in a quarter of the multiplications.
//!
//! Winograd's minimal filtering, F(4 x 4, 3 x 3) of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks"
//! (2016). A tile of 4 x 4 outputs reads 6 x 6 inputs `d`; with the kernel `g` it is `Aᵀ ((G g Gᵀ) ⊙ (Bᵀ d B)) A`,
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
//! so that the sum over the input channels becomes 36 products of matrices, one for each place of a transformed tile,
//! over as many columns as there are tiles: 36 multiplications for 16 outputs instead of 144. The kernels are
//! transformed when the network is loaded.
//!
//! A vector holds the same place of neighbouring tiles. The picture is laid out as for a kernel of 6 x 6 taps with
//! stride 4, whose outputs are the tiles: each of those taps reads a contiguous run.

use super::activation::Activation;
use super::gemm::{Finish, Strip, VECTORS, WIDEST, Weights};
use super::planes::{Window, rooms};
use crate::simd::{Kernel, Lanes};

/// The side of a tile of outputs.
const OUT: usize = 4;
/// The side of a tile of inputs, and of a transformed one.
const IN: usize = 6;
/// Places of a transformed tile.
const PLACES: usize = IN * IN;
/// The side of a kernel.
const SIDE: usize = 3;
/// Taps of a kernel.
const TAPS: usize = SIDE * SIDE;

/// So many values of transformed tiles, of both sides, are worked on at a time: what the second-level cache holds.
const BAND: usize = 1 << 18;

const G: [[f64; SIDE]; IN] = [
    [1.0 / 4.0, 0.0, 0.0],
    [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
    [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
    [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
    [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
    [0.0, 0.0, 1.0],
];

/// Transformed kernels: for each place of a tile a matrix of output channels by input channels.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::inference) struct TileWeights {
    places: Vec<Weights>,
    /// One for each output channel.
    zeros: Vec<f32>,
    columns: usize,
}

impl TileWeights {
    /// Transforms the 3 x 3 kernels of `rows` output channels, each with one for each input channel.
    pub(in crate::inference) fn transform(rows: usize, kernels: &[f32]) -> Self {
        let columns = kernels.len() / (rows * TAPS).max(1);
        let mut places = vec![vec![0.0; rows * columns]; PLACES];
        for (at, g) in kernels.chunks_exact(TAPS).enumerate() {
            for (place, weights) in places.iter_mut().enumerate() {
                let (left, right) = (G[place / IN], G[place % IN]);
                let terms = g.iter().enumerate().map(|(tap, g)| f64::from(*g) * left[tap / SIDE] * right[tap % SIDE]);
                weights[at] = terms.sum::<f64>() as f32;
            }
        }
        let places = places.iter().map(|w| Weights::pack(rows, columns, w)).collect();
        Self { places, zeros: vec![0.0; rows], columns }
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

/// The convolution of one picture.
pub(in crate::inference) struct Winograd<'a> {
    /// Input channels are their columns.
    pub(in crate::inference) weights: &'a TileWeights,
    /// What becomes of the sums.
    pub(in crate::inference) finish: Finish<'a>,
    /// How the kernel moves: it has 3 x 3 taps and stride 1.
    pub(in crate::inference) window: Window,
    /// Channel by channel.
    pub(in crate::inference) source: &'a [f32],
    /// Channel by channel.
    pub(in crate::inference) out: &'a mut [f32],
    /// Room for a channel's padded planes, and for one's outputs in turns.
    pub(in crate::inference) planes: &'a mut Vec<f32>,
    /// Room for the transformed tiles.
    pub(in crate::inference) scratch: &'a mut Vec<f32>,
}

impl Kernel for Winograd<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { weights, finish, window, source, out, planes, scratch } = self;
        let (rows, columns) = (weights.rows(), weights.columns());
        let [height, width] = window.output;
        let of_a_row = (width / OUT + 2) * PLACES * (rows + columns);
        let all = height.div_ceil(OUT);
        // Bands of about equal height: a thin last one would read all the weights for little.
        let bands = all.div_ceil((BAND / of_a_row).max(1));
        let step = all.div_ceil(bands) * OUT;
        for top in (0..height).step_by(step) {
            let (band, from) = window.band(top, step.min(height - top));
            let tiles = Tiles::over::<L>(&band);
            let plane_len = tiles.window.channel_len();
            let [inputs, sums, _] = rooms(scratch, [PLACES * tiles.pitch(columns), PLACES * tiles.pitch(rows), 0]);
            // A vector may read behind the last plane or line: what it finds there is dropped.
            let [plane, outputs, _] = rooms(planes, [plane_len + WIDEST, OUT * OUT * tiles.line + WIDEST, 0]);
            let len = band.input[0] * band.input[1];
            for (c, picture) in source.chunks_exact(window.input[0] * window.input[1]).enumerate() {
                let picture = &picture[from * window.input[1]..][..len];
                tiles.window.lay_out_by_fours::<L>(picture, &mut plane[..plane_len]);
                tiles.transform::<L>(c, columns, plane, inputs);
            }
            tiles.multiply::<L>(weights, inputs, sums);
            for channel in 0..rows {
                tiles.outputs::<L>(channel, rows, sums, outputs);
                let place = (channel * height + top) * width;
                tiles.finish::<L>(band.output, finish, channel, place, outputs, out);
            }
        }
    }
}

/// The tiles of a band of outputs. Everything made of them has `line` values a channel: the flat places of the
/// [`Window`] that moves from tile to tile, in whole strips.
struct Tiles {
    window: Window,
    line: usize,
}

impl Tiles {
    #[inline(always)]
    fn over<L: Lanes>(band: &Window) -> Self {
        let output = band.output.map(|n| n.div_ceil(OUT));
        let window = Window { output, kernel: [IN; 2], stride: [OUT; 2], ..*band };
        let strip = VECTORS * L::COUNT;
        Self { window, line: window.flat_len().div_ceil(strip) * strip }
    }

    /// From one place of the transformed tiles of so many channels to the next. A line of the cache more than is needed:
    /// at a multiple of 4096 bytes all the places of a tile would contend for the same lines.
    fn pitch(&self, channels: usize) -> usize {
        channels * self.line + WIDEST
    }

    /// The tiles of channel `c`, transformed. For each place the strips follow each other, and in a strip the channels.
    #[inline(always)]
    fn transform<L: Lanes>(&self, c: usize, channels: usize, plane: &[f32], into: &mut [f32]) {
        let strip = VECTORS * L::COUNT;
        let mut taps = [[0; IN]; IN];
        for (ky, row) in taps.iter_mut().enumerate() {
            for (kx, tap) in row.iter_mut().enumerate() {
                *tap = self.window.tap(ky, kx);
            }
        }
        for at in (0..self.window.flat_len()).step_by(L::COUNT) {
            let mut half = [[L::splat(0.0); IN]; IN];
            for (taps, half) in taps.iter().zip(&mut half) {
                let mut values = [L::splat(0.0); IN];
                for (tap, v) in taps.iter().zip(&mut values) {
                    *v = L::load(&plane[tap + at..]);
                }
                *half = forth(values);
            }
            let into = &mut into[(at / strip * channels + c) * strip + at % strip..];
            for column in 0..IN {
                let mut values = [L::splat(0.0); IN];
                for (half, v) in half.iter().zip(&mut values) {
                    *v = half[column];
                }
                for (row, v) in forth(values).into_iter().enumerate() {
                    v.store(&mut into[(row * IN + column) * self.pitch(channels)..]);
                }
            }
        }
    }

    /// The product with the weights, place by place.
    #[inline(always)]
    fn multiply<L: Lanes>(&self, weights: &TileWeights, inputs: &[f32], sums: &mut [f32]) {
        let (rows, columns) = (weights.rows(), weights.columns());
        let strip = VECTORS * L::COUNT;
        let places = self.window.flat_len().div_ceil(L::COUNT) * L::COUNT;
        let finish = Finish { bias: &weights.zeros, plus: None, activation: &Activation::None };
        for (place, weights) in weights.places.iter().enumerate() {
            let inputs = &inputs[place * self.pitch(columns)..];
            let sums = &mut sums[place * self.pitch(rows)..];
            for (row, panel) in weights.panels() {
                for (at, values) in (0..places).step_by(strip).zip(inputs.chunks_exact(columns * strip)) {
                    let here = strip.min(places - at);
                    Strip { finish, rows, origin: 0, at, here, plane: self.line }.panel::<L>(row, panel, values, sums);
                }
            }
        }
    }

    /// The outputs of one channel: a line for each place of a tile.
    #[inline(always)]
    fn outputs<L: Lanes>(&self, channel: usize, channels: usize, sums: &[f32], into: &mut [f32]) {
        let sums = &sums[channel * self.line..];
        for at in (0..self.window.flat_len()).step_by(L::COUNT) {
            let mut half = [[L::splat(0.0); OUT]; IN];
            for (row, half) in half.iter_mut().enumerate() {
                let mut values = [L::splat(0.0); IN];
                for (column, v) in values.iter_mut().enumerate() {
                    *v = L::load(&sums[(row * IN + column) * self.pitch(channels) + at..]);
                }
                *half = back(values);
            }
            for column in 0..OUT {
                let mut values = [L::splat(0.0); IN];
                for (half, v) in half.iter().zip(&mut values) {
                    *v = half[column];
                }
                for (row, v) in back(values).into_iter().enumerate() {
                    v.store(&mut into[(row * OUT + column) * self.line + at..]);
                }
            }
        }
    }

    /// Puts one channel's outputs into their order and finishes them; `place` is where the band's first one stands.
    #[inline(always)]
    fn finish<L: Lanes>(
        &self,
        [rows, cols]: [usize; 2],
        finish: Finish<'_>,
        channel: usize,
        place: usize,
        outputs: &[f32],
        out: &mut [f32],
    ) {
        let pitch = self.window.phase()[1];
        let bias = L::splat(finish.bias[channel]);
        for x in (0..cols).step_by(OUT * L::COUNT) {
            let vectors = (cols - x).div_ceil(L::COUNT).min(OUT);
            let mut parts = [L::part(0, cols - x); OUT];
            for (j, part) in parts.iter_mut().enumerate().take(vectors) {
                *part = L::part(0, cols - x - j * L::COUNT);
            }
            for y in 0..rows {
                let from = &outputs[y % OUT * OUT * self.line + y / OUT * pitch + x / OUT..];
                let (first, second) = L::load(from).between(L::load(&from[2 * self.line..]));
                let (third, fourth) = L::load(&from[self.line..]).between(L::load(&from[3 * self.line..]));
                let ((a, b), (c, d)) = (first.between(third), second.between(fourth));
                let place = place + y * cols + x;
                for (j, (v, part)) in [a, b, c, d].into_iter().zip(parts).enumerate().take(vectors) {
                    let (from, to) = (place + j * L::COUNT, place - x + cols);
                    let mut v = v.add(bias);
                    if let Some(plus) = finish.plus {
                        v = v.add(L::load_part(&plus[from..to], part, bias));
                    }
                    finish.activation.apply(channel, v).store_part(&mut out[from..to], part);
                }
            }
        }
    }
}

/// `Bᵀ` times a column.
#[inline(always)]
fn forth<L: Lanes>([d0, d1, d2, d3, d4, d5]: [L; IN]) -> [L; IN] {
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
fn back<L: Lanes>([m0, m1, m2, m3, m4, m5]: [L; IN]) -> [L; OUT] {
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
