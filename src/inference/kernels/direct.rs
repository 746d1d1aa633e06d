//! Small square windows over one channel, read in place: no padded copy is made.
//!
//! A depthwise convolution or a pool does few operations per value it reads, so the cost is in loads and copies.
//! Several rows of outputs are computed together: a row of inputs is loaded once for all outputs that read it. Loads
//! mask out what lies outside the image.

use super::planes::ConvShape;
use crate::simd::{Lanes, RowMask};

/// Rows of outputs that are computed together.
const ROWS: usize = 4;

/// Reduces the values in a window to one. A trait rather than a closure, because it must be inlined to be compiled for
/// wide vectors.
pub(super) trait Reducer<L> {
    /// The initial value of the accumulator.
    fn init(&self) -> L;
    /// The value of the padding.
    fn padding(&self) -> L;
    /// The accumulator after the value at `tap`.
    fn step(&self, acc: L, tap: usize, value: L) -> L;
    /// The result, given the accumulator after the last tap.
    fn finish(&self, acc: L) -> L;
}

/// Reduces windows of `K` x `K` taps with stride `S` over one channel.
pub(super) struct Direct<'a, F, const K: usize, const S: usize> {
    pub(super) reducer: &'a F,
    pub(super) shape: ConvShape,
}

/// Loads the values that a vector of outputs reads.
trait Columns<L, const K: usize> {
    /// The values at each column of taps in one row of the image.
    fn values(&self, row: &[f32], outside: L) -> [L; K];
}

/// The whole window lies in the image, from this column on.
struct Interior<const S: usize>(usize);

impl<L: Lanes, const K: usize, const S: usize> Columns<L, K> for Interior<S> {
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
                into_pair(L::load(from).deinterleave(L::load(&from[L::COUNT..])), pair);
            }
        }
        values
    }
}

/// The window may reach outside the image: the mask of each column of taps.
struct Border<P, const K: usize>([P; K]);

impl<L: Lanes, const K: usize> Columns<L, K> for Border<RowMask<L::Mask>, K> {
    #[inline(always)]
    fn values(&self, row: &[f32], outside: L) -> [L; K] {
        let mut values = [outside; K];
        for (v, mask) in values.iter_mut().zip(&self.0) {
            *v = L::load_masked(row, *mask, outside);
        }
        values
    }
}

/// The window may reach outside the image, with stride 2: the masks of two vectors per pair of columns.
struct BorderPairs<P, const K: usize>([[P; 2]; K]);

impl<L: Lanes, const K: usize> Columns<L, K> for BorderPairs<RowMask<L::Mask>, K> {
    #[inline(always)]
    fn values(&self, row: &[f32], outside: L) -> [L; K] {
        let mut values = [outside; K];
        for (pair, [first, second]) in values.chunks_mut(2).zip(&self.0) {
            let (first, second) = (L::load_masked(row, *first, outside), L::load_masked(row, *second, outside));
            into_pair(first.deinterleave(second), pair);
        }
        values
    }
}

/// Writes the even values and, unless the pair is the last column alone, the odd values.
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
    pub(super) fn run<L: Lanes>(&self, image: &[f32], out: &mut [f32])
    where
        F: Reducer<L>,
    {
        let cols = self.shape.output[1];
        let (width, left) = (self.shape.input[1], self.shape.pad_before[1]);
        // Values of a row that a vector of outputs reads.
        let span = (L::COUNT - 1) * S + K + (S - 1);
        // One column of vectors after the other, so that masks are computed once for all rows.
        for x in (0..cols).step_by(L::COUNT) {
            let at = (x * S).cast_signed() - left.cast_signed();
            if at >= 0 && at.cast_unsigned() + span <= width {
                self.down(&Interior::<S>(at.cast_unsigned()), x, image, out);
            } else if S == 1 {
                let mut masks = [L::row_mask(at, width); K];
                for (k, mask) in masks.iter_mut().enumerate() {
                    *mask = L::row_mask(at + k.cast_signed(), width);
                }
                self.down(&Border(masks), x, image, out);
            } else {
                let mut masks = [[L::row_mask(at, width); 2]; K];
                for (k, [first, second]) in masks.iter_mut().enumerate() {
                    *first = L::row_mask(at + (2 * k).cast_signed(), width);
                    *second = L::row_mask(at + (2 * k + L::COUNT).cast_signed(), width);
                }
                self.down(&BorderPairs(masks), x, image, out);
            }
        }
    }

    /// Computes the vectors of outputs at column `x`.
    #[inline(always)]
    fn down<L: Lanes>(&self, columns: &impl Columns<L, K>, x: usize, image: &[f32], out: &mut [f32])
    where
        F: Reducer<L>,
    {
        for y in (0..self.shape.output[0]).step_by(ROWS) {
            self.rows(columns, y, x, image, out);
        }
    }

    /// Computes up to [`ROWS`] rows from row `y` on, of the vector of outputs at column `x`.
    #[inline(always)]
    fn rows<L: Lanes>(&self, columns: &impl Columns<L, K>, y: usize, x: usize, image: &[f32], out: &mut [f32])
    where
        F: Reducer<L>,
    {
        let ([height, width], [rows, cols]) = (self.shape.input, self.shape.output);
        let mut accs = [self.reducer.init(); ROWS];
        let first = (y * S).wrapping_sub(self.shape.pad_before[0]);
        for line in 0..(ROWS - 1) * S + K {
            let from = first.wrapping_add(line);
            let values = if from < height {
                columns.values(&image[from * width..][..width], self.reducer.padding())
            } else {
                [self.reducer.padding(); K]
            };
            for (r, acc) in accs.iter_mut().enumerate() {
                // Row r reads the lines from r * S on, one per row of taps.
                if line >= r * S && line < r * S + K {
                    for (k, v) in values.iter().enumerate() {
                        *acc = self.reducer.step(*acc, (line - r * S) * K + k, *v);
                    }
                }
            }
        }
        let mask = L::row_mask(0, cols - x);
        for (r, acc) in accs.iter().enumerate() {
            if y + r < rows {
                self.reducer.finish(*acc).store_masked(&mut out[(y + r) * cols + x..][..cols - x], mask);
            }
        }
    }
}
