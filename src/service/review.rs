//! What a person who reviews a verdict looks at: where the features of the face are, and which references it is nearest
//! to.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::face::{Face, Outlines};
use crate::identity::{Profile, SEARCHED, SampleKind};
use crate::template::{Template, cosine};

/// The most references that are listed.
const MOST_REFERENCES: usize = 12;

/// For reviewers of one face.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FaceReview {
    /// Where the face and its features are in the image.
    pub outlines: Outlines,
    /// The references of the identity, the nearest first, 12 at most; empty without an identity.
    pub references: Vec<NearReference>,
}

/// A reference beside a face.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct NearReference {
    /// The id of the reference.
    pub id: Uuid,
    /// The cosine of embedding C of the face with that of the reference, -1..=1. It orders the references and is no
    /// part of the verdict.
    pub similarity: f32,
}

impl FaceReview {
    /// The review of a face, which was compared with `compared` if with anybody.
    pub(super) fn of(face: &Face, compared: Option<(&Template, &Profile)>) -> Self {
        let references = compared.map(|(template, profile)| nearest(template, profile)).unwrap_or_default();
        Self { outlines: Outlines::of(&face.mesh), references }
    }
}

fn nearest(probe: &Template, profile: &Profile) -> Vec<NearReference> {
    let vector = probe.embeddings.get(SEARCHED);
    let each = profile.templates().iter().enumerate();
    let read = each.filter(|(_, t)| t.embeddings.get(SEARCHED).len() == vector.len());
    let mut references: Vec<NearReference> = read
        .filter_map(|(i, t)| {
            let id = profile.sample_id(SampleKind::Reference, i)?;
            Some(NearReference { id, similarity: cosine(t.embeddings.get(SEARCHED), vector) })
        })
        .collect();
    references.sort_by(|a, b| b.similarity.total_cmp(&a.similarity));
    references.truncate(MOST_REFERENCES);
    references
}
