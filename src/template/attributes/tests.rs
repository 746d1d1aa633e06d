//! Properties of the vector as a whole and of every attribute in it.

use image::{Rgb, RgbImage};
use ndarray::Array2;
use ndarray_npy::NpzReader;
use proptest::prelude::*;

use super::*;
use crate::face::{Area, BoundingBox, Component, Detection, MESH_POINTS, Mesh, Pose, Quality};
use crate::imaging::Point;
use crate::inference::{Network, Tensor};

/// Mesh points and their mirror images, the person's right first.
const MIRRORED: [(usize, usize); 48] = [
    (234, 454),
    (93, 323),
    (132, 361),
    (58, 288),
    (172, 397),
    (136, 365),
    (150, 379),
    (149, 378),
    (176, 400),
    (148, 377),
    (127, 356),
    (162, 389),
    (21, 251),
    (54, 284),
    (107, 336),
    (66, 296),
    (105, 334),
    (63, 293),
    (70, 300),
    (55, 285),
    (65, 295),
    (52, 282),
    (53, 283),
    (46, 276),
    (33, 263),
    (133, 362),
    (159, 386),
    (145, 374),
    (160, 387),
    (158, 385),
    (144, 373),
    (153, 380),
    (193, 417),
    (122, 351),
    (196, 419),
    (198, 420),
    (129, 358),
    (48, 278),
    (64, 294),
    (98, 327),
    (61, 291),
    (40, 270),
    (39, 269),
    (37, 267),
    (146, 375),
    (91, 321),
    (84, 314),
    (78, 308),
];

/// The mesh of the generated portrait in the golden tests.
fn portrait() -> Mesh {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/facemesh.npz");
    let mut file = NpzReader::new(std::fs::File::open(path).unwrap()).unwrap();
    let values: Array2<f32> = file.by_name("output_0").unwrap();
    let points: Vec<[f32; 3]> =
        values.iter().copied().collect::<Vec<_>>().chunks(3).map(|p| [p[0], p[1], p[2]]).collect();
    assert_eq!(points.len(), MESH_POINTS);
    Mesh { points, confidence: 1.0 }
}

/// Turned about the three axes (radians), scaled and shifted.
fn moved(mesh: &Mesh, [yaw, pitch, roll]: [f32; 3], scale: f32, shift: [f32; 3]) -> Mesh {
    let turn = |(a, b): (f32, f32), angle: f32| (a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos());
    let points = mesh.points.iter().map(|&[x, y, z]| {
        let (x, z) = turn((x, z), yaw);
        let (y, z) = turn((y, z), pitch);
        let (x, y) = turn((x, y), roll);
        [x * scale + shift[0], y * scale + shift[1], z * scale + shift[2]]
    });
    Mesh { points: points.collect(), confidence: 1.0 }
}

/// The mirror image: every measured point changes places with its partner.
fn mirrored(mesh: &Mesh) -> Mesh {
    let mut points: Vec<[f32; 3]> = mesh.points.iter().map(|&[x, y, z]| [-x, y, z]).collect();
    for (r, l) in MIRRORED {
        points.swap(r, l);
    }
    Mesh { points, confidence: 1.0 }
}

/// Every measure of geometry, without drift and conditions.
fn geometry(mesh: &Mesh) -> Vec<(&'static str, f32)> {
    let shape = Shape::of(mesh);
    let rows = TABLES.iter().flat_map(|(_, rows)| *rows);
    rows.filter_map(|a| if let Measure::Shape(of) = a.measure { Some((a.name, of(&shape))) } else { None }).collect()
}

