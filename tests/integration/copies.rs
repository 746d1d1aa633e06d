//! Copies of enrolled images are recognised, and verdicts are checked against a degraded copy.

use std::io::Cursor;

use crate::support::{Server, portrait};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageFormat};
use serde_json::{Value, json};

/// The answer to a request that is expected to succeed.
fn post(server: &Server, path: &str, fields: &[(&str, &str)], images: &[&[u8]]) -> Value {
    let (status, answer) = server.client().post(path, fields, images);
    assert_eq!(status, 200, "{answer}");
    answer
}

fn jpeg(image: &DynamicImage, quality: u8) -> Vec<u8> {
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, quality).encode_image(&image.to_rgb8()).unwrap();
    out
}

fn enrolled(server: &Server, names: &[&str]) -> Vec<String> {
    assert_eq!(server.client().json("PUT", "/v1/identities/o", &json!({"display_name": "O"})).0, 201);
    let images: Vec<Vec<u8>> = names.iter().map(|name| portrait(name)).collect();
    let images: Vec<&[u8]> = images.iter().map(Vec::as_slice).collect();
    let report = post(server, "/v1/identities/o/references", &[], &images);
    let accepted = report["accepted"].as_array().unwrap();
    accepted.iter().map(|a| a["reference_id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_copy_of_an_enrolled_image_is_named_as_one() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let ids = enrolled(&server, &["obama-2009.jpg", "obama-2010.jpg"]);
    let verify = |bytes: &[u8]| {
        let answer = post(&server, "/v1/verify", &[("identity", "o")], &[bytes]);
        let deciding = answer["deciding_face"].as_u64().unwrap() as usize;
        (answer["faces"][deciding]["copy_of"].clone(), answer["explanation"]["summary"].as_str().unwrap().to_owned())
    };
    for (name, id) in ["obama-2009.jpg", "obama-2010.jpg"].into_iter().zip(&ids) {
        let bytes = portrait(name);
        let image = image::load_from_memory(&bytes).unwrap();
        let mut png = Cursor::new(Vec::new());
        image.write_to(&mut png, ImageFormat::Png).unwrap();
        let (w, h) = (image.width(), image.height());
        let smaller = image.resize_exact(w / 2, h / 2, FilterType::Triangle);
        let larger = image.resize_exact(w * 3 / 2, h * 3 / 2, FilterType::CatmullRom);
        let copies = [
            bytes,
            png.into_inner(),
            jpeg(&image, 50),
            jpeg(&smaller, 75),
            jpeg(&larger, 80),
            jpeg(&image.brighten(25), 85),
        ];
        for (i, copy) in copies.iter().enumerate() {
            let (copy_of, summary) = verify(copy);
            assert_eq!(
                (copy_of["kind"].as_str(), copy_of["id"].as_str()),
                (Some("reference"), Some(id.as_str())),
                "{i}"
            );
            assert!(summary.contains("The image is a copy of a reference"), "{summary}");
        }
    }
    // Another photograph of the same person, by the same photographer, is not a copy.
    let other = portrait("obama-2012.jpg");
    let (copy_of, summary) = verify(&other);
    assert!(copy_of.is_null() && !summary.contains("copy"), "{copy_of} {summary}");
    // Once it is enrolled as a known fake, it is a copy of that.
    post(&server, "/v1/identities/o/negatives", &[("kind", "known_fake")], &[&other]);
    let (copy_of, summary) = verify(&jpeg(&image::load_from_memory(&other).unwrap(), 70));
    assert_eq!(copy_of["kind"], "known_fake");
    assert!(summary.contains("an image enrolled as a known fake"), "{summary}");
}

#[test]
fn the_stability_check_is_asked_for_by_the_request_or_by_the_server() {
    let (data, image) = (tempfile::tempdir().unwrap(), portrait("obama-2012.jpg"));
    let mut server = Server::start(data.path(), &[]);
    enrolled(&server, &["obama-2009.jpg", "obama-2010.jpg"]);
    let verify = |server: &Server, query: &str| {
        post(server, &format!("/v1/verify{query}"), &[("identity", "o")], &[&image])["faces"][0].clone()
    };
    let plain = verify(&server, "");
    assert!(plain["stability"].is_null());
    let checked = verify(&server, "?stability=true");
    let decided = ["real", "fake"].contains(&plain["verdict"].as_str().unwrap());
    assert!(decided, "the portrait must be decided for this test to say something: {plain}");
    let copy = &checked["stability"];
    let opposite = copy["verdict"] != plain["verdict"] && ["real", "fake"].contains(&copy["verdict"].as_str().unwrap());
    assert_eq!(copy["stable"], !opposite);
    assert!((0.0..=1.0).contains(&copy["score"].as_f64().unwrap()) && copy["score"] != plain["score"], "{copy}");
    assert_eq!(checked["verdict"], if opposite { Value::from("inconclusive") } else { plain["verdict"].clone() });
    server.stop();
    let server = Server::start(data.path(), &["--stability-check"]);
    assert!(!verify(&server, "")["stability"].is_null());
    assert!(verify(&server, "?stability=false")["stability"].is_null());
}
