//! Evidence: how far a probe departs from a profile, in standard deviations, measure by measure.

use serde::Serialize;

use super::tails::{ratio_at, standard_deviations};
use crate::face::Areas;
use crate::identity::{Conditions, Profile, SampleKind, Similarity};
use crate::template::{
    ATTRIBUTES, Embedding, Embeddings, EncoderTraces, FaceHash, Part, Parts, Region, Template, Trace, cosine,
};

/// One embedding's deviation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct EmbeddingEvidence {
    /// The embedding.
    pub embedding: Embedding,
    /// The cosine of the probe with the mean embedding of the references.
    pub observed: f32,
    /// The cosine that a further genuine photograph, taken under the probe's conditions, is expected to have.
    pub expected: f32,
    /// The change of the expectation for the probe's pose and quality, in standard deviations: below zero where worse
    /// conditions lower it.
    pub allowance: f32,
    /// The expectation's standard deviation.
    pub spread: f32,
    /// (observed - expected) / spread, in standard deviations: below zero where the probe is less like the references
    /// than genuine photographs are.
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
    /// The standard deviation of the value in a further genuine photograph.
    pub spread: f32,
    /// (observed - expected) / spread, in standard deviations of equal probability (`tails.rs`).
    pub deviation: f32,
}

impl AttributeEvidence {
    /// `None` where no reference shows the attribute.
    fn measure(index: usize, observed: f32, profile: &Profile) -> Option<Self> {
        let usual = profile.attribute(index)?;
        Some(Self {
            index,
            observed,
            expected: usual.centre,
            spread: usual.deviation,
            deviation: standard_deviations(usual.z(observed)),
        })
    }

    /// The values that lie `deviations` standard deviations to either side of the expected one.
    pub fn range(&self, deviations: f32) -> [f32; 2] {
        range(self.expected, self.spread, deviations)
    }
}

/// The effect of covering one part of the face.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PartEvidence {
    /// The part.
    pub part: Part,
    /// The gain in cosine similarity to the references once the part is covered.
    pub observed: f32,
    /// The gain that is usual for this person.
    pub expected: f32,
    /// The standard deviation of the gain in a further genuine photograph.
    pub spread: f32,
    /// (observed - expected) / spread, in standard deviations of equal probability: far above zero where the part is
    /// not the person's.
    pub deviation: f32,
}

impl PartEvidence {
    /// One per part; none where too few references were measured with each part covered.
    fn measure(face: &Embeddings, parts: &Parts, profile: &Profile) -> Vec<Self> {
        let each = profile.gains(face, parts).into_iter();
        each.map(|(part, observed, usual)| Self {
            part,
            observed,
            expected: usual.centre,
            spread: usual.deviation,
            deviation: standard_deviations(usual.z(observed)),
        })
        .collect()
    }

    /// The gains that lie `deviations` standard deviations to either side of the expected one.
    pub fn range(&self, deviations: f32) -> [f32; 2] {
        range(self.expected, self.spread, deviations)
    }
}

fn range(expected: f32, spread: f32, deviations: f32) -> [f32; 2] {
    let width = ratio_at(deviations) * spread;
    [expected - width, expected + width]
}

/// The negative that the probe is nearest to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct NegativeEvidence {
    /// The kind of negative.
    pub kind: SampleKind,
    /// How much nearer the probe is to it than to the nearest reference, in standard deviations; below zero where it is
    /// farther away.
    pub margin: f32,
}

/// A reference or negative that the probe's image is a copy of, perhaps re-encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CopyEvidence {
    /// The kind of the enrolled image.
    pub kind: SampleKind,
    /// Its index among the references, or among the negatives, from 0.
    pub index: usize,
    /// Bits of the perceptual hash that differ, of 256.
    pub distance: u32,
}

/// The apparent age.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct AgeEvidence {
    /// The probe's apparent age in years.
    pub observed: f32,
    /// The references' apparent ages, from - to, in years.
    pub references: [f32; 2],
}

impl AgeEvidence {
    /// The years by which the probe looks younger than the youngest reference or older than the oldest; 0 between.
    pub fn beyond(&self) -> f32 {
        (self.references[0] - self.observed).max(self.observed - self.references[1]).max(0.0)
    }
}

/// Everything measured between one face and one profile.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evidence {
    /// The natural log odds that the face depicts the person ([`Profile::likeness`]).
    pub likeness: f32,
    /// The similarity that a claim is decided by; `None` where either side lacks embedding C.
    pub similarity: Option<Similarity>,
    /// Whether the references have embedding D, so that it can confirm a claim.
    pub confirmable: bool,
    /// The normalised cosines that the likeness is computed from ([`Profile::normalised_all`]).
    pub normalised: Vec<f32>,
    /// The probe's conditions less the references'.
    pub conditions: Conditions,
    /// One per embedding that both probe and references have.
    pub embeddings: Vec<EmbeddingEvidence>,
    /// One per attribute that both probe and references show.
    pub attributes: Vec<AttributeEvidence>,
    /// One per part of the face, where the face was measured with each part covered.
    pub parts: Vec<PartEvidence>,
    /// The apparent age. Not part of the verdict: a difference that it excused would be excused in a forgery too.
    pub age: AgeEvidence,
    /// The nearest negative, where the identity has any.
    pub negative: Option<NegativeEvidence>,
    /// The enrolled image that the probe's image is a copy of. Not part of the score.
    pub copy: Option<CopyEvidence>,
    /// The covered areas of the probe. Their attributes and parts are not compared; the embeddings still see them.
    pub covered: Areas,
    /// Whether the probe is grey or toned, so that colours of the face are not compared.
    pub lacks_colour: bool,
    /// The number of references behind the profile.
    pub references: usize,
}

