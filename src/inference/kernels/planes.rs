//! Padded planes, in which every tap of a convolution reads a contiguous run, whatever the stride.
//!
//! With stride s a plane is split into s x s phases, one per remainder of row and column, so that the values that a tap
//! reads for neighbouring outputs are contiguous. The output at row y, column x has the flat index `y * width + x`,
//! where `width` is that of a phase. Flat indices with x beyond the output's columns are computed and dropped.

use crate::simd::Lanes;

/// The shape of a convolution or a pool over one plane; each pair is rows, columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::inference) struct ConvShape {
    /// The size of the input.
    pub(in crate::inference) input: [usize; 2],
    /// The size of the output.
    pub(in crate::inference) output: [usize; 2],
    /// The size of the kernel.
    pub(in crate::inference) kernel: [usize; 2],
    /// The distance in the input between the windows of neighbouring outputs.
    pub(in crate::inference) stride: [usize; 2],
    /// Padding before the first row and the first column.
    pub(in crate::inference) pad_before: [usize; 2],
}

/// Values of slack at the end of the planes: vectors may read this far behind the last value.
pub(in crate::inference) const SLACK: usize = 64;

impl ConvShape {
    /// Whether every output depends on the input at the same position alone, so that no padded copy is needed.
    pub(in crate::inference) fn is_pointwise(&self) -> bool {
        self.kernel == [1, 1] && self.stride == [1, 1] && self.input == self.output && self.pad_before == [0, 0]
    }

    /// Whether every output reads one pixel, which is never padding.
    pub(super) fn is_subsampling(&self) -> bool {
        let inside = |a: usize| (self.output[a] - 1) * self.stride[a] < self.input[a];
        self.kernel == [1, 1] && self.pad_before == [0, 0] && inside(0) && inside(1)
    }

    /// The size of one phase.
    pub(super) fn phase(&self) -> [usize; 2] {
        [0, 1].map(|a| self.output[a] + (self.kernel[a] - 1) / self.stride[a])
    }

    /// Values of all phases of a channel.
    pub(super) fn channel_len(&self) -> usize {
        let [rows, cols] = self.phase();
        rows * cols * self.stride[0] * self.stride[1]
    }

    /// The number of flat indices of a channel, up to the last output.
    pub(super) fn flat_len(&self) -> usize {
        (self.output[0] - 1) * self.phase()[1] + self.output[1]
    }

    /// The shape that computes `count` rows of outputs from row `top` on, and the first row of the input that it reads.
    pub(super) fn band(&self, top: usize, count: usize) -> (Self, usize) {
        let first = top * self.stride[0];
        let last = first + (count - 1) * self.stride[0] + self.kernel[0];
        let (from, before) = (first.saturating_sub(self.pad_before[0]), self.pad_before[0].saturating_sub(first));
        let to = last.saturating_sub(self.pad_before[0]).min(self.input[0]);
        let from = from.min(to);
        let band = Self {
            input: [to - from, self.input[1]],
            output: [count, self.output[1]],
            pad_before: [before, self.pad_before[1]],
            ..*self
        };
        (band, from)
    }

    /// The offset in a channel at which tap (`ky`, `kx`) reads for the output with flat index 0.
    pub(super) fn tap(&self, ky: usize, kx: usize) -> usize {
        let [rows, cols] = self.phase();
        let [sy, sx] = self.stride;
        (((ky % sy) * sx + kx % sx) * rows + ky / sy) * cols + kx / sx
    }

    /// The offsets of the taps, in the order of a kernel's weights.
    pub(super) fn taps(&self) -> impl Iterator<Item = usize> + '_ {
        let [kh, kw] = self.kernel;
        (0..kh).flat_map(move |ky| (0..kw).map(move |kx| self.tap(ky, kx)))
    }

    /// Copies the pixels that a [subsampling](Self::is_subsampling) kernel reads.
    #[inline(always)]
    pub(super) fn subsample<L: Lanes>(&self, plane: &[f32], into: &mut [f32]) {
        let ([sy, sx], cols) = (self.stride, self.output[1]);
        for (y, line) in into.chunks_exact_mut(cols).enumerate() {
            let source = &plane[y * sy * self.input[1]..][..self.input[1]];
            if sx == 2 {
                let half =
                    |at: usize| L::load_masked(source, L::row_mask(at.cast_signed(), source.len()), L::splat(0.0));
                for x in (0..cols).step_by(L::COUNT) {
                    let even = half(2 * x).deinterleave(half(2 * x + L::COUNT)).0;
                    even.store_masked(line, L::row_mask(x.cast_signed(), cols));
                }
            } else {
                line.iter_mut().zip(source.iter().step_by(sx)).for_each(|(to, from)| *to = *from);
            }
        }
    }

    /// Copies one channel into phases; `into` has [`Self::channel_len`] values, `outside` is the value of the padding.
    #[inline(always)]
    pub(super) fn lay_out<L: Lanes>(&self, plane: &[f32], outside: f32, into: &mut [f32]) {
        let [rows, cols] = self.phase();
        let [sy, sx] = self.stride;
        let [h, w] = self.input;
        let [top, left] = self.pad_before;
        let phase_len = rows * cols;
        for (py, phases) in into.chunks_exact_mut(sx * phase_len).enumerate().take(sy) {
            for r in 0..rows {
                let source = (r * sy + py).checked_sub(top).filter(|y| *y < h).map(|y| &plane[y * w..][..w]);
                let line = r * cols..(r + 1) * cols;
                match source {
                    None => (0..sx).for_each(|px| phases[px * phase_len..][line.clone()].fill(outside)),
                    Some(source) if sx == 2 => {
                        let (first, second) = phases.split_at_mut(phase_len);
                        let lines = (&mut first[line.clone()], &mut second[line]);
                        // The padding decides which phase the even columns of the source go to.
                        let (even, odd) = if left % 2 == 0 { lines } else { (lines.1, lines.0) };
                        let (even, odd) = (inner(even, left / 2, outside), inner(odd, left.div_ceil(2), outside));
                        split_line::<L>(source, outside, even, odd);
                    }
                    Some(source) => {
                        for px in 0..sx {
                            lay_out_line(source, sx, px, left, outside, &mut phases[px * phase_len..][line.clone()]);
                        }
                    }
                }
            }
        }
    }
}

