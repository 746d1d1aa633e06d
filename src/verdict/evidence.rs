//! Evidence: how far a probe departs from a profile, in standard units, measure by measure.

use serde::Serialize;

use super::tails::{ratio_at, standard_units};
use crate::identity::{Conditions, Profile, SampleKind};
use crate::template::{ATTRIBUTES, Embedding, Embeddings, FaceHash, Part, Parts, Region, Template, Trace, cosine};

/// One embedding's deviation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct EmbeddingEvidence {
    /// Which embedding.
    pub embedding: Embedding,
    /// Cosine of the probe with the references' centroid.
    pub observed: f32,
    /// The cosine that a further genuine photograph, taken under the probe's conditions, is expected to have.
    pub expected: f32,
    /// How far the expectation was lowered (or raised) for the probe's pose and quality, in standard units.
    pub allowance: f32,
    /// The expectation's standard deviation.
    pub spread: f32,
    /// (observed - expected) / spread: negative means less alike than genuine photographs are.
    pub deviation: f32,
}

/// One attribute's deviation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct AttributeEvidence {
    /// Index into [`ATTRIBUTES`].
    pub index: usize,
    /// The probe's value, in the attribute's unit.
    pub observed: f32,
    /// The references' mean.
    pub expected: f32,
    /// The standard deviation of a further genuine photograph.
    pub spread: f32,
    /// How far off the probe lies, in standard units: (observed - expected) / spread, its tails allowed for (`tails.rs`).
    pub deviation: f32,
}

impl AttributeEvidence {
    /// The values that lie `standard_units` to either side of what is expected.
    pub fn range(&self, standard_units: f32) -> [f32; 2] {
        range(self.expected, self.spread, standard_units)
    }
}

/// What covering one part of the face does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PartEvidence {
    /// Which part.
    pub part: Part,
    /// By how much more the face is like the references once the part is covered, as a cosine.
    pub observed: f32,
    /// How much is usual for this person.
    pub expected: f32,
    /// The standard deviation of a further genuine photograph.
    pub spread: f32,
    /// How far off the probe lies, in standard units, its tails allowed for: far above 0 where the part is not the person's.
    pub deviation: f32,
}

impl PartEvidence {
    /// One for each part; none where too few references were seen in parts.
    fn measure(face: &Embeddings, parts: &Parts, profile: &Profile) -> Vec<Self> {
        let each = profile.gains(face, parts).into_iter();
        each.map(|(part, observed, usual)| Self {
            part,
            observed,
            expected: usual.centre,
            spread: usual.deviation,
            deviation: standard_units(usual.z(observed)),
        })
        .collect()
    }

    /// The gains that lie `standard_units` to either side of what is expected.
    pub fn range(&self, standard_units: f32) -> [f32; 2] {
        range(self.expected, self.spread, standard_units)
    }
}

/// The values that lie `standard_units` to either side of `expected`.
fn range(expected: f32, spread: f32, standard_units: f32) -> [f32; 2] {
    let width = ratio_at(standard_units) * spread;
    [expected - width, expected + width]
}

/// The negative that the probe is nearest to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct NegativeEvidence {
    /// What the negative is.
    pub kind: SampleKind,
    /// By how many standard units the probe is nearer to it than to the nearest reference; below zero: farther.
    pub margin: f32,
}

/// A reference or negative of which the probe's picture is a copy, encoded anew perhaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CopyEvidence {
    /// What it is a copy of.
    pub kind: SampleKind,
    /// Its place among the references, or among the negatives, from 0.
    pub index: usize,
    /// Bits of the perceptual hash that differ, of 256.
    pub distance: u32,
}

/// The apparent age.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct AgeEvidence {
    /// The probe's, in years.
    pub observed: f32,
    /// The references', from - to, in years.
    pub references: [f32; 2],
}

impl AgeEvidence {
    /// By how many years the probe looks younger than the youngest reference or older than the oldest; 0 between.
    pub fn beyond(&self) -> f32 {
        (self.references[0] - self.observed).max(self.observed - self.references[1]).max(0.0)
    }
}

/// Everything measured between one face and one profile.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evidence {
    /// The logit that the face depicts the person ([`Profile::likeness`]).
    pub likeness: f32,
    /// What that logit is made of ([`Profile::places`]).
    pub places: Vec<f32>,
    /// How much worse the probe's conditions are than the references'.
    pub conditions: Conditions,
    /// One for each embedding.
    pub embeddings: Vec<EmbeddingEvidence>,
    /// One for each attribute that both sides show.
    pub attributes: Vec<AttributeEvidence>,
    /// One for each part of the face, where it was looked at in parts.
    pub parts: Vec<PartEvidence>,
    /// The apparent age. No part of the verdict: what it would excuse, a forgery would be excused as well.
    pub age: AgeEvidence,
    /// The nearest negative, where the identity has any.
    pub negative: Option<NegativeEvidence>,
    /// What the picture is a copy of; never part of the verdict.
    pub copy: Option<CopyEvidence>,
    /// References behind the profile.
    pub references: usize,
}

