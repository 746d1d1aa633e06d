//! Products whose vectors hold neighbouring output channels of one pixel.
//!
//! What comes out is filtered pixel by pixel without regard to rows' ends, strides or narrow pictures: every vector is
//! full, whatever the picture's width.

use crate::inference::kernels::activation::Activation;
use crate::inference::kernels::gemm::Weights;
use crate::simd::Lanes;

/// Channels that lie side by side: as many as the widest vector holds.
pub(super) const BLOCK: usize = 16;
/// The most blocks that are computed together.
const BLOCKS: usize = 3;
/// Values of a line of the cache.
const LINE: usize = 16;
/// Pixels whose values lie side by side in a packed source.
pub(super) const PIXELS: usize = 8;

/// Blocks of channels that are computed together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    /// The first channel.
    pub(super) first: usize,
    /// How many blocks.
    pub(super) blocks: usize,
}

impl Group {
    /// All the groups of so many channels, about equally large.
    pub(super) fn all(channels: usize) -> impl Iterator<Item = Self> {
        let blocks = channels.div_ceil(BLOCK);
        let count = blocks.div_ceil(BLOCKS);
        (0..count).map(move |i| {
            let (from, to) = (i * blocks / count, (i + 1) * blocks / count);
            Self { first: from * BLOCK, blocks: to - from }
        })
    }

    /// Channels, with those that fill up the last block.
    pub(super) fn lanes(&self) -> usize {
        self.blocks * BLOCK
    }
}

/// So many channels in whole blocks.
pub(super) fn in_blocks(channels: usize) -> usize {
    channels.div_ceil(BLOCK) * BLOCK
}

/// One value for each channel, and zeros up to a whole block.
pub(super) fn padded(values: &[f32]) -> Vec<f32> {
    let mut padded = values.to_vec();
    padded.resize(in_blocks(values.len()), 0.0);
    padded
}

/// The same function with slopes in whole blocks.
pub(super) fn padded_activation(activation: &Activation) -> Activation {
    match activation {
        Activation::Slopes(slopes) => Activation::Slopes(padded(slopes)),
        same => same.clone(),
    }
}

/// A matrix of weights, group by group: for each column the group's rows side by side; and what becomes of the sums.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::inference) struct Layer {
    rows: usize,
    columns: usize,
    packed: Lines,
    bias: Vec<f32>,
    activation: Activation,
}

/// Values that begin with a line of the cache: a vector that lies across two lines is loaded twice.
#[derive(Debug)]
struct Lines {
    values: Vec<f32>,
    skip: usize,
}

impl Lines {
    /// Collects so many values.
    fn collect(len: usize, from: impl Iterator<Item = f32>) -> Self {
        let mut values = Vec::<f32>::with_capacity(len + LINE);
        let skip = values.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
        values.resize(skip, 0.0);
        values.extend(from.take(len));
        Self { values, skip }
    }

    fn as_slice(&self) -> &[f32] {
        &self.values[self.skip..]
    }
}

impl Clone for Lines {
    fn clone(&self) -> Self {
        Self::collect(self.as_slice().len(), self.as_slice().iter().copied())
    }
}

impl PartialEq for Lines {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Layer {
    /// Packs the weights; one bias, and slope where there are any, for each row.
    pub(in crate::inference) fn pack(weights: &Weights, bias: &[f32], activation: &Activation) -> Self {
        let (rows, columns) = (weights.rows(), weights.columns());
        let of_a_column =
            |group: Group, k| (group.first..group.first + group.lanes()).map(move |row| weights.get(row, k));
        let values = Group::all(rows).flat_map(|group| (0..columns).flat_map(move |k| of_a_column(group, k)));
        let packed = Lines::collect(in_blocks(rows) * columns, values.map(|w| w.unwrap_or(0.0)));
        Self { rows, columns, packed, bias: padded(bias), activation: padded_activation(activation) }
    }

    /// Output channels.
    pub(in crate::inference) fn rows(&self) -> usize {
        self.rows
    }

    /// Input channels, or taps of all of them.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// In whole blocks.
    pub(super) fn bias(&self) -> &[f32] {
        &self.bias
    }

    /// With slopes in whole blocks.
    pub(super) fn activation(&self) -> &Activation {
        &self.activation
    }

