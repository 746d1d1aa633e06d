//! Convolutions whose kernel spans several pixels, or skips some.
//!
//! The picture is laid out in padded planes, in which every tap reads a contiguous run. Where there are many output
//! channels, a strip of what the taps read is copied together for all of them, as in a pointwise convolution. Where there
//! are few, copying would cost more than it saves: the runs are read where they lie, and what is computed for the padding
//! between two rows is dropped.

use super::gemm::{AHEAD, Channels, Finish, Load, PANEL, TILE, VECTORS, WIDEST, Weights, product};
use super::planes::{SLACK, Window, aligned};
use crate::simd::{Kernel, Lanes};

/// Any convolution of one picture.
pub(in crate::inference) struct Spatial<'a> {
    /// Taps of all input channels are its columns.
    pub(in crate::inference) weights: &'a Weights,
    /// What becomes of the sums.
    pub(in crate::inference) finish: Finish<'a>,
    /// How the kernel moves.
    pub(in crate::inference) window: Window,
    /// Channel by channel.
    pub(in crate::inference) source: &'a [f32],
    /// Channel by channel.
    pub(in crate::inference) out: &'a mut [f32],
    /// Room for the padded planes.
    pub(in crate::inference) planes: &'a mut Vec<f32>,
    /// Room for a strip.
    pub(in crate::inference) scratch: &'a mut Vec<f32>,
}

impl Kernel for Spatial<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { weights, finish, window, source, out, planes, scratch } = self;
        let picture = window.input[0] * window.input[1];
        let channels = source.len() / picture;
        let ([rows, cols], pitch) = (window.output, window.phase()[1]);
        if window.is_thinning() {
            let plane = rows * cols;
            let planes = aligned(planes, channels * plane + SLACK);
            for (from, into) in source.chunks_exact(picture).zip(planes.chunks_exact_mut(plane)) {
                window.thin_out::<L>(from, into);
            }
            let load = Channels { source: &planes[..channels * plane], plane };
            return product::<L>(weights, finish, &load, plane, out, scratch);
        }
        let channel = window.channel_len();
        let len = channels * channel + SLACK;
        let planes = aligned(planes, len);
        for (plane, into) in source.chunks_exact(picture).zip(planes.chunks_exact_mut(channel)) {
            window.lay_out::<L>(plane, 0.0, into);
        }
        let mut taps = Vec::with_capacity(weights.columns());
        let of_one: Vec<usize> = window.taps().collect();
        for c in 0..channels {
            taps.extend(of_one.iter().map(|tap| c * channel + tap));
        }
        let padded = Padded { planes, taps, cols, pitch };
        // What is computed and dropped, in whole panels, against what copying a strip costs.
        let dropped = (window.flat_len() - rows * cols) as f32 / (rows * cols) as f32;
        if dropped * weights.rows().div_ceil(PANEL) as f32 <= COPYING {
            padded.in_place::<L>(weights, finish, [rows, cols], out, scratch);
        } else {
            product::<L>(weights, finish, &padded, rows * cols, out, scratch);
        }
    }
}

/// How many times the work of one panel copying a strip costs.
const COPYING: f32 = 1.25;

/// What taps read from padded planes.
struct Padded<'a> {
    planes: &'a [f32],
    /// Where each reads for the first output.
    taps: Vec<usize>,
    /// Outputs of a row.
    cols: usize,
    /// From where a tap reads for an output to where it does for the one below.
    pitch: usize,
}

impl Load for Padded<'_> {
    #[inline(always)]
    fn load<L: Lanes>(&self, at: usize, here: usize, tile: &mut [f32]) {
        let width = VECTORS * L::COUNT;
        // The stretches of rows that make up the tile: where in the tile, where in the plane, and how long.
        let mut stretches = [(0, 0, 0); TILE];
        let (mut n, mut done) = (0, 0);
        while done < here {
            let (y, x) = ((at + done) / self.cols, (at + done) % self.cols);
            let len = (self.cols - x).min(here - done);
            stretches[n] = (done, y * self.pitch + x, len);
            n += 1;
            done += len;
        }
        let stretches = &stretches[..n];
        // Whole vectors are copied: what is too much is overwritten by the next stretch, or the next tap's first. The
        // last tap's stretches go through a line of their own.
        let last = self.taps.len() - 1;
        for (k, &tap) in self.taps.iter().enumerate() {
            if k < last {
                copy_stretches::<L>(&self.planes[tap..], stretches, &mut tile[k * width..]);
            } else {
                let mut line = [0.0; TILE + WIDEST];
                copy_stretches::<L>(&self.planes[tap..], stretches, &mut line);
                tile[k * width..][..width].copy_from_slice(&line[..width]);
            }
        }
    }
}

/// Copies each stretch (where to, where from, how long) in whole vectors.
#[inline(always)]
fn copy_stretches<L: Lanes>(from: &[f32], stretches: &[(usize, usize, usize)], to: &mut [f32]) {
    for &(place, start, len) in stretches {
        let mut i = 0;
        while i < len {
            L::load(&from[start + i..]).store(&mut to[place + i..]);
            i += L::COUNT;
        }
    }
}

impl Padded<'_> {
    /// Every output channel from the planes as they lie: all flat places of a panel, then the rows picked out of them.
    #[inline(always)]
    fn in_place<L: Lanes>(
        &self,
        weights: &Weights,
        finish: Finish<'_>,
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
                    // ROWS is a constant of L: half of these are compiled.
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
                        let place = (channel * rows + y) * cols;
                        let sums = &sums[y * self.pitch..][..cols];
                        finish.run::<L>(channel, place, sums, &mut out[place..place + cols]);
                    }
                }
            }
        }
    }

    /// The sums of `M` rows of a panel from row `first` on, over `N` vectors of flat places from `at` on; a row of `sums`
    /// has `line` values.
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
            L::prefetch(weights, AHEAD);
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
