//! The usual range of one measure.

/// The range of one measure over a person's genuine photographs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The mean.
    pub centre: f32,
    /// The standard deviation of one further genuine photograph, uncertainty of the centre included.
    pub deviation: f32,
}

impl Spread {
    /// Mean and standard deviation of `values`.
    pub(super) fn of(values: &[f32]) -> Self {
        let n = values.len().max(1) as f32;
        let centre = values.iter().sum::<f32>() / n;
        let variance = values.iter().map(|v| (v - centre).powi(2)).sum::<f32>() / n;
        Self { centre, deviation: variance.sqrt().max(1e-3) }
    }

    /// The range that one further value is expected in. The spread is shrunk towards `prior`, which weighs as much as
    /// `weight` values, and widened for the uncertainty of the centre.
    pub(super) fn of_next(values: &[f32], prior: f32, weight: f32) -> Self {
        let n = values.len() as f32;
        let centre = values.iter().sum::<f32>() / n;
        let squares: f32 = values.iter().map(|v| (v - centre).powi(2)).sum();
        let within = (weight * prior.powi(2) + squares) / (weight + n - 1.0);
        Self { centre, deviation: (within * (1.0 + 1.0 / n)).sqrt() }
    }

    /// How far `value` lies from the centre, in standard deviations.
    pub fn z(&self, value: f32) -> f32 {
        (value - self.centre) / self.deviation.max(f32::MIN_POSITIVE)
    }
}