fn value(of: &[(&'static str, f32)], name: &str) -> f32 {
    of.iter().find(|(n, _)| *n == name).unwrap_or_else(|| panic!("{name}")).1
}

/// A face with this mesh, large, sharp and in full view.
fn face(mesh: Mesh, pose: Pose) -> Face {
    let [left, top, right, bottom] = mesh.bounds();
    let bbox = BoundingBox { x: left, y: top, width: right - left, height: bottom - top };
    let quality =
        Quality::from_values([(Component::FaceSize, 90.0), (Component::Sharpness, 0.2), (Component::Landmarks, 0.05)]);
    Face { detection: Detection { bbox, confidence: 1.0, points: [Point::default(); 5] }, mesh, pose, quality }
}

/// The attributes of a face with these areas covered.
fn read(image: &Pyramid, face: &Face, covered: Areas) -> AttributeVector {
    AttributeVector::read(&WideOpen, &Seam, image, face, covered).unwrap()
}

/// An iris network that sees two lids and an iris half as long as the eye.
struct WideOpen;

impl Network for WideOpen {
    fn run(&self, _: Tensor) -> Result<Vec<Tensor>, InferenceError> {
        let mut points = vec![[0.0f32; 3]; 76];
        for (i, p) in points.iter_mut().enumerate().take(16) {
            *p = if i < 9 { [18.0 + 3.5 * i as f32, 46.0, 0.0] } else { [18.0 + 3.5 * (i - 8) as f32, 18.0, 0.0] };
        }
        points[71] = [32.0, 32.0, 0.0];
        (points[72], points[74]) = ([39.0, 32.0, 0.0], [25.0, 32.0, 0.0]);
        Ok(vec![Tensor::new(&[1, 1, 1, 228], points.concat())?])
    }
}

/// A forensic network that sees a seam at one field of its map: the first of the second row.
struct Seam;

impl Network for Seam {
    fn run(&self, _: Tensor) -> Result<Vec<Tensor>, InferenceError> {
        let mut map = vec![-3.0f32; 200];
        map[10] = 5.0;
        Ok(vec![Tensor::new(&[1, 2], vec![1.5, -2.5])?, Tensor::new(&[1, 2, 10, 10], map)?])
    }
}

#[test]
fn names_are_unique_and_snake_case() {
    for (i, a) in ATTRIBUTES.iter().enumerate() {
        assert!(a.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", a.name);
        assert!(!ATTRIBUTES[..i].iter().any(|o| o.name == a.name), "{} twice", a.name);
        assert!(!a.label.is_empty() && !a.unit.is_empty() && !a.source.is_empty(), "{}", a.name);
    }
    assert!(ATTRIBUTES.len() >= 40);
}

#[test]
fn every_attribute_takes_only_the_values_that_its_kind_can_take() {
    const INF: f32 = f32::INFINITY;
    let expected = |a: &AttributeSpec| match (a.name, a.unit) {
        ("iris_lightness", _) => (0.0, 100.0),
        (_, "CIELAB L*") => (-100.0, 100.0),
        ("skin_redness", _) => (-86.2, 98.3),
        (_, "CIELAB a*") => (-184.5, 184.5),
        ("skin_yellowness", _) => (-107.9, 94.5),
        (_, "CIELAB b*") => (-202.4, 202.4),
        (_, "CIELAB C*" | "CIELAB Delta E" | "CIELAB Delta a*b*" | "% of the face's contrast") => (0.0, INF),
        ("upper_third" | "middle_third" | "lower_third" | "skin_shine", _) => (0.0, 100.0),
        ("facial_contrast", _) => (-100.0, 100.0),
        ("skin_tone", _) => (-180.0, 180.0),
        ("forehead_slope" | "brow_slope" | "canthal_tilt_right" | "canthal_tilt_left" | "mouth_slant", _) => {
            (-90.0, 90.0)
        }
        (_, "degrees") => (0.0, 180.0),
        (
            "brow_height_right"
            | "brow_height_left"
            | "brow_outer_height"
            | "eye_depth_nasion"
            | "eye_height_difference"
            | "nose_protrusion"
            | "nasal_hump"
            | "cupids_bow_depth"
            | "upper_lip_protrusion",
            _,
        )
        | (_, "dB" | "logit") => (-INF, INF),
        (_, unit) if unit.starts_with("% of the ") => (0.0, INF),
        _ => panic!("{} in {} has no expected range", a.name, a.unit),
    };
    for a in ATTRIBUTES {
        let (least, greatest) = expected(a);
        assert_eq!(a.possible(), least..=greatest, "{}", a.name);
    }
    for (name, v) in geometry(&portrait()) {
        let a = ATTRIBUTES.iter().find(|a| a.name == name).unwrap();
        assert!(a.possible().contains(&v), "{name}: {v}");
    }
}

#[test]
fn every_attribute_has_measured_figures_that_make_it_worth_reading() {
    for a in ATTRIBUTES {
        // A trace tells forgeries apart, not people.
        assert!(a.repeatability > 0.0 && (a.trace.is_some() || a.between_people > a.repeatability), "{}", a.name);
        assert!(a.within_person > a.repeatability, "{}", a.name);
        assert!(a.geometric || a.drift.iter().all(|d| d.abs() < f32::EPSILON), "{}", a.name);
    }
}

#[test]
fn a_portrait_has_a_human_face() {
    let read = geometry(&portrait());
    for (name, low, high) in [
        ("interocular_ratio", 33.0, 44.0),
        ("face_width", 135.0, 175.0),
        ("nasal_width", 35.0, 60.0),
        ("fissure_length_right", 27.0, 36.0),
        ("mouth_width", 45.0, 85.0),
        ("nasofacial_angle", 20.0, 45.0),
        ("facial_convexity", 145.0, 185.0),
    ] {
        let v = value(&read, name);
        assert!((low..high).contains(&v), "{name} {v}");
    }
    let thirds: f32 = ["upper_third", "middle_third", "lower_third"].iter().map(|n| value(&read, n)).sum();
    assert!((thirds - 100.0).abs() < 0.01);
}

#[test]
fn a_mirrored_face_gives_mirrored_sides() {
    let (own, other) = (geometry(&portrait()), geometry(&mirrored(&portrait())));
    for &(name, v) in &own {
        let expected = match name {
            "mouth_slant" => -value(&other, name),
            n if n.ends_with("_height_difference") => -value(&other, n),
            n if n.ends_with("_right") => value(&other, &n.replace("_right", "_left")),
            n if n.ends_with("_left") => value(&other, &n.replace("_left", "_right")),
            n => value(&other, n),
        };
        assert!((v - expected).abs() < 1e-2 * (1.0 + v.abs()), "{name}: {v} {expected}");
    }
}

#[test]
fn a_good_view_gives_every_attribute_and_a_profile_none() {
    let mut mesh = moved(&portrait(), [0.0; 3], 2.0, [60.0, 60.0, 0.0]);
    let laughing = read(&RgbImage::new(520, 520).into(), &face(mesh.clone(), Pose::default()), Areas::NONE);
    assert_eq!(laughing.get("mouth_width"), None, "the portrait's lips are apart");
    mesh.points[14] = mesh.points[13];
    let colour = |x: u32, y: u32| [180 + (x % 7) as u8, 130 + (y % 5) as u8, 90 + 90 * ((x / 20 + y / 20) % 2) as u8];
    let image = RgbImage::from_fn(520, 520, |x, y| Rgb(colour(x, y))).into();
    let frontal = read(&image, &face(mesh.clone(), Pose::default()), Areas::NONE);
    let by_encoder = |a: &AttributeSpec| a.trace.is_some_and(|kind| Trace::BY_ENCODER.contains(&kind));
    for (a, v) in ATTRIBUTES.iter().zip(frontal.values()) {
        assert_eq!(v.is_some_and(f32::is_finite), !by_encoder(a), "{}: {v:?}", a.name);
    }
    let seen = frontal.clone().with_encoder(&EncoderTraces::new(Some(1.5), Some(-2.0)));
    assert!(seen.values().iter().all(Option::is_some));
    let of_encoder = ["encoder_blending_trace", "encoder_synthesis_trace"].map(|name| seen.get(name));
    assert_eq!(of_encoder, [Some(1.5), Some(-2.0)]);
    assert!(!frontal.lacks_colour());
    let grey = RgbImage::from_fn(520, 520, |x, y| Rgb([colour(x, y)[0]; 3])).into();
    let grey = read(&grey, &face(mesh.clone(), Pose::default()), Areas::NONE);
    assert!(grey.lacks_colour() && grey.get("iris_lightness").is_some());
    for (a, v) in ATTRIBUTES.iter().zip(grey.values()) {
        assert_eq!(v.is_none(), a.conditions.in_colour || by_encoder(a), "{}: {v:?}", a.name);
    }
    let masked = read(&image, &face(mesh.clone(), Pose::default()), Areas::of(&[Area::Nose, Area::Mouth]));
    for (a, v) in ATTRIBUTES.iter().zip(masked.values()) {
        let hidden = matches!(a.region, Region::Nose | Region::Mouth);
        assert_eq!(v.is_none(), hidden || by_encoder(a), "{}: {v:?}", a.name);
    }
    let pose = Pose { yaw: 70.0, ..Pose::default() };
    let profile = read(&image, &face(mesh, pose), Areas::NONE);
    assert!(profile.values().iter().all(Option::is_none));
    assert_eq!(frontal.get("iris_diameter").map(f32::round), Some((14.0 * 2.3 / 64.0 * 100.0f32).round()));
    assert_eq!(frontal.get("no_such_attribute"), None);
}

proptest! {
    #[test]
    fn geometry_knows_neither_size_nor_place_nor_turn(
        turn in proptest::array::uniform3(-0.6f32..0.6), scale in 0.2f32..8.0,
        shift in proptest::array::uniform3(-500.0f32..500.0),
    ) {
        let mesh = portrait();
        let (own, other) = (geometry(&mesh), geometry(&moved(&mesh, turn, scale, shift)));
        for ((name, v), (_, w)) in own.into_iter().zip(other) {
            prop_assert!((v - w).abs() < 0.02 * (1.0 + v.abs()), "{}: {} {}", name, v, w);
        }
    }

    #[test]
    fn any_mesh_and_picture_give_a_vector(
        points in proptest::collection::vec(proptest::array::uniform3(-1e3f32..1e3), MESH_POINTS),
        side in 1u32..40,
    ) {
        let mesh = Mesh { points, confidence: 1.0 };
        let image = RgbImage::new(side, side).into();
        let vector = read(&image, &face(mesh, Pose::default()), Areas::NONE);
        prop_assert_eq!(vector.values().len(), ATTRIBUTES.len());
    }
}
