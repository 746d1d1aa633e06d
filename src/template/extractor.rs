//! A template: everything kept of one face, and the extractor that makes it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{AttributeVector, Demographics, Embeddings, Expression, FaceHash, Parts, embedding};
use crate::face::{BoundingBox, Face, Pose, Quality};
use crate::imaging::Pyramid;
use crate::inference::InferenceError;
use crate::models::Zoo;

/// Everything kept of one face. No pixel can be read back from it, but the person can be recognised by it: treat it
/// as biometric data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// Unit vectors.
    pub embeddings: Embeddings,
    /// Named measures by region.
    pub attributes: AttributeVector,
    /// Apparent age and sex.
    pub demographics: Demographics,
    /// Apparent expression.
    pub expression: Expression,
    /// Head pose.
    pub pose: Pose,
    /// How well the face could be read.
    pub quality: Quality,
    /// Where the face stood in its picture.
    pub bbox: BoundingBox,
    /// By what a copy of the picture is told; `None` in templates from before there was one.
    #[serde(default)]
    pub hash: Option<FaceHash>,
    /// The face without each of its parts; `None` where it was not looked at in parts, is turned too far, or in templates
    /// from before that was done.
    #[serde(default)]
    pub parts: Option<Parts>,
}

/// Runs every network that looks at one face.
#[derive(Clone)]
pub struct TemplateExtractor {
    zoo: Arc<Zoo>,
}

impl TemplateExtractor {
    /// An extractor over loaded networks.
    pub fn new(zoo: Arc<Zoo>) -> Self {
        Self { zoo }
    }

    /// The template of one face of `image`, [parts](Template::parts) left out.
    ///
    /// # Errors
    /// When a network fails.
    pub fn extract(&self, image: &Pyramid, face: &Face) -> Result<Template, InferenceError> {
        Ok(self.embed(image, face)?.with(self.describe(image, face)?, face))
    }

    /// The half of a template by which a person is known.
    ///
    /// # Errors
    /// When a network fails.
    pub(crate) fn embed(&self, image: &Pyramid, face: &Face) -> Result<Embedded, InferenceError> {
        let zoo = self.zoo.as_ref();
        let a = embedding::face_res(zoo, image, face)?;
        let b = embedding::embed_b(zoo, &embedding::chip_b(image, face).0)?;
        let demographics = Demographics { age: a.age, male: a.male };
        let c = embedding::embedding_c(zoo, image, face)?;
        Ok(Embedded { embeddings: Embeddings::new([a.embedding, b, c]), demographics })
    }

    /// The half that says what the face looks like. It needs nothing of the other.
    ///
    /// # Errors
    /// When a network fails.
    pub(crate) fn describe(&self, image: &Pyramid, face: &Face) -> Result<Described, InferenceError> {
        let zoo = self.zoo.as_ref();
        Ok(Described {
            attributes: AttributeVector::measure(zoo, image, face)?,
            expression: Expression::read(zoo, image, face)?,
            hash: FaceHash::of(image, face),
        })
    }

    /// The face in parts: what a reference needs besides, and a face whose verdict is to say where it departs. As much
    /// work again as a third of [`extract`](Self::extract).
    ///
    /// # Errors
    /// When a network fails.
    pub fn parts(&self, image: &Pyramid, face: &Face) -> Result<Option<Parts>, InferenceError> {
        Parts::read(self.zoo.as_ref(), image, face)
    }
}

/// By what a person is known.
pub(crate) struct Embedded {
    embeddings: Embeddings,
    demographics: Demographics,
}

/// What a face looks like.
pub(crate) struct Described {
    attributes: AttributeVector,
    expression: Expression,
    hash: FaceHash,
}

impl Embedded {
    /// Both halves of the template of `face`.
    pub(crate) fn with(self, described: Described, face: &Face) -> Template {
        Template {
            embeddings: self.embeddings,
            attributes: described.attributes,
            demographics: self.demographics,
            expression: described.expression,
            pose: face.pose,
            quality: face.quality.clone(),
            bbox: face.detection.bbox,
            hash: Some(described.hash),
            parts: None,
        }
    }
}
