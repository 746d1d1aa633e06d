//! Finding faces: a coarse pass of the detection network, then finer ones where that saw too little.
//!
//! Most photographs show one large face, which a coarse pass finds. Whoever wants to hide a fake puts it small beside
//! such a face, so hints of further faces are seen closer, and unless the face fills much of the picture, the rest is
//! searched at a finer scale.

use super::Detection;
use super::closer;
use super::merge::{by_size, is_among, merge};
use super::scaled::Scaled;
use crate::imaging::{Affine, Channels, Patch, Point, Pyramid};
use crate::inference::{InferenceError, Network, Tensor};

use super::center_face;
use super::merge::{distinct, in_source};

/// How thoroughly a picture is searched. Sides are those of a picture with sides of 1:2 to 2:1; a longer one is seen at
/// the scale of a picture of 2:1 with as many pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct DetectorSettings {
    /// The longer sides of the passes in pixels, the coarsest first; at least one. The cost of a pass grows with the
    /// square.
    pub sides: Vec<u32>,
    /// The longer side in pixels at which the picture is searched for faces beside those that the passes found, at
    /// most half the picture's own. Not where one face fills [`CLOSE_PORTRAIT`] of the picture, and hints show no other.
    pub search_side: u32,
    /// The size of a face, in pixels of a picture whose longer side is [`TYPICAL_SIDE`]. Where the largest face is
    /// smaller, a finer pass follows.
    pub small_face: f32,
    /// The least confidence of a face, 0..=1.
    pub min_confidence: f32,
    /// The least confidence of a hint, 0..=1. Hints are seen closer.
    pub hint_confidence: f32,
    /// Two boxes with a larger intersection over union than this are one face.
    pub max_overlap: f32,
    /// The most faces returned; the largest are kept.
    pub max_faces: usize,
}

impl Default for DetectorSettings {
    fn default() -> Self {
        Self {
            sides: vec![320, 448, 1280],
            search_side: 640,
            small_face: 56.0,
            min_confidence: 0.5,
            hint_confidence: 0.03,
            max_overlap: 0.3,
            max_faces: 16,
        }
    }
}

/// The faces detected in a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Detected {
    /// The largest first, [`DetectorSettings::max_faces`] at most.
    pub faces: Vec<Detection>,
    /// The number of faces found, those left out too.
    pub total: usize,
    /// The longer side of a face's box from which on the whole picture was searched, in pixels of the picture.
    pub smallest_face: f32,
}

/// The longer side of a picture in which the size of a face is judged.
const TYPICAL_SIDE: f32 = 448.0;
/// The side of the pass for faces that fill the frame, and the border that it adds, as a share of the longer side.
const CLOSE_UP_SIDE: u32 = 256;
const CLOSE_UP_BORDER: f32 = 0.4;
/// A pass less than this much finer than the one before is left out.
const FINER: f32 = 1.2;
/// The last of several passes enlarges a picture by this at most: beyond, no detail is left to see.
const MAX_ENLARGEMENT: f32 = 2.0;
/// A picture of more than this ratio of its sides is seen at the scale of one with as many pixels and this ratio.
const LONGEST: f32 = 2.0;

/// The side in pixels of a pass from which on the network finds a face, by itself or as a hint; the side below which
/// its box is inexact.
const LEAST_SEEN: f32 = 20.0;
const VAGUE: f32 = 32.0;
/// The side in pixels of the picture below which no face can be judged.
const LEAST_USED: f32 = 32.0;
/// The finest scale of a search.
const SEARCH_SCALE: f32 = 0.5;
/// The steps between the scales of a search, at which faces of [`LEAST_SEEN`] to [`super::tiles::OVERLAP`] pixels are
/// found.
const SEARCH_STEP: f32 = 4.0;
/// The share of the picture's area from which on a face alone makes it a close portrait, which is not searched.
const CLOSE_PORTRAIT: f32 = 0.125;

/// A hint of this confidence is clear. With more clear ones than this, a finer pass follows without a closer look.
const CLEAR_HINT: f32 = 0.15;
const MANY_CLEAR: usize = 4;
/// The least confidence of the hints that are seen closer beside one large face, and the most of them.
const FAIR_HINT: f32 = 0.05;
const FEW_HINTS: usize = 2;
/// The most hints that are seen closer elsewhere.
const MOST_HINTS: usize = 8;
/// A hint that is not clear is a small face, of at most this side in pixels of the pass: larger ones are certain.
const SMALL_HINT: f32 = 44.0;

