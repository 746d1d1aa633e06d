//! Square windows of a few taps over one channel, read where it stands: no padded copy is made.
//!
//! A depthwise convolution or a pool does few operations for each value it reads, so what counts is how often a value is
//! loaded and that nothing is copied. Several rows of outputs are computed together: a row of inputs is loaded once for
//! all the outputs of a column that it belongs to. What lies beside the picture is masked out of the loads.

use super::planes::Window;
use crate::simd::{Lanes, Part};

/// Rows of outputs that are computed together.
const ROWS: usize = 4;

/// What becomes of the values under a window. A trait and not a closure: it must be inlined to be compiled for wide
/// vectors.
pub(super) trait Fold<L> {
    /// Before the first value.
    fn start(&self) -> L;
    /// What stands beside the picture.
    fn outside(&self) -> L;
    /// With the value under one more tap.
    fn step(&self, before: L, tap: usize, value: L) -> L;
    /// After the last one.
    fn finish(&self, folded: L) -> L;
}

/// Folds a window of `K` x `K` taps with stride `S` over one channel.
pub(super) struct Direct<'a, F, const K: usize, const S: usize> {
    pub(super) fold: &'a F,
    pub(super) window: Window,
}

/// Where the values under one column of taps come from, for a vector of outputs.
trait Columns<L, const K: usize> {
    /// The values under each column of taps in one row of the picture.
    fn values(&self, row: &[f32], outside: L) -> [L; K];
}

/// All of it lies in the picture, from this place of a row on.
struct Inside<const S: usize>(usize);

impl<L: Lanes, const K: usize, const S: usize> Columns<L, K> for Inside<S> {
    #[inline(always)]
    fn values(&self, row: &[f32], outside: L) -> [L; K] {
        let mut values = [outside; K];
        if S == 1 {
            let row = &row[self.0..][..L::COUNT + K - 1];
            for (k, v) in values.iter_mut().enumerate() {
                *v = L::load(&row[k..]);
            }
        } else {
            let row = &row[self.0..][..2 * L::COUNT + K - 1];
            for (j, pair) in values.chunks_mut(2).enumerate() {
                let from = &row[2 * j..];
                into_pair(L::load(from).split(L::load(&from[L::COUNT..])), pair);
            }
        }
        values
    }
}

/// Some of it may lie beside the picture: where each vector lies.
struct Across<P, const K: usize>([P; K]);

impl<L: Lanes, const K: usize> Columns<L, K> for Across<Part<L::Mask>, K> {
    #[inline(always)]
    fn values(&self, row: &[f32], outside: L) -> [L; K] {
        let mut values = [outside; K];
        for (v, part) in values.iter_mut().zip(&self.0) {
            *v = L::load_part(row, *part, outside);
        }
        values
    }
}

/// Likewise with stride 2: two vectors for each pair of columns.
struct AcrossPairs<P, const K: usize>([[P; 2]; K]);

impl<L: Lanes, const K: usize> Columns<L, K> for AcrossPairs<Part<L::Mask>, K> {
    #[inline(always)]
    fn values(&self, row: &[f32], outside: L) -> [L; K] {
        let mut values = [outside; K];
        for (pair, [first, second]) in values.chunks_mut(2).zip(&self.0) {
            let (first, second) = (L::load_part(row, *first, outside), L::load_part(row, *second, outside));
            into_pair(first.split(second), pair);
        }
        values
    }
}

/// The even and the odd values, where there is room for both.
#[inline(always)]
fn into_pair<L: Lanes>((even, odd): (L, L), pair: &mut [L]) {
    pair[0] = even;
    if let Some(second) = pair.get_mut(1) {
        *second = odd;
    }
}

impl<F, const K: usize, const S: usize> Direct<'_, F, K, S> {
    /// Computes the whole channel.
    #[inline(always)]
    pub(super) fn run<L: Lanes>(&self, picture: &[f32], out: &mut [f32])
    where
        F: Fold<L>,
    {
        let cols = self.window.output[1];
        let (width, left) = (self.window.input[1], self.window.before[1]);
        // What a vector of outputs reads of a row.
        let span = (L::COUNT - 1) * S + K + (S - 1);
        // Column by column of vectors: where one lies beside the picture is found once for all rows.
        for x in (0..cols).step_by(L::COUNT) {
            let at = (x * S).cast_signed() - left.cast_signed();
            if at >= 0 && at.cast_unsigned() + span <= width {
                self.down(&Inside::<S>(at.cast_unsigned()), x, picture, out);
            } else if S == 1 {
                let mut parts = [L::part(at, width); K];
                for (k, part) in parts.iter_mut().enumerate() {
                    *part = L::part(at + k.cast_signed(), width);
                }
                self.down(&Across(parts), x, picture, out);
            } else {
                let mut parts = [[L::part(at, width); 2]; K];
                for (k, [first, second]) in parts.iter_mut().enumerate() {
                    *first = L::part(at + (2 * k).cast_signed(), width);
                    *second = L::part(at + (2 * k + L::COUNT).cast_signed(), width);
                }
                self.down(&AcrossPairs(parts), x, picture, out);
            }
        }
    }

    /// The vectors of outputs at column `x`.
    #[inline(always)]
    fn down<L: Lanes>(&self, columns: &impl Columns<L, K>, x: usize, picture: &[f32], out: &mut [f32])
    where
        F: Fold<L>,
    {
        for y in (0..self.window.output[0]).step_by(ROWS) {
            self.rows(columns, y, x, picture, out);
        }
    }

    /// Up to [`ROWS`] rows from row `y` on, of the vector of outputs at column `x`.
    #[inline(always)]
    fn rows<L: Lanes>(&self, columns: &impl Columns<L, K>, y: usize, x: usize, picture: &[f32], out: &mut [f32])
    where
        F: Fold<L>,
    {
        let ([height, width], [rows, cols]) = (self.window.input, self.window.output);
        let mut folded = [self.fold.start(); ROWS];
        let first = (y * S).wrapping_sub(self.window.before[0]);
        for line in 0..(ROWS - 1) * S + K {
            let from = first.wrapping_add(line);
            let values = if from < height {
                columns.values(&picture[from * width..][..width], self.fold.outside())
            } else {
                [self.fold.outside(); K]
            };
            for (r, folded) in folded.iter_mut().enumerate() {
                // Row r takes the lines from r * S on, one for each row of taps.
                if line >= r * S && line < r * S + K {
                    for (k, v) in values.iter().enumerate() {
                        *folded = self.fold.step(*folded, (line - r * S) * K + k, *v);
                    }
                }
            }
        }
        let part = L::part(0, cols - x);
        for (r, folded) in folded.iter().enumerate() {
            if y + r < rows {
                self.fold.finish(*folded).store_part(&mut out[(y + r) * cols + x..][..cols - x], part);
            }
        }
    }
}
