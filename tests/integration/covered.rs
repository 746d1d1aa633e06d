//! Covered faces: what a mask, a bar or a hand over a portrait does to verdicts and enrollments.

use crate::support::{Server, portrait};
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use serde_json::{Value, json};

/// A server with the demo's person enrolled.
fn serving(data: &std::path::Path) -> Server {
    let server = Server::start(data, &[]);
    assert_eq!(server.client().json("PUT", "/v1/identities/barack", &json!({"display_name": "Barack Obama"})).0, 201);
    let references = [portrait("obama-2009.jpg"), portrait("obama-2012.jpg")];
    let references: Vec<&[u8]> = references.iter().map(Vec::as_slice).collect();
    assert_eq!(server.client().post("/v1/identities/barack/references", &[], &references).0, 200);
    server
}

/// The deciding face of the answer to a claim, with its verdict.
fn face(server: &Server, image: &[u8]) -> Value {
    let (status, answer) = server.client().verify(Some("barack"), image);
    assert_eq!(status, 200, "{answer}");
    let deciding = answer["deciding_face"].as_u64().unwrap_or_else(|| panic!("{answer}")) as usize;
    answer["faces"][deciding].clone()
}

/// The regions that the face's limit `occluded` names; none without it.
fn regions(face: &Value) -> Vec<String> {
    let limits = face["limits"].as_array().unwrap();
    let occluded = limits.iter().find(|l| l["kind"] == "occluded");
    let each = occluded.into_iter().flat_map(|l| l["regions"].as_array().unwrap());
    each.map(|r| r.as_str().unwrap().to_owned()).collect()
}

/// A portrait with a rectangle of this colour over a part of the face: from left, top to right, bottom, in widths and
/// heights of the face's `bbox`.
fn with_patch(name: &str, bbox: &Value, [left, top, right, bottom]: [f64; 4], colour: [u8; 3]) -> Vec<u8> {
    let mut picture: RgbImage = image::load_from_memory(&portrait(name)).unwrap().to_rgb8();
    let [x, y, w, h] = ["x", "y", "width", "height"].map(|key| bbox[key].as_f64().unwrap());
    let inside = |v: f64, from: f64, to: f64| (from..to).contains(&v);
    for (px, py, pixel) in picture.enumerate_pixels_mut() {
        let (u, v) = ((f64::from(px) - x) / w, (f64::from(py) - y) / h);
        if inside(u, left, right) && inside(v, top, bottom) {
            *pixel = Rgb(colour);
        }
    }
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, 92).encode_image(&picture).unwrap();
    out
}

const MASK: [f64; 4] = [0.05, 0.5, 0.95, 1.05];
const BAR: [f64; 4] = [-0.05, 0.25, 1.05, 0.5];
const CHIN: [f64; 4] = [0.3, 0.95, 0.7, 1.1];

#[test]
fn a_covered_face_is_undecided_and_the_answer_says_what_is_covered() {
    let data = tempfile::tempdir().unwrap();
    let server = serving(data.path());
    let open = face(&server, &portrait("obama-2010.jpg"));
    assert_eq!((&open["verdict"], regions(&open)), (&json!("real"), Vec::new()), "{open}");
    for (patch, colour, covered) in [
        (MASK, [12, 12, 12], ["nose", "mouth"]),
        (MASK, [150, 190, 215], ["nose", "mouth"]),
        (BAR, [0, 0, 0], ["right_eye", "left_eye"]),
    ] {
        let seen = face(&server, &with_patch("obama-2010.jpg", &open["bbox"], patch, colour));
        assert_eq!(seen["verdict"], "inconclusive", "{seen}");
        let named = regions(&seen);
        assert!(covered.iter().all(|r| named.iter().any(|n| n == r)), "{named:?}");
        let summary = seen["explanation"]["summary"].as_str().unwrap();
        assert!(summary.contains("covered") && summary.contains("may lower the likeness"), "{summary}");
        let told = seen["explanation"]["differences"].as_array().unwrap();
        assert!(told.iter().all(|d| !covered.contains(&d["region"].as_str().unwrap())), "{told:?}");
        let occlusion = seen["quality"]["components"].as_array().unwrap();
        let occlusion = occlusion.iter().find(|c| c["component"] == "occlusion").unwrap();
        assert!(occlusion["score"].as_f64().unwrap() < 50.0, "{occlusion}");
    }
    let chin = face(&server, &with_patch("obama-2010.jpg", &open["bbox"], CHIN, [96, 64, 52]));
    assert_eq!(chin["verdict"], "real", "{chin}");
}

#[test]
fn a_covered_photograph_is_not_enrolled() {
    let data = tempfile::tempdir().unwrap();
    let server = serving(data.path());
    let bbox = face(&server, &portrait("obama-2010.jpg"))["bbox"].clone();
    for (patch, region) in [(MASK, "mouth"), (BAR, "eyes")] {
        let covered = with_patch("obama-2010.jpg", &bbox, patch, [12, 12, 12]);
        let (status, answer) = server.client().post("/v1/identities/barack/references", &[], &[&covered]);
        assert_eq!(status, 422, "{answer}");
        let rejected = &answer["report"]["rejected"][0];
        assert_eq!(rejected["code"], "face_occluded", "{answer}");
        assert!(rejected["detail"].as_str().unwrap().contains(region), "{rejected}");
    }
}
