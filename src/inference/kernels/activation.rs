//! What is done to a convolution's sum before it is stored.

use crate::simd::Lanes;

/// A function of one value, applied while the value is still in a register.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::inference) enum Activation {
    /// The value itself.
    None,
    /// Into a range: `ReLU` is from 0 to infinity, `ReLU6` from 0 to 6.
    Clamp {
        /// The least value.
        low: f32,
        /// The greatest value.
        high: f32,
    },
    /// Negative values times a slope, one for each channel (`PReLU`).
    Slopes(Vec<f32>),
}

impl Activation {
    /// The function of a vector of values of `channel`.
    #[inline(always)]
    pub(super) fn apply<L: Lanes>(&self, channel: usize, v: L) -> L {
        match self {
            Self::None => v,
            Self::Clamp { low, high } => v.max(L::splat(*low)).min(L::splat(*high)),
            Self::Slopes(slopes) => {
                let zero = L::splat(0.0);
                v.min(zero).mul_add(L::splat(slopes[channel]), v.max(zero))
            }
        }
    }

    /// The function of one value of each channel from `first` on: there are slopes for all of them.
    #[inline(always)]
    pub(super) fn apply_each<L: Lanes>(&self, first: usize, v: L) -> L {
        match self {
            Self::None => v,
            Self::Clamp { low, high } => v.max(L::splat(*low)).min(L::splat(*high)),
            Self::Slopes(slopes) => {
                let zero = L::splat(0.0);
                v.min(zero).mul_add(L::load(&slopes[first..]), v.max(zero))
            }
        }
    }
}
