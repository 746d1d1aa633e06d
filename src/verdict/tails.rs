//! Standard deviations for measures whose genuine values have heavier tails than a normal distribution.
//!
//! A person's usual range is estimated from a few references, and photographs differ in ways that no condition
//! measures. A further value then follows Student's distribution, not the normal one: taken as normal, values more than
//! three times their spread from the mean are far too frequent, and with dozens of attributes per face many genuine
//! faces would be said to depart. So a ratio to the spread is converted into the standard deviations of a normal
//! distribution at which the tail has the same probability. docs/attributes.md has the figures.

/// Degrees of freedom of the predictive distribution.
const FREEDOM: f32 = 6.0;

/// The factor of Wallace, "Bounds on normal approximations to Student's and the chi-square distributions", Annals of
/// Mathematical Statistics 30 (1959).
const FACTOR: f32 = (8.0 * FREEDOM + 1.0) / (8.0 * FREEDOM + 3.0);

/// The standard deviations of equal probability for a signed ratio to the spread.
pub(super) fn standard_deviations(ratio: f32) -> f32 {
    let size = FACTOR * (FREEDOM * (ratio * ratio / FREEDOM).ln_1p()).sqrt();
    size.copysign(ratio)
}

/// The ratio to the spread at a number of standard deviations: the inverse of [`standard_deviations`].
pub(super) fn ratio_at(standard_deviations: f32) -> f32 {
    let size = (FREEDOM * ((standard_deviations / FACTOR).powi(2) / FREEDOM).exp_m1()).sqrt();
    size.copysign(standard_deviations)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Tabulated quantiles of Student's distribution with 6 degrees of freedom against those of the normal one.
    #[test]
    fn equal_probabilities_are_equal_standard_deviations() {
        for (t, z) in [(1.440, 1.2816), (2.447, 1.9600), (3.707, 2.5758), (5.959, 3.2905)] {
            assert!((standard_deviations(t) - z).abs() < 0.03, "{t}: {}", standard_deviations(t));
        }
    }

    proptest! {
        #[test]
        fn there_and_back_keeps_value_and_order(a in -20.0..20.0f32, b in -20.0..20.0f32) {
            prop_assert!((ratio_at(standard_deviations(a)) - a).abs() < 1e-3 * a.abs().max(1.0));
            prop_assert!(standard_deviations(a).abs() <= a.abs() + 1e-6);
            prop_assert!(a.min(b) + 1e-3 >= a.max(b) || standard_deviations(a.min(b)) < standard_deviations(a.max(b)));
        }
    }
}
