//! One image to the templates of its faces: the part of the service that costs time, and the only one that sees pixels.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::stability::degraded;
use super::stages::{self, Stage};
use super::{ImageReport, ServiceError};
use crate::face::{Detection, DetectorSettings, FaceFinder};
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
    /// Where each face was found, and its template, the largest first.
    pub faces: Vec<(Detection, Template)>,
    /// The pixels, for looking again.
    pub(super) pixels: Pyramid,
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

    /// The analyser that looks for faces in this way.
    #[must_use]
    pub fn with_detector(mut self, settings: DetectorSettings) -> Self {
        self.finder = self.finder.with_settings(settings);
        self
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
        Ok(Analysis { image, faces, pixels: decoded.image })
    }

    /// Every face of an image, the largest first.
    fn describe(&self, image: &Pyramid) -> Result<Vec<(Detection, Template)>, ServiceError> {
        let faces = self.finder.find(image)?;
        faces.iter().map(|f| Ok((f.detection, self.extractor.extract(image, f)?))).collect()
    }

    /// The template of a degraded copy of the face at `found`, for the stability check.
    ///
    /// # Errors
    /// A failing network.
    pub(super) fn look_again(&self, pixels: &Pyramid, found: &Detection) -> Result<Template, ServiceError> {
        stages::timed(Stage::Measure, || {
            let (copy, found) = degraded(pixels, found)?;
            Ok(self.extractor.extract(&copy, &self.finder.describe(&copy, found)?)?)
        })
    }
}
