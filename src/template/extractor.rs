//! A template, everything kept of one face, and its extractor.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::embedding::{self, normalised};
use super::{AttributeVector, Demographics, Embedding, Embeddings, EncoderTraces, Expression, FaceHash, Parts};
use crate::face::{BoundingBox, Component, Face, Occlusion, Pose, Quality};
use crate::imaging::Pyramid;
use crate::inference::InferenceError;
use crate::models::Zoo;

/// Everything kept of one face. It holds no pixels, but identifies the person: treat it as biometric data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// One unit vector per embedding network.
    pub embeddings: Embeddings,
    /// Named measures, region by region.
    pub attributes: AttributeVector,
    /// Apparent age and sex.
    pub demographics: Demographics,
    /// Apparent expression.
    pub expression: Expression,
    /// Head pose.
    pub pose: Pose,
    /// How well the face could be read.
    pub quality: Quality,
    /// The face's box in its picture.
    pub bbox: BoundingBox,
    /// The perceptual hash by which copies of the picture are recognised; `None` in templates of earlier versions.
    #[serde(default)]
    pub hash: Option<FaceHash>,
    /// The face without each of its parts; `None` where parts were not extracted, where the face is turned too far, and
    /// in templates of earlier versions.
    #[serde(default)]
    pub parts: Option<Parts>,
    /// What covers the face; `None` in templates of earlier versions.
    #[serde(default)]
    pub occlusion: Option<Occlusion>,
}

/// Runs the networks that read one face.
#[derive(Clone)]
pub struct TemplateExtractor {
    zoo: Arc<Zoo>,
}

impl TemplateExtractor {
    /// An extractor over loaded networks.
    pub fn new(zoo: Arc<Zoo>) -> Self {
        Self { zoo }
    }

    /// The template of one face of `image`, without its [parts](Template::parts), embedding D, and what the image
    /// encoder sees.
    ///
    /// # Errors
    /// When a network fails.
    pub fn extract(&self, image: &Pyramid, face: &Face) -> Result<Template, InferenceError> {
        Ok(self.embed(image, face, None)?.with(self.describe(image, face)?, face))
    }

    /// Adds to the template of a face what references keep beside: its parts, embedding D and what the image encoder
    /// sees.
    ///
    /// # Errors
    /// When a network fails.
    pub fn complete(&self, template: Template, image: &Pyramid, face: &Face) -> Result<Template, InferenceError> {
        let embeddings = template.embeddings.with(Embedding::D, self.embed_to_confirm(image, face)?);
        let attributes = template.attributes.with_encoder(&self.encode(image, face)?);
        Ok(Template { embeddings, attributes, parts: self.parts(image, face)?, ..template })
    }

    /// The unit vector of [`Embedding::C`]: all that a search for the person needs.
    ///
    /// # Errors
    /// When the network fails.
    pub(crate) fn embed_to_search(&self, image: &Pyramid, face: &Face) -> Result<Vec<f32>, InferenceError> {
        embedding::embedding_c(self.zoo.as_ref(), image, face).map(normalised)
    }

    /// The unit vector of [`Embedding::D`], which confirms whom a search found.
    ///
    /// # Errors
    /// When the network fails.
    pub(crate) fn embed_to_confirm(&self, image: &Pyramid, face: &Face) -> Result<Vec<f32>, InferenceError> {
        embedding::embedding_d(self.zoo.as_ref(), image, face).map(normalised)
    }

    /// The half of a template that identifies the person: embeddings, age and sex. `c` is the vector to search by,
    /// where it is known.
    ///
    /// # Errors
    /// When a network fails.
    pub(crate) fn embed(&self, image: &Pyramid, face: &Face, c: Option<Vec<f32>>) -> Result<Embedded, InferenceError> {
        let zoo = self.zoo.as_ref();
        let a = embedding::face_res(zoo, image, face)?;
        let b = embedding::embed_b(zoo, &embedding::chip_b(image, face).0)?;
        let demographics = Demographics { age: a.age, male: a.male };
        let c = c.map_or_else(|| self.embed_to_search(image, face), Ok)?;
        Ok(Embedded { embeddings: Embeddings::new([a.embedding, b, c, Vec::new()]), demographics })
    }

    /// The half that describes the face: what covers it, attributes, expression and hash. It does not depend on [`embed`](Self::embed).
    ///
    /// # Errors
    /// When a network fails.
    pub(crate) fn describe(&self, image: &Pyramid, face: &Face) -> Result<Described, InferenceError> {
        let zoo = self.zoo.as_ref();
        let occlusion = Occlusion::read(zoo.occlusion.as_ref(), image, &face.mesh)?;
        Ok(Described {
            occlusion,
            attributes: AttributeVector::measure(zoo, image, face, occlusion.covered())?,
            expression: Expression::read(zoo, image, face)?,
            hash: FaceHash::of(image, face),
        })
    }

    /// What the image encoder sees of the face.
    ///
    /// # Errors
    /// When the network fails.
    pub fn encode(&self, image: &Pyramid, face: &Face) -> Result<EncoderTraces, InferenceError> {
        AttributeVector::encode(self.zoo.as_ref(), image, face)
    }

    /// The face without each of its parts, for references and for faces whose verdict names the part that departs.
    /// Costs one run of embedding B per part.
    ///
    /// # Errors
    /// When a network fails.
    pub fn parts(&self, image: &Pyramid, face: &Face) -> Result<Option<Parts>, InferenceError> {
        Parts::read(self.zoo.as_ref(), image, face)
    }
}

/// The half of a template that identifies the person.
pub(crate) struct Embedded {
    embeddings: Embeddings,
    demographics: Demographics,
}

/// The half of a template that describes the face.
pub(crate) struct Described {
    occlusion: Occlusion,
    attributes: AttributeVector,
    expression: Expression,
    hash: FaceHash,
}

impl Embedded {
    /// The template of `face` from both halves.
    pub(crate) fn with(self, described: Described, face: &Face) -> Template {
        Template {
            embeddings: self.embeddings,
            attributes: described.attributes,
            demographics: self.demographics,
            expression: described.expression,
            pose: face.pose,
            quality: face.quality.clone().with(Component::Occlusion, described.occlusion.of_features()),
            bbox: face.detection.bbox,
            hash: Some(described.hash),
            parts: None,
            occlusion: Some(described.occlusion),
        }
    }
}
