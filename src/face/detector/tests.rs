use std::sync::Mutex;

use proptest::prelude::*;

use super::*;
use crate::imaging::RgbImage;

/// A network that sees a face of `size` pixels at each of `faces`: cells of the output, and confidence.
struct Scene {
    size: f32,
    faces: Vec<([usize; 2], f32)>,
    /// The confidence of a face in the middle of each hint that is seen closer.
    closer: f32,
    /// The longer sides of the inputs.
    asked: Mutex<Vec<usize>>,
}

/// The side of a hint that is seen closer.
const CROP: usize = 64;

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
        let is_closer = input.shape[2] == CROP && input.shape[3] <= 4 * CROP;
        let middle = |v: usize| v % (CROP / 4) == CROP / 8;
        for (i, heat) in heat.iter_mut().enumerate() {
            if is_closer && i / w == CROP / 8 && middle(i % w) {
                *heat = self.closer;
            }
        }
        for ([x, y], confidence) in self.faces.iter().filter(|_| !is_closer) {
            if *x < w && *y < h {
                heat[y * w + x] = *confidence;
            }
        }
        // A hint is as large in every crop.
        let side: f32 = if is_closer { CROP as f32 / 2.0 } else { self.size };
        let size = vec![(side / 4.0).ln(); 2 * n];
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
    let Detected { faces, total, smallest_face } = detect(&net, &image, &settings).unwrap();
    assert_eq!((faces.len(), total), (1, 1));
    let f = &faces[0];
    // cell (6, 4) of a half-size picture: centre (26, 18) there, (52, 36) here; 40 pixels wide there, 80 here
    assert!((f.bbox.centre().x - 52.0).abs() < 1e-3 && (f.bbox.centre().y - 36.0).abs() < 1e-3);
    assert!((f.bbox.width - 80.0).abs() < 1e-2);
    assert!(f.points[0].distance(f.bbox.centre()) < 1e-2);
    assert!((smallest_face - 40.0).abs() < 1e-3, "{smallest_face}");
}

#[test]
fn the_largest_are_kept_and_all_are_counted() {
    let image = RgbImage::new(448, 448).into();
    let net = Scene::new(64.0, &[([20, 20], 0.9), ([60, 20], 0.8), ([20, 60], 0.7)]);
    let settings = DetectorSettings { sides: vec![448], max_faces: 2, ..DetectorSettings::default() };
    let found = detect(&net, &image, &settings).unwrap();
    assert_eq!((found.faces.len(), found.total), (2, 3));
}

/// The sides of what the network is asked to see.
fn asked(image: &RgbImage, sides: &[u32], scene: Scene) -> Vec<usize> {
    let settings = DetectorSettings { sides: sides.to_vec(), ..DetectorSettings::default() };
    detect(&scene, &image.clone().into(), &settings).unwrap();
    scene.asked.into_inner().unwrap()
}

#[test]
fn finer_passes_are_made_where_a_coarse_one_saw_too_little() {
    let image = RgbImage::new(900, 450);
    let looked = |sides: &[u32], size: f32, closer: f32, faces: &[([usize; 2], f32)]| {
        asked(&image, sides, Scene { closer, ..Scene::new(size, faces) })
    };
    let asked = |sides: &[u32], size: f32, faces: &[([usize; 2], f32)]| looked(sides, size, 0.0, faces);
    let (one, other, three) = ([10, 10], [40, 10], [320, 448, 1280]);
    assert_eq!(asked(&[448, 1280], 64.0, &[(one, 0.9), (other, 0.9)]), [448], "several faces in a fine pass");
    assert_eq!(asked(&three, 64.0, &[(one, 0.9)]), [320], "a large face alone");
    assert_eq!(asked(&three, 64.0, &[(one, 0.9), (other, 0.9)]), [320, 448], "several faces");
    let doubt = [(one, 0.9), (other, 0.3)];
    assert_eq!(looked(&three, 64.0, 0.8, &doubt), [320, CROP, 448, CROP], "a hint that is a face");
    assert_eq!(looked(&three, 64.0, 0.4, &doubt), [320, CROP], "a hint that is none");
    assert_eq!(asked(&three, 64.0, &[(one, 0.9), (other, 0.1)]), [320], "a faint hint of a large one");
    let faint = [(one, 0.9), (other, 0.06)];
    assert_eq!(looked(&three, 40.5, 0.8, &faint), [320, CROP], "a faint hint of a small face is enough");
    assert_eq!(asked(&three, 40.5, &[(one, 0.9), (other, 0.04)]), [320], "too faint a hint");
    assert_eq!(asked(&[448, 1280], 64.0, &doubt), [448, CROP], "hints of a fine pass");
    let many: Vec<_> = (0..6).map(|i| ([12 * i + 2, 2], 0.3)).chain([(one, 0.9)]).collect();
    assert_eq!(asked(&three, 64.0, &many), [320, 448, 4 * CROP, 2 * CROP], "too many hints");
    assert_eq!(asked(&three, 24.0, &[(one, 0.9)]), [320, 448, 1280], "a small face");
    assert_eq!(asked(&three, 64.0, &[]), [320, 448, 1280, 256], "none");
}

#[test]
fn what_shows_something_beside_a_face_is_searched_unless_the_picture_is_a_close_portrait() {
    let mut image = RgbImage::new(1280, 640);
    for x in 0..64 {
        image.put_pixel(900 + x, 500, image::Rgb([255; 3]));
    }
    let one = [([10, 10], 0.9)];
    // Half of the pixels from 900 to 964, 32 on either side of their cells.
    assert_eq!(asked(&image, &[320, 448, 1280], Scene::new(64.0, &one)), [320, 128]);
    assert_eq!(asked(&image, &[320, 448, 1280], Scene::new(110.0, &one)), [320], "a close portrait");
    assert_eq!(asked(&RgbImage::new(1280, 640), &[320, 448, 1280], Scene::new(64.0, &one)), [320], "nothing else");
    let two = [([10, 10], 0.9), ([40, 10], 0.9)];
    assert_eq!(asked(&image, &[320, 448, 1280], Scene::new(64.0, &two)), [320, 128], "in place of a finer pass");
    let small = image::imageops::thumbnail(&image, 640, 320);
    assert_eq!(asked(&small, &[320, 448, 1280], Scene::new(64.0, &one)), [320], "nothing finer would be seen");
}

#[test]
fn a_small_picture_is_not_searched_twice_at_one_size() {
    let image = RgbImage::new(200, 100);
    let net = Scene::new(24.0, &[([10, 10], 0.9)]);
    assert_eq!(asked(&image, &[320, 448, 1280], net), [224, 416], "at its own size, then enlarged twice");
}

proptest! {
    /// However long a picture is, a pass sees it at no less than a fixed number of pixels, and costs no more than one of
    /// a square.
    #[test]
    fn the_scale_holds_for_every_ratio_of_sides(width in 1u32..=16_384, height in 1u32..=16_384, side in 64u32..=4096) {
        let scale = side as f32 / typical_side(width, height);
        let pixels = width as f32 * height as f32 * scale * scale;
        let square = side as f32 * side as f32;
        prop_assert!(pixels <= 1.001 * square && pixels >= 0.499 * square, "{pixels} of {square}");
    }
}
