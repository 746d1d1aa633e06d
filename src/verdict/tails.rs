//! Standard units for measures whose genuine values stray farther than a normal distribution's.
//!
//! A person's usual range is known from a few references, and photographs differ in ways that no condition tells. On
//! genuine photographs of the training people 1.1 % of the attributes lie more than three times their spread off, four
//! times what a normal distribution leaves there; of some sixty attributes a face, every third genuine face would be
//! said to depart. Student's distribution, which is that of a further value when the spread was itself estimated, has
//! such tails. So a ratio to the spread is turned into the standard units of equal probability: beyond 3 of them lies
//! one genuine face in twenty, in any of its attributes.

/// Degrees of freedom of the predictive distribution: with 6, any of a face's attributes lies beyond 3 standard units
/// in 4 % of the genuine photographs of the training people (with 8, in 8 %; with a normal distribution, in 34 %).
const FREEDOM: f32 = 6.0;

/// The factor of Wallace, "Bounds on normal approximations to Student's and the chi-square distributions", Annals of
/// Mathematical Statistics 30 (1959).
const FACTOR: f32 = (8.0 * FREEDOM + 1.0) / (8.0 * FREEDOM + 3.0);

/// A signed ratio to the spread, in standard units of equal probability.
pub(super) fn standard_units(ratio: f32) -> f32 {
    let size = FACTOR * (FREEDOM * (ratio * ratio / FREEDOM).ln_1p()).sqrt();
    size.copysign(ratio)
}

/// The ratio to the spread that lies so many standard units off: the inverse of [`standard_units`].
pub(super) fn ratio_at(standard_units: f32) -> f32 {
    let size = (FREEDOM * ((standard_units / FACTOR).powi(2) / FREEDOM).exp_m1()).sqrt();
    size.copysign(standard_units)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Tabulated quantiles of Student's distribution with 6 degrees of freedom against those of the normal one.
    #[test]
    fn equal_probabilities_are_equal_units() {
        for (t, z) in [(1.440, 1.2816), (2.447, 1.9600), (3.707, 2.5758), (5.959, 3.2905)] {
            assert!((standard_units(t) - z).abs() < 0.03, "{t}: {}", standard_units(t));
        }
    }

    proptest! {
        #[test]
        fn there_and_back_keeps_value_and_order(a in -20.0..20.0f32, b in -20.0..20.0f32) {
            prop_assert!((ratio_at(standard_units(a)) - a).abs() < 1e-3 * a.abs().max(1.0));
            prop_assert!(standard_units(a).abs() <= a.abs() + 1e-6);
            prop_assert!(a.min(b) + 1e-3 >= a.max(b) || standard_units(a.min(b)) < standard_units(a.max(b)));
        }
    }
}
