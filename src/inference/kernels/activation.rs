//! Activation functions, applied to the sums of a convolution while they are in registers.

use crate::simd::Lanes;

/// An elementwise activation function.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::inference) enum Activation {
    /// The identity.
    None,
    /// Clamping to a range: `ReLU` is 0 to infinity, `ReLU6` is 0 to 6.
    Clamp {
        /// The lower bound.
        low: f32,
        /// The upper bound.
        high: f32,
    },
    /// `PReLU`: negative values times the slope of their channel.
    PRelu(Vec<f32>),
}

impl Activation {
    /// Applies the function to values of one channel.
    #[inline(always)]
    pub(super) fn apply<L: Lanes>(&self, channel: usize, v: L) -> L {
        match self {
            Self::None => v,
            Self::Clamp { low, high } => v.max(L::splat(*low)).min(L::splat(*high)),
            Self::PRelu(slopes) => {
                let zero = L::splat(0.0);
                v.min(zero).mul_add(L::splat(slopes[channel]), v.max(zero))
            }
        }
    }

    /// Applies the function to one value of each channel from `first` on.
    #[inline(always)]
    pub(super) fn apply_across<L: Lanes>(&self, first: usize, v: L) -> L {
        match self {
            Self::None => v,
            Self::Clamp { low, high } => v.max(L::splat(*low)).min(L::splat(*high)),
            Self::PRelu(slopes) => {
                let zero = L::splat(0.0);
                v.min(zero).mul_add(L::load(&slopes[first..]), v.max(zero))
            }
        }
    }
}
