//! The shape of one measured difference in answers.

use serde::Serialize;
use utoipa::ToSchema;

use crate::template::Region;

/// The side to which a measure departs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Departs above the usual range.
    Higher,
    /// Departs below the usual range.
    Lower,
    /// Within the usual range, or outside it on the side that is no departure: a face more like the references than
    /// expected, a weaker trace, a part whose covering lowers the similarity more than usual.
    Within,
}

/// One measured difference.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Difference {
    /// The region of the face.
    #[schema(value_type = Region)]
    pub region: String,
    /// The stable name of the measure.
    pub attribute: String,
    /// The value of the face, in `unit`.
    pub observed: f32,
    /// The usual range of this person's own photographs, in `unit`: from - to, two standard deviations about the mean,
    /// clipped to the values that are possible.
    #[schema(min_items = 2, max_items = 2)]
    pub expected: [f32; 2],
    /// The unit of `observed` and `expected`.
    pub unit: String,
    /// The signed distance from the person's mean, in standard deviations.
    pub deviation: f32,
    /// The side to which the measure departs.
    pub direction: Direction,
    /// The contribution to the natural log odds of the score: below zero it speaks against the photograph, at zero it
    /// has no effect on the score.
    pub weight: f32,
    /// The difference as a sentence.
    pub text: String,
}

/// A measure departs when it lies outside this many standard deviations.
pub(super) const DEPARTS: f32 = 2.0;
/// An attribute that carries no weight departs outside this many: of dozens of attributes, some lie beyond [`DEPARTS`]
/// in any photograph.
pub(super) const ONE_OF_MANY_DEPARTS: f32 = 3.0;

impl Direction {
    /// The direction of a measure that departs beyond `bound` on either side.
    pub(super) fn either(deviation: f32, bound: f32) -> Self {
        match deviation {
            d if d > bound => Self::Higher,
            d if d < -bound => Self::Lower,
            _ => Self::Within,
        }
    }

    /// The direction of a measure that departs only upwards.
    pub(super) fn upwards(deviation: f32, bound: f32) -> Self {
        Self::either(deviation.max(0.0), bound)
    }

    /// The direction of a measure that departs only downwards.
    pub(super) fn downwards(deviation: f32, bound: f32) -> Self {
        Self::either(deviation.min(0.0), bound)
    }
}
