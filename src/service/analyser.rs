//! One image to the templates of its faces: the part of the service that costs time, and the only one that sees pixels.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::stages::{self, Stage};
use super::{ImageReport, ServiceError};
use crate::face::{DetectorSettings, FaceFinder};
use crate::imaging::{DecodeLimits, Pyramid, decode};
use crate::inference::Zoo;
use crate::traits::{Template, TemplateExtractor};

/// Networks and limits.
pub struct Analyser {
    finder: FaceFinder,
    extractor: TemplateExtractor,
    limits: DecodeLimits,
}

/// What one image shows.
pub struct Analysis {
    /// The image as it was decoded.
    pub image: ImageReport,
    /// The detector's confidence and the template of every face, the largest first.
    pub faces: Vec<(f32, Template)>,
}

impl Analyser {
    /// An analyser over loaded networks.
    pub fn new(zoo: Arc<Zoo>, limits: DecodeLimits) -> Self {
        Self {
            finder: FaceFinder::new(zoo.clone(), DetectorSettings::default()),
            extractor: TemplateExtractor::new(zoo),
            limits,
        }
    }

    /// What an image may cost.
    pub fn limits(&self) -> &DecodeLimits {
        &self.limits
    }

    /// Decodes an image and describes every face in it.
    ///
    /// # Errors
    /// An image that cannot be decoded, or a failing network.
    pub fn analyse(&self, bytes: &[u8]) -> Result<Analysis, ServiceError> {
        let decoded = stages::timed(Stage::Decode, || decode(bytes, &self.limits))?;
        let faces = stages::timed(Stage::Measure, || self.describe(&decoded.image))?;
        let image = ImageReport {
            width: decoded.image.width(),
            height: decoded.image.height(),
            format: decoded.format.into(),
            sha256: hex::encode(Sha256::digest(bytes)),
        };
        Ok(Analysis { image, faces })
    }

    /// Every face of an image with the detector's confidence, the largest first.
    fn describe(&self, image: &Pyramid) -> Result<Vec<(f32, Template)>, ServiceError> {
        let faces = self.finder.find(image)?;
        faces.iter().map(|f| Ok((f.detection.confidence, self.extractor.extract(image, f)?))).collect()
    }
}
