//! Finding faces: a coarse pass of the detection network, then finer ones where that saw too little.

use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer, images::Image as Resized};

use super::center_face::{self, SIDES};
use super::{BoundingBox, Detection};
use crate::imaging::{Affine, Channels, Patch, Point, Pyramid, RgbImage};
use crate::inference::{InferenceError, Network, Tensor};

/// How thoroughly a picture is searched.
#[derive(Clone, Debug, PartialEq)]
pub struct DetectorSettings {
    /// The longer sides of the passes in pixels, the coarsest first; at least one. The cost of a pass grows with the
    /// square.
    pub sides: Vec<u32>,
    /// The size of a face, in pixels of a picture whose longer side is [`TYPICAL_SIDE`]. Where the largest face is
    /// smaller, a finer pass follows.
    pub small_face: f32,
    /// The least confidence of a face, 0..=1.
    pub min_confidence: f32,
    /// The least confidence of a hint, 0..=1. Where a pass coarser than [`TYPICAL_SIDE`] finds one face, its hints are
    /// seen enlarged: if one of them is a face too, a finer pass follows.
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
            small_face: 56.0,
            min_confidence: 0.5,
            hint_confidence: 0.15,
            max_overlap: 0.3,
            max_faces: 16,
        }
    }
}

impl DetectorSettings {
    /// The least confidence of anything that is considered.
    fn least_confidence(&self) -> f32 {
        self.hint_confidence.min(self.min_confidence)
    }
}

/// The longer side of a picture in which the size of a face is judged.
const TYPICAL_SIDE: f32 = 448.0;
/// The side of the pass for faces that fill the frame, and the border that it adds, as a share of the longer side.
const CLOSE_UP_SIDE: u32 = 256;
const CLOSE_UP_BORDER: f32 = 0.4;
/// The side of the crop in which a hint is seen again, and its enlargement against the pass.
const HINT_SIDE: u32 = 128;
const HINT_ENLARGEMENT: f32 = 2.0;
/// With more hints than this, a finer pass over the whole picture costs less than a crop for each.
const MAX_HINTS: usize = 4;
/// The last of several passes enlarges a picture by this at most: beyond, no detail is left to see.
const MAX_ENLARGEMENT: f32 = 2.0;
/// A pass less than this much finer than the one before is left out.
const FINER: f32 = 1.2;

/// Detects faces, the largest first.
///
/// The first pass is coarse. A finer one follows where it found no face, only small faces, or more than one (hints that
/// prove to be faces count); the finest where all faces are still small. If no pass finds a face, a last one over the
/// picture shrunk into a border looks for a face that fills the frame.
///
/// # Errors
/// When the network fails.
pub fn detect(
    net: &dyn Network,
    image: &Pyramid,
    settings: &DetectorSettings,
) -> Result<Vec<Detection>, InferenceError> {
    let long = image.width().max(image.height()) as f32;
    let (mut faces, mut done) = (Vec::new(), 0.0);
    for (i, side) in settings.sides.iter().enumerate() {
        let is_last = i > 0 && i + 1 == settings.sides.len();
        let scale = (*side as f32 / long).min(if is_last { MAX_ENLARGEMENT } else { 1.0 });
        if scale <= done * FINER {
            continue;
        }
        let found = pass(net, image, scale, settings)?;
        if !found.faces.is_empty() {
            faces = found.faces;
        }
        let largest = faces.first().map_or(0.0, |f: &Detection| f.bbox.side()) * (TYPICAL_SIDE / long).min(1.0);
        if largest >= settings.small_face {
            let is_fine = *side as f32 >= TYPICAL_SIDE;
            if is_fine || faces.len() == 1 && !has_another_face(net, image, scale, &found.hints, settings)? {
                break;
            }
        }
        done = scale;
    }
    if faces.is_empty() {
        faces = close_up(net, image, settings)?;
    }
    Ok(faces)
}

/// The result of one pass.
struct Found {
    /// The largest first, in pixels of the source.
    faces: Vec<Detection>,
    /// Detections below the confidence of a face.
    hints: Vec<Detection>,
}

/// One pass over the whole picture at `scale` (pixels of the input per pixel of the source).
fn pass(net: &dyn Network, image: &Pyramid, scale: f32, settings: &DetectorSettings) -> Result<Found, InferenceError> {
    let side = |v: u32| ((v as f32 * scale).round() as u32).max(1);
    let (w, h) = (side(image.width()), side(image.height()));
    let padded = |v: u32| v.div_ceil(SIDES) * SIDES;
    let (pw, ph) = (padded(w), padded(h));
    let small = resize(image.shrunk(1.0 / scale).0, w, h)?;
    let n = (pw * ph) as usize;
    let mut data = vec![0.0f32; 3 * n];
    for (c, plane) in data.chunks_exact_mut(n).enumerate() {
        for (row, out) in small.chunks_exact(3 * w as usize).zip(plane.chunks_exact_mut(pw as usize)) {
            for (px, v) in row.chunks_exact(3).zip(out) {
                *v = f32::from(px[c]);
            }
        }
    }
    let (sx, sy) = (image.width() as f32 / w as f32, image.height() as f32 / h as f32);
    let found =
        center_face::run(net, Tensor::new(&[1, 3, ph as usize, pw as usize], data)?, settings.least_confidence())?;
    let back = |p: Point| Point::new(p.x * sx, p.y * sy);
    Ok(keep(found, settings, back, sx, sy))
}

