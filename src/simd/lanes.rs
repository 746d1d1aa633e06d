//! Vectors of `f32` as wide as the processor has them, chosen while running.
//!
//! A shipped binary is built for the least processor of its architecture, so the wide instructions must be asked for
//! function by function. A [`Kernel`] is written once, generic over [`Lanes`]; [`dispatch`] asks the processor and runs
//! it with AVX-512, with AVX2 and FMA, or with plain arrays. Everything a kernel calls in its inner loops must be
//! `#[inline(always)]`: only what is inlined into the entry functions below is compiled with their instructions.

/// A vector of `f32`.
///
/// The implementations for wide vectors may only run on a processor that has them. [`dispatch`] sees to it: it alone
/// names those types, after asking.
pub(crate) trait Lanes: Copy {
    /// How many values it holds.
    const COUNT: usize;
    /// How many rows of a matrix tile of three vectors a row stay in registers.
    const ROWS: usize;
    /// Says of each lane whether it is read or written.
    type Mask: Copy;

    /// `v` in every lane.
    fn splat(v: f32) -> Self;
    /// The first [`Self::COUNT`] values; panics where there are fewer.
    fn load(from: &[f32]) -> Self;
    /// The first [`Self::COUNT`] bytes as values of 0..=255; panics where there are fewer.
    fn load_bytes(from: &[u8]) -> Self;
    /// Into the first [`Self::COUNT`] values; panics where there are fewer.
    fn store(self, to: &mut [f32]);
    /// Which lanes fall into a row of `len` values when the first lies at place `at` of it.
    fn part(at: isize, len: usize) -> Part<Self::Mask>;
    /// Those lanes; in the others what `outside` has. Panics where the row is shorter than the one that `part` was made for.
    fn load_part(row: &[f32], part: Part<Self::Mask>, outside: Self) -> Self;
    /// Asks for what lies `ahead` values behind the first of `from`, wherever that is: it may soon be read.
    fn prefetch(from: &[f32], ahead: usize);
    /// Writes those lanes. Panics likewise.
    fn store_part(self, row: &mut [f32], part: Part<Self::Mask>);
    /// `self * by + plus`.
    fn mul_add(self, by: Self, plus: Self) -> Self;
    /// `self + other`.
    fn add(self, other: Self) -> Self;
    /// `self * other`.
    fn mul(self, other: Self) -> Self;
    /// Of the values of `self` followed by those of `next`, the even ones and the odd ones.
    fn split(self, next: Self) -> (Self, Self);
    /// The reverse: the values of `self` and those of `other` in turns.
    fn between(self, other: Self) -> (Self, Self);
    /// The larger, lane by lane; neither may be NaN.
    fn max(self, other: Self) -> Self;
    /// The smaller, lane by lane; neither may be NaN.
    fn min(self, other: Self) -> Self;
}

/// Where a vector lies over a row, which may end before it does or begin behind it.
#[derive(Clone, Copy)]
pub(crate) struct Part<M> {
    /// Of the first lane.
    pub(super) at: isize,
    /// Of the row.
    pub(super) len: usize,
    pub(super) mask: M,
}

/// Of so many lanes, the first that falls into a row of `len` values and the first behind it, when the first of all lies
/// at place `at` of the row.
#[inline(always)]
pub(super) fn inside(at: isize, len: usize, lanes: usize) -> (usize, usize) {
    let lanes = lanes.cast_signed();
    let first = at.saturating_neg().clamp(0, lanes);
    let end = len.cast_signed().saturating_sub(at).clamp(0, lanes);
    (first.cast_unsigned(), end.cast_unsigned())
}

/// Work written for any [`Lanes`].
pub(crate) trait Kernel {
    /// Does it. Must be `#[inline(always)]`.
    fn run<L: Lanes>(self);
}
