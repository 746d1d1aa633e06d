//! A face to its template: embeddings, attributes, traces of manipulation, apparent age, sex and expression.
//!
//! [`TemplateExtractor::extract`] runs the whole stage. A [`Template`] is biometric data (GDPR Art. 9): it leaves the
//! process only sealed.

pub mod attributes;
mod cover;
mod demographics;
mod embedding;
mod expression;
mod extractor;
mod face_hash;
mod networks;
mod parts;

pub use attributes::{ATTRIBUTES, AttributeSpec, AttributeVector, EncoderTraces, Region, Trace};
pub use demographics::{Demographics, Sex};
pub use embedding::{Embedding, Embeddings, cosine, mean_direction};
pub use expression::Expression;
pub use extractor::{Template, TemplateExtractor};
pub use face_hash::FaceHash;
pub use networks::NETWORKS;
pub use parts::{Part, Parts};
