//! What a file is meant as, by its name.

use std::path::Path;

use super::decode::has_served_extension;

/// Extensions of pictures beside those of the formats that are decoded, in lower case.
const EXTENSIONS: [&str; 12] =
    ["apng", "dib", "j2k", "jfif", "jp2", "jpe", "jxl", "pjpeg", "psd", "qoi", "tif", "tiff"];

/// Whether the file is meant as a picture, whatever it holds: by its extension.
pub(super) fn is_named_as_picture(path: &Path) -> bool {
    let known = |extension: &std::ffi::OsStr| EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known));
    has_served_extension(path) || path.extension().is_some_and(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case() {
        for (name, is) in [("a.JPG", true), ("a.jfif", true), ("a.HEIC", true), ("jpg", false), ("a.jpg.part", false)] {
            assert_eq!(is_named_as_picture(Path::new(name)), is, "{name}");
        }
    }
}
