//! Vectors of `f32` as wide as the processor has them, chosen while running.
//!
//! A shipped binary is built for the least processor of its architecture, so the wide instructions must be asked for
//! function by function. A [`Kernel`] is written once, generic over [`Lanes`]; [`dispatch`] asks the processor and runs
//! it with AVX-512, with AVX2 and FMA, or with plain arrays. Everything a kernel calls in its inner loops must be
//! `#[inline(always)]`: only what is inlined into the entry functions below is compiled with their instructions.

use super::plain::Plain;
#[cfg(target_arch = "x86_64")]
use super::x86;

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

/// A kind of vectors that this processor has: one is made only after asking it.
#[derive(Clone, Copy, Debug)]
pub(in crate::inference) struct Kind(Width);

#[derive(Clone, Copy, Debug)]
enum Width {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Kind {
    /// Every kind that this processor has, the widest first.
    pub(in crate::inference) fn available() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let has_256 = std::arch::is_x86_feature_detected!("avx2")
            && std::arch::is_x86_feature_detected!("fma")
            && std::arch::is_x86_feature_detected!("bmi2");
        #[cfg(target_arch = "x86_64")]
        let wide = [(has_256 && std::arch::is_x86_feature_detected!("avx512f"), Width::Avx512), (has_256, Width::Avx2)];
        #[cfg(not(target_arch = "x86_64"))]
        let wide = [];
        wide.into_iter().filter(|(has, _)| *has).map(|(_, width)| width).chain([Width::Plain]).map(Self)
    }
}

/// Runs `kernel` with the widest vectors of this processor.
pub(crate) fn dispatch<K: Kernel>(kernel: K) {
    run_on(Kind::available().next().unwrap_or(Kind(Width::Plain)), kernel);
}

/// Runs `kernel` with vectors of one kind.
pub(in crate::inference) fn run_on<K: Kernel>(kind: Kind, kernel: K) {
    match kind.0 {
        Width::Plain => kernel.run::<Plain>(),
        // SAFETY: a `Kind` is made only when the processor says that it has these instructions.
        #[cfg(target_arch = "x86_64")]
        Width::Avx2 => unsafe { x86::with_avx2(kernel) },
        // SAFETY: likewise.
        #[cfg(target_arch = "x86_64")]
        Width::Avx512 => unsafe { x86::with_avx512(kernel) },
    }
}
