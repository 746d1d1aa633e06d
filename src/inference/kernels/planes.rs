//! Padded planes: a picture laid out so that every tap of a convolution, whatever its stride, reads a contiguous run.
//!
//! With stride s the plane is split into s x s phases, one for every remainder of row and column: what a tap reads for
//! neighbouring outputs then lies side by side. An output at row y, column x stands at the flat place
//! `y * width + x`, `width` being that of a phase; places with x beyond the output's columns are computed and dropped.

use crate::simd::Lanes;

/// How a convolution or a pool moves over one plane; rows, then columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::inference) struct Window {
    /// The input's extent.
    pub(in crate::inference) input: [usize; 2],
    /// The output's extent.
    pub(in crate::inference) output: [usize; 2],
    /// The kernel's extent.
    pub(in crate::inference) kernel: [usize; 2],
    /// The distance between neighbouring outputs' places in the input.
    pub(in crate::inference) stride: [usize; 2],
    /// Padding before the first row and column.
    pub(in crate::inference) before: [usize; 2],
}

/// Vectors read at most this many values behind the last place; the planes are that much longer.
pub(in crate::inference) const SLACK: usize = 64;

impl Window {
    /// Whether every output is a function of the input at the same place, so that no padded copy is needed.
    pub(in crate::inference) fn is_pointwise(&self) -> bool {
        self.kernel == [1, 1] && self.stride == [1, 1] && self.input == self.output && self.before == [0, 0]
    }

    /// Whether every output reads one pixel, and that one of the picture and not of the padding.
    pub(super) fn is_thinning(&self) -> bool {
        let inside = |a: usize| (self.output[a] - 1) * self.stride[a] < self.input[a];
        self.kernel == [1, 1] && self.before == [0, 0] && inside(0) && inside(1)
    }

    /// Rows and columns of one phase.
    pub(super) fn phase(&self) -> [usize; 2] {
        [0, 1].map(|a| self.output[a] + (self.kernel[a] - 1) / self.stride[a])
    }

    /// Values of one channel: all its phases.
    pub(super) fn channel_len(&self) -> usize {
        let [rows, cols] = self.phase();
        rows * cols * self.stride[0] * self.stride[1]
    }

    /// The flat places of a channel's outputs: up to the last row's last column.
    pub(super) fn flat_len(&self) -> usize {
        (self.output[0] - 1) * self.phase()[1] + self.output[1]
    }

    /// The window of `count` rows of outputs from row `top` on, over the rows of the input that they read, and the
    /// first of those.
    pub(super) fn band(&self, top: usize, count: usize) -> (Self, usize) {
        let first = top * self.stride[0];
        let last = first + (count - 1) * self.stride[0] + self.kernel[0];
        let (from, before) = (first.saturating_sub(self.before[0]), self.before[0].saturating_sub(first));
        let to = last.saturating_sub(self.before[0]).min(self.input[0]);
        let from = from.min(to);
        let band = Self {
            input: [to - from, self.input[1]],
            output: [count, self.output[1]],
            before: [before, self.before[1]],
            ..*self
        };
        (band, from)
    }

    /// Where tap (`ky`, `kx`) reads for the output at flat place 0, from the channel's start.
    pub(super) fn tap(&self, ky: usize, kx: usize) -> usize {
        let [rows, cols] = self.phase();
        let [sy, sx] = self.stride;
        (((ky % sy) * sx + kx % sx) * rows + ky / sy) * cols + kx / sx
    }

