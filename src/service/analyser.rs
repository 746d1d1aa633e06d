//! One image to the templates of its faces: the part of the service that costs time, and the only one that sees pixels.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::helpers::Spare;
use super::stability::degraded;
use super::timing::{self, Stage};
use super::{ImageReport, ServiceError};
use crate::face::{Detection, DetectorSettings, Face, FaceFinder};
use crate::imaging::{DecodeLimits, Pyramid, decode};
use crate::inference::InferenceError;
use crate::models::Zoo;
use crate::template::{Parts, Template, TemplateExtractor};

/// So many faces of an image are looked at, its largest, unless it is set otherwise.
pub const MAX_FACES: usize = 16;

/// Networks and limits.
pub struct Analyser {
    finder: FaceFinder,
    extractor: TemplateExtractor,
    limits: DecodeLimits,
    max_faces: usize,
    spare: Spare,
}

/// What one image shows.
pub struct Analysis {
    /// The image as it was decoded.
    pub image: ImageReport,
    /// Each face and its template, the largest first.
    pub faces: Vec<(Face, Template)>,
    /// Whether there are more faces than are looked at.
    pub more_faces: bool,
    /// The pixels, for looking again.
    pub(super) pixels: Pyramid,
}

impl Analysis {
    /// The faces' templates.
    pub fn into_templates(self) -> Vec<Template> {
        self.faces.into_iter().map(|(_, template)| template).collect()
    }
}

impl Analyser {
    /// An analyser over loaded networks.
    pub fn new(zoo: Arc<Zoo>, limits: DecodeLimits) -> Self {
        let settings = DetectorSettings { max_faces: MAX_FACES, ..DetectorSettings::default() };
        let finder = FaceFinder::new(zoo.clone(), one_more(settings));
        Self { finder, extractor: TemplateExtractor::new(zoo), limits, max_faces: MAX_FACES, spare: Spare::default() }
    }

    /// The analyser that looks for faces in this way, and at the `max_faces` largest.
    #[must_use]
    pub fn with_detector(mut self, settings: DetectorSettings) -> Self {
        self.max_faces = settings.max_faces.max(1);
        self.finder = self.finder.with_settings(one_more(settings));
        self
    }

    /// The analyser for requests that run on `threads` threads: one that has nothing to do helps another.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn with_threads(mut self, threads: usize) -> std::io::Result<Self> {
        self.spare = Spare::start(threads).map_err(std::io::Error::other)?;
        Ok(self)
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
        let _busy = self.spare.occupied();
        let decoded = timing::timed(Stage::Decode, || decode(bytes, &self.limits))?;
        let (faces, more_faces) = timing::timed(Stage::Measure, || self.describe(&decoded.image))?;
        let image = ImageReport {
            width: decoded.image.width(),
            height: decoded.image.height(),
            format: decoded.format.into(),
            sha256: hex::encode(Sha256::digest(bytes)),
        };
        Ok(Analysis { image, faces, more_faces, pixels: decoded.image })
    }

    /// The same, each face looked at in parts too: for what is enrolled, and where every answer is to be explained.
    ///
    /// # Errors
    /// As [`Analyser::analyse`].
    pub fn analyse_in_parts(&self, bytes: &[u8]) -> Result<Analysis, ServiceError> {
        let mut analysis = self.analyse(bytes)?;
        for (face, template) in &mut analysis.faces {
            template.parts = self.parts(&analysis.pixels, face)?;
        }
        Ok(analysis)
    }

    /// One face in parts.
    ///
    /// # Errors
    /// A failing network.
    pub(super) fn parts(&self, pixels: &Pyramid, face: &Face) -> Result<Option<Parts>, ServiceError> {
        let _busy = self.spare.occupied();
        Ok(timing::timed(Stage::Measure, || self.extractor.parts(pixels, face))?)
    }

    /// The faces of an image that are looked at, the largest first, and whether there are others.
    fn describe(&self, image: &Pyramid) -> Result<(Vec<(Face, Template)>, bool), ServiceError> {
        let mut found = self.finder.find(image)?;
        let more = found.len() > self.max_faces;
        found.truncate(self.max_faces);
        let faces = found.into_iter().map(|f| {
            let template = self.template(image, &f)?;
            Ok((f, template))
        });
        Ok((faces.collect::<Result<_, ServiceError>>()?, more))
    }

    /// The template of one face, its halves at once where a thread has nothing to do.
    fn template(&self, image: &Pyramid, face: &Face) -> Result<Template, InferenceError> {
        let Self { extractor, .. } = self;
        let (embedded, described) =
            self.spare.both(|| extractor.embed(image, face), || extractor.describe(image, face));
        Ok(embedded?.with(described?, face))
    }

    /// The template of a degraded copy of the face at `found`, for the stability check.
    ///
    /// # Errors
    /// A failing network.
    pub(super) fn look_again(&self, pixels: &Pyramid, found: &Detection) -> Result<Template, ServiceError> {
        let _busy = self.spare.occupied();
        timing::timed(Stage::Measure, || {
            let (copy, found) = degraded(pixels, found)?;
            let face = self.finder.describe(&copy, found)?;
            let parts = self.extractor.parts(&copy, &face)?;
            Ok(Template { parts, ..self.template(&copy, &face)? })
        })
    }
}

/// Finds one face more than is looked at, so that an answer can say that there are more.
fn one_more(settings: DetectorSettings) -> DetectorSettings {
    DetectorSettings { max_faces: settings.max_faces.max(1) + 1, ..settings }
}