/// Whether one of the hints of a pass at `scale` is a face when it is seen enlarged. A few crops cost less than a finer
/// pass over a picture whose hints are no faces.
fn has_another_face(
    net: &dyn Network,
    image: &Pyramid,
    scale: f32,
    hints: &[Detection],
    settings: &DetectorSettings,
) -> Result<bool, InferenceError> {
    if hints.len() > MAX_HINTS {
        return Ok(true);
    }
    let side = HINT_SIDE as usize;
    let middle = Point::new(HINT_SIDE as f32 / 2.0, HINT_SIDE as f32 / 2.0);
    for hint in hints {
        let map = Affine::output_to_source(hint.bbox.centre(), 1.0 / (scale * HINT_ENLARGEMENT), 0.0, HINT_SIDE);
        let patch = Patch::sample(image, &map, HINT_SIDE, HINT_SIDE);
        let input = Tensor::new(&[1, 3, side, side], patch.planar(Channels::Rgb, [0.0; 3], 1.0))?;
        let is_face = |f: &Detection| {
            f.confidence >= settings.min_confidence && f.bbox.centre().distance(middle) <= HINT_SIDE as f32 / 4.0
        };
        if center_face::run(net, input, settings.least_confidence())?.iter().any(is_face) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// One pass over the picture shrunk into the middle of a black square.
fn close_up(net: &dyn Network, image: &Pyramid, settings: &DetectorSettings) -> Result<Vec<Detection>, InferenceError> {
    let long = image.width().max(image.height()) as f32;
    let scale = long * (1.0 + CLOSE_UP_BORDER) / CLOSE_UP_SIDE as f32;
    let middle = Point::new(image.width() as f32 / 2.0, image.height() as f32 / 2.0);
    let map = Affine::output_to_source(middle, scale, 0.0, CLOSE_UP_SIDE);
    let patch = Patch::sample(image, &map, CLOSE_UP_SIDE, CLOSE_UP_SIDE);
    let side = CLOSE_UP_SIDE as usize;
    let input = Tensor::new(&[1, 3, side, side], patch.planar(Channels::Rgb, [0.0; 3], 1.0))?;
    let found = center_face::run(net, input, settings.least_confidence())?;
    Ok(keep(found, settings, |p| map.apply(p), scale, scale).faces)
}

/// Drops duplicates, maps the boxes `back` to the source (`sx` and `sy` source pixels per pixel of the input),
/// separates faces from hints, and keeps the largest faces.
fn keep(
    mut found: Vec<Detection>,
    settings: &DetectorSettings,
    back: impl Fn(Point) -> Point,
    sx: f32,
    sy: f32,
) -> Found {
    found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let mut faces: Vec<Detection> = Vec::new();
    for face in found {
        if faces.iter().any(|k| k.bbox.iou(&face.bbox) > settings.max_overlap) {
            continue;
        }
        faces.push(face);
    }
    for face in &mut faces {
        let corner = back(Point::new(face.bbox.x, face.bbox.y));
        face.bbox =
            BoundingBox { x: corner.x, y: corner.y, width: face.bbox.width * sx, height: face.bbox.height * sy };
        face.points = face.points.map(&back);
    }
    let (mut faces, hints): (Vec<_>, Vec<_>) = faces.into_iter().partition(|f| f.confidence >= settings.min_confidence);
    faces.sort_by(|a, b| b.bbox.area().total_cmp(&a.bbox.area()));
    faces.truncate(settings.max_faces);
    Found { faces, hints }
}

/// `image` at `w` x `h`, interleaved RGB.
fn resize(image: &RgbImage, w: u32, h: u32) -> Result<Vec<u8>, InferenceError> {
    if (w, h) == image.dimensions() {
        return Ok(image.as_raw().clone());
    }
    let mut out = Resized::new(w, h, fast_image_resize::PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    Resizer::new().resize(image, &mut out, &options).map_err(|e| InferenceError::Run(e.to_string()))?;
    Ok(out.into_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// A network that sees a face of `size` pixels at each of `faces`: cells of the output, and confidence.
    struct Scene {
        size: f32,
        faces: Vec<([usize; 2], f32)>,
        /// The confidence of a face in the middle of an enlarged hint.
        closer: f32,
        /// The longer sides of the inputs.
        asked: Mutex<Vec<usize>>,
    }

    impl Scene {
        fn new(size: f32, faces: &[([usize; 2], f32)]) -> Self {
            Self { size, faces: faces.to_vec(), closer: 0.0, asked: Mutex::default() }
        }
    }

    impl Network for Scene {
        fn run(&self, input: Tensor) -> Result<Vec<Tensor>, InferenceError> {
            self.asked.lock().unwrap().push(input.shape[2].max(input.shape[3]));
            let (h, w) = (input.shape[2] / 4, input.shape[3] / 4);
            let n = h * w;
            let mut heat = vec![0.0; n];
            if input.shape[2..] == [HINT_SIDE as usize; 2] {
                heat[h / 2 * w + w / 2] = self.closer;
            } else {
                for ([x, y], confidence) in &self.faces {
                    heat[y * w + x] = *confidence;
                }
            }
            let size = vec![(self.size / 4.0).ln(); 2 * n];
            Ok(vec![
                Tensor::new(&[1, 1, h, w], heat)?,
                Tensor::new(&[1, 2, h, w], size)?,
                Tensor::new(&[1, 2, h, w], vec![0.0; 2 * n])?,
                Tensor::new(&[1, 10, h, w], vec![0.5; 10 * n])?,
            ])
        }
    }

    #[test]
    fn boxes_are_in_source_pixels_and_duplicates_are_one() {
        let image = RgbImage::new(896, 448).into();
        let settings = DetectorSettings { sides: vec![448], ..DetectorSettings::default() };
        // The second is the same face seen twice.
        let net = Scene::new(40.0, &[([6, 4], 0.9), ([7, 4], 0.8)]);
        let faces = detect(&net, &image, &settings).unwrap();
        assert_eq!(faces.len(), 1);
        let f = &faces[0];
        // cell (6, 4) of a half-size picture: centre (26, 18) there, (52, 36) here; 40 pixels wide there, 80 here
        assert!((f.bbox.centre().x - 52.0).abs() < 1e-3 && (f.bbox.centre().y - 36.0).abs() < 1e-3);
        assert!((f.bbox.width - 80.0).abs() < 1e-2);
        assert!(f.points[0].distance(f.bbox.centre()) < 1e-2);
    }

    #[test]
    fn finer_passes_are_made_where_a_coarse_one_saw_too_little() {
        let image: Pyramid = RgbImage::new(1280, 640).into();
        let looked = |sides: &[u32], size: f32, closer: f32, faces: &[([usize; 2], f32)]| {
            let net = Scene { closer, ..Scene::new(size, faces) };
            let settings = DetectorSettings { sides: sides.to_vec(), ..DetectorSettings::default() };
            detect(&net, &image, &settings).unwrap();
            net.asked.into_inner().unwrap()
        };
        let asked = |sides: &[u32], size: f32, faces: &[([usize; 2], f32)]| looked(sides, size, 0.0, faces);
        let (one, other, three) = ([10, 10], [40, 10], [320, 448, 1280]);
        assert_eq!(asked(&[448, 1280], 64.0, &[(one, 0.9), (other, 0.9)]), [448], "several faces in a fine pass");
        assert_eq!(asked(&three, 64.0, &[(one, 0.9)]), [320], "a large face alone");
        assert_eq!(asked(&three, 64.0, &[(one, 0.9), (other, 0.9)]), [320, 448], "several faces");
        let doubt = [(one, 0.9), (other, 0.3)];
        assert_eq!(looked(&three, 64.0, 0.8, &doubt), [320, 128, 448], "a hint that is a face");
        assert_eq!(looked(&three, 64.0, 0.4, &doubt), [320, 128], "a hint that is none");
        assert_eq!(asked(&[448, 1280], 64.0, &doubt), [448], "a fine pass does not enlarge hints");
        let many: Vec<_> = (0..6).map(|i| ([12 * i + 2, 2], 0.3)).chain([(one, 0.9)]).collect();
        assert_eq!(asked(&three, 64.0, &many), [320, 448], "too many hints");
        assert_eq!(asked(&three, 24.0, &[(one, 0.9)]), [320, 448, 1280], "a small face");
        assert_eq!(asked(&three, 64.0, &[]), [320, 448, 1280, 256], "none");
    }

    #[test]
    fn a_small_picture_is_not_searched_twice_at_one_size() {
        let image: Pyramid = RgbImage::new(200, 100).into();
        let net = Scene::new(24.0, &[([10, 10], 0.9)]);
        detect(&net, &image, &DetectorSettings::default()).unwrap();
        assert_eq!(net.asked.into_inner().unwrap(), [224, 416], "at its own size, then enlarged twice");
    }
}
