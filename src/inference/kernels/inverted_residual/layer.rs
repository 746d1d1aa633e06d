//! Matrix products whose vectors hold neighbouring output channels of one pixel, so that every vector is full, whatever
//! the width of the image.

use crate::inference::kernels::activation::Activation;
use crate::inference::kernels::gemm::PackedWeights;
use crate::simd::Lanes;

/// Channels of a block: the lanes of the widest vector.
pub(super) const BLOCK: usize = 16;
/// The most blocks of a group.
const BLOCKS: usize = 3;
/// Values per cache line.
const LINE: usize = 16;
/// Pixels of a packed column.
pub(super) const PIXELS: usize = 8;

/// Blocks of channels that are computed together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    /// The first channel.
    pub(super) first: usize,
    /// The number of blocks.
    pub(super) blocks: usize,
}

impl Group {
    /// Divides `channels` channels into groups of about equal size.
    pub(super) fn all(channels: usize) -> impl Iterator<Item = Self> {
        let blocks = channels.div_ceil(BLOCK);
        let count = blocks.div_ceil(BLOCKS);
        (0..count).map(move |i| {
            let (from, to) = (i * blocks / count, (i + 1) * blocks / count);
            Self { first: from * BLOCK, blocks: to - from }
        })
    }

    /// Channels, rounded up to whole blocks.
    pub(super) fn lanes(&self) -> usize {
        self.blocks * BLOCK
    }
}

/// `channels`, rounded up to whole blocks.
pub(super) fn round_to_blocks(channels: usize) -> usize {
    channels.div_ceil(BLOCK) * BLOCK
}

/// `values`, padded with zeros to whole blocks.
pub(super) fn padded(values: &[f32]) -> Vec<f32> {
    let mut padded = values.to_vec();
    padded.resize(round_to_blocks(values.len()), 0.0);
    padded
}

/// `activation` with slopes padded to whole blocks.
pub(super) fn padded_activation(activation: &Activation) -> Activation {
    match activation {
        Activation::PRelu(slopes) => Activation::PRelu(padded(slopes)),
        same => same.clone(),
    }
}

/// A matrix of weights in groups of rows, with bias and activation. In a group, the rows' values of a column are
/// contiguous.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::inference) struct Layer {
    rows: usize,
    columns: usize,
    packed: AlignedVec,
    bias: Vec<f32>,
    activation: Activation,
}

/// Values aligned to a cache line: a vector that spans two lines takes two loads.
#[derive(Debug)]
struct AlignedVec {
    values: Vec<f32>,
    skip: usize,
}

impl AlignedVec {
    /// Collects the first `len` values.
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

impl Clone for AlignedVec {
    fn clone(&self) -> Self {
        Self::collect(self.as_slice().len(), self.as_slice().iter().copied())
    }
}

impl PartialEq for AlignedVec {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Layer {
    /// Packs the weights, with one bias (and slope, for `PReLU`) per row.
    pub(in crate::inference) fn pack(weights: &PackedWeights, bias: &[f32], activation: &Activation) -> Self {
        let (rows, columns) = (weights.rows(), weights.columns());
        let column = |group: Group, k| (group.first..group.first + group.lanes()).map(move |row| weights.get(row, k));
        let values = Group::all(rows).flat_map(|group| (0..columns).flat_map(move |k| column(group, k)));
        let packed = AlignedVec::collect(round_to_blocks(rows) * columns, values.map(|w| w.unwrap_or(0.0)));
        Self { rows, columns, packed, bias: padded(bias), activation: padded_activation(activation) }
    }

    /// Output channels.
    pub(in crate::inference) fn rows(&self) -> usize {
        self.rows
    }

    /// Input channels times taps.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Padded to whole blocks.
    pub(super) fn bias(&self) -> &[f32] {
        &self.bias
    }

    /// With slopes padded to whole blocks.
    pub(super) fn activation(&self) -> &Activation {
        &self.activation
    }

    /// Computes up to [`PIXELS`] pixels for all channels of a group. The results of pixel i start at `out[starts[i]]`;
    /// they are sums, or with `activate` have bias and activation applied.
    #[inline(always)]
    pub(super) fn multiply<L: Lanes>(
        &self,
        group: Group,
        pixels: &impl Pixels,
        starts: &[usize],
        activate: bool,
        out: &mut [f32],
    ) {
        // ROWS is a constant of L: only half of these are compiled.
        match (L::ROWS == PIXELS, group.blocks) {
            (true, 1) => self.blocks::<L, 8, 1>(group, pixels, starts, activate, out),
            (true, 2) => self.blocks::<L, 8, 2>(group, pixels, starts, activate, out),
            (true, _) => self.blocks::<L, 8, 3>(group, pixels, starts, activate, out),
            (false, 1) => self.blocks::<L, 4, 1>(group, pixels, starts, activate, out),
            (false, 2) => self.blocks::<L, 4, 2>(group, pixels, starts, activate, out),
            (false, _) => self.blocks::<L, 4, 3>(group, pixels, starts, activate, out),
        }
    }

