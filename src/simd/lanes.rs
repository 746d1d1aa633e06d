//! Vectors of `f32`, as wide as the processor supports.
//!
//! A release binary is compiled for the baseline of its architecture, so wider instructions must be enabled function by
//! function. A [`Kernel`] is generic over [`Lanes`]; [`dispatch`](super::dispatch) detects the instruction set at run
//! time and runs the kernel with AVX-512, with AVX2 and FMA, or with plain arrays. Everything that a kernel calls in
//! its inner loops must be `#[inline(always)]`: only code that is inlined into the entry functions of the instruction
//! set is compiled for it.

/// A vector of `f32`.
///
/// The implementations for wide vectors must only run on a processor that supports them. Only `dispatch` names those
/// types, after detection.
pub(crate) trait Lanes: Copy {
    /// Lanes of a vector.
    const COUNT: usize;
    /// Rows of a register tile of three vectors per row.
    const ROWS: usize;
    /// Selects lanes.
    type Mask: Copy;

    /// `v` in every lane.
    fn splat(v: f32) -> Self;
    /// Loads the first [`Self::COUNT`] values; panics if there are fewer.
    fn load(from: &[f32]) -> Self;
    /// Loads the first [`Self::COUNT`] bytes as values 0..=255; panics if there are fewer.
    fn load_bytes(from: &[u8]) -> Self;
    /// Stores to the first [`Self::COUNT`] values; panics if there are fewer.
    fn store(self, to: &mut [f32]);
    /// The mask of the lanes that fall into a row of `len` values when lane 0 is at index `at` of the row.
    fn row_mask(at: isize, len: usize) -> RowMask<Self::Mask>;
    /// Loads the lanes in `mask`; the others come from `outside`. Panics if the row is shorter than the mask's.
    fn load_masked(row: &[f32], mask: RowMask<Self::Mask>, outside: Self) -> Self;
    /// Prefetches the value `distance` values behind the first of `from`; any distance is allowed.
    fn prefetch(from: &[f32], distance: usize);
    /// Stores the lanes in `mask`. Panics if the row is shorter than the mask's.
    fn store_masked(self, row: &mut [f32], mask: RowMask<Self::Mask>);
    /// `self * factor + addend`, rounded once where the processor has fused multiply-add.
    fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// `self + other`.
    fn add(self, other: Self) -> Self;
    /// `self * other`.
    fn mul(self, other: Self) -> Self;
    /// The even and the odd values of `self` followed by `next`.
    fn deinterleave(self, next: Self) -> (Self, Self);
    /// The values of `self` and `other` in alternation: the inverse of [`Self::deinterleave`].
    fn interleave(self, other: Self) -> (Self, Self);
    /// The larger value of each lane; neither may be NaN.
    fn max(self, other: Self) -> Self;
    /// The smaller value of each lane; neither may be NaN.
    fn min(self, other: Self) -> Self;
}

/// The lanes of a vector that fall into a row; the vector may begin before the row and end behind it.
#[derive(Clone, Copy)]
pub(crate) struct RowMask<M> {
    /// The index of lane 0 in the row.
    pub(super) at: isize,
    /// The row's length.
    pub(super) len: usize,
    pub(super) lanes: M,
}

/// The range of `lanes` lanes that fall into a row of `len` values when lane 0 is at index `at` of it.
#[inline(always)]
pub(super) fn inside(at: isize, len: usize, lanes: usize) -> (usize, usize) {
    let lanes = lanes.cast_signed();
    let first = at.saturating_neg().clamp(0, lanes);
    let end = len.cast_signed().saturating_sub(at).clamp(0, lanes);
    (first.cast_unsigned(), end.cast_unsigned())
}

/// A computation generic over [`Lanes`].
pub(crate) trait Kernel {
    /// Runs the computation. Implementations must be `#[inline(always)]`.
    fn run<L: Lanes>(self);
}
