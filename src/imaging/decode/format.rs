//! Formats by the first bytes of a file: those that are decoded, and those that are refused by their name.

use std::path::Path;

use image::ImageFormat;

use super::DecodeError;
use crate::imaging::heif::Codec;

/// The formats as an error names them.
pub(super) const NAMES: &str = "JPEG, PNG, WebP, GIF, BMP, HEIC or AVIF";
/// What to do with an image in another format.
pub(super) const CONVERT: &str = "convert it to JPEG, PNG, WebP, HEIC or AVIF";
/// Bytes at the beginning that say what a file is.
const HEAD: usize = 1024;

/// A format that is decoded.
#[derive(Debug)]
pub(super) struct Format {
    pub(super) kind: Kind,
    /// The name in answers.
    pub(super) name: &'static str,
    /// Extensions of its files, in lower case.
    extensions: &'static [&'static str],
}

/// What reads a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Jpeg,
    Heif,
    /// The crate `image`.
    Other(ImageFormat),
}

const HEIC: Format = Format { kind: Kind::Heif, name: "heic", extensions: &["heic", "heif", "hif"] };
const AVIF: Format = Format { kind: Kind::Heif, name: "avif", extensions: &["avif"] };
const SERVED: [Format; 7] = [
    Format { kind: Kind::Jpeg, name: "jpeg", extensions: &["jpg", "jpeg"] },
    Format { kind: Kind::Other(ImageFormat::Png), name: "png", extensions: &["png"] },
    Format { kind: Kind::Other(ImageFormat::WebP), name: "webp", extensions: &["webp"] },
    Format { kind: Kind::Other(ImageFormat::Gif), name: "gif", extensions: &["gif"] },
    Format { kind: Kind::Other(ImageFormat::Bmp), name: "bmp", extensions: &["bmp"] },
    HEIC,
    AVIF,
];

impl Format {
    /// The format by the file's first bytes; a file name or a content type is never believed.
    pub(super) fn of(bytes: &[u8]) -> Result<&'static Self, DecodeError> {
        let head = &bytes[..bytes.len().min(HEAD)];
        if is_heif(head) {
            return Ok(if has_brand(head, &[b"avif", b"avis"]) { &AVIF } else { &HEIC });
        }
        let served = image::guess_format(bytes).ok().and_then(|kind| {
            SERVED.iter().find(|f| f.kind == Kind::Other(kind) || (f.kind, kind) == (Kind::Jpeg, ImageFormat::Jpeg))
        });
        served.ok_or_else(|| match Unread::of(head) {
            Some(Unread { what, next, .. }) => DecodeError::NotRead { what, next },
            None => DecodeError::UnsupportedFormat,
        })
    }

    /// The format of HEIF by what its pixels are coded with.
    pub(super) fn of_codec(codec: Codec) -> &'static Self {
        match codec {
            Codec::Hevc => &HEIC,
            Codec::Av1 => &AVIF,
        }
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

/// Whether a file that begins with `head` is a picture of any format, served or not.
pub(crate) fn is_picture(head: &[u8]) -> bool {
    let starts = |magic: &[u8]| head.starts_with(magic);
    starts(b"\xff\xd8\xff")
        || starts(b"\x89PNG\r\n\x1a\n")
        || starts(b"GIF8")
        || (starts(b"RIFF") && at(head, 8, b"WEBP"))
        || is_bmp(head)
        || is_heif(head)
        || Unread::of(head).is_some_and(|unread| unread.is_picture)
}

/// Two letters do not make a BMP: a text may begin with them.
fn is_bmp(head: &[u8]) -> bool {
    /// The sizes of the header that follows the file's own, by version.
    const HEADERS: [u32; 8] = [12, 16, 40, 52, 56, 64, 108, 124];
    let size = head.get(14..18).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    head.starts_with(b"BM") && size.is_some_and(|size| HEADERS.contains(&size))
}