/// Detects faces, the largest first.
///
/// The first pass is coarse. A finer one follows where it found no face, only small faces, or more than one (hints that
/// prove to be faces count); the finest where all faces are still small. If no pass finds a face, a last one over the
/// picture shrunk into a border looks for a face that fills the frame. A picture with faces is then searched for
/// smaller ones.
///
/// # Errors
/// When the network fails.
pub fn detect(net: &dyn Network, image: &Pyramid, settings: &DetectorSettings) -> Result<Detected, InferenceError> {
    let detector = Detector { net, image, settings, long: typical_side(image.width(), image.height()) };
    let (mut faces, finest) = detector.faces()?;
    by_size(&mut faces);
    let total = faces.len();
    faces.truncate(settings.max_faces);
    Ok(Detected { faces, total, smallest_face: (LEAST_SEEN / finest).max(LEAST_USED) })
}

/// The longer side in pixels by which the scale of a picture is chosen.
fn typical_side(width: u32, height: u32) -> f32 {
    let (long, short) = (width.max(height) as f32, width.min(height) as f32);
    if long > LONGEST * short { (LONGEST * long * short).sqrt() } else { long }
}

struct Detector<'a> {
    net: &'a dyn Network,
    image: &'a Pyramid,
    settings: &'a DetectorSettings,
    long: f32,
}

/// What the passes over a picture found.
#[derive(Default)]
struct Passed {
    /// The largest first, in pixels of the source.
    faces: Vec<Detection>,
    /// Detections of the last pass below the confidence of a face, the most confident first.
    hints: Vec<Detection>,
    /// The scale of the last pass.
    scale: f32,
    /// Whether a coarse pass was enough: one large face, and no other beside it.
    is_one: bool,
}

/// What there is beside one large face.
enum Others {
    /// No other face.
    None,
    /// Faces that the pass hardly saw.
    Faint(Vec<Detection>),
    /// Faces that a finer pass may see better, and more than were seen closer.
    Clear(Vec<Detection>),
}

