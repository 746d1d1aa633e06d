//! Convolutions with kernels of several pixels, or with strides.
//!
//! The image is copied into [padded planes](super::planes), in which every tap reads a contiguous run. With many output
//! channels, tiles of the im2col matrix are packed once for all of them. With few, packing costs more than it saves:
//! the taps read the planes in place, and the outputs computed for the padding between two rows are dropped.

use super::gemm::{Channels, Epilogue, PANEL, PREFETCH_DISTANCE, Pack, PackedWeights, TILE, VECTORS, WIDEST, product};
use super::planes::{ConvShape, SLACK, aligned};
use crate::simd::{Kernel, Lanes};

/// A convolution of one image.
pub(in crate::inference) struct Spatial<'a> {
    /// Its columns are the taps of all input channels.
    pub(in crate::inference) weights: &'a PackedWeights,
    pub(in crate::inference) epilogue: Epilogue<'a>,
    pub(in crate::inference) shape: ConvShape,
    /// CHW.
    pub(in crate::inference) source: &'a [f32],
    /// CHW.
    pub(in crate::inference) out: &'a mut [f32],
    /// The padded planes.
    pub(in crate::inference) planes: &'a mut Vec<f32>,
    /// Packed tiles, or sums.
    pub(in crate::inference) scratch: &'a mut Vec<f32>,
}

impl Kernel for Spatial<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { weights, epilogue, shape, source, out, planes, scratch } = self;
        let image = shape.input[0] * shape.input[1];
        let inputs = source.len() / image;
        let ([rows, cols], pitch) = (shape.output, shape.phase()[1]);
        if shape.is_subsampling() {
            let plane = rows * cols;
            let planes = aligned(planes, inputs * plane + SLACK);
            for (from, into) in source.chunks_exact(image).zip(planes.chunks_exact_mut(plane)) {
                shape.subsample::<L>(from, into);
            }
            let channels = Channels { source: &planes[..inputs * plane], plane };
            return product::<L>(weights, epilogue, &channels, plane, out, scratch);
        }
        let channel = shape.channel_len();
        let len = inputs * channel + SLACK;
        let planes = aligned(planes, len);
        for (plane, into) in source.chunks_exact(image).zip(planes.chunks_exact_mut(channel)) {
            shape.lay_out::<L>(plane, 0.0, into);
        }
        let mut taps = Vec::with_capacity(weights.columns());
        let offsets: Vec<usize> = shape.taps().collect();
        for c in 0..inputs {
            taps.extend(offsets.iter().map(|tap| c * channel + tap));
        }
        let im2col = Im2col { planes, taps, cols, pitch };
        // The outputs that are computed and dropped, in whole panels, against the cost of packing.
        let dropped = (shape.flat_len() - rows * cols) as f32 / (rows * cols) as f32;
        if dropped * weights.rows().div_ceil(PANEL) as f32 <= PACKING_COST {
            im2col.in_place::<L>(weights, epilogue, [rows, cols], out, scratch);
        } else {
            product::<L>(weights, epilogue, &im2col, rows * cols, out, scratch);
        }
    }
}

/// The cost of packing a tile, in units of computing one panel from it.
const PACKING_COST: f32 = 1.25;

/// The im2col matrix of padded planes.
struct Im2col<'a> {
    planes: &'a [f32],
    /// The offset of each tap for the first output.
    taps: Vec<usize>,
    /// Outputs per row.
    cols: usize,
    /// Values from a row of a phase to the next.
    pitch: usize,
}

impl Pack for Im2col<'_> {
    #[inline(always)]
    fn pack<L: Lanes>(&self, at: usize, total: usize, tile: &mut [f32]) {
        let width = VECTORS * L::COUNT;
        // The segments of rows that make up the tile: index in the tile, index in the plane, length.
        let mut segments = [(0, 0, 0); TILE];
        let (mut n, mut done) = (0, 0);
        while done < total {
            let (y, x) = ((at + done) / self.cols, (at + done) % self.cols);
            let len = (self.cols - x).min(total - done);
            segments[n] = (done, y * self.pitch + x, len);
            n += 1;
            done += len;
        }
        let segments = &segments[..n];
        // Whole vectors are copied: the next segment, or the next tap, overwrites the excess. The last tap is copied
        // through a line of its own.
        let last = self.taps.len() - 1;
        for (k, &tap) in self.taps.iter().enumerate() {
            if k < last {
                copy_segments::<L>(&self.planes[tap..], segments, &mut tile[k * width..]);
            } else {
                let mut line = [0.0; TILE + WIDEST];
                copy_segments::<L>(&self.planes[tap..], segments, &mut line);
                tile[k * width..][..width].copy_from_slice(&line[..width]);
            }
        }
    }
}

