//! What a file is, by its first bytes.

use std::path::Path;

use super::decode::has_served_extension;

/// The first bytes of a file that say what it is.
pub(super) const HEAD: usize = 64;

/// The brands of ISO base media files that are still pictures: HEIF with HEVC or AV1 inside.
const BRANDS: [&[u8]; 10] = [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"];
/// The sizes of the header that follows a BMP's file header, by version.
const BMP_HEADERS: [u32; 8] = [12, 16, 40, 52, 56, 64, 108, 124];
/// Extensions of pictures beside those of the formats that are decoded, in lower case.
const EXTENSIONS: [&str; 16] = [
    "apng", "avif", "dib", "heic", "heif", "hif", "j2k", "jfif", "jp2", "jpe", "jxl", "pjpeg", "psd", "qoi", "tif",
    "tiff",
];

/// Whether a file that begins with `head` is a picture of any format, served or not.
pub(super) fn is_picture(head: &[u8]) -> bool {
    let starts = |magic: &[u8]| head.starts_with(magic);
    let at = |from: usize, magic: &[u8]| head.get(from..).is_some_and(|rest| rest.starts_with(magic));
    // JPEG, PNG, GIF, WebP
    starts(b"\xff\xd8\xff")
        || starts(b"\x89PNG\r\n\x1a\n")
        || starts(b"GIF8")
        || (starts(b"RIFF") && at(8, b"WEBP"))
        || is_bmp(head)
        || is_heif(head)
        // TIFF, JPEG XL, JPEG 2000, Photoshop, OpenEXR, QOI
        || starts(b"II*\0")
        || starts(b"MM\0*")
        || starts(b"\xff\x0a")
        || starts(b"\0\0\0\x0cJXL \r\n\x87\n")
        || starts(b"\0\0\0\x0cjP  \r\n\x87\n")
        || starts(b"\xff\x4f\xff\x51")
        || starts(b"8BPS")
        || starts(b"v/1\x01")
        || starts(b"qoif")
}

/// Whether the file is meant as a picture, whatever it holds: by its extension.
pub(super) fn is_named_as_picture(path: &Path) -> bool {
    let known = |extension: &std::ffi::OsStr| EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known));
    has_served_extension(path) || path.extension().is_some_and(known)
}

/// Two letters do not make a BMP: a text may begin with them.
fn is_bmp(head: &[u8]) -> bool {
    let size = head.get(14..18).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    head.starts_with(b"BM") && size.is_some_and(|size| BMP_HEADERS.contains(&size))
}

/// The major brand and the compatible ones of the box `ftyp`, as far as they are within `head`.
fn is_heif(head: &[u8]) -> bool {
    let Some(size) = head.get(..4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes) else {
        return false;
    };
    let within = &head[..head.len().min(size as usize)];
    let brands = within.get(8..).into_iter().flat_map(|rest| rest.chunks_exact(4));
    head.get(4..8) == Some(b"ftyp") && brands.into_iter().any(|brand| BRANDS.contains(&brand))
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
    fn names_are_read_in_any_case() {
        for (name, is) in [("a.JPG", true), ("a.jfif", true), ("a.HEIC", true), ("jpg", false), ("a.jpg.part", false)] {
            assert_eq!(is_named_as_picture(Path::new(name)), is, "{name}");
        }
    }
}
