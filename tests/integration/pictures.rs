//! What people see in a picture decides: every face that depicts the person, and every frame that is shown.

use std::path::Path;

use crate::support::{Server, portrait, root, run, stderr};
use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::overlay;
use serde_json::{Value, json};

/// The demo's manipulated copy of a genuine portrait.
fn manipulated() -> RgbImage {
    let folder = tempfile::tempdir().unwrap();
    let models = root("models");
    let made = run(&["demo", "--write", folder.path().to_str().unwrap(), "--models", models.to_str().unwrap()]);
    assert!(made.status.success(), "{}", stderr(&made));
    image::open(folder.path().join("manipulated.jpg")).unwrap().to_rgb8()
}

fn picture(name: &str) -> RgbImage {
    image::load_from_memory(&portrait(name)).unwrap().to_rgb8()
}

fn jpeg(picture: &RgbImage) -> Vec<u8> {
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, 92).encode_image(picture).unwrap();
    out
}

/// Pictures side by side.
fn collage(pictures: &[&RgbImage]) -> RgbImage {
    let height = pictures.iter().map(|p| p.height()).max().unwrap();
    let mut all = RgbImage::new(pictures.iter().map(|p| p.width()).sum(), height);
    let mut x = 0;
    for picture in pictures {
        overlay(&mut all, *picture, x, 0);
        x += i64::from(picture.width());
    }
    all
}

/// A server with the demo's person enrolled.
fn serving(data: &Path) -> Server {
    let server = Server::start(data, &[]);
    let client = server.client();
    assert_eq!(client.json("PUT", "/v1/identities/barack", &json!({"display_name": "Barack Obama"})).0, 201);
    let references = [portrait("obama-2009.jpg"), portrait("obama-2012.jpg")];
    let references: Vec<&[u8]> = references.iter().map(Vec::as_slice).collect();
    assert_eq!(client.post("/v1/identities/barack/references", &[], &references).0, 200);
    server
}

fn verify(server: &Server, claimed: bool, image: &[u8]) -> Value {
    let (status, answer) = server.client().verify(claimed.then_some("barack"), image);
    assert_eq!(status, 200, "{answer}");
    answer
}

fn summary(answer: &Value) -> &str {
    answer["explanation"]["summary"].as_str().unwrap()
}

#[test]
fn a_genuine_face_beside_a_fake_one_excuses_nothing() {
    let data = tempfile::tempdir().unwrap();
    let server = serving(data.path());
    let (genuine, fake, stranger) = (picture("obama-2010.jpg"), manipulated(), picture("collins.jpg"));
    let both = jpeg(&collage(&[&genuine, &fake]));
    for claimed in [true, false] {
        let answer = verify(&server, claimed, &both);
        assert_eq!(
            (&answer["verdict"], answer["faces"].as_array().map(Vec::len)),
            (&json!("fake"), Some(2)),
            "{answer}"
        );
        let deciding = answer["deciding_face"].as_u64().unwrap() as usize;
        assert_eq!(answer["faces"][deciding]["verdict"], "fake");
        assert_eq!(answer["faces"][1 - deciding]["verdict"], "real");
        assert_eq!(answer["score"], answer["faces"][deciding]["score"]);
        assert!(summary(&answer).ends_with(" One more face depicts Barack Obama and looks genuine."), "{answer}");
    }
    // A stranger's face beside a genuine one does.
    let answer = verify(&server, true, &jpeg(&collage(&[&stranger, &genuine])));
    assert_eq!((&answer["verdict"], answer["faces"].as_array().map(Vec::len)), (&json!("real"), Some(2)), "{answer}");
    assert!(!summary(&answer).contains("more face"), "{answer}");
}
