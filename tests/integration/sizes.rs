//! Faces of every size: beside a large one, in pictures of any shape, and where tiles meet.

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, overlay, resize};
use image::{Rgb, RgbImage};
use serde_json::{Value, json};

use crate::support::{Server, portrait, root, run, stderr};

/// The left edge, the top edge, the width and the height of a box in pixels.
type Box = [f32; 4];

fn bbox(face: &Value) -> Box {
    ["x", "y", "width", "height"].map(|side| face["bbox"][side].as_f64().unwrap() as f32)
}

fn boxes(answer: &Value) -> Vec<Box> {
    answer["faces"].as_array().unwrap().iter().map(bbox).collect()
}

fn side(face: Box) -> f32 {
    face[2].max(face[3])
}

/// Intersection over union.
fn overlap(a: Box, b: Box) -> f32 {
    let common = |i: usize| ((a[i] + a[i + 2]).min(b[i] + b[i + 2]) - a[i].max(b[i])).max(0.0);
    let both = common(0) * common(1);
    both / (a[2] * a[3] + b[2] * b[3] - both)
}

/// A portrait, and where the face is in it.
struct Portrait {
    picture: RgbImage,
    face: Box,
}

impl Portrait {
    fn new(server: &Server, name: &str) -> Self {
        let bytes = portrait(name);
        let faces = boxes(&verify(server, &bytes));
        Self { picture: image::load_from_memory(&bytes).unwrap().to_rgb8(), face: faces[0] }
    }

    /// Pastes the portrait with a face of `size` pixels into `picture`, its upper left corner at `x`, `y`; where the face
    /// then is.
    fn paste(&self, picture: &mut RgbImage, size: f32, (x, y): (i64, i64)) -> Box {
        let scale = size / side(self.face);
        let small = |v: u32| (v as f32 * scale).round() as u32;
        let (width, height) = (small(self.picture.width()), small(self.picture.height()));
        overlay(picture, &resize(&self.picture, width, height, FilterType::Triangle), x, y);
        let [left, top, across, down] = self.face.map(|v| v * scale);
        [x as f32 + left, y as f32 + top, across, down]
    }
}

fn verify(server: &Server, image: &[u8]) -> Value {
    let (status, answer) = server.client().verify(None, image);
    assert_eq!(status, 200, "{answer}");
    answer
}

fn empty(width: u32, height: u32) -> RgbImage {
    RgbImage::from_pixel(width, height, Rgb([121, 140, 148]))
}

fn jpeg(picture: &RgbImage) -> Vec<u8> {
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, 90).encode_image(picture).unwrap();
    out
}

/// Verifies a picture and expects exactly these faces, each once.
fn expect(server: &Server, what: &str, picture: &RgbImage, faces: &[Box]) -> Value {
    let answer = verify(server, &jpeg(picture));
    let found = boxes(&answer);
    for face in faces {
        let seen = found.iter().filter(|f| overlap(**f, *face) > 0.5).count();
        assert_eq!(seen, 1, "{what}: {face:?} in {found:?}");
    }
    assert_eq!(found.len(), faces.len(), "{what}: {found:?}, expected {faces:?}");
    assert!(found.is_sorted_by(|a, b| a[2] * a[3] >= b[2] * b[3]), "the largest first: {found:?}");
    assert_eq!((&answer["faces_found"], &answer["more_faces"]), (&json!(faces.len()), &json!(false)));
    let smallest = answer["smallest_face"].as_f64().unwrap() as f32;
    assert!(faces.iter().all(|face| side(*face) >= smallest * 0.9), "{what}: {smallest}");
    answer
}

#[test]
fn a_small_face_beside_a_large_one_is_found() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let (large, small) = (Portrait::new(&server, "biden-2010.jpg"), Portrait::new(&server, "collins.jpg"));
    for (width, height, front, sizes) in
        [(1920, 1080, 500.0, [64.0, 80.0]), (4000, 3000, 1250.0, [135.0, 170.0]), (1080, 1920, 500.0, [64.0, 80.0])]
    {
        for (i, size) in (0i64..).zip(sizes) {
            for at in [(0.6, 0.1), (0.8, 0.5), (0.7, 0.85)] {
                let mut picture = empty(width, height);
                let first = large.paste(&mut picture, front, (20 + 50 * i, 20));
                let at = ((width as f32 * at.0) as i64, (height as f32 * at.1) as i64);
                // Below the large portrait where the picture is upright.
                let at = if width < height { (at.0 - 500, at.1.max(1000)) } else { at };
                let second = small.paste(&mut picture, size, at);
                expect(&server, &format!("{width} x {height}, {size} at {at:?}"), &picture, &[first, second]);
            }
        }
    }
}

