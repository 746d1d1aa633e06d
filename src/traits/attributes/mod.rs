//! The attribute vector: named measures of a face by region, each with a unit, a source, a repeatability, and the
//! conditions under which it must not be read.

mod spec;

use image::RgbImage;
use serde::{Deserialize, Serialize};

use crate::face::Face;
use crate::inference::{InferenceError, Zoo};

pub use spec::{ATTRIBUTES, AttributeSpec, Region};

/// One value for each of [`ATTRIBUTES`], in their order; `None` where it must not be read from this face.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttributeVector(Vec<Option<f32>>);

impl AttributeVector {
    /// From one value for each of [`ATTRIBUTES`].
    pub fn new(values: Vec<Option<f32>>) -> Self {
        Self(values)
    }

    /// The values in the order of [`ATTRIBUTES`].
    pub fn values(&self) -> &[Option<f32>] {
        &self.0
    }

    /// Measures one face.
    ///
    /// # Errors
    /// When a network fails.
    pub fn measure(_zoo: &Zoo, _image: &RgbImage, _face: &Face) -> Result<Self, InferenceError> {
        Ok(Self(vec![None; ATTRIBUTES.len()]))
    }
}
