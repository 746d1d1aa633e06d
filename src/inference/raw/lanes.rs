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
    at: isize,
    /// Of the row.
    len: usize,
    mask: M,
}

/// Of so many lanes, the first that falls into a row of `len` values and the first behind it, when the first of all lies
/// at place `at` of the row.
#[inline(always)]
fn inside(at: isize, len: usize, lanes: usize) -> (usize, usize) {
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
        let wide = [
            (std::arch::is_x86_feature_detected!("avx512f"), Width::Avx512),
            (std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma"), Width::Avx2),
        ];
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

/// Four values as the compiler's own vectors: the least of every architecture.
#[derive(Clone, Copy)]
struct Plain([f32; 4]);

impl Plain {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let (a, b) = (self.0, other.0);
        Self([f(a[0], b[0]), f(a[1], b[1]), f(a[2], b[2]), f(a[3], b[3])])
    }
}

impl Lanes for Plain {
    const COUNT: usize = 4;
    const ROWS: usize = 4;
    type Mask = ();

    #[inline(always)]
    fn splat(v: f32) -> Self {
        Self([v; 4])
    }

    #[inline(always)]
    fn load(from: &[f32]) -> Self {
        Self([from[0], from[1], from[2], from[3]])
    }

    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        to[..4].copy_from_slice(&self.0);
    }

    #[inline(always)]
    fn part(at: isize, len: usize) -> Part<()> {
        Part { at, len, mask: () }
    }

    #[inline(always)]
    fn load_part(row: &[f32], part: Part<()>, outside: Self) -> Self {
        let row = &row[..part.len];
        let lane = |i: usize| part.at.checked_add_unsigned(i).and_then(|at| row.get(usize::try_from(at).ok()?));
        Self(std::array::from_fn(|i| lane(i).copied().unwrap_or(outside.0[i])))
    }

    #[inline(always)]
    fn prefetch(_: &[f32], _: usize) {}

    #[inline(always)]
    fn store_part(self, row: &mut [f32], part: Part<()>) {
        let row = &mut row[..part.len];
        for (i, v) in self.0.into_iter().enumerate() {
            let at = part.at.checked_add_unsigned(i).and_then(|at| usize::try_from(at).ok());
            if let Some(to) = at.and_then(|at| row.get_mut(at)) {
                *to = v;
            }
        }
    }

    #[inline(always)]
    fn mul_add(self, by: Self, plus: Self) -> Self {
        if cfg!(target_arch = "aarch64") {
            // One instruction there; elsewhere it would be a call into the mathematical library.
            let (a, b, c) = (self.0, by.0, plus.0);
            Self(std::array::from_fn(|i| a[i].mul_add(b[i], c[i])))
        } else {
            self.mul(by).add(plus)
        }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }

    #[inline(always)]
    fn split(self, next: Self) -> (Self, Self) {
        let (a, b) = (self.0, next.0);
        (Self([a[0], a[2], b[0], b[2]]), Self([a[1], a[3], b[1], b[3]]))
    }

    #[inline(always)]
    fn between(self, other: Self) -> (Self, Self) {
        let (a, b) = (self.0, other.0);
        (Self([a[0], b[0], a[1], b[1]]), Self([a[2], b[2], a[3], b[3]]))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { a } else { b })
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64 as arch;

    use super::{Kernel, Lanes, Part, inside};

    #[target_feature(enable = "avx512f,avx2,fma")]
    pub(super) fn with_avx512<K: Kernel>(kernel: K) {
        kernel.run::<Avx512>();
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn with_avx2<K: Kernel>(kernel: K) {
        kernel.run::<Avx2>();
    }

    /// Even and odd values of `a` followed by `b`.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn split_512(a: arch::__m512, b: arch::__m512) -> (arch::__m512, arch::__m512) {
        let even = arch::_mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
        let odd = arch::_mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
        (arch::_mm512_permutex2var_ps(a, even, b), arch::_mm512_permutex2var_ps(a, odd, b))
    }

    /// The values of `a` and `b` in turns.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn between_512(a: arch::__m512, b: arch::__m512) -> (arch::__m512, arch::__m512) {
        let first = arch::_mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        let second = arch::_mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        (arch::_mm512_permutex2var_ps(a, first, b), arch::_mm512_permutex2var_ps(a, second, b))
    }

    /// Likewise, half by half.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn between_256(a: arch::__m256, b: arch::__m256) -> (arch::__m256, arch::__m256) {
        let (low, high) = (arch::_mm256_unpacklo_ps(a, b), arch::_mm256_unpackhi_ps(a, b));
        (arch::_mm256_permute2f128_ps::<0x20>(low, high), arch::_mm256_permute2f128_ps::<0x31>(low, high))
    }

    /// Even and odd values: picked out in halves, which then come into their order.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn split_256(a: arch::__m256, b: arch::__m256) -> (arch::__m256, arch::__m256) {
        let order = |v| arch::_mm256_castpd_ps(arch::_mm256_permute4x64_pd::<0b11_01_10_00>(arch::_mm256_castps_pd(v)));
        let even = arch::_mm256_shuffle_ps::<0b10_00_10_00>(a, b);
        let odd = arch::_mm256_shuffle_ps::<0b11_01_11_01>(a, b);
        (order(even), order(odd))
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn mask_512(first: usize, end: usize) -> arch::__mmask16 {
        let below = |lanes: usize| ((1u32 << lanes) - 1) as arch::__mmask16;
        below(end) & !below(first)
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn load_512(from: *const f32, mask: arch::__mmask16, outside: arch::__m512) -> arch::__m512 {
        // SAFETY: the caller's.
        unsafe { arch::_mm512_mask_loadu_ps(outside, mask, from) }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn mask_256(first: usize, end: usize) -> arch::__m256i {
        let lanes = arch::_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        let outside = arch::_mm256_cmpgt_epi32(arch::_mm256_set1_epi32((first as u32).cast_signed()), lanes);
        arch::_mm256_andnot_si256(
            outside,
            arch::_mm256_cmpgt_epi32(arch::_mm256_set1_epi32((end as u32).cast_signed()), lanes),
        )
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn load_256(from: *const f32, mask: arch::__m256i, outside: arch::__m256) -> arch::__m256 {
        // SAFETY: the caller's.
        let inside = unsafe { arch::_mm256_maskload_ps(from, mask) };
        arch::_mm256_blendv_ps(outside, inside, arch::_mm256_castsi256_ps(mask))
    }

    macro_rules! lanes {
        ($name:ident, $vector:ty, $mask:ty, $count:literal, $rows:literal, $mask_of:ident, $load_part:ident,
         $store_part:ident, $splat:ident, $load:ident, $store:ident, $fma:ident,
         $add:ident, $mul:ident, $split:ident, $between:ident, $max:ident, $min:ident) => {
            #[derive(Clone, Copy)]
            struct $name($vector);

            // SAFETY: only `dispatch` runs kernels with this type, through the function above that is compiled for
            // its instructions, after the processor said that it has them. Loads and stores go through slices whose
            // length is checked, and need no alignment.
            impl Lanes for $name {
                const COUNT: usize = $count;
                const ROWS: usize = $rows;
                type Mask = $mask;

                #[inline(always)]
                fn splat(v: f32) -> Self {
                    Self(unsafe { arch::$splat(v) })
                }

                #[inline(always)]
                fn load(from: &[f32]) -> Self {
                    let from = &from[..$count];
                    Self(unsafe { arch::$load(from.as_ptr()) })
                }

                #[inline(always)]
                fn store(self, to: &mut [f32]) {
                    let to = &mut to[..$count];
                    unsafe { arch::$store(to.as_mut_ptr(), self.0) }
                }

                #[inline(always)]
                fn part(at: isize, len: usize) -> Part<$mask> {
                    let (first, end) = inside(at, len, $count);
                    Part { at, len, mask: unsafe { $mask_of(first, end) } }
                }

                #[inline(always)]
                fn load_part(row: &[f32], part: Part<$mask>, outside: Self) -> Self {
                    let row = &row[..part.len];
                    // Lanes beside the row, which its first `len` values begin and end, are not read.
                    Self(unsafe { $load_part(row.as_ptr().wrapping_offset(part.at), part.mask, outside.0) })
                }

                #[inline(always)]
                fn prefetch(from: &[f32], ahead: usize) {
                    // No address is a wrong one here: nothing is read.
                    let ahead = from.as_ptr().wrapping_add(ahead);
                    unsafe { arch::_mm_prefetch::<{ arch::_MM_HINT_T0 }>(ahead.cast()) }
                }

                #[inline(always)]
                fn store_part(self, row: &mut [f32], part: Part<$mask>) {
                    let row = &mut row[..part.len];
                    // Likewise not written.
                    unsafe { arch::$store_part(row.as_mut_ptr().wrapping_offset(part.at), part.mask, self.0) }
                }

                #[inline(always)]
                fn mul_add(self, by: Self, plus: Self) -> Self {
                    Self(unsafe { arch::$fma(self.0, by.0, plus.0) })
                }

                #[inline(always)]
                fn add(self, other: Self) -> Self {
                    Self(unsafe { arch::$add(self.0, other.0) })
                }

                #[inline(always)]
                fn mul(self, other: Self) -> Self {
                    Self(unsafe { arch::$mul(self.0, other.0) })
                }

                #[inline(always)]
                fn split(self, next: Self) -> (Self, Self) {
                    let (even, odd) = unsafe { $split(self.0, next.0) };
                    (Self(even), Self(odd))
                }

                #[inline(always)]
                fn between(self, other: Self) -> (Self, Self) {
                    let (first, second) = unsafe { $between(self.0, other.0) };
                    (Self(first), Self(second))
                }

                #[inline(always)]
                fn max(self, other: Self) -> Self {
                    Self(unsafe { arch::$max(self.0, other.0) })
                }

                #[inline(always)]
                fn min(self, other: Self) -> Self {
                    Self(unsafe { arch::$min(self.0, other.0) })
                }
            }
        };
    }

    lanes!(
        Avx512,
        arch::__m512,
        arch::__mmask16,
        16,
        8,
        mask_512,
        load_512,
        _mm512_mask_storeu_ps,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_fmadd_ps,
        _mm512_add_ps,
        _mm512_mul_ps,
        split_512,
        between_512,
        _mm512_max_ps,
        _mm512_min_ps
    );
    lanes!(
        Avx2,
        arch::__m256,
        arch::__m256i,
        8,
        4,
        mask_256,
        load_256,
        _mm256_maskstore_ps,
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_fmadd_ps,
        _mm256_add_ps,
        _mm256_mul_ps,
        split_256,
        between_256,
        _mm256_max_ps,
        _mm256_min_ps
    );
}
