//! How a picture is turned upright, by its Exif data.

use image::metadata::Orientation;

/// The orientation in Exif data, from the byte order on; an unknown or missing one turns nothing. Programs store it as
/// a short number, as the standard says, but also as a long one or a byte.
pub(super) fn of_exif(exif: &[u8]) -> Orientation {
    read(exif).and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms)
}

fn read(exif: &[u8]) -> Option<u8> {
    const ORIENTATION: u16 = 0x112;
    const BYTE: u16 = 1;
    const SHORT: u16 = 3;
    const LONG: u16 = 4;
    let is_little = match exif.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes = *exif.get(at..)?.first_chunk::<2>()?;
        Some(if is_little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let long = |at: usize| {
        let bytes = *exif.get(at..)?.first_chunk::<4>()?;
        Some(if is_little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    };
    let directory = usize::try_from(long(4)?).ok()?;
    for entry in 0..usize::from(short(directory)?) {
        let at = directory + 2 + 12 * entry;
        if short(at)? == ORIENTATION && long(at + 4)? == 1 {
            let value = match short(at + 2)? {
                BYTE => u32::from(*exif.get(at + 8)?),
                SHORT => short(at + 8)?.into(),
                LONG => long(at + 8)?,
                _ => return None,
            };
            return u8::try_from(value).ok();
        }
    }
    None
}

/// Whether width and height change places when the picture is turned upright.
pub(super) fn swaps_sides(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
    )
}

/// The Exif data in the text of a PNG's raw profile: a line with a name, one with the length in bytes, and the bytes in
/// hex.
pub(super) fn exif_of_text(text: &str) -> Option<Vec<u8>> {
    let mut lines = text.trim_start().lines();
    let length: usize = lines.by_ref().nth(1)?.trim().parse().ok()?;
    let digits: String =
        lines.flat_map(str::chars).filter(char::is_ascii_hexdigit).take(length.min(1 << 20) * 2).collect();
    let bytes = hex::decode(digits).ok()?;
    Some(bytes.strip_prefix(b"Exif\0\0").map(<[u8]>::to_vec).unwrap_or(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Exif data with one entry, little-endian or big-endian.
    fn exif(is_little: bool, kind: u16, value: [u8; 4]) -> Vec<u8> {
        let short = |v: u16| if is_little { v.to_le_bytes() } else { v.to_be_bytes() };
        let long = |v: u32| if is_little { v.to_le_bytes() } else { v.to_be_bytes() };
        let start: &[u8] = if is_little { b"II*\0" } else { b"MM\0*" };
        [start, &long(8), &short(1), &short(0x112), &short(kind), &long(1), &value, &long(0)].concat()
    }

    #[test]
    fn an_orientation_is_read_as_short_long_and_byte() {
        for (is_little, kind, value) in [
            (true, 3, [6, 0, 0, 0]),
            (true, 4, [6, 0, 0, 0]),
            (true, 1, [6, 0, 0, 0]),
            (false, 3, [0, 6, 0, 0]),
            (false, 4, [0, 0, 0, 6]),
            (false, 1, [6, 0, 0, 0]),
        ] {
            assert_eq!(of_exif(&exif(is_little, kind, value)), Orientation::Rotate90, "{is_little} {kind}");
        }
        for (kind, value) in [(3, [9, 0, 0, 0]), (4, [6, 1, 0, 0]), (2, [6, 0, 0, 0])] {
            assert_eq!(of_exif(&exif(true, kind, value)), Orientation::NoTransforms);
        }
        let whole = exif(true, 3, [6, 0, 0, 0]);
        for cut in 0..20 {
            assert_eq!(of_exif(&whole[..cut]), Orientation::NoTransforms, "{cut}");
        }
    }

    #[test]
    fn a_raw_profile_is_hex_after_its_length() {
        let whole = exif(true, 3, [6, 0, 0, 0]);
        let hex = hex::encode([b"Exif\0\0", &whole[..]].concat());
        let text = format!("\nexif\n      {}\n{}\n{}\n", hex.len() / 2, &hex[..36], &hex[36..]);
        assert_eq!(exif_of_text(&text), Some(whole));
        assert_eq!(exif_of_text("\nexif\n"), None);
    }
}
