//! Where the faces are: CenterFace, in a coarse pass, then finer ones where that saw too little.
//!
//! CenterFace (Xu et al., "CenterFace: Joint Face Detection and Alignment Using Face as Point", 2019) answers, on a
//! grid of one cell for 4 x 4 pixels, how likely a face's centre is there, its size, and five points.

use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer, images::Image as Resized};
use serde::{Deserialize, Serialize};

use crate::imaging::{Affine, Channels, Patch, Point, Pyramid, RgbImage};
use crate::inference::{InferenceError, Network, Tensor, output};

/// A rectangle in pixels of the source image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BoundingBox {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

impl BoundingBox {
    /// The centre.
    pub fn centre(&self) -> Point {
        Point::new(self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    /// The longer side.
    pub fn side(&self) -> f32 {
        self.width.max(self.height)
    }

    /// Square pixels.
    pub fn area(&self) -> f32 {
        self.width * self.height
    }

    /// Intersection over union, 0..=1.
    pub fn iou(&self, other: &Self) -> f32 {
        let w = (self.x + self.width).min(other.x + other.width) - self.x.max(other.x);
        let h = (self.y + self.height).min(other.y + other.height) - self.y.max(other.y);
        let inter = w.max(0.0) * h.max(0.0);
        inter / (self.area() + other.area() - inter).max(f32::MIN_POSITIVE)
    }
}

/// One face as the detector sees it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// The face, forehead to chin.
    pub bbox: BoundingBox,
    /// 0..=1.
    pub confidence: f32,
    /// Right eye, left eye (the person's own sides), nose tip, right and left mouth corner.
    pub points: [Point; 5],
}

/// How hard to look.
#[derive(Clone, Debug, PartialEq)]
pub struct DetectorSettings {
    /// The longer sides of the passes in pixels, the coarsest first; at least one. What a pass costs grows with the
    /// square.
    pub sides: Vec<u32>,
    /// A finer pass is made when the largest face spans fewer pixels than this where the picture's longer side is
    /// [`TYPICAL_SIDE`].
    pub small_face: f32,
    /// The least confidence of a face, 0..=1.
    pub min_confidence: f32,
    /// From this confidence on, what a pass coarser than [`TYPICAL_SIDE`] saw beside one face is looked at more closely: it
    /// may be another face, and that is a reason for the next pass.
    pub hint_confidence: f32,
    /// Two boxes that overlap by more than this intersection over union are one face.
    pub max_overlap: f32,
    /// The largest faces kept.
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

/// The longer side of a picture in which the size of a face is judged.
const TYPICAL_SIDE: f32 = 448.0;
/// The side of the pass for faces that fill the frame, and how much border it adds around the picture.
const CLOSE_UP_SIDE: u32 = 256;
const CLOSE_UP_BORDER: f32 = 0.4;
/// The side of a closer look, and by how much it enlarges what the pass saw.
const LOOK_SIDE: u32 = 128;
const LOOK_ENLARGEMENT: f32 = 2.0;
/// With more places than this to look at, a finer pass over everything costs less.
const MAX_LOOKS: usize = 4;
/// Pictures are enlarged at most this much in the last of several passes: beyond, there is nothing more to see.
const MAX_ENLARGEMENT: f32 = 2.0;
/// A finer pass that is not this much finer sees nothing new.
const FINER: f32 = 1.2;
/// The network halves the picture five times.
const STRIDE_ALL: u32 = 32;
/// One cell of its output.
const STRIDE: f32 = 4.0;

/// Finds faces, the largest first: a coarse pass; a finer one where that found no face, only small ones or, after a closer
/// look, more than one; a last one where there are small ones alone; and, when still nothing was found, one over a
/// shrunken picture with a border, for a face that fills the frame.
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
            if is_fine || faces.len() == 1 && !is_another(net, image, scale, &found.hints, settings)? {
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

/// What one pass saw.
struct Found {
    /// The largest first.
    faces: Vec<Detection>,
    /// Places that may be faces.
    hints: Vec<Detection>,
}

/// One pass over the whole picture at `scale` (network pixels a source pixel).
fn pass(net: &dyn Network, image: &Pyramid, scale: f32, settings: &DetectorSettings) -> Result<Found, InferenceError> {
    let side = |v: u32| ((v as f32 * scale).round() as u32).max(1);
    let (w, h) = (side(image.width()), side(image.height()));
    let padded = |v: u32| v.div_ceil(STRIDE_ALL) * STRIDE_ALL;
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
    let found = decode(&net.run(Tensor::new(&[1, 3, ph as usize, pw as usize], data)?)?, settings)?;
    let back = |p: Point| Point::new(p.x * sx, p.y * sy);
    Ok(keep(found, settings, back, sx, sy))
}

/// Whether one of the places that a pass at `scale` was in doubt about is a face after all, seen more closely. One that is
/// costs a pass; a pass for each place that is none would cost more.
fn is_another(
    net: &dyn Network,
    image: &Pyramid,
    scale: f32,
    hints: &[Detection],
    settings: &DetectorSettings,
) -> Result<bool, InferenceError> {
    if hints.len() > MAX_LOOKS {
        return Ok(true);
    }
    let side = LOOK_SIDE as usize;
    let middle = Point::new(LOOK_SIDE as f32 / 2.0, LOOK_SIDE as f32 / 2.0);
    for hint in hints {
        let map = Affine::output_to_source(hint.bbox.centre(), 1.0 / (scale * LOOK_ENLARGEMENT), 0.0, LOOK_SIDE);
        let patch = Patch::sample(image, &map, LOOK_SIDE, LOOK_SIDE);
        let input = Tensor::new(&[1, 3, side, side], patch.planar(Channels::Rgb, [0.0; 3], 1.0))?;
        let is_face = |f: &Detection| {
            f.confidence >= settings.min_confidence && f.bbox.centre().distance(middle) <= LOOK_SIDE as f32 / 4.0
        };
        if decode(&net.run(input)?, settings)?.iter().any(is_face) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The picture shrunk into the middle of a black square.
fn close_up(net: &dyn Network, image: &Pyramid, settings: &DetectorSettings) -> Result<Vec<Detection>, InferenceError> {
    let long = image.width().max(image.height()) as f32;
    let scale = long * (1.0 + CLOSE_UP_BORDER) / CLOSE_UP_SIDE as f32;
    let middle = Point::new(image.width() as f32 / 2.0, image.height() as f32 / 2.0);
    let map = Affine::output_to_source(middle, scale, 0.0, CLOSE_UP_SIDE);
    let patch = Patch::sample(image, &map, CLOSE_UP_SIDE, CLOSE_UP_SIDE);
    let side = CLOSE_UP_SIDE as usize;
    let input = Tensor::new(&[1, 3, side, side], patch.planar(Channels::Rgb, [0.0; 3], 1.0))?;
    let found = decode(&net.run(input)?, settings)?;
    Ok(keep(found, settings, |p| map.apply(p), scale, scale).faces)
}

/// Drops doubles, tells faces from hints, takes the faces back to source pixels, sorts them by size and keeps the largest.
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

/// Reads the four output maps: centre heat, log size (height, width), centre offset (y, x), points (y, x) in units
/// of the box.
fn decode(outputs: &[Tensor], settings: &DetectorSettings) -> Result<Vec<Detection>, InferenceError> {
    let heat = output(outputs, 0, 1)?;
    let (rows, cols) = match heat.shape[..] {
        [.., h, w] => (h, w),
        _ => (0, 0),
    };
    let n = rows * cols;
    let (size, offset, points) = (output(outputs, 1, 2 * n)?, output(outputs, 2, 2 * n)?, output(outputs, 3, 10 * n)?);
    let mut found = Vec::new();
    for (i, &confidence) in heat.data.iter().enumerate().take(n) {
        if confidence < settings.hint_confidence.min(settings.min_confidence) {
            continue;
        }
        let (row, col) = ((i / cols) as f32, (i % cols) as f32);
        let height = size.data[i].exp() * STRIDE;
        let width = size.data[n + i].exp() * STRIDE;
        let centre_y = (row + offset.data[i] + 0.5) * STRIDE;
        let centre_x = (col + offset.data[n + i] + 0.5) * STRIDE;
        let bbox = BoundingBox { x: centre_x - width / 2.0, y: centre_y - height / 2.0, width, height };
        let point = |k: usize| {
            Point::new(points.data[(2 * k + 1) * n + i] * width + bbox.x, points.data[2 * k * n + i] * height + bbox.y)
        };
        let points = [point(0), point(1), point(2), point(3), point(4)];
        if bbox.width.is_finite()
            && bbox.height.is_finite()
            && points.iter().all(|p| p.x.is_finite() && p.y.is_finite())
        {
            found.push(Detection { bbox, confidence, points });
        }
    }
    Ok(found)
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

    /// A detector that sees a face of `size` pixels at each of `faces`: places in cells of a pass, and confidence.
    struct Scene {
        size: f32,
        faces: Vec<([usize; 2], f32)>,
        /// How sure it is of a face in the middle of a closer look.
        closer: f32,
        /// The longer sides that it was asked for.
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
            if input.shape[2..] == [LOOK_SIDE as usize; 2] {
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
    fn boxes_come_back_in_source_pixels_and_doubles_are_one() {
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
        assert_eq!(
            asked(&[448, 1280], 64.0, &[(one, 0.9), (other, 0.9)]),
            [448],
            "several faces in a pass that is fine"
        );
        assert_eq!(asked(&three, 64.0, &[(one, 0.9)]), [320], "a large face alone");
        assert_eq!(asked(&three, 64.0, &[(one, 0.9), (other, 0.9)]), [320, 448], "several faces");
        let doubt = [(one, 0.9), (other, 0.3)];
        assert_eq!(looked(&three, 64.0, 0.8, &doubt), [320, 128, 448], "another face, seen more closely");
        assert_eq!(looked(&three, 64.0, 0.4, &doubt), [320, 128], "what was none, seen more closely");
        assert_eq!(asked(&[448, 1280], 64.0, &doubt), [448], "a pass that is fine has no doubts");
        let many: Vec<_> = (0..6).map(|i| ([12 * i + 2, 2], 0.3)).chain([(one, 0.9)]).collect();
        assert_eq!(asked(&three, 64.0, &many), [320, 448], "too much to look at");
        assert_eq!(asked(&three, 24.0, &[(one, 0.9)]), [320, 448, 1280], "a small face");
        assert_eq!(asked(&three, 64.0, &[]), [320, 448, 1280, 256], "none");
    }

    #[test]
    fn a_small_picture_is_not_looked_at_twice_in_one_size() {
        let image: Pyramid = RgbImage::new(200, 100).into();
        let net = Scene::new(24.0, &[([10, 10], 0.9)]);
        detect(&net, &image, &DetectorSettings::default()).unwrap();
        assert_eq!(net.asked.into_inner().unwrap(), [224, 416], "at its own size, then enlarged twice");
    }

    #[test]
    fn overlap_of_a_box_with_itself_is_one() {
        let b = BoundingBox { x: 1.0, y: 2.0, width: 3.0, height: 4.0 };
        assert!((b.iou(&b) - 1.0).abs() < 1e-6);
        assert!(b.iou(&BoundingBox { x: 10.0, ..b }).abs() < 1e-6);
    }
}
