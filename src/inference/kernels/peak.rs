//! As many multiply-adds as a core can do: what the networks' rates are held against.

use crate::simd::{Kernel, Lanes, dispatch};

/// Sums that do not wait for each other: two units with a latency of four steps, and some to spare.
const CHAINS: usize = 12;

struct Chains<'a> {
    rounds: u32,
    /// Operations done.
    done: &'a mut u64,
    /// Keeps the arithmetic from being left out.
    sum: &'a mut f32,
}

impl Kernel for Chains<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let (factor, term) = (L::splat(*self.sum), L::splat(0.5));
        let mut sums = [L::splat(1.0); CHAINS];
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
        *self.done = u64::from(self.rounds) * (2 * CHAINS * L::COUNT) as u64;
    }
}

/// Multiplies and adds in registers for `rounds` rounds with the widest vectors of this processor; returns how many
/// operations that were (a multiply-add is two). Divided by the time that it took, it is the core's peak.
pub fn multiply_adds(rounds: u32) -> u64 {
    let (mut done, mut sum) = (0, std::hint::black_box(0.25));
    dispatch(Chains { rounds, done: &mut done, sum: &mut sum });
    std::hint::black_box(sum);
    done
}
