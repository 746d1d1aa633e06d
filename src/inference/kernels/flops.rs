//! The peak rate of multiply-adds of a core: the upper limit of a network's rate.

use crate::simd::{Kernel, Lanes, dispatch};

/// Independent accumulators: enough to hide a latency of four cycles in two units.
const ACCUMULATORS: usize = 12;

struct MultiplyAdds<'a> {
    rounds: u32,
    /// Floating-point operations done.
    done: &'a mut u64,
    /// Keeps the compiler from removing the arithmetic.
    sum: &'a mut f32,
}

impl Kernel for MultiplyAdds<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let (factor, term) = (L::splat(*self.sum), L::splat(0.5));
        let mut sums = [L::splat(1.0); ACCUMULATORS];
        for _ in 0..self.rounds {
            for sum in &mut sums {
                *sum = sum.mul_add(factor, term);
            }
        }
        let mut lanes = [0.0; 16];
        for sum in sums {
            sum.store(&mut lanes);
            *self.sum += lanes[0];
        }
        *self.done = u64::from(self.rounds) * (2 * ACCUMULATORS * L::COUNT) as u64;
    }
}

/// Runs `rounds` rounds of multiply-adds in registers with the widest vectors of this processor, and returns the number
/// of floating-point operations (two per multiply-add). Divided by the elapsed time this is the core's peak rate.
pub fn multiply_adds(rounds: u32) -> u64 {
    let (mut done, mut sum) = (0, std::hint::black_box(0.25));
    dispatch(MultiplyAdds { rounds, done: &mut done, sum: &mut sum });
    std::hint::black_box(sum);
    done
}
