//! What people see in a picture decides: every face that depicts the person, and every frame that is shown.

use std::path::Path;

use crate::support::{Server, portrait, root, run, stderr};
use image::codecs::{gif::GifEncoder, jpeg::JpegEncoder};
use image::imageops::{FilterType, overlay, resize};
use image::{Delay, DynamicImage, Frame, RgbImage, RgbaImage};
use serde_json::{Value, json};

/// A genuine portrait with this share (0 to 1) of another person's face blended into it.
fn manipulated(share: &str) -> RgbImage {
    let folder = tempfile::tempdir().unwrap();
    let models = root("models");
    let (to, models) = (folder.path().to_str().unwrap(), models.to_str().unwrap());
    let made = run(&["demo", "--blend", share, "--write", to, "--models", models]);
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
    let (genuine, fake, stranger) = (picture("obama-2010.jpg"), manipulated("0.65"), picture("collins.jpg"));
    let verdict = |answer: &Value| {
        let faces = answer["faces"].as_array().map(Vec::len);
        (answer["verdict"].as_str().map(str::to_owned), faces)
    };
    // Before and after: the fake is an edited copy of the face beside it.
    let answer = verify(&server, true, &jpeg(&collage(&[&genuine, &fake])));
    assert_eq!(verdict(&answer), (Some("fake".into()), Some(2)), "{answer}");
    assert!(summary(&answer).ends_with("One more face resembles Barack Obama and looks genuine."), "{answer}");
    // Beside another photograph of the person it may be a relative, so that nobody is accused.
    let answer = verify(&server, true, &jpeg(&collage(&[&picture("obama-2012.jpg"), &fake])));
    assert_eq!(verdict(&answer), (Some("inconclusive".into()), Some(2)), "{answer}");
    let deciding = answer["deciding_face"].as_u64().unwrap() as usize;
    assert_eq!(verify(&server, true, &jpeg(&fake))["verdict"], "fake");
    assert_eq!(answer["faces"][deciding]["limits"][0]["kind"], "suspicious_companion", "{answer}");
    assert_eq!(answer["faces"][1 - deciding]["limits"][0]["kind"], "uncertain_identity", "{answer}");
    assert_eq!(answer["score"], answer["faces"][deciding]["score"]);
    assert!(summary(&answer).contains("another face in the picture resembles Barack Obama"), "{answer}");
    // A stranger's face beside a genuine one changes nothing.
    let answer = verify(&server, true, &jpeg(&collage(&[&stranger, &genuine])));
    assert_eq!((&answer["verdict"], answer["faces"].as_array().map(Vec::len)), (&json!("real"), Some(2)), "{answer}");
    assert!(!summary(&answer).contains("more face"), "{answer}");
}

#[test]
fn a_search_judges_an_edited_copy_of_a_face_that_it_found() {
    let data = tempfile::tempdir().unwrap();
    let server = serving(data.path());
    let (genuine, fake) = (picture("obama-2010.jpg"), manipulated("0.65"));
    let copy = "A copy, perhaps edited, of another face in the image that was found to depict Barack Obama";
    let is_the_fake = |answer: &Value| {
        assert_eq!((&answer["verdict"], &answer["identity"]["id"]), (&json!("fake"), &json!("barack")), "{answer}");
        assert!(summary(answer).contains(copy), "{answer}");
    };
    let answer = verify(&server, false, &jpeg(&collage(&[&genuine, &fake])));
    is_the_fake(&answer);
    assert!(summary(&answer).ends_with("One more face resembles Barack Obama and looks genuine."), "{answer}");
    let (genuine, fake) = (rgba(&genuine), rgba(&fake));
    let answer = verify(&server, false, &gif(&[(&genuine, 20), (&fake, 5000)]));
    is_the_fake(&answer);
    assert_eq!(answer["animation"]["deciding_frame"], 1, "{answer}");
    // The frame of the original may come later.
    let answer = verify(&server, false, &gif(&[(&fake, 5000), (&genuine, 20)]));
    is_the_fake(&answer);
    assert_eq!(answer["animation"]["deciding_frame"], 0, "{answer}");
    // Another photograph of the person is no original.
    let other = rgba_of_size(&fake, &picture("obama-2012.jpg"));
    let answer = verify(&server, false, &gif(&[(&other, 20), (&fake, 5000)]));
    assert!(!summary(&answer).contains("A copy"), "{answer}");
}

fn rgba(picture: &RgbImage) -> RgbaImage {
    // Small enough that a few frames fit into a request.
    DynamicImage::from(resize(picture, picture.width() / 2, picture.height() / 2, FilterType::Triangle)).to_rgba8()
}

/// A picture in the size of another.
fn rgba_of_size(other: &RgbaImage, picture: &RgbImage) -> RgbaImage {
    let (width, height) = other.dimensions();
    DynamicImage::from(resize(picture, width, height, FilterType::Triangle)).to_rgba8()
}

