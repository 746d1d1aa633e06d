//! Templates and samples for tests, of no real face.

use jiff::Timestamp;
use rand::{RngExt as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use uuid::Uuid;

use crate::face::{BoundingBox, Component, Occlusion, Pose, Quality};
use crate::identity::{IdentityFields, IdentityId, Sample, SampleKind};
use crate::template::{AttributeVector, Demographics, Embeddings, Expression, FaceHash, Parts, Template};

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::new(second, 123_456_789).unwrap()
}

pub(super) fn id(text: &str) -> IdentityId {
    text.parse().unwrap()
}

pub(super) fn named(name: &str) -> IdentityFields {
    IdentityFields { display_name: name.to_owned(), ..IdentityFields::default() }
}

/// A template of full size, different for each seed.
pub(super) fn template(seed: u32) -> Template {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed.into());
    let mut vector = |n: usize| (0..n).map(|_| random.random_range(-1.0..1.0)).collect::<Vec<f32>>();
    Template {
        embeddings: Embeddings::new([vector(1024), vector(128), vector(256), vector(512)]),
        attributes: AttributeVector::new(vector(40).into_iter().map(|v| (v > -0.5).then_some(v)).collect()),
        demographics: Demographics { age: 40.5, male: 0.25 },
        expression: Expression { shares: [0.0, 0.0, 0.0, 0.75, 0.0, 0.0, 0.25] },
        pose: Pose { yaw: -12.5, pitch: 3.0, roll: 0.5 },
        quality: Quality::from_values([(Component::FaceSize, 60.0), (Component::Pose, 12.5)]),
        bbox: BoundingBox { x: 10.0, y: 20.5, width: 120.0, height: 150.0 },
        hash: Some(FaceHash([seed as u8; 32])),
        parts: Some(Parts::new([vector(128), vector(128), vector(128)])),
        occlusion: Some(Occlusion::new([0.0, 0.0, 0.0, 0.25, 0.0, 0.0, 0.75, 1.0])),
    }
}

pub(super) fn sample(seed: u32, kind: SampleKind) -> Sample {
    Sample {
        id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 | u128::from(seed)),
        kind,
        filename: Some(format!("{seed}.jpg")),
        image_sha256: format!("{seed:064x}"),
        added_at: at(i64::from(seed)),
        template: template(seed),
    }
}
