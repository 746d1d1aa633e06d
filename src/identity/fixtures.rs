//! Synthetic people for the tests of this crate: a person is a direction, a photograph a small step from it.

use jiff::Timestamp;
use rand::{RngExt as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use uuid::Uuid;

use super::{EmbeddingPrior, Population, PopulationModel, Sample, SampleKind, Similarity, Tail, Tails};
use crate::face::{BoundingBox, Component, Pose, Quality};
use crate::template::{
    ATTRIBUTES, AttributeVector, Demographics, Embedding, Embeddings, Expression, Part, Parts, Template,
};

const WIDTH: usize = 64;

/// Values in -1..1 that depend on the seed alone.
fn noise(seed: u64, n: usize) -> Vec<f32> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    (0..n).map(|_| random.random_range(-1.0..1.0)).collect()
}

fn of_vectors(vectors: [Vec<f32>; Embedding::ALL.len()]) -> Template {
    Template {
        embeddings: Embeddings::new(vectors),
        attributes: AttributeVector::new(vec![None; ATTRIBUTES.len()]),
        demographics: Demographics { age: 40.0, male: 0.9 },
        expression: Expression::default(),
        pose: Pose::default(),
        quality: Quality::from_values([
            (Component::FaceSize, 90.0),
            (Component::Sharpness, 0.3),
            (Component::Pose, 5.0),
        ]),
        bbox: BoundingBox { x: 10.0, y: 10.0, width: 100.0, height: 120.0 },
        hash: None,
        parts: None,
        occlusion: None,
    }
}

/// The ideal photograph of `person`.
pub(crate) fn template(person: u64) -> Template {
    of_vectors(Embedding::ALL.map(|e| noise(person * 10 + e as u64, WIDTH)))
}

/// A photograph of `person`; its cosine with another one is about 0.8.
pub(crate) fn near(person: u64, photograph: u64) -> Template {
    stepped(person, photograph, 0.5)
}

/// A photograph that lies `step` away from the person's direction.
pub(crate) fn stepped(person: u64, photograph: u64, step: f32) -> Template {
    of_vectors(Embedding::ALL.map(|e| {
        let aside = noise(1_000_000 + person * 1000 + photograph * 10 + e as u64, WIDTH);
        noise(person * 10 + e as u64, WIDTH).iter().zip(aside).map(|(v, a)| v + step * a).collect()
    }))
}

/// A photograph of `person` with its parts. Covering one does not change its likeness to the others, except for a
/// `forged` part, which moves the face away from the person while it is visible.
pub(crate) fn in_parts(person: u64, photograph: u64, forged: Option<Part>) -> Template {
    let whole = stepped(person, photograph, if forged.is_some() { 0.9 } else { 0.2 });
    let genuine = stepped(person, photograph, 0.2);
    let without = |part: Part| {
        let seen = if forged == Some(part) { &genuine } else { &whole };
        let aside = noise(2_000_000 + person * 1000 + photograph * 10 + part as u64, WIDTH);
        seen.embeddings.get(Embedding::B).iter().zip(aside).map(|(v, a)| v + 0.005 * a).collect()
    };
    Template { parts: Some(Parts::new(Part::ALL.map(without))), ..whole }
}

/// A population of such people.
pub(crate) fn population() -> Population {
    let prior = EmbeddingPrior {
        pairwise: 0.8,
        between_people: 0.05,
        spread: 0.03,
        conditions: Default::default(),
        effect_uncertainty: 0.0,
    };
    let tail = Tail { from: 0.4, share: 0.001, scale: 0.04, shape: -0.07 };
    Population {
        model: PopulationModel {
            embedding: vec![prior; Embedding::JUDGED.len()],
            prior_weight: 5.0,
            parts: vec![0.01; 3],
            likeness: vec![-12.0, 8.0, 8.0, 8.0],
            tail: Tails { searched: tail, confirmed: tail },
        },
        cohort: (5000..5060).map(|i| template(i).embeddings).collect(),
    }
}

/// A sample with this template.
pub(crate) fn sample(kind: SampleKind, template: Template) -> Sample {
    let (id, added_at) = (Uuid::now_v7(), Timestamp::UNIX_EPOCH);
    Sample { id, kind, filename: None, image_sha256: id.simple().to_string(), added_at, template }
}

/// The upper tail of strangers' similarity.
pub(crate) const TAIL: Tail = Tail { from: 0.46, share: 0.001, scale: 0.04, shape: -0.07 };
/// That, and the one where embedding D confirms.
pub(crate) const TAILS: Tails = Tails { searched: TAIL, confirmed: Tail { from: 0.36, ..TAIL } };

/// A similarity by embeddings C and D with this cosine in both.
pub(crate) fn confirmed(score: f32) -> Similarity {
    Similarity { searched: score, confirming: Some(score) }
}

/// A similarity by embedding C alone.
pub(crate) fn unconfirmed(score: f32) -> Similarity {
    Similarity { searched: score, confirming: None }
}