#[test]
fn a_face_is_found_in_a_picture_of_any_shape() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let face = Portrait::new(&server, "collins.jpg");
    for (width, height, size) in [(1080, 16_000, 110.0), (16_382, 1000, 110.0), (400, 9000, 60.0), (8192, 6144, 160.0)]
    {
        for along in [0.02, 0.37, 0.93] {
            let mut picture = empty(width, height);
            let at = |length: u32| (length.saturating_sub(400) as f32 * along) as i64;
            let one = face.paste(&mut picture, size, (at(width), at(height)));
            expect(&server, &format!("{width} x {height}, {along}"), &picture, &[one]);
        }
    }
    // Where there is none, the answer says down to which size it looked.
    let answer = verify(&server, &jpeg(&empty(1080, 16_000)));
    let smallest = answer["smallest_face"].as_u64().unwrap();
    let said = format!("or smaller than about {smallest} pixels (the image has 1080 x 16000)");
    assert_eq!(answer["verdict"], "no_face");
    assert!(answer["explanation"]["summary"].as_str().unwrap().contains(&said), "{answer}");
    assert!((80..=110).contains(&smallest), "{smallest}");
}

#[test]
fn a_face_where_tiles_meet_is_found_once() {
    let data = tempfile::tempdir().unwrap();
    // At half its size, a picture of 4000 pixels is searched in several tiles.
    let server = Server::start(data.path(), &["--detector-search-side", "4096", "--max-faces", "64"]);
    let (large, small) = (Portrait::new(&server, "biden-2010.jpg"), Portrait::new(&server, "collins.jpg"));
    let mut picture = RgbImage::from_fn(4000, 2400, |x, y| {
        let shade = 120 + 30 * u8::from((x / 40 + y / 40) % 2 == 0);
        Rgb([shade, shade, shade])
    });
    let mut faces = vec![large.paste(&mut picture, 900.0, (20, 20))];
    for (i, size) in (0i64..).zip([50.0, 90.0, 140.0, 200.0]) {
        for column in 0..5 {
            let at = (1700 + 450 * column + 17 * i, 40 + 560 * i);
            faces.push(small.paste(&mut picture, size, at));
        }
    }
    assert_eq!(expect(&server, "in tiles", &picture, &faces)["smallest_face"], 40);
}

/// The fake is the demonstration's, small beside another person or in a long screenshot.
#[test]
fn a_fake_decides_wherever_it_is() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let client = server.client();
    assert_eq!(client.json("PUT", "/v1/identities/barack", &json!({"display_name": "Barack Obama"})).0, 201);
    let references = [portrait("obama-2009.jpg"), portrait("obama-2012.jpg")];
    let references: Vec<&[u8]> = references.iter().map(Vec::as_slice).collect();
    assert_eq!(client.post("/v1/identities/barack/references", &[], &references).0, 200);
    let folder = tempfile::tempdir().unwrap();
    let (to, models) = (folder.path().to_str().unwrap(), root("models"));
    let made = run(&["demo", "--write", to, "--models", models.to_str().unwrap()]);
    assert!(made.status.success(), "{}", stderr(&made));
    let bytes = std::fs::read(folder.path().join("manipulated.jpg")).unwrap();
    let face = boxes(&verify(&server, &bytes))[0];
    let fake = Portrait { picture: image::load_from_memory(&bytes).unwrap().to_rgb8(), face };
    let other = Portrait::new(&server, "biden-2010.jpg");
    let mut beside = empty(1920, 1080);
    other.paste(&mut beside, 500.0, (20, 20));
    fake.paste(&mut beside, 80.0, (1440, 650));
    let mut long = empty(1080, 16_000);
    fake.paste(&mut long, 200.0, (200, 9000));
    let claim = |picture: &RgbImage| {
        let (status, answer) = client.verify(Some("barack"), &jpeg(picture));
        assert_eq!(status, 200, "{answer}");
        answer
    };
    // So small, it is between a fake and another person, but the one that decides.
    let answer = claim(&beside);
    assert_eq!((&answer["deciding_face"], &answer["faces_found"]), (&json!(1), &json!(2)), "{answer}");
    assert!(["fake", "different_person"].map(|v| json!(v)).contains(&answer["verdict"]), "{answer}");
    assert!(answer["score"].as_f64().unwrap() < 0.3 && answer["score"].as_f64().unwrap() > 0.01, "{answer}");
    assert_eq!(claim(&long)["verdict"], "fake");
}