impl ConvShape {
    /// [`Self::lay_out`] for a stride of 4 and zero padding: masks are computed once for all rows.
    #[inline(always)]
    pub(super) fn lay_out_stride_4<L: Lanes>(&self, plane: &[f32], into: &mut [f32]) {
        let ([rows, cols], [height, width], [top, left]) = (self.phase(), self.input, self.pad_before);
        let zero = L::splat(0.0);
        let phase_len = rows * cols;
        for x in (0..cols).step_by(L::COUNT) {
            let mut masks = [L::row_mask(0, width); 4];
            for (k, mask) in masks.iter_mut().enumerate() {
                *mask = L::row_mask((4 * x + k * L::COUNT).cast_signed() - left.cast_signed(), width);
            }
            let to = L::row_mask(0, cols - x);
            for y in 0..4 * rows {
                let mut run = [zero; 4];
                if let Some(from) = y.checked_sub(top).filter(|y| *y < height) {
                    let source = &plane[from * width..][..width];
                    for (v, mask) in run.iter_mut().zip(masks) {
                        *v = L::load_masked(source, mask, zero);
                    }
                }
                let ((even, odd), (even_after, odd_after)) = (run[0].deinterleave(run[1]), run[2].deinterleave(run[3]));
                let ((first, third), (second, fourth)) = (even.deinterleave(even_after), odd.deinterleave(odd_after));
                let start = y % 4 * 4 * phase_len + y / 4 * cols + x;
                for (k, v) in [first, second, third, fourth].into_iter().enumerate() {
                    v.store_masked(&mut into[start + k * phase_len..][..cols - x], to);
                }
            }
        }
    }
}

/// `len` values of scratch memory, aligned to a cache line: a vector that spans two lines takes two loads.
#[inline(always)]
pub(super) fn aligned(scratch: &mut Vec<f32>, len: usize) -> &mut [f32] {
    const LINE: usize = 64;
    if scratch.len() < len + LINE {
        scratch.resize(len + LINE, 0.0);
    }
    let skip = scratch.as_ptr().align_offset(LINE).min(LINE);
    &mut scratch[skip..skip + len]
}

/// Three slices of scratch memory with the given lengths; it grows as needed.
pub(super) fn scratch_slices(scratch: &mut Vec<f32>, lengths: [usize; 3]) -> [&mut [f32]; 3] {
    let [a, b, c] = lengths.map(|n| n + SLACK);
    let scratch = aligned(scratch, a + b + c);
    let (first, rest) = scratch.split_at_mut(a);
    let (second, rest) = rest.split_at_mut(b);
    [&mut first[..lengths[0]], &mut second[..lengths[1]], &mut rest[..lengths[2]]]
}

/// Fills the first `outside_len` values of a line with `outside` and returns the rest.
#[inline(always)]
fn inner(line: &mut [f32], outside_len: usize, outside: f32) -> &mut [f32] {
    let at = outside_len.min(line.len());
    let (before, rest) = line.split_at_mut(at);
    before.fill(outside);
    rest
}

/// Splits `source` into its even and odd columns; the rest of both lines becomes `outside`.
#[inline(always)]
fn split_line<L: Lanes>(source: &[f32], outside: f32, even: &mut [f32], odd: &mut [f32]) {
    let pairs = (source.len() / 2).min(even.len()).min(odd.len());
    let mut i = 0;
    while i + L::COUNT <= pairs {
        let (e, o) = L::load(&source[2 * i..]).deinterleave(L::load(&source[2 * i + L::COUNT..]));
        e.store(&mut even[i..]);
        o.store(&mut odd[i..]);
        i += L::COUNT;
    }
    let value = |at: usize| source.get(at).copied().unwrap_or(outside);
    (i..even.len()).for_each(|i| even[i] = value(2 * i));
    (i..odd.len()).for_each(|i| odd[i] = value(2 * i + 1));
}

/// Copies one phase of a line: column c of `line` is column `c * stride + phase - left` of the source.
#[inline(always)]
fn lay_out_line(source: &[f32], stride: usize, phase: usize, left: usize, outside: f32, line: &mut [f32]) {
    let first = left.saturating_sub(phase).div_ceil(stride).min(line.len());
    let start = first * stride + phase - left;
    let inside = source.len().saturating_sub(start).div_ceil(stride).min(line.len() - first);
    line[..first].fill(outside);
    line[first + inside..].fill(outside);
    if inside == 0 {
        return;
    }
    let line = &mut line[first..first + inside];
    if stride == 1 {
        line.copy_from_slice(&source[start..start + inside]);
    } else {
        line.iter_mut().zip(source[start..].iter().step_by(stride)).for_each(|(o, v)| *o = *v);
    }
}