/// Pictures of one size, each shown for some milliseconds.
fn gif(pictures: &[(&RgbaImage, u32)]) -> Vec<u8> {
    let frames = pictures
        .iter()
        .map(|&(picture, ms)| Frame::from_parts(picture.clone(), 0, 0, Delay::from_numer_denom_ms(ms, 1)));
    let mut out = Vec::new();
    GifEncoder::new_with_speed(&mut out, 10).encode_frames(frames).unwrap();
    out
}

/// A PNG whose default picture is `hidden`, and whose only frame is `shown`.
fn png_that_hides(hidden: &RgbaImage, shown: &RgbaImage) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, hidden.width(), hidden.height());
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_animated(1, 0).unwrap();
    encoder.set_sep_def_img(true).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(hidden).unwrap();
    writer.write_image_data(shown).unwrap();
    writer.finish().unwrap();
    out
}

#[test]
fn another_face_in_a_copy_of_a_reference_is_tampering() {
    let data = tempfile::tempdir().unwrap();
    let server = serving(data.path());
    let reference = portrait("obama-2010.jpg");
    assert_eq!(server.client().post("/v1/identities/barack/references", &[], &[&reference]).0, 200);
    let swapped = jpeg(&manipulated("1"));
    let answer = verify(&server, true, &swapped);
    assert_eq!(
        (&answer["verdict"], &answer["faces"][0]["copy_of"]["kind"]),
        (&json!("fake"), &json!("reference")),
        "{answer}"
    );
    let said = "The picture is a copy of a reference of Barack Obama with another face in it: the face is too unlike";
    assert!(summary(&answer).starts_with(said), "{answer}");
    // Nobody is found who is not claimed, and another picture of the other person is no copy.
    assert_eq!(verify(&server, false, &swapped)["verdict"], "unknown_person");
    assert_eq!(verify(&server, true, &portrait("biden-2010.jpg"))["verdict"], "different_person");
}

#[test]
fn the_most_alarming_frame_of_an_animation_decides() {
    let data = tempfile::tempdir().unwrap();
    let server = serving(data.path());
    let (genuine, fake) = (rgba(&picture("obama-2010.jpg")), rgba(&manipulated("0.65")));
    let blank = RgbaImage::from_pixel(fake.width(), fake.height(), image::Rgba([255; 4]));
    let answer = verify(&server, true, &gif(&[(&genuine, 20), (&fake, 5000), (&genuine, 40)]));
    let animation = &answer["animation"];
    let of = |key: &str| animation["frames"].as_array().unwrap().iter().map(|f| f[key].clone()).collect::<Vec<_>>();
    assert_eq!((&answer["verdict"], &answer["image"]["frames"]), (&json!("fake"), &json!(3)), "{answer}");
    assert_eq!((&animation["deciding_frame"], &animation["all_read"]), (&json!(1), &json!(true)));
    assert_eq!(
        (of("index"), of("at_ms")),
        (vec![json!(0), json!(1)], vec![json!(0), json!(20)]),
        "a repetition costs nothing"
    );
    assert_eq!(of("verdict"), ["real", "fake"]);
    let said = "Of 3 frames of the animation, 2 different ones were judged; frame 2, shown from 0.02 s on, decides. ";
    assert!(summary(&answer).starts_with(said), "{answer}");
    // In a search too, frames count that show somebody.
    let answer =
        verify(&server, false, &gif(&[(&rgba_of_size(&genuine, &picture("collins.jpg")), 50), (&genuine, 20)]));
    assert_eq!((&answer["verdict"], &answer["animation"]["deciding_frame"]), (&json!("real"), &json!(1)), "{answer}");
    let answer = verify(&server, true, &gif(&[(&blank, 20), (&fake, 5000)]));
    assert_eq!((&answer["verdict"], &answer["animation"]["deciding_frame"]), (&json!("fake"), &json!(1)), "{answer}");
    let answer = verify(&server, true, &png_that_hides(&genuine, &fake));
    assert_eq!((&answer["verdict"], &answer["animation"]["deciding_frame"]), (&json!("fake"), &json!(0)), "{answer}");
    let answer = verify(&server, true, &gif(&[(&blank, 20), (&blank, 50)]));
    assert_eq!(
        (&answer["verdict"], answer["animation"]["frames"].as_array().map(Vec::len)),
        (&json!("no_face"), Some(1))
    );
    assert!(verify(&server, true, &jpeg(&picture("obama-2010.jpg")))["animation"].is_null());

    let animated = gif(&[(&genuine, 20), (&fake, 5000)]);
    let (status, refused) = server.client().post("/v1/identities/barack/references", &[], &[&animated]);
    assert_eq!((status, &refused["report"]["rejected"][0]["code"]), (422, &json!("animated_image")), "{refused}");
}