impl Detector<'_> {
    /// All faces, and the finest scale at which the whole picture was seen.
    fn faces(&self) -> Result<(Vec<Detection>, f32), InferenceError> {
        let Passed { mut faces, hints, scale, is_one } = self.passes()?;
        if faces.is_empty() {
            faces = self.close_up()?;
        }
        let search = self.search_scale();
        let is_searched = !faces.is_empty() && search > scale * FINER && !(is_one && self.is_close_portrait(&faces));
        if is_searched {
            let levels = std::iter::successors(Some(search), |level| Some(level / SEARCH_STEP));
            let levels: Vec<f32> = levels.take_while(|level| *level > scale * FINER).collect();
            let mut coarser = scale;
            for level in levels.into_iter().rev() {
                self.search(level, coarser, &mut faces)?;
                coarser = level;
            }
            return Ok((faces, search));
        }
        if !is_one {
            self.look_closer(&hints, scale, &mut faces)?;
        }
        Ok((faces, scale))
    }

    /// The scale of the search.
    fn search_scale(&self) -> f32 {
        (self.settings.search_side as f32 / self.long).min(SEARCH_SCALE)
    }

    /// The passes over the whole picture.
    fn passes(&self) -> Result<Passed, InferenceError> {
        let Self { settings, long, .. } = *self;
        let mut passed = Passed::default();
        let mut seen_closer = Vec::new();
        for (i, side) in settings.sides.iter().enumerate() {
            let is_last = i > 0 && i + 1 == settings.sides.len();
            let scale = (*side as f32 / long).min(if is_last { MAX_ENLARGEMENT } else { 1.0 });
            if scale <= passed.scale * FINER {
                continue;
            }
            let found = Scaled::of(self.image, scale)?.detect(self.net, self.least(), settings.max_overlap)?;
            let (faces, hints) = self.parted(found);
            if !faces.is_empty() {
                passed.faces = faces;
            }
            (passed.hints, passed.scale) = (hints, scale);
            let largest = passed.faces.first().map_or(0.0, |f| f.bbox.side()) * (TYPICAL_SIDE / long).min(1.0);
            if largest >= settings.small_face {
                if *side as f32 >= TYPICAL_SIDE {
                    break;
                }
                let will_be_searched = self.search_scale() * long > TYPICAL_SIDE * FINER;
                if let [face] = passed.faces[..] {
                    match self.beside_one(&face, &passed.hints, scale)? {
                        Others::None => {
                            passed.is_one = true;
                            break;
                        }
                        Others::Faint(faces) => {
                            seen_closer = faces;
                            break;
                        }
                        Others::Clear(faces) => seen_closer = faces,
                    }
                }
                // The search sees more than a finer pass.
                if will_be_searched {
                    break;
                }
            }
        }
        merge(&mut passed.faces, seen_closer, VAGUE / passed.scale, settings.max_overlap);
        Ok(passed)
    }

    /// What the `hints` of a coarse pass at `scale` are beside one large face.
    fn beside_one(&self, face: &Detection, hints: &[Detection], scale: f32) -> Result<Others, InferenceError> {
        let hints = self.beside(hints, scale, std::slice::from_ref(face));
        let is_clear = |hint: &Detection| hint.confidence >= CLEAR_HINT;
        if hints.iter().filter(|hint| is_clear(hint)).count() > MANY_CLEAR {
            return Ok(Others::Clear(Vec::new()));
        }
        let fair = hints.iter().filter(|hint| hint.confidence >= FAIR_HINT).take(FEW_HINTS).copied();
        let fair: Vec<Detection> = fair.collect();
        let faces = closer::look(self.net, self.image, &fair)?;
        Ok(if faces.is_empty() {
            Others::None
        } else if fair.iter().any(|hint| is_clear(hint) && is_among(&faces, hint, self.settings.max_overlap)) {
            Others::Clear(faces)
        } else {
            Others::Faint(faces)
        })
    }

    /// Searches the picture at `scale` for faces beside `faces`, which were found at a `coarser` scale, and adds them.
    fn search(&self, scale: f32, coarser: f32, faces: &mut Vec<Detection>) -> Result<(), InferenceError> {
        let scaled = Scaled::of(self.image, scale)?;
        let found = scaled.detect_in_tiles(self.net, self.least(), self.settings.max_overlap)?;
        let (more, hints) = self.parted(found);
        // What is larger was seen whole at a coarser scale, and parts of it are no faces.
        let more = more.into_iter().filter(|f| f.bbox.side() <= scaled.largest_in_tiles()).collect();
        merge(faces, more, VAGUE / coarser, self.settings.max_overlap);
        self.look_closer(&hints, scale, faces)
    }

    /// Adds those of the `hints` of a pass at `scale` that are faces.
    fn look_closer(&self, hints: &[Detection], scale: f32, faces: &mut Vec<Detection>) -> Result<(), InferenceError> {
        let hints = self.beside(hints, scale, faces);
        let most = &hints[..hints.len().min(MOST_HINTS)];
        let found = closer::look(self.net, self.image, most)?;
        merge(faces, found, 0.0, self.settings.max_overlap);
        Ok(())
    }

    /// Those of the `hints` of a pass at `scale` that may be faces beside `faces`.
    fn beside(&self, hints: &[Detection], scale: f32, faces: &[Detection]) -> Vec<Detection> {
        let is_part = |hint: &Detection| {
            let centre = hint.bbox.centre();
            faces.iter().any(|face| face.bbox.contains(centre) && face.bbox.side() > 2.0 * hint.bbox.side())
        };
        let may_be = |hint: &&Detection| {
            let side = hint.bbox.side();
            (hint.confidence >= CLEAR_HINT || side * scale <= SMALL_HINT)
                && (LEAST_USED..=self.image.width().max(self.image.height()) as f32).contains(&side)
                && !is_part(hint)
                && !is_among(faces, hint, self.settings.max_overlap)
        };
        hints.iter().filter(may_be).copied().collect()
    }

    /// Whether the one face fills much of the picture.
    fn is_close_portrait(&self, faces: &[Detection]) -> bool {
        let area = self.image.width() as f32 * self.image.height() as f32;
        faces.len() == 1 && faces.iter().all(|face| face.bbox.area() >= CLOSE_PORTRAIT * area)
    }

    /// The least confidence of anything that is considered.
    fn least(&self) -> f32 {
        self.settings.hint_confidence.min(self.settings.min_confidence)
    }

    /// Faces, the largest first, and hints.
    fn parted(&self, found: Vec<Detection>) -> (Vec<Detection>, Vec<Detection>) {
        let (mut faces, hints): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|f| f.confidence >= self.settings.min_confidence);
        by_size(&mut faces);
        (faces, hints)
    }

    /// One pass over the picture shrunk into the middle of a black square.
    fn close_up(&self) -> Result<Vec<Detection>, InferenceError> {
        let (width, height) = (self.image.width() as f32, self.image.height() as f32);
        let scale = width.max(height) * (1.0 + CLOSE_UP_BORDER) / CLOSE_UP_SIDE as f32;
        let map = Affine::output_to_source(Point::new(width / 2.0, height / 2.0), scale, 0.0, CLOSE_UP_SIDE);
        let patch = Patch::sample(self.image, &map, CLOSE_UP_SIDE, CLOSE_UP_SIDE);
        let side = CLOSE_UP_SIDE as usize;
        let input = Tensor::new(&[1, 3, side, side], patch.planar(Channels::Rgb, [0.0; 3], 1.0))?;
        let found = center_face::run(self.net, input, self.settings.min_confidence)?;
        let found = distinct(found, self.settings.max_overlap);
        Ok(found.iter().map(|face| in_source(face, |p| map.apply(p), (scale, scale))).collect())
    }
}

#[cfg(test)]
mod tests;