    /// The taps of one channel in the order of a kernel's weights.
    pub(super) fn taps(&self) -> impl Iterator<Item = usize> + '_ {
        let [kh, kw] = self.kernel;
        (0..kh).flat_map(move |ky| (0..kw).map(move |kx| self.tap(ky, kx)))
    }

    /// The values that a kernel of one pixel reads, row by row, where it [is one](Self::is_thinning).
    #[inline(always)]
    pub(super) fn thin_out<L: Lanes>(&self, plane: &[f32], into: &mut [f32]) {
        let ([sy, sx], cols) = (self.stride, self.output[1]);
        for (y, line) in into.chunks_exact_mut(cols).enumerate() {
            let source = &plane[y * sy * self.input[1]..][..self.input[1]];
            if sx == 2 {
                let half = |at: usize| L::load_part(source, L::part(at.cast_signed(), source.len()), L::splat(0.0));
                for x in (0..cols).step_by(L::COUNT) {
                    let even = half(2 * x).split(half(2 * x + L::COUNT)).0;
                    even.store_part(line, L::part(x.cast_signed(), cols));
                }
            } else {
                line.iter_mut().zip(source.iter().step_by(sx)).for_each(|(to, from)| *to = *from);
            }
        }
    }

    /// Lays one channel out; `into` has [`Self::channel_len`] values, `outside` is the padding's value. Inlined, so that it is
    /// compiled for wide vectors with the kernel that calls it.
    #[inline(always)]
    pub(super) fn lay_out<L: Lanes>(&self, plane: &[f32], outside: f32, into: &mut [f32]) {
        let [rows, cols] = self.phase();
        let [sy, sx] = self.stride;
        let [h, w] = self.input;
        let [top, left] = self.before;
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
                        // Even columns of the source begin in the phase that the padding leaves them.
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

impl Window {
    /// The same for strides of 4, with 0 for padding: what lies where in a row is found once for all rows.
    #[inline(always)]
    pub(super) fn lay_out_by_fours<L: Lanes>(&self, plane: &[f32], into: &mut [f32]) {
        let ([rows, cols], [height, width], [top, left]) = (self.phase(), self.input, self.before);
        let zero = L::splat(0.0);
        let phase_len = rows * cols;
        for x in (0..cols).step_by(L::COUNT) {
            let mut parts = [L::part(0, width); 4];
            for (k, part) in parts.iter_mut().enumerate() {
                *part = L::part((4 * x + k * L::COUNT).cast_signed() - left.cast_signed(), width);
            }
            let to = L::part(0, cols - x);
            for y in 0..4 * rows {
                let mut run = [zero; 4];
                if let Some(from) = y.checked_sub(top).filter(|y| *y < height) {
                    let source = &plane[from * width..][..width];
                    for (v, part) in run.iter_mut().zip(parts) {
                        *v = L::load_part(source, part, zero);
                    }
                }
                let ((even, odd), (even_after, odd_after)) = (run[0].split(run[1]), run[2].split(run[3]));
                let ((first, third), (second, fourth)) = (even.split(even_after), odd.split(odd_after));
                let place = y % 4 * 4 * phase_len + y / 4 * cols + x;
                for (k, v) in [first, second, third, fourth].into_iter().enumerate() {
                    v.store_part(&mut into[place + k * phase_len..][..cols - x], to);
                }
            }
        }
    }
}

/// Room for `len` values that begins with a line of the cache: a vector that lies across two lines is loaded twice.
#[inline(always)]
pub(super) fn aligned(scratch: &mut Vec<f32>, len: usize) -> &mut [f32] {
    const LINE: usize = 64;
    if scratch.len() < len + LINE {
        scratch.resize(len + LINE, 0.0);
    }
    let skip = scratch.as_ptr().align_offset(LINE).min(LINE);
    &mut scratch[skip..skip + len]
}

/// Parts of a scratch with at least so many values each; it grows where it must.
pub(super) fn rooms(scratch: &mut Vec<f32>, lengths: [usize; 3]) -> [&mut [f32]; 3] {
    let [a, b, c] = lengths.map(|n| n + SLACK);
    let scratch = aligned(scratch, a + b + c);
    let (first, rest) = scratch.split_at_mut(a);
    let (second, rest) = rest.split_at_mut(b);
    [&mut first[..lengths[0]], &mut second[..lengths[1]], &mut rest[..lengths[2]]]
}

/// What follows the first `outside_len` values of a line, which become `outside`.
#[inline(always)]
fn inner(line: &mut [f32], outside_len: usize, outside: f32) -> &mut [f32] {
    let at = outside_len.min(line.len());
    let (before, rest) = line.split_at_mut(at);
    before.fill(outside);
    rest
}

/// Even and odd columns of `source`, each line filled up with `outside`.
#[inline(always)]
fn split_line<L: Lanes>(source: &[f32], outside: f32, even: &mut [f32], odd: &mut [f32]) {
    let pairs = (source.len() / 2).min(even.len()).min(odd.len());
    let mut i = 0;
    while i + L::COUNT <= pairs {
        let (e, o) = L::load(&source[2 * i..]).split(L::load(&source[2 * i + L::COUNT..]));
        e.store(&mut even[i..]);
        o.store(&mut odd[i..]);
        i += L::COUNT;
    }
    let value = |at: usize| source.get(at).copied().unwrap_or(outside);
    (i..even.len()).for_each(|i| even[i] = value(2 * i));
    (i..odd.len()).for_each(|i| odd[i] = value(2 * i + 1));
}

/// Column c of `line` is the source's column `c * stride + phase - left`.
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
