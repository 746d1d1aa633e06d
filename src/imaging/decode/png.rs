//! What a PNG says beside its pixels.

use std::io::Cursor;

use image::metadata::Orientation;

use super::colour::{Colours, MAX_PROFILE, is_rgb_of_full_range};
use super::orientation::{exif_of_text, of_exif};

/// Bytes that a text may take when it is decompressed.
const MAX_TEXT: usize = 1 << 20;

/// Orientation and colours, by what comes before the pixels.
pub(super) fn statements(bytes: &[u8]) -> (Orientation, Colours) {
    let none = (Orientation::NoTransforms, Colours::default());
    let limits = png::Limits { bytes: 4 * MAX_PROFILE };
    let Ok(mut reader) = png::Decoder::new_with_limits(Cursor::new(bytes), limits).read_info() else { return none };
    let colours = colours(reader.info());
    (orientation(&mut reader).unwrap_or(Orientation::NoTransforms), colours)
}

/// ITU-T H.273's code points before an ICC profile, that before sRGB, and sRGB before gamma and primaries.
fn colours(info: &png::Info<'_>) -> Colours {
    if let Some(cicp) = info.coding_independent_code_points {
        let is_rgb = is_rgb_of_full_range(cicp.matrix_coefficients, cicp.is_video_full_range_image);
        return Colours::of_cicp(cicp.color_primaries, cicp.transfer_function, is_rgb);
    }
    if let Some(profile) = &info.icc_profile {
        return Colours::of_icc(profile);
    }
    match (info.srgb, info.gama_chunk) {
        (None, Some(gamma)) => {
            let pair = |(x, y): (png::ScaledFloat, png::ScaledFloat)| [x.into_value(), y.into_value()];
            let primaries = info.chrm_chunk.map(|c| [pair(c.white), pair(c.red), pair(c.green), pair(c.blue)]);
            Colours::of_gamma(gamma.into_value(), primaries)
        }
        _ => Colours::default(),
    }
}

fn orientation(reader: &mut png::Reader<Cursor<&[u8]>>) -> Option<Orientation> {
    let info = reader.info();
    if let Some(exif) = &info.exif_metadata {
        return Some(of_exif(exif));
    }
    let is_exif = |keyword: &str| matches!(keyword, "Raw profile type exif" | "Raw profile type APP1");
    let plain = info.uncompressed_latin1_text.iter().find(|text| is_exif(&text.keyword)).map(|text| text.text.clone());
    let text = plain.or_else(|| {
        let mut text = info.compressed_latin1_text.iter().find(|text| is_exif(&text.keyword))?.clone();
        text.decompress_text_with_limit(MAX_TEXT).ok()?;
        text.get_text().ok()
    })?;
    exif_of_text(&text).map(|exif| of_exif(&exif))
}