/// The major brand and the compatible ones of the box `ftyp`, as far as they are within `head`.
fn is_heif(head: &[u8]) -> bool {
    /// Of files of the ISO base media format that are pictures.
    const BRANDS: [&[u8]; 11] =
        [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1", b"avif", b"avis"];
    has_brand(head, &BRANDS)
}

/// Whether a file says that it is of one of these brands.
fn has_brand(head: &[u8], wanted: &[&[u8]]) -> bool {
    let Some(size) = head.get(..4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes) else {
        return false;
    };
    let within = &head[..head.len().min(size as usize)];
    let brands = within.get(8..).into_iter().flat_map(|rest| rest.chunks_exact(4));
    at(head, 4, b"ftyp") && brands.into_iter().any(|brand| wanted.contains(&brand))
}

fn at(head: &[u8], from: usize, magic: &[u8]) -> bool {
    head.get(from..).is_some_and(|rest| rest.starts_with(magic))
}

/// A format that is known and not read.
struct Unread {
    what: &'static str,
    next: &'static str,
    /// Whether files of it are still pictures.
    is_picture: bool,
}

impl Unread {
    fn of(head: &[u8]) -> Option<Self> {
        const FRAMES: &str = "send frames of it as JPEG or PNG";
        let picture = |what| Some(Self { what, next: CONVERT, is_picture: true });
        let other = |what, next| Some(Self { what, next, is_picture: false });
        let is_any = |magics: &[&[u8]]| magics.iter().any(|magic| head.starts_with(magic));
        if is_any(&[b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"]) {
            return picture("a JPEG XL image");
        }
        if is_any(&[b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"IIU\0", b"IIRO", b"FUJIFILMCCD-RAW"]) {
            return picture("a TIFF image or a camera's raw file");
        }
        if is_any(&[b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"]) {
            return picture("a JPEG 2000 image");
        }
        if is_any(&[b"8BPS"]) {
            return picture("a Photoshop image");
        }
        if is_any(&[b"v/1\x01"]) {
            return picture("an OpenEXR image");
        }
        if is_any(&[b"qoif"]) {
            return picture("a QOI image");
        }
        if at(head, 4, b"ftypcrx ") {
            return picture("a camera's raw file");
        }
        if is_any(&[b"\0\0\x01\0", b"\0\0\x02\0"]) && head.get(5) == Some(&0) {
            return other("an icon", CONVERT);
        }
        if is_any(&[b"%PDF-"]) {
            return other("a PDF document", "send the picture in it as JPEG or PNG");
        }
        if is_any(&[b"PK\x03\x04"]) {
            return other("a ZIP archive or an office document", "send the picture in it");
        }
        // Of ISO base media files, those whose brands are not of pictures, and older ones without brands.
        if [b"ftyp", b"moov", b"mdat", b"wide"].into_iter().any(|kind| at(head, 4, kind)) {
            return other("a video (MP4 or QuickTime)", FRAMES);
        }
        if is_any(&[b"\x1a\x45\xdf\xa3"]) {
            return other("a video (Matroska or WebM)", FRAMES);
        }
        if is_any(&[b"RIFF"]) && at(head, 8, b"AVI ") {
            return other("a video (AVI)", FRAMES);
        }
        Self::of_text(head)
    }

    fn of_text(head: &[u8]) -> Option<Self> {
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        let has = |word: &[u8]| text.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
        let other = |what, next| Some(Self { what, next, is_picture: false });
        match text.first() {
            Some(b'<') if has(b"<html") || has(b"<!doctype html") => other("a web page", "send the image itself"),
            Some(b'<') if has(b"<svg") => other("an SVG drawing", "convert it to PNG"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_their_first_bytes() {
        let bmp = [b"BM".as_slice(), &[0; 12], &40u32.to_le_bytes()].concat();
        let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
        let by_compatible_brand = b"\0\0\0\x18ftypXXXX\0\0\0\0avifmiaf";
        for picture in [
            b"\xff\xd8\xff\xe0".as_slice(),
            b"\x89PNG\r\n\x1a\n",
            b"GIF89a",
            b"RIFF\0\0\0\0WEBP",
            &bmp,
            heic,
            by_compatible_brand,
            b"II*\0",
            b"\xff\x0a",
        ] {
            assert!(is_picture(picture), "{picture:?}");
        }
        let video = b"\0\0\0\x18ftypisom\0\0\0\0isomavif";
        assert!(is_picture(video), "a brand of pictures among the compatible ones is enough");
        let beyond_the_box = b"\0\0\0\x10ftypisom\0\0\0\0avif";
        for other in [
            b"".as_slice(),
            b"BMW and other cars",
            b"RIFF\0\0\0\0WAVE",
            b"%PDF-1.7",
            b"\0\0\0\x18ftypisom\0\0\0\0mp42mp41",
            beyond_the_box,
            b"\0\0\0\x01Bud1",
            b"path,identity\n",
        ] {
            assert!(!is_picture(other), "{other:?}");
        }
    }

    #[test]
    fn what_is_not_read_is_refused_by_its_name_with_a_next_step() {
        for (bytes, name, next) in [
            (b"\xff\x0a\x01".as_slice(), "JPEG XL", "HEIC"),
            (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL", "HEIC"),
            (b"MM\0*\0\0\0\x08", "TIFF", "JPEG"),
            (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000", "JPEG"),
            (b"%PDF-1.7\n", "PDF", "picture in it"),
            (b"\0\0\0\x18ftypisom\0\0\0\0mp42mp41", "MP4", "frames"),
            (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "QuickTime", "frames"),
            (b"\x1a\x45\xdf\xa3\x01", "WebM", "frames"),
            (b"RIFF\0\0\0\0AVI LIST", "AVI", "frames"),
            (b"\0\0\x01\0\x01\0\x10\x10", "icon", "PNG"),
            (b"8BPS\0\x01", "Photoshop", "PNG"),
            (b"\xef\xbb\xbf <?xml version='1.0'?>\n<!-- drawn --><svg>", "SVG", "PNG"),
            (b"\n<!DOCTYPE html><html><svg>", "web page", "image itself"),
        ] {
            let error = Format::of(bytes).unwrap_err();
            let text = error.to_string();
            assert!(text.starts_with("this is a") && text.contains(name) && text.contains(next), "{text}");
            assert_eq!(error.code(), crate::error_code::ErrorCode::ImageFormatUnsupported);
        }
        for unknown in [b"some text".as_slice(), b"\x01\x02\x03", b"<note>"] {
            let text = Format::of(unknown).unwrap_err().to_string();
            assert!(text.contains("not an image") && text.contains("HEIC"), "{text}");
        }
    }
}