/// Copies each segment (destination, source, length) in whole vectors.
#[inline(always)]
fn copy_segments<L: Lanes>(from: &[f32], segments: &[(usize, usize, usize)], to: &mut [f32]) {
    for &(to_start, start, len) in segments {
        let mut i = 0;
        while i < len {
            L::load(&from[start + i..]).store(&mut to[to_start + i..]);
            i += L::COUNT;
        }
    }
}

impl Im2col<'_> {
    /// Computes every output channel from the planes in place: all flat indices of a panel, then the rows copied out.
    #[inline(always)]
    fn in_place<L: Lanes>(
        &self,
        weights: &PackedWeights,
        epilogue: Epilogue<'_>,
        [rows, cols]: [usize; 2],
        out: &mut [f32],
        scratch: &mut Vec<f32>,
    ) {
        let flat = (rows - 1) * self.pitch + cols;
        let width = VECTORS * L::COUNT;
        let line = flat.div_ceil(width) * width;
        let sums = aligned(scratch, PANEL * line);
        for (row, panel) in weights.panels() {
            let mut at = 0;
            while at < flat {
                let left = flat - at;
                let mut first = 0;
                while first < PANEL && row + first < weights.rows() {
                    let sums = &mut sums[first * line + at..];
                    // ROWS is a constant of L: only half of these are compiled.
                    match (L::ROWS == PANEL, left > 2 * L::COUNT, left > L::COUNT) {
                        (true, true, _) => self.block::<L, 8, 3>(panel, first, at, line, sums),
                        (true, false, true) => self.block::<L, 8, 2>(panel, first, at, line, sums),
                        (true, false, false) => self.block::<L, 8, 1>(panel, first, at, line, sums),
                        (false, true, _) => self.block::<L, 4, 3>(panel, first, at, line, sums),
                        (false, false, true) => self.block::<L, 4, 2>(panel, first, at, line, sums),
                        (false, false, false) => self.block::<L, 4, 1>(panel, first, at, line, sums),
                    }
                    first += L::ROWS;
                }
                at += width;
            }
            for (i, sums) in sums.chunks_exact(line).enumerate() {
                let channel = row + i;
                if channel < weights.rows() {
                    for y in 0..rows {
                        let start = (channel * rows + y) * cols;
                        let sums = &sums[y * self.pitch..][..cols];
                        epilogue.apply::<L>(channel, start, sums, &mut out[start..start + cols]);
                    }
                }
            }
        }
    }

    /// The sums of `M` rows of a panel from row `first` on, over `N` vectors of flat indices from `at` on; a row of
    /// `sums` has `line` values.
    #[inline(always)]
    fn block<L: Lanes, const M: usize, const N: usize>(
        &self,
        panel: &[f32],
        first: usize,
        at: usize,
        line: usize,
        sums: &mut [f32],
    ) {
        let planes = &self.planes[at..];
        let mut blocks = [[L::splat(0.0); N]; M];
        for (weights, &tap) in panel.chunks_exact(PANEL).zip(&self.taps) {
            let source = &planes[tap..][..N * L::COUNT];
            let mut values = [L::splat(0.0); N];
            for (j, v) in values.iter_mut().enumerate() {
                *v = L::load(&source[j * L::COUNT..]);
            }
            L::prefetch(weights, PREFETCH_DISTANCE);
            for (row, w) in blocks.iter_mut().zip(&weights[first..first + M]) {
                let w = L::splat(*w);
                for (sum, v) in row.iter_mut().zip(values) {
                    *sum = w.mul_add(v, *sum);
                }
            }
        }
        for (i, row) in blocks.iter().enumerate() {
            for (j, v) in row.iter().enumerate() {
                v.store(&mut sums[i * line + j * L::COUNT..]);
            }
        }
    }
}