impl Evidence {
    /// Compares one face with one profile, parts left out.
    pub fn measure(probe: &Template, profile: &Profile) -> Self {
        let embeddings = Embedding::ALL.map(|e| {
            let (usual, genuine) = (profile.embedding(e).genuine, profile.expectation(e, probe));
            let observed = profile.similarity(e, probe);
            EmbeddingEvidence {
                embedding: e,
                observed,
                expected: genuine.centre,
                allowance: usual.z(genuine.centre),
                spread: genuine.deviation,
                deviation: genuine.z(observed),
            }
        });
        Self {
            likeness: profile.likeness(probe),
            places: profile.places(probe),
            conditions: profile.conditions(probe),
            embeddings: embeddings.into(),
            attributes: attributes(probe, profile),
            parts: Vec::new(),
            age: age(probe, profile),
            negative: nearest_negative(probe, profile),
            copy: nearest_copy(probe, profile),
            references: profile.references,
        }
    }

    /// Compares the parts of the same face too.
    pub fn measure_parts(&mut self, face: &Embeddings, parts: &Parts, profile: &Profile) {
        self.parts = PartEvidence::measure(face, parts, profile);
    }

    /// The part that departs most.
    pub fn farthest_part(&self) -> Option<&PartEvidence> {
        self.parts.iter().max_by(|a, b| a.deviation.total_cmp(&b.deviation))
    }

    /// The deviation of one embedding, in standard units.
    pub fn deviation(&self, which: Embedding) -> f32 {
        self.embeddings[which as usize].deviation
    }

    /// By how many standard units the trace of one kind of manipulation in the whole face is stronger than in the
    /// references; 0 where it is weaker or cannot be read.
    pub fn excess(&self, kind: Trace) -> f32 {
        let whole = |a: &&AttributeEvidence| {
            ATTRIBUTES.get(a.index).is_some_and(|s| s.trace == Some(kind) && s.region == Region::Overall)
        };
        self.attributes.iter().find(whole).map_or(0.0, |a| a.deviation.max(0.0))
    }
}

fn age(probe: &Template, profile: &Profile) -> AgeEvidence {
    let ages = profile.templates().iter().map(|t| t.demographics.age);
    let references = ages.fold([f32::INFINITY, f32::NEG_INFINITY], |[low, high], age| [low.min(age), high.max(age)]);
    AgeEvidence { observed: probe.demographics.age, references }
}

fn attributes(probe: &Template, profile: &Profile) -> Vec<AttributeEvidence> {
    let values = probe.attributes.values();
    (0..ATTRIBUTES.len())
        .filter_map(|index| {
            let observed = values.get(index).copied().flatten()?;
            let usual = profile.attribute(index)?;
            Some(AttributeEvidence {
                index,
                observed,
                expected: usual.centre,
                spread: usual.deviation,
                deviation: standard_units(usual.z(observed)),
            })
        })
        .collect()
}

/// The reference or negative whose hash is nearest to the probe's, where it is near enough to be the same picture.
fn nearest_copy(probe: &Template, profile: &Profile) -> Option<CopyEvidence> {
    let own = probe.hash?;
    let references = profile.templates().iter().map(|t| (SampleKind::Reference, t)).enumerate();
    let negatives = profile.negatives().iter().map(|n| (n.kind, &n.template)).enumerate();
    let each = references.chain(negatives);
    let each =
        each.filter_map(|(index, (kind, t))| Some(CopyEvidence { kind, index, distance: own.distance(t.hash?) }));
    each.filter(|c| c.distance <= FaceHash::COPY).min_by_key(|c| c.distance)
}

/// The mean over embeddings of (cosine to the negative - cosine to the nearest reference) / spread, for the negative
/// where it is greatest. The references' own spread is the yardstick, so that a look-alike does not swallow a person
/// whose photographs vary much.
fn nearest_negative(probe: &Template, profile: &Profile) -> Option<NegativeEvidence> {
    let to_reference = Embedding::ALL.map(|e| {
        let cosines = profile.templates().iter().map(|t| cosine(t.embeddings.get(e), probe.embeddings.get(e)));
        cosines.fold(-1.0f32, f32::max)
    });
    let margin = |negative: &Template| {
        let sum: f32 = Embedding::ALL
            .iter()
            .zip(to_reference)
            .map(|(&e, nearest)| {
                let own = cosine(negative.embeddings.get(e), probe.embeddings.get(e));
                (own - nearest) / profile.embedding(e).genuine.deviation.max(1e-3)
            })
            .sum();
        sum / Embedding::ALL.len() as f32
    };
    profile
        .negatives()
        .iter()
        .map(|n| NegativeEvidence { kind: n.kind, margin: margin(&n.template) })
        .max_by(|a, b| a.margin.total_cmp(&b.margin))
}
