//! Decoding with limits: every byte from outside is hostile until this module has said otherwise.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage, metadata::Orientation};

use super::Pyramid;

/// What an image may cost before it is refused.
#[derive(Clone, Copy, Debug)]
pub struct DecodeLimits {
    /// Encoded size in bytes.
    pub max_bytes: usize,
    /// Width x height, read from the header before anything is decoded.
    pub max_pixels: u64,
    /// The longer side in pixels, read from the header likewise.
    pub max_side: u32,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self { max_bytes: 20 << 20, max_pixels: 50_000_000, max_side: 16_384 }
    }
}

/// An image in memory, upright, eight bits a channel.
#[derive(Debug)]
pub struct Decoded {
    /// Upright RGB pixels; transparency composed over white.
    pub image: Pyramid,
    /// The container it came in: `jpeg`, `png`, `webp`, `gif` or `bmp`.
    pub format: &'static str,
}

/// Why bytes did not become pixels. Each has a stable [`code`](DecodeError::code).
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No bytes at all.
    #[error("the image is empty (zero bytes)")]
    Empty,
    /// More bytes than allowed.
    #[error("the image has {bytes} bytes; at most {limit} are accepted")]
    TooManyBytes {
        /// Bytes received.
        bytes: usize,
        /// Bytes accepted.
        limit: usize,
    },
    /// Larger dimensions than allowed, by its header.
    #[error("the image is {width} x {height} pixels; at most {max_pixels} pixels and {max_side} a side are accepted")]
    TooManyPixels {
        /// Columns by the header.
        width: u32,
        /// Rows by the header.
        height: u32,
        /// Pixels accepted.
        max_pixels: u64,
        /// Longest side accepted.
        max_side: u32,
    },
    /// Not one of the formats served.
    #[error("not an image in a supported format (JPEG, PNG, WebP, GIF, BMP)")]
    UnsupportedFormat,
    /// A supported format, but broken.
    #[error("the {format} data cannot be decoded: {detail}")]
    Corrupt {
        /// The container by its first bytes.
        format: &'static str,
        /// What the decoder said.
        detail: String,
    },
}

impl DecodeError {
    /// The stable code of the problem document.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "image_empty",
            Self::TooManyBytes { .. } | Self::TooManyPixels { .. } => "image_too_large",
            Self::UnsupportedFormat => "image_format_unsupported",
            Self::Corrupt { .. } => "image_undecodable",
        }
    }

    /// Whether the image is refused for its size, before it is decoded (HTTP 413 rather than 422).
    pub fn is_too_large(&self) -> bool {
        matches!(self, Self::TooManyBytes { .. } | Self::TooManyPixels { .. })
    }
}

/// The formats served, by what their first bytes say; a file name or a content type is never believed.
fn format_name(format: ImageFormat) -> Option<&'static str> {
    match format {
        ImageFormat::Jpeg => Some("jpeg"),
        ImageFormat::Png => Some("png"),
        ImageFormat::WebP => Some("webp"),
        ImageFormat::Gif => Some("gif"),
        ImageFormat::Bmp => Some("bmp"),
        _ => None,
    }
}

/// Decodes `bytes` into upright RGB: EXIF orientation applied, the first frame of an animation, alpha composed over
/// white, greyscale, 16-bit and CMYK converted. Size limits are checked on the header, before any pixel is decoded.
///
/// # Errors
/// A [`DecodeError`] for empty, oversized, unknown or broken input; never a panic.
pub fn decode(bytes: &[u8], limits: &DecodeLimits) -> Result<Decoded, DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError::Empty);
    }
    if bytes.len() > limits.max_bytes {
        return Err(DecodeError::TooManyBytes { bytes: bytes.len(), limit: limits.max_bytes });
    }
    let kind = image::guess_format(bytes).map_err(|_| DecodeError::UnsupportedFormat)?;
    let format = format_name(kind).ok_or(DecodeError::UnsupportedFormat)?;
    let corrupt = |e: image::ImageError| DecodeError::Corrupt { format, detail: e.to_string() };

    let mut decoder = ImageReader::with_format(Cursor::new(bytes), kind).into_decoder().map_err(corrupt)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > limits.max_pixels || width.max(height) > limits.max_side {
        return Err(DecodeError::TooManyPixels {
            width,
            height,
            max_pixels: limits.max_pixels,
            max_side: limits.max_side,
        });
    }
    if pixels == 0 {
        return Err(DecodeError::Corrupt { format, detail: "it has no pixels".into() });
    }
    let mut alloc = Limits::default();
    // The widest pixel decoded is RGBA with 16 bits a channel; decoders need about as much again to work in.
    alloc.max_alloc = Some(limits.max_pixels.saturating_mul(16));
    decoder.set_limits(alloc).map_err(corrupt)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(corrupt)?;
    image.apply_orientation(orientation);
    Ok(Decoded { image: flatten(image).into(), format })
}