impl Evidence {
    /// Compares one face with one profile, without its parts.
    pub fn measure(probe: &Template, profile: &Profile) -> Self {
        let both = Embedding::JUDGED.into_iter().filter(|&e| profile.compares(e, probe));
        let embeddings = both.map(|e| {
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
            similarity: profile.search_similarity(probe),
            confirmable: !profile.confirming().is_empty(),
            normalised: profile.normalised_all(probe),
            conditions: profile.conditions(probe),
            embeddings: embeddings.collect(),
            attributes: attributes(probe, profile),
            parts: Vec::new(),
            age: age(probe, profile),
            negative: nearest_negative(probe, profile),
            copy: nearest_copy(probe, profile),
            covered: probe.occlusion.map_or(Areas::NONE, |o| o.covered()),
            lacks_colour: probe.attributes.lacks_colour(),
            references: profile.references,
        }
    }

    /// Adds the comparison by embedding D, given the face's vector.
    pub fn confirm(&mut self, of_face: &[f32], profile: &Profile) {
        if let Some(similarity) = &mut self.similarity {
            similarity.confirming = Some(cosine(profile.confirming(), of_face));
        }
    }

    /// Adds the comparison of what the image encoder sees.
    pub fn encode(&mut self, traces: &EncoderTraces, profile: &Profile) {
        self.attributes.retain(|a| !is_by_encoder(a.index));
        let read = (0..ATTRIBUTES.len()).filter(|i| is_by_encoder(*i));
        self.attributes.extend(read.filter_map(|index| {
            let observed = traces.get(ATTRIBUTES.get(index)?.trace?)?;
            AttributeEvidence::measure(index, observed, profile)
        }));
    }

    /// Adds the comparison of the face's parts; covered ones are left out.
    pub fn measure_parts(&mut self, face: &Embeddings, parts: &Parts, profile: &Profile) {
        let open = |p: &PartEvidence| p.part.region().areas().and(self.covered).is_empty();
        self.parts = PartEvidence::measure(face, parts, profile).into_iter().filter(open).collect();
    }

    /// The part that departs most.
    pub fn farthest_part(&self) -> Option<&PartEvidence> {
        self.parts.iter().max_by(|a, b| a.deviation.total_cmp(&b.deviation))
    }

    /// The deviation of one embedding, in standard deviations; 0 where probe or references lack it.
    pub fn deviation(&self, which: Embedding) -> f32 {
        self.embeddings.iter().find(|e| e.embedding == which).map_or(0.0, |e| e.deviation)
    }

    /// How much stronger the trace of one kind of manipulation is in the whole face than in the references, in standard
    /// deviations; 0 where it is weaker or cannot be read.
    pub fn excess(&self, kind: Trace) -> f32 {
        self.trace_of_face(kind).map_or(0.0, |i| self.attributes[i].deviation.max(0.0))
    }

    /// The position among the attributes of the trace of this kind in the whole face.
    pub(super) fn trace_of_face(&self, kind: Trace) -> Option<usize> {
        let is_it = |a: &AttributeEvidence| {
            ATTRIBUTES.get(a.index).is_some_and(|s| s.trace == Some(kind) && s.region == Region::Overall)
        };
        self.attributes.iter().position(is_it)
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
            AttributeEvidence::measure(index, observed, profile)
        })
        .collect()
}

fn is_by_encoder(attribute: usize) -> bool {
    ATTRIBUTES.get(attribute).and_then(|spec| spec.trace).is_some_and(|kind| Trace::BY_ENCODER.contains(&kind))
}

/// The reference or negative whose hash is nearest to the probe's, where it is near enough to be the same image.
fn nearest_copy(probe: &Template, profile: &Profile) -> Option<CopyEvidence> {
    let own = probe.hash?;
    let references = profile.templates().iter().map(|t| (SampleKind::Reference, t)).enumerate();
    let negatives = profile.negatives().iter().map(|n| (n.kind, &n.template)).enumerate();
    let each = references.chain(negatives);
    let each =
        each.filter_map(|(index, (kind, t))| Some(CopyEvidence { kind, index, distance: own.distance(t.hash?) }));
    each.filter(|c| c.distance <= FaceHash::COPY_DISTANCE).min_by_key(|c| c.distance)
}

/// The mean over the embeddings that all sides have of (cosine to the negative - cosine to the nearest reference) /
/// spread, for the negative where it is greatest. It is measured in the references' own spread, so that a negative of
/// somebody similar does not displace a person whose photographs vary much.
fn nearest_negative(probe: &Template, profile: &Profile) -> Option<NegativeEvidence> {
    let alike = |a: &Template, e: Embedding| cosine(a.embeddings.get(e), probe.embeddings.get(e));
    let has = |t: &Template, e: Embedding| t.embeddings.get(e).len() == probe.embeddings.get(e).len();
    let both = Embedding::JUDGED.into_iter().filter(|&e| profile.compares(e, probe));
    let to_reference: Vec<(Embedding, f32)> = both
        .map(|e| (e, profile.templates().iter().filter(|t| has(t, e)).map(|t| alike(t, e)).fold(-1.0f32, f32::max)))
        .collect();
    let margin = |negative: &Template| {
        let shares = to_reference
            .iter()
            .filter(|(e, _)| has(negative, *e))
            .map(|&(e, nearest)| (alike(negative, e) - nearest) / profile.embedding(e).genuine.deviation.max(1e-3));
        let shares: Vec<f32> = shares.collect();
        shares.iter().sum::<f32>() / shares.len().max(1) as f32
    };
    profile
        .negatives()
        .iter()
        .map(|n| NegativeEvidence { kind: n.kind, margin: margin(&n.template) })
        .max_by(|a, b| a.margin.total_cmp(&b.margin))
}