    #[inline(always)]
    fn blocks<L: Lanes, const M: usize, const N: usize>(
        &self,
        group: Group,
        pixels: &impl Pixels,
        starts: &[usize],
        activate: bool,
        out: &mut [f32],
    ) {
        let weights = &self.packed.as_slice()[group.first * self.columns..][..N * BLOCK * self.columns];
        let mut first = 0;
        while first < starts.len() {
            for lane in (0..BLOCK).step_by(L::COUNT) {
                let sums = pixels.sums::<L, M, N>(first, self.columns, weights, lane);
                for j in 0..N {
                    let channel = group.first + j * BLOCK + lane;
                    let bias = L::load(&self.bias[channel..]);
                    for (sums, start) in sums.iter().zip(&starts[first..]) {
                        let to = &mut out[start + j * BLOCK + lane..];
                        if activate {
                            self.activation.apply_across(channel, sums[j].add(bias)).store(to);
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

/// The values of [`PIXELS`] pixels. A trait rather than a closure, because it must be inlined to be compiled for wide
/// vectors.
pub(super) trait Pixels {
    /// The products of `M` pixels from pixel `first` on with `N` blocks of weights, for the lanes of each block from
    /// `lane` on.
    fn sums<L: Lanes, const M: usize, const N: usize>(
        &self,
        first: usize,
        columns: usize,
        weights: &[f32],
        lane: usize,
    ) -> [[L; N]; M];
}

/// Packed pixels: the values of a column are contiguous.
pub(super) struct Packed<'a>(pub(super) &'a [f32]);

impl Pixels for Packed<'_> {
    #[inline(always)]
    fn sums<L: Lanes, const M: usize, const N: usize>(
        &self,
        first: usize,
        _: usize,
        weights: &[f32],
        lane: usize,
    ) -> [[L; N]; M] {
        let mut sums = [[L::splat(0.0); N]; M];
        for (weights, values) in weights.chunks_exact(N * BLOCK).zip(self.0.chunks_exact(PIXELS)) {
            step(&mut sums, weights, lane, &values[first..first + M]);
        }
        sums
    }
}

/// Pixels in blocks of channels: within a block pixels are contiguous, and blocks are `block_stride` values apart.
pub(super) struct Blocks<'a> {
    pub(super) values: &'a [f32],
    /// The offset of the first pixel in the first block.
    pub(super) start: usize,
    pub(super) block_stride: usize,
}

impl Pixels for Blocks<'_> {
    #[inline(always)]
    fn sums<L: Lanes, const M: usize, const N: usize>(
        &self,
        first: usize,
        columns: usize,
        weights: &[f32],
        lane: usize,
    ) -> [[L; N]; M] {
        let mut sums = [[L::splat(0.0); N]; M];
        for (block, weights) in weights[..columns * N * BLOCK].chunks(BLOCK * N * BLOCK).enumerate() {
            // Neighbouring pixels are a constant distance apart here, so their addresses need no registers.
            let pixels = &self.values[self.start + block * self.block_stride + first * BLOCK..][..M * BLOCK];
            for (k, weights) in weights.chunks_exact(N * BLOCK).enumerate().take(BLOCK) {
                let mut values = [0.0; M];
                for (i, v) in values.iter_mut().enumerate() {
                    *v = pixels[i * BLOCK + k];
                }
                step(&mut sums, weights, lane, &values);
            }
        }
        sums
    }
}

/// Adds the products with the weights of one column.
#[inline(always)]
fn step<L: Lanes, const M: usize, const N: usize>(
    sums: &mut [[L; N]; M],
    weights: &[f32],
    lane: usize,
    values: &[f32],
) {
    let mut vectors = [L::splat(0.0); N];
    for (j, w) in vectors.iter_mut().enumerate() {
        *w = L::load(&weights[j * BLOCK + lane..]);
    }
    for (sums, v) in sums.iter_mut().zip(values) {
        let v = L::splat(*v);
        for (sum, w) in sums.iter_mut().zip(vectors) {
            *sum = v.mul_add(w, *sum);
        }
    }
}