/// Eight-bit RGB, transparency composed over white.
fn flatten(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let rgba = image.into_rgba8();
    RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [r, g, b, a] = rgba.get_pixel(x, y).0;
        let over = |v: u8| ((u16::from(v) * u16::from(a) + 255 * (255 - u16::from(a)) + 127) / 255) as u8;
        image::Rgb([over(r), over(g), over(b)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GrayImage, ImageBuffer, Luma, Rgba, RgbaImage};
    use proptest::prelude::*;

    fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        image.write_to(&mut out, format).unwrap();
        out.into_inner()
    }

    fn picture() -> DynamicImage {
        DynamicImage::ImageRgb8(RgbImage::from_fn(40, 24, |x, y| image::Rgb([x as u8 * 6, y as u8 * 10, 90])))
    }

    #[test]
    fn every_served_format_decodes() {
        for (format, name) in [
            (ImageFormat::Jpeg, "jpeg"),
            (ImageFormat::Png, "png"),
            (ImageFormat::WebP, "webp"),
            (ImageFormat::Gif, "gif"),
            (ImageFormat::Bmp, "bmp"),
        ] {
            let got = decode(&encode(&picture(), format), &DecodeLimits::default()).unwrap();
            assert_eq!((got.image.dimensions(), got.format), ((40, 24), name));
        }
    }

    #[test]
    fn alpha_is_composed_over_white_and_deep_grey_is_kept() {
        let clear = RgbaImage::from_pixel(4, 4, Rgba([10, 20, 30, 0]));
        let got = decode(&encode(&clear.into(), ImageFormat::Png), &DecodeLimits::default()).unwrap();
        assert_eq!(got.image.get_pixel(1, 1).0, [255, 255, 255]);
        let deep: ImageBuffer<Luma<u16>, Vec<u16>> = ImageBuffer::from_pixel(4, 4, Luma([0x8080]));
        let got = decode(&encode(&deep.into(), ImageFormat::Png), &DecodeLimits::default()).unwrap();
        assert_eq!(got.image.get_pixel(1, 1).0, [128, 128, 128]);
        let grey = GrayImage::from_pixel(9, 9, Luma([77]));
        let got = decode(&encode(&grey.into(), ImageFormat::Png), &DecodeLimits::default()).unwrap();
        assert_eq!(got.image.get_pixel(1, 1).0, [77, 77, 77]);
    }

    /// Four quarters (red, green, blue, white) as print shops send them: CMYK, inverted, with Adobe's marker.
    #[test]
    fn cmyk_is_converted() {
        let bytes = include_bytes!("../../tests/formats/cmyk.jpg");
        let got = decode(bytes, &DecodeLimits::default()).unwrap().image;
        for (at, wanted) in
            [((8, 8), [220, 30, 30]), ((24, 8), [30, 200, 40]), ((8, 24), [30, 40, 210]), ((24, 24), [235; 3])]
        {
            let found = got.get_pixel(at.0, at.1).0;
            assert!(found.iter().zip(wanted).all(|(f, w)| f.abs_diff(w) < 12), "{found:?}, {wanted:?}");
        }
    }

    #[test]
    fn of_an_animation_the_first_frame_is_taken() {
        let mut gif = Vec::new();
        let frames =
            [[200, 0, 0, 255], [0, 0, 200, 255]].map(|c| image::Frame::new(RgbaImage::from_pixel(8, 8, Rgba(c))));
        image::codecs::gif::GifEncoder::new(&mut gif).encode_frames(frames).unwrap();
        let got = decode(&gif, &DecodeLimits::default()).unwrap();
        let [red, _, blue] = got.image.get_pixel(4, 4).0;
        assert!(red > 150 && blue < 50, "{red} {blue}");
    }

    #[test]
    fn exif_orientation_is_applied() {
        // An EXIF block that says "turn by 90 degrees" (orientation 6), spliced in behind the JPEG's first marker.
        let exif: &[u8] = b"\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        let plain = encode(&picture(), ImageFormat::Jpeg);
        let turned = [&plain[..2], exif, &plain[2..]].concat();
        let got = decode(&turned, &DecodeLimits::default()).unwrap();
        assert_eq!(got.image.dimensions(), (24, 40));
    }

    #[test]
    fn limits_come_before_decoding() {
        let png = encode(&picture(), ImageFormat::Png);
        let code = |limits| decode(&png, &limits).unwrap_err().code();
        assert_eq!(code(DecodeLimits { max_bytes: 10, ..Default::default() }), "image_too_large");
        assert_eq!(code(DecodeLimits { max_pixels: 40 * 24 - 1, ..Default::default() }), "image_too_large");
        assert_eq!(code(DecodeLimits { max_side: 39, ..Default::default() }), "image_too_large");
        // A header that promises 60000 x 60000 pixels costs nothing: it is refused before a row is decoded.
        let mut bomb = png.clone();
        bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        let e = decode(&bomb, &DecodeLimits::default()).unwrap_err();
        assert!(matches!(e, DecodeError::TooManyPixels { width: 60_000, .. } | DecodeError::Corrupt { .. }), "{e}");
    }

    #[test]
    fn nonsense_is_named() {
        let code = |b: &[u8]| decode(b, &DecodeLimits::default()).unwrap_err().code();
        assert_eq!(code(b""), "image_empty");
        assert_eq!(code(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "image_format_unsupported");
        assert_eq!(code(b"\xff\xd8\xff\xe0 not a jpeg"), "image_undecodable");
    }

    proptest! {
        #[test]
        fn damaged_images_never_panic(
            format in prop_oneof![Just(ImageFormat::Jpeg), Just(ImageFormat::Png), Just(ImageFormat::WebP),
                Just(ImageFormat::Gif), Just(ImageFormat::Bmp)],
            cut in 1usize..2000, at in 0usize..2000, byte: u8,
        ) {
            let mut bytes = encode(&picture(), format);
            let n = bytes.len();
            bytes[at % n] = byte;
            bytes.truncate(cut.min(n));
            let _ = decode(&bytes, &DecodeLimits::default());
        }
    }
}
