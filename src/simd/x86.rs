//! The vectors of x86-64: AVX2 with FMA, and AVX-512.

use std::arch::x86_64 as arch;

use super::lanes::{Kernel, Lanes, RowMask, inside};

#[target_feature(enable = "avx512f,avx2,fma,bmi2")]
pub(super) fn with_avx512<K: Kernel>(kernel: K) {
    kernel.run::<Avx512>();
}

#[target_feature(enable = "avx2,fma,bmi2")]
pub(super) fn with_avx2<K: Kernel>(kernel: K) {
    kernel.run::<Avx2>();
}

/// The even and the odd values of `a` followed by `b`.
#[inline]
#[target_feature(enable = "avx512f")]
fn deinterleave_512(a: arch::__m512, b: arch::__m512) -> (arch::__m512, arch::__m512) {
    let even = arch::_mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    let odd = arch::_mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    (arch::_mm512_permutex2var_ps(a, even, b), arch::_mm512_permutex2var_ps(a, odd, b))
}

/// The values of `a` and `b` in alternation.
#[inline]
#[target_feature(enable = "avx512f")]
fn interleave_512(a: arch::__m512, b: arch::__m512) -> (arch::__m512, arch::__m512) {
    let first = arch::_mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    let second = arch::_mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    (arch::_mm512_permutex2var_ps(a, first, b), arch::_mm512_permutex2var_ps(a, second, b))
}

/// The values of `a` and `b` in alternation.
#[inline]
#[target_feature(enable = "avx2")]
fn interleave_256(a: arch::__m256, b: arch::__m256) -> (arch::__m256, arch::__m256) {
    let (low, high) = (arch::_mm256_unpacklo_ps(a, b), arch::_mm256_unpackhi_ps(a, b));
    (arch::_mm256_permute2f128_ps::<0x20>(low, high), arch::_mm256_permute2f128_ps::<0x31>(low, high))
}

/// The even and the odd values of `a` followed by `b`: shuffled within 128-bit halves, then reordered.
#[inline]
#[target_feature(enable = "avx2")]
fn deinterleave_256(a: arch::__m256, b: arch::__m256) -> (arch::__m256, arch::__m256) {
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
    // SAFETY: the caller passes readable memory for every lane of the mask.
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
    // SAFETY: the caller passes readable memory for every lane of the mask.
    let inside = unsafe { arch::_mm256_maskload_ps(from, mask) };
    arch::_mm256_blendv_ps(outside, inside, arch::_mm256_castsi256_ps(mask))
}

#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn bytes_512(from: *const u8) -> arch::__m512 {
    // SAFETY: the caller passes sixteen readable bytes.
    let bytes = unsafe { arch::_mm_loadu_si128(from.cast()) };
    arch::_mm512_cvtepi32_ps(arch::_mm512_cvtepu8_epi32(bytes))
}

#[inline]
#[target_feature(enable = "avx2")]
unsafe fn bytes_256(from: *const u8) -> arch::__m256 {
    // SAFETY: the caller passes eight readable bytes.
    let bytes = unsafe { arch::_mm_loadl_epi64(from.cast()) };
    arch::_mm256_cvtepi32_ps(arch::_mm256_cvtepu8_epi32(bytes))
}

macro_rules! lanes {
    ($name:ident, $vector:ty, $mask:ty, $count:literal, $rows:literal, $mask_of:ident, $load_masked:ident,
     $store_masked:ident, $splat:ident, $load:ident, $load_bytes:ident, $store:ident, $fma:ident,
     $add:ident, $mul:ident, $deinterleave:ident, $interleave:ident, $max:ident, $min:ident) => {
        #[derive(Clone, Copy)]
        struct $name($vector);

        // SAFETY: only `dispatch` runs kernels with this type, after detection and through the function above that is
        // compiled for its instructions. Loads and stores go through slices whose length is checked, and need no
        // alignment.
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
            fn load_bytes(from: &[u8]) -> Self {
                let from = &from[..$count];
                Self(unsafe { $load_bytes(from.as_ptr()) })
            }

            #[inline(always)]
            fn store(self, to: &mut [f32]) {
                let to = &mut to[..$count];
                unsafe { arch::$store(to.as_mut_ptr(), self.0) }
            }

            #[inline(always)]
            fn row_mask(at: isize, len: usize) -> RowMask<$mask> {
                let (first, end) = inside(at, len, $count);
                RowMask { at, len, lanes: unsafe { $mask_of(first, end) } }
            }

            #[inline(always)]
            fn load_masked(row: &[f32], mask: RowMask<$mask>, outside: Self) -> Self {
                let row = &row[..mask.len];
                // The mask excludes the lanes outside the first `len` values: they are not read.
                Self(unsafe { $load_masked(row.as_ptr().wrapping_offset(mask.at), mask.lanes, outside.0) })
            }

            #[inline(always)]
            fn prefetch(from: &[f32], distance: usize) {
                // Nothing is read, so any address is allowed.
                let address = from.as_ptr().wrapping_add(distance);
                unsafe { arch::_mm_prefetch::<{ arch::_MM_HINT_T0 }>(address.cast()) }
            }

            #[inline(always)]
            fn store_masked(self, row: &mut [f32], mask: RowMask<$mask>) {
                let row = &mut row[..mask.len];
                // The mask excludes the lanes outside the first `len` values: they are not written.
                unsafe { arch::$store_masked(row.as_mut_ptr().wrapping_offset(mask.at), mask.lanes, self.0) }
            }

            #[inline(always)]
            fn mul_add(self, factor: Self, addend: Self) -> Self {
                Self(unsafe { arch::$fma(self.0, factor.0, addend.0) })
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
            fn deinterleave(self, next: Self) -> (Self, Self) {
                let (even, odd) = unsafe { $deinterleave(self.0, next.0) };
                (Self(even), Self(odd))
            }

            #[inline(always)]
            fn interleave(self, other: Self) -> (Self, Self) {
                let (first, second) = unsafe { $interleave(self.0, other.0) };
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
    bytes_512,
    _mm512_storeu_ps,
    _mm512_fmadd_ps,
    _mm512_add_ps,
    _mm512_mul_ps,
    deinterleave_512,
    interleave_512,
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
    bytes_256,
    _mm256_storeu_ps,
    _mm256_fmadd_ps,
    _mm256_add_ps,
    _mm256_mul_ps,
    deinterleave_256,
    interleave_256,
    _mm256_max_ps,
    _mm256_min_ps
);
