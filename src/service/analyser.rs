//! One image to the templates of its faces: the part of the service that costs time, and the only one that sees pixels.

use std::sync::Arc;

use super::helpers::Helpers;
use super::stability::degraded;
use super::timing::{self, Stage};
use super::{ImageReport, ServiceError};
use crate::face::{Detection, DetectorSettings, Face, FaceFinder};
use crate::imaging::{DecodeLimits, Pyramid, decode};
use crate::inference::InferenceError;
use crate::models::Zoo;
use crate::template::{Parts, Template, TemplateExtractor};

/// The default number of faces judged in one image, the largest by area.
pub const MAX_FACES: usize = 16;

/// Networks and limits.
pub struct Analyser {
    finder: FaceFinder,
    extractor: TemplateExtractor,
    limits: DecodeLimits,
    max_faces: usize,
    helpers: Helpers,
}

/// The faces of one image, not yet described.
pub(super) struct Found {
    /// The decoded image.
    pub(super) image: ImageReport,
    /// The faces, the largest first.
    pub(super) faces: Vec<Face>,
    /// Whether the image shows more faces than the analyser's limit.
    pub(super) more_faces: bool,
    /// The pixels, for a closer look.
    pub(super) pixels: Pyramid,
}

/// The faces of one image.
pub struct Analysis {
    /// The decoded image.
    pub image: ImageReport,
    /// Each face and its template, the largest first.
    pub faces: Vec<(Face, Template)>,
    /// Whether the image shows more faces than the analyser's limit.
    pub more_faces: bool,
    /// The pixels, for a closer look.
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
        Self {
            finder,
            extractor: TemplateExtractor::new(zoo),
            limits,
            max_faces: MAX_FACES,
            helpers: Helpers::default(),
        }
    }

    /// The analyser with these settings of the detector; the `max_faces` largest faces are described.
    #[must_use]
    pub fn with_detector(mut self, settings: DetectorSettings) -> Self {
        self.max_faces = settings.max_faces.max(1);
        self.finder = self.finder.with_settings(one_more(settings));
        self
    }

    /// The analyser for requests that run on `threads` threads; an idle thread helps a busy one.
    ///
    /// # Errors
    /// When the system cannot start a thread.
    pub fn with_threads(mut self, threads: usize) -> std::io::Result<Self> {
        self.helpers = Helpers::start(threads).map_err(std::io::Error::other)?;
        Ok(self)
    }

    /// The limits of decoding.
    pub fn limits(&self) -> &DecodeLimits {
        &self.limits
    }

    /// Decodes an image and describes every face in it.
    ///
    /// # Errors
    /// An image that cannot be decoded, or a failing network.
    pub fn analyse(&self, bytes: &[u8]) -> Result<Analysis, ServiceError> {
        let Found { image, faces, more_faces, pixels } = self.find(bytes)?;
        let with_template = |face| {
            let template = self.template(&pixels, &face, None)?;
            Ok((face, template))
        };
        let faces = faces.into_iter().map(with_template).collect::<Result<_, ServiceError>>()?;
        Ok(Analysis { image, faces, more_faces, pixels })
    }

    /// Decodes an image and finds the faces in it.
    ///
    /// # Errors
    /// As [`Analyser::analyse`].
    pub(super) fn find(&self, bytes: &[u8]) -> Result<Found, ServiceError> {
        let _busy = self.helpers.occupy();
        let decoded = timing::timed(Stage::Decode, || decode(bytes, &self.limits))?;
        let mut faces = timing::timed(Stage::Measure, || self.finder.find(&decoded.image))?;
        let more_faces = faces.len() > self.max_faces;
        faces.truncate(self.max_faces);
        let image = ImageReport::of(&decoded, bytes);
        Ok(Found { image, faces, more_faces, pixels: decoded.image })
    }

    /// The vector that a face is searched by.
    ///
    /// # Errors
    /// A failing network.
    pub(super) fn embed_to_search(&self, pixels: &Pyramid, face: &Face) -> Result<Vec<f32>, ServiceError> {
        let _busy = self.helpers.occupy();
        Ok(timing::timed(Stage::Measure, || self.extractor.embed_to_search(pixels, face))?)
    }

    /// The vector that confirms whom a face was found to depict.
    ///
    /// # Errors
    /// A failing network.
    pub(super) fn embed_to_confirm(&self, pixels: &Pyramid, face: &Face) -> Result<Vec<f32>, ServiceError> {
        let _busy = self.helpers.occupy();
        Ok(timing::timed(Stage::Measure, || self.extractor.embed_to_confirm(pixels, face))?)
    }

    /// [`Analyser::analyse`] with all that references keep of every face: for enrollment, and for evaluation.
    ///
    /// # Errors
    /// As [`Analyser::analyse`].
    pub fn analyse_completely(&self, bytes: &[u8]) -> Result<Analysis, ServiceError> {
        let Analysis { image, faces, more_faces, pixels } = self.analyse(bytes)?;
        let _busy = self.helpers.occupy();
        let complete = |(face, template)| {
            let template = timing::timed(Stage::Measure, || self.extractor.complete(template, &pixels, &face))?;
            Ok((face, template))
        };
        let faces = faces.into_iter().map(complete).collect::<Result<_, ServiceError>>()?;
        Ok(Analysis { image, faces, more_faces, pixels })
    }

    /// One face read in parts; `None` for one that is turned too far.
    ///
    /// # Errors
    /// A failing network.
    pub(super) fn parts(&self, pixels: &Pyramid, face: &Face) -> Result<Option<Parts>, ServiceError> {
        let _busy = self.helpers.occupy();
        Ok(timing::timed(Stage::Measure, || self.extractor.parts(pixels, face))?)
    }

    /// The template of one face. `to_search` is the vector of [`Analyser::embed_to_search`], where it is known.
    ///
    /// # Errors
    /// A failing network.
    pub(super) fn template(
        &self,
        image: &Pyramid,
        face: &Face,
        to_search: Option<Vec<f32>>,
    ) -> Result<Template, ServiceError> {
        let _busy = self.helpers.occupy();
        Ok(timing::timed(Stage::Measure, || self.in_halves(image, face, to_search))?)
    }

    /// The template of one face; its two halves run in parallel where a thread is idle.
    fn in_halves(&self, image: &Pyramid, face: &Face, to_search: Option<Vec<f32>>) -> Result<Template, InferenceError> {
        let Self { extractor, .. } = self;
        let (embedded, described) =
            self.helpers.join(|| extractor.embed(image, face, to_search), || extractor.describe(image, face));
        Ok(embedded?.with(described?, face))
    }

    /// The template of a degraded copy of the face at `found`, with its parts, for the stability check.
    ///
    /// # Errors
    /// A failing network.
    pub(super) fn degraded_template(&self, pixels: &Pyramid, found: &Detection) -> Result<Template, ServiceError> {
        let _busy = self.helpers.occupy();
        timing::timed(Stage::Measure, || {
            let (copy, found) = degraded(pixels, found)?;
            let face = self.finder.describe(&copy, found)?;
            let parts = self.extractor.parts(&copy, &face)?;
            Ok(Template { parts, ..self.in_halves(&copy, &face, None)? })
        })
    }
}

/// Finds one face more than is judged, so that an answer can say that there are more.
fn one_more(settings: DetectorSettings) -> DetectorSettings {
    DetectorSettings { max_faces: settings.max_faces.max(1) + 1, ..settings }
}