    /// The sums of up to [`PIXELS`] pixels and all channels of a group: those of pixel i go where `places[i]` says, bias
    /// added and through the activation where `finished` says so.
    #[inline(always)]
    pub(super) fn multiply<L: Lanes>(
        &self,
        group: Group,
        pixels: &impl Pixels,
        places: &[usize],
        finished: bool,
        out: &mut [f32],
    ) {
        // ROWS is a constant of L: half of these are compiled.
        match (L::ROWS == PIXELS, group.blocks) {
            (true, 1) => self.blocks::<L, 8, 1>(group, pixels, places, finished, out),
            (true, 2) => self.blocks::<L, 8, 2>(group, pixels, places, finished, out),
            (true, _) => self.blocks::<L, 8, 3>(group, pixels, places, finished, out),
            (false, 1) => self.blocks::<L, 4, 1>(group, pixels, places, finished, out),
            (false, 2) => self.blocks::<L, 4, 2>(group, pixels, places, finished, out),
            (false, _) => self.blocks::<L, 4, 3>(group, pixels, places, finished, out),
        }
    }

    #[inline(always)]
    fn blocks<L: Lanes, const M: usize, const N: usize>(
        &self,
        group: Group,
        pixels: &impl Pixels,
        places: &[usize],
        finished: bool,
        out: &mut [f32],
    ) {
        let weights = &self.packed.as_slice()[group.first * self.columns..][..N * BLOCK * self.columns];
        let mut first = 0;
        while first < places.len() {
            for part in (0..BLOCK).step_by(L::COUNT) {
                let sums = pixels.sums::<L, M, N>(first, self.columns, weights, part);
                for j in 0..N {
                    let channel = group.first + j * BLOCK + part;
                    let bias = L::load(&self.bias[channel..]);
                    for (sums, place) in sums.iter().zip(&places[first..]) {
                        let to = &mut out[place + j * BLOCK + part..];
                        if finished {
                            self.activation.apply_each(channel, sums[j].add(bias)).store(to);
                        } else {
                            sums[j].store(to);
                        }
                    }
                }
            }
            first += M;
        }
    }
}

/// The values of [`PIXELS`] pixels. A trait and not a closure: it must be inlined to be compiled for wide vectors.
pub(super) trait Pixels {
    /// The products of `M` pixels from number `first` on with `N` blocks of weights, of each the vector that begins at
    /// `part`.
    fn sums<L: Lanes, const M: usize, const N: usize>(
        &self,
        first: usize,
        columns: usize,
        weights: &[f32],
        part: usize,
    ) -> [[L; N]; M];
}

/// Side by side for each column.
pub(super) struct Packed<'a>(pub(super) &'a [f32]);

impl Pixels for Packed<'_> {
    #[inline(always)]
    fn sums<L: Lanes, const M: usize, const N: usize>(
        &self,
        first: usize,
        _: usize,
        weights: &[f32],
        part: usize,
    ) -> [[L; N]; M] {
        let mut sums = [[L::splat(0.0); N]; M];
        for (weights, values) in weights.chunks_exact(N * BLOCK).zip(self.0.chunks_exact(PIXELS)) {
            step(&mut sums, weights, part, &values[first..first + M]);
        }
        sums
    }
}

/// Block by block, in each one pixel behind the other: `start` is where the first block's first pixel begins, `apart` from
/// one block to the next.
pub(super) struct Blocks<'a> {
    pub(super) values: &'a [f32],
    pub(super) start: usize,
    pub(super) apart: usize,
}

impl Pixels for Blocks<'_> {
    #[inline(always)]
    fn sums<L: Lanes, const M: usize, const N: usize>(
        &self,
        first: usize,
        columns: usize,
        weights: &[f32],
        part: usize,
    ) -> [[L; N]; M] {
        let mut sums = [[L::splat(0.0); N]; M];
        for (block, weights) in weights[..columns * N * BLOCK].chunks(BLOCK * N * BLOCK).enumerate() {
            // Neighbouring pixels are a constant apart here: no address is computed for each.
            let pixels = &self.values[self.start + block * self.apart + first * BLOCK..][..M * BLOCK];
            for (k, weights) in weights.chunks_exact(N * BLOCK).enumerate().take(BLOCK) {
                let mut values = [0.0; M];
                for (i, v) in values.iter_mut().enumerate() {
                    *v = pixels[i * BLOCK + k];
                }
                step(&mut sums, weights, part, &values);
            }
        }
        sums
    }
}

/// Adds the products with one column's weights.
#[inline(always)]
fn step<L: Lanes, const M: usize, const N: usize>(
    sums: &mut [[L; N]; M],
    weights: &[f32],
    part: usize,
    values: &[f32],
) {
    let mut vectors = [L::splat(0.0); N];
    for (j, w) in vectors.iter_mut().enumerate() {
        *w = L::load(&weights[j * BLOCK + part..]);
    }
    for (sums, v) in sums.iter_mut().zip(values) {
        let v = L::splat(*v);
        for (sum, w) in sums.iter_mut().zip(vectors) {
            *sum = v.mul_add(w, *sum);
        }
    }
}
