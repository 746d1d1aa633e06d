//! The supported formats.

use std::path::Path;

use image::ImageFormat;

use super::DecodeError;

/// The formats as an error names them.
pub(super) const NAMES: &str = "JPEG, PNG, WebP, GIF or BMP";

/// A container that is decoded.
pub(super) struct Format {
    pub(super) kind: ImageFormat,
    /// The name in answers.
    pub(super) name: &'static str,
    /// Extensions of its files, in lower case.
    extensions: &'static [&'static str],
}

const SERVED: [Format; 5] = [
    Format { kind: ImageFormat::Jpeg, name: "jpeg", extensions: &["jpg", "jpeg"] },
    Format { kind: ImageFormat::Png, name: "png", extensions: &["png"] },
    Format { kind: ImageFormat::WebP, name: "webp", extensions: &["webp"] },
    Format { kind: ImageFormat::Gif, name: "gif", extensions: &["gif"] },
    Format { kind: ImageFormat::Bmp, name: "bmp", extensions: &["bmp"] },
];

impl Format {
    /// The format by the file's first bytes; a file name or a content type is never believed.
    pub(super) fn of(bytes: &[u8]) -> Result<&'static Self, DecodeError> {
        let kind = image::guess_format(bytes).map_err(|_| DecodeError::UnsupportedFormat)?;
        SERVED.iter().find(|f| f.kind == kind).ok_or(DecodeError::UnsupportedFormat)
    }
}

/// Whether a file's extension is that of a supported format, in upper or lower case. It says what is worth opening, not
/// what the file holds.
pub(crate) fn has_served_extension(path: &Path) -> bool {
    let served = |extension: &std::ffi::OsStr| {
        SERVED.iter().flat_map(|f| f.extensions).any(|known| extension.eq_ignore_ascii_case(known))
    };
    path.extension().is_some_and(served)
}
