//! The fallback for every processor.

use super::lanes::{Lanes, RowMask};

/// Four lanes as an array, which the compiler maps to the baseline vectors of the architecture.
#[derive(Clone, Copy)]
pub(super) struct Plain([f32; 4]);

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
    fn load_bytes(from: &[u8]) -> Self {
        Self([from[0], from[1], from[2], from[3]].map(f32::from))
    }

    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        to[..4].copy_from_slice(&self.0);
    }

    #[inline(always)]
    fn row_mask(at: isize, len: usize) -> RowMask<()> {
        RowMask { at, len, lanes: () }
    }

    #[inline(always)]
    fn load_masked(row: &[f32], mask: RowMask<()>, outside: Self) -> Self {
        let row = &row[..mask.len];
        let lane = |i: usize| mask.at.checked_add_unsigned(i).and_then(|at| row.get(usize::try_from(at).ok()?));
        Self(std::array::from_fn(|i| lane(i).copied().unwrap_or(outside.0[i])))
    }

    #[inline(always)]
    fn prefetch(_: &[f32], _: usize) {}

    #[inline(always)]
    fn store_masked(self, row: &mut [f32], mask: RowMask<()>) {
        let row = &mut row[..mask.len];
        for (i, v) in self.0.into_iter().enumerate() {
            let at = mask.at.checked_add_unsigned(i).and_then(|at| usize::try_from(at).ok());
            if let Some(to) = at.and_then(|at| row.get_mut(at)) {
                *to = v;
            }
        }
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        if cfg!(target_arch = "aarch64") {
            // A single instruction on this target; elsewhere `f32::mul_add` calls the math library.
            let (a, b, c) = (self.0, factor.0, addend.0);
            Self(std::array::from_fn(|i| a[i].mul_add(b[i], c[i])))
        } else {
            self.mul(factor).add(addend)
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
    fn deinterleave(self, next: Self) -> (Self, Self) {
        let (a, b) = (self.0, next.0);
        (Self([a[0], a[2], b[0], b[2]]), Self([a[1], a[3], b[1], b[3]]))
    }

    #[inline(always)]
    fn interleave(self, other: Self) -> (Self, Self) {
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
