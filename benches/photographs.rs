//! The photographs of the demo, in two sizes.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;

pub(crate) const REFERENCES: [&str; 2] = ["obama-2009.jpg", "obama-2012.jpg"];
pub(crate) const PROBE: &str = "obama-2010.jpg";

/// The longer side in pixels of the small and the large size (12 megapixels at 3:4).
pub(crate) const SMALL: u32 = 640;
pub(crate) const LARGE: u32 = 4000;

fn root(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)
}

pub(crate) fn models() -> PathBuf {
    root("models")
}

pub(crate) fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(root("demo").join(name)).unwrap()
}

/// The photograph as a JPEG with a longer side of `long` pixels.
pub(crate) fn jpeg(name: &str, long: u32) -> Vec<u8> {
    let picture = image::load_from_memory(&bytes(name)).unwrap();
    let picture = picture.resize(long, long, FilterType::CatmullRom).into_rgb8();
    let mut out = Cursor::new(Vec::new());
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut out, 90)).unwrap();
    out.into_inner()
}
