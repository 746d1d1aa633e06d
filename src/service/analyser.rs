//! One image to the templates of its faces: the part of the service that costs time, and the only one that sees pixels.

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::helpers::Helpers;
use super::stability::degraded;
use super::timing::{self, Stage};
use super::{ImageReport, ServiceError};
use crate::face::{Detection, DetectorSettings, Face, FaceFinder, Faces};
use crate::imaging::{Animation, DEFAULT_FRAMES, DecodeLimits, Decoded, Frame, Pyramid, decode, is_animated};
use crate::inference::InferenceError;
use crate::models::Zoo;
use crate::template::{EncoderTraces, Parts, Template, TemplateExtractor};
use crate::verdict::Depth;

/// The default number of faces judged in one image, the largest by area.
pub const MAX_FACES: usize = 16;
/// The most faces judged in all frames of an animation together, in the most of one image.
const IMAGES: usize = 4;

/// Networks and limits.
pub struct Analyser {
    finder: FaceFinder,
    extractor: TemplateExtractor,
    limits: DecodeLimits,
    max_faces: usize,
    max_frames: usize,
    helpers: Helpers,
}

/// The faces of one image, not yet described.
pub(super) struct Found {
    /// The decoded image.
    pub(super) image: ImageReport,
    /// The faces, the largest first.
    pub(super) faces: Vec<Face>,
    /// The number of faces found, with those beyond the analyser's limit.
    pub(super) total: usize,
    /// The longer side of a face's box from which on the whole image was searched, in pixels.
    pub(super) smallest_face: u32,
    /// The pixels, for a closer look.
    pub(super) pixels: Pyramid,
}

/// When a frame is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// Its place among the frames of the file, from 0.
    pub(super) index: u32,
    /// From the beginning to when it is first shown.
    pub(super) at: Duration,
    /// The time that it is shown, repetitions included.
    pub(super) shown: Duration,
}

/// The faces of one image.
pub struct Analysis {
    /// The decoded image.
    pub image: ImageReport,
    /// Each face and its template, the largest first.
    pub faces: Vec<(Face, Template)>,
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
        let finder = FaceFinder::new(zoo.clone(), settings);
        Self {
            finder,
            extractor: TemplateExtractor::new(zoo),
            limits,
            max_faces: MAX_FACES,
            max_frames: DEFAULT_FRAMES,
            helpers: Helpers::default(),
        }
    }

    /// The analyser with these settings of the detector; the `max_faces` largest faces are described.
    #[must_use]
    pub fn with_detector(mut self, settings: DetectorSettings) -> Self {
        let settings = DetectorSettings { max_faces: settings.max_faces.max(1), ..settings };
        self.max_faces = settings.max_faces;
        self.finder = self.finder.with_settings(settings);
        self
    }

    /// The analyser that looks at `max_frames` frames of an animation at most.
    #[must_use]
    pub fn with_max_frames(mut self, max_frames: usize) -> Self {
        self.max_frames = max_frames.max(1);
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
        let Found { image, faces, pixels, .. } = self.find(bytes)?;
        let with_template = |face| {
            let template = self.template(&pixels, &face, None)?;
            Ok((face, template))
        };
        let faces = faces.into_iter().map(with_template).collect::<Result<_, ServiceError>>()?;
        Ok(Analysis { image, faces, pixels })
    }

    /// Decodes an image and finds the faces in it.
    ///
    /// # Errors
    /// As [`Analyser::analyse`].
    pub(super) fn find(&self, bytes: &[u8]) -> Result<Found, ServiceError> {
        let _busy = self.helpers.occupy();
        let decoded = timing::timed(Stage::Decode, || decode(bytes, &self.limits))?;
        self.find_in(decoded, sha256(bytes), self.max_faces)
    }

    /// The frames of an animation that are looked at; `None` for a still.
    ///
    /// # Errors
    /// An image that cannot be decoded.
    pub(super) fn animation<'a>(&self, bytes: &'a [u8]) -> Result<Option<Animation<'a>>, ServiceError> {
        if !is_animated(bytes) {
            return Ok(None);
        }
        let _busy = self.helpers.occupy();
        Ok(timing::timed(Stage::Decode, || Animation::open(bytes, &self.limits, self.max_frames))?)
    }

    /// Finds the faces in each of the frames that are looked at, one after another: the largest, fewer per frame the
    /// more frames there are.
    pub(super) fn find_in_frames<'a>(
        &'a self,
        animation: &'a Animation,
        bytes: &[u8],
    ) -> impl Iterator<Item = Result<(Moment, Found), ServiceError>> + 'a {
        let most = (IMAGES * self.max_faces / animation.len().max(1)).clamp(1, self.max_faces);
        let (sha256, mut frames) = (sha256(bytes), animation.frames());
        let next = move || timing::timed(Stage::Decode, || frames.next());
        std::iter::from_fn(next).map(move |Frame { picture, index, at, shown }| {
            let _busy = self.helpers.occupy();
            Ok((Moment { index, at, shown }, self.find_in(picture, sha256.clone(), most)?))
        })
    }

    fn find_in(&self, decoded: Decoded, sha256: String, most: usize) -> Result<Found, ServiceError> {
        let found = timing::timed(Stage::Measure, || self.finder.find(&decoded.image))?;
        let Faces { mut faces, total, smallest_face } = found;
        faces.truncate(most);
        let (image, smallest_face) = (ImageReport::of(&decoded, sha256), smallest_face.ceil() as u32);
        Ok(Found { image, faces, total, smallest_face, pixels: decoded.image })
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
        let Analysis { image, faces, pixels } = self.analyse(bytes)?;
        let _busy = self.helpers.occupy();
        let complete = |(face, template)| {
            let template = timing::timed(Stage::Measure, || self.extractor.complete(template, &pixels, &face))?;
            Ok((face, template))
        };
        let faces = faces.into_iter().map(complete).collect::<Result<_, ServiceError>>()?;
        Ok(Analysis { image, faces, pixels })
    }

    /// What the image encoder sees of one face.
    ///
    /// # Errors
    /// A failing network.
    pub(super) fn encode(&self, pixels: &Pyramid, face: &Face) -> Result<EncoderTraces, ServiceError> {
        let _busy = self.helpers.occupy();
        Ok(timing::timed(Stage::Measure, || self.extractor.encode(pixels, face))?)
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

    /// The template of a degraded copy of the face at `found`, with its parts, and by `depth` with what the image encoder
    /// sees, for the stability check.
    ///
    /// # Errors
    /// A failing network.
    pub(super) fn degraded_template(
        &self,
        pixels: &Pyramid,
        found: &Detection,
        depth: Depth,
    ) -> Result<Template, ServiceError> {
        let _busy = self.helpers.occupy();
        timing::timed(Stage::Measure, || {
            let (copy, found) = degraded(pixels, found)?;
            let face = self.finder.describe(&copy, found)?;
            let parts = self.extractor.parts(&copy, &face)?;
            let mut template = Template { parts, ..self.in_halves(&copy, &face, None)? };
            if depth == Depth::Thorough {
                template.attributes = template.attributes.with_encoder(&self.extractor.encode(&copy, &face)?);
            }
            Ok(template)
        })
    }
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
