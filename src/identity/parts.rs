//! The gain of covering a part of the face: how much the cosine similarity to the person's other photographs rises.

use super::spread::Spread;
use crate::template::{Embedding, Embeddings, Part, Parts, Template, cosine, mean_direction};

/// The least number of references that were measured with each part covered: fewer do not show the usual range.
const LEAST: usize = 3;

/// For each part, the references without it and the usual gain of covering it.
#[derive(Clone, Debug)]
pub(super) struct PartsProfile {
    /// The mean embedding of the uncovered references.
    whole: Vec<f32>,
    /// In the order of [`Part::ALL`].
    each: Vec<Covered>,
}

#[derive(Clone, Debug)]
struct Covered {
    centroid: Vec<f32>,
    gain: Spread,
}

impl PartsProfile {
    /// Fits the references that have parts; `None` for fewer than three. `prior` is the spread of the gain over one
    /// person's photographs, one per part, and weighs as much as `weight` references.
    pub(super) fn fit(templates: &[Template], prior: &[f32], weight: f32) -> Option<Self> {
        let seen: Vec<(&[f32], &Parts)> =
            templates.iter().filter_map(|t| Some((t.embeddings.get(Embedding::B), t.parts.as_ref()?))).collect();
        if seen.len() < LEAST {
            return None;
        }
        let whole: Vec<&[f32]> = seen.iter().map(|(whole, _)| *whole).collect();
        let alike = left_out(&whole);
        let each = Part::ALL.iter().zip(prior).map(|(&part, prior)| {
            let without: Vec<&[f32]> = seen.iter().map(|(_, parts)| parts.without(part)).collect();
            let gains: Vec<f32> = left_out(&without).iter().zip(&alike).map(|(w, a)| w - a).collect();
            Covered { centroid: mean_direction(without), gain: Spread::of_next(&gains, *prior, weight) }
        });
        let each = each.collect();
        Some(Self { whole: mean_direction(whole), each })
    }

    /// For each part of a face, the gain in likeness to the references once it is covered on both sides, and the usual
    /// range of that gain.
    pub(super) fn gains(&self, face: &Embeddings, parts: &Parts) -> Vec<(Part, f32, Spread)> {
        let alike = cosine(&self.whole, face.get(Embedding::B));
        let each = Part::ALL.iter().zip(&self.each);
        each.map(|(&part, usual)| (part, cosine(&usual.centroid, parts.without(part)) - alike, usual.gain)).collect()
    }
}

/// The cosine of each vector with the mean embedding of the others.
fn left_out(vectors: &[&[f32]]) -> Vec<f32> {
    let others = |i: usize| vectors.iter().enumerate().filter(move |(j, _)| *j != i).map(|(_, v)| *v);
    vectors.iter().enumerate().map(|(i, v)| cosine(v, &mean_direction(others(i)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::fixtures::{in_parts, near};

    #[test]
    fn a_part_of_someone_else_gains_when_it_is_covered_and_no_other_does() {
        let references: Vec<Template> = (0..8).map(|i| in_parts(1, i, None)).collect();
        let profile = PartsProfile::fit(&references, &[0.01; 3], 5.0).unwrap();
        for forged in Part::ALL {
            let probe = in_parts(1, 99, Some(forged));
            for (part, gain, usual) in profile.gains(&probe.embeddings, probe.parts.as_ref().unwrap()) {
                assert_eq!(usual.z(gain) > 3.0, part == forged, "{forged:?}: {part:?} {}", usual.z(gain));
            }
        }
    }

    #[test]
    fn two_references_are_too_few() {
        let mut references: Vec<Template> = (0..2).map(|i| in_parts(1, i, None)).collect();
        references.extend((2..9).map(|i| near(1, i)));
        assert!(PartsProfile::fit(&references, &[0.01; 3], 5.0).is_none());
    }
}