#[test]
fn no_face_in_a_broken_image_may_be_missing_data() {
    let data = tempfile::tempdir().unwrap();
    let server = serving(data.path());
    let whole = portrait("obama-2010.jpg");
    let answer = verify(&server, true, &whole[..whole.len() / 8]);
    assert_eq!((&answer["verdict"], &answer["image"]["complete"]), (&json!("no_face"), &json!(false)), "{answer}");
    assert!(summary(&answer).contains("data of it is missing or damaged"), "{answer}");
    // Damage behind the face.
    let mut png = std::io::Cursor::new(Vec::new());
    picture("obama-2010.jpg").write_to(&mut png, image::ImageFormat::Png).unwrap();
    let mut png = png.into_inner();
    let late = png.len() * 9 / 10;
    png[late] ^= 0x55;
    let answer = verify(&server, true, &png);
    assert_eq!((&answer["verdict"], &answer["image"]["complete"]), (&json!("inconclusive"), &json!(false)), "{answer}");
    let (status, refused) = server.client().post("/v1/identities/barack/references", &[], &[&png]);
    assert_eq!((status, &refused["report"]["rejected"][0]["code"]), (422, &json!("incomplete_image")), "{refused}");
}

#[test]
fn colours_of_a_grey_or_toned_picture_are_not_read() {
    let data = tempfile::tempdir().unwrap();
    let server = serving(data.path());
    let colour = picture("obama-2010.jpg");
    let grey = DynamicImage::from(colour.clone()).into_luma8();
    let toned = |[r, g, b]: [f32; 3]| {
        let tone = |x, y| {
            let v = f32::from(grey.get_pixel(x, y).0[0]);
            image::Rgb([r, g, b].map(|c| (v * c).round() as u8))
        };
        jpeg(&RgbImage::from_fn(grey.width(), grey.height(), tone))
    };
    let told = |image: &[u8]| {
        let answer = verify(&server, true, image);
        let limits = answer["faces"][0]["limits"].as_array().unwrap();
        let (limited, said) =
            (limits.iter().any(|l| l["kind"] == "no_colour"), summary(&answer).contains("not in colour"));
        assert_eq!(limited, said, "{answer}");
        let listed = answer["explanation"]["differences"].as_array().unwrap();
        let colours = ["skin_tone", "skin_redness", "skin_yellowness", "lip_redness", "iris_chroma"];
        assert!(!limited || !listed.iter().any(|d| colours.iter().any(|c| d["attribute"] == *c)), "{answer}");
        said
    };
    assert!(!told(&jpeg(&colour)));
    assert!(told(&toned([1.0; 3])) && told(&toned([1.0, 0.9, 0.7])));
}

/// Of the demo's portrait, tiles coded with HEVC and one picture coded with AV1.
const PORTRAITS: [(&str, &[u8]); 2] =
    [("heic", include_bytes!("../formats/portrait.heic")), ("avif", include_bytes!("../formats/portrait.avif"))];

#[test]
fn heic_and_avif_are_judged_like_the_jpeg() {
    let data = tempfile::tempdir().unwrap();
    let server = serving(data.path());
    let score = |answer: &Value| answer["score"].as_f64().unwrap();
    let twin = verify(&server, true, &portrait("obama-2010.jpg"));
    for (format, bytes) in PORTRAITS {
        let content_type = format!("image/{format}");
        let headers = [("content-type", content_type.as_str())];
        let (status, answer) = server.client().body("/v1/verify?identity=barack", &headers, bytes);
        assert_eq!((status, &answer["verdict"]), (200, &json!("real")), "{answer}");
        assert!((score(&answer) - score(&twin)).abs() < 0.1, "{answer}");
        let image = &answer["image"];
        assert_eq!((&image["format"], &image["complete"], &image["frames"]), (&json!(format), &json!(true), &json!(1)));
        assert_eq!(
            (&image["height"], &image["orientation"], &image["scaled"]),
            (&json!(512), &json!(1), &json!(false))
        );
    }
}

#[test]
fn damaged_heic_and_avif_are_refused_or_undecided_and_the_server_stays() {
    let data = tempfile::tempdir().unwrap();
    let server = serving(data.path());
    for (format, bytes) in PORTRAITS {
        for at in (0..24).map(|n| bytes.len() * n / 24) {
            let mut damaged = bytes.to_vec();
            let end = (at + 24).min(bytes.len());
            damaged[at..end].iter_mut().for_each(|byte| *byte ^= 0xa5);
            for file in [&damaged[..], &bytes[..at]] {
                let (status, answer) = server.client().verify(Some("barack"), file);
                assert!([200, 413, 422].contains(&status), "{format} {at}: {status} {answer}");
                let is_cut = file.len() < bytes.len();
                assert!(!is_cut || answer["verdict"] != "real", "{format} {at}: {answer}");
            }
        }
    }
    let (status, answer) = server.client().verify(Some("barack"), PORTRAITS[1].1);
    assert_eq!((status, &answer["verdict"]), (200, &json!("real")), "{answer}");
}
