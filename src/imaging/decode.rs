//! Decoding with limits: every byte from outside is hostile until this module has said otherwise.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage, metadata::Orientation};

use super::{Pyramid, jpeg};
use crate::error_code::ErrorCode;

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
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Empty => ErrorCode::ImageEmpty,
            Self::TooManyBytes { .. } | Self::TooManyPixels { .. } => ErrorCode::ImageTooLarge,
            Self::UnsupportedFormat => ErrorCode::ImageFormatUnsupported,
            Self::Corrupt { .. } => ErrorCode::ImageUndecodable,
        }
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
/// white, greyscale, 16-bit and CMYK converted. Size limits are checked on the header, before any pixel is decoded. A
/// large JPEG is decoded at a fraction of its size, and anew where finer pixels are asked for.
///
/// # Errors
/// A [`DecodeError`] for empty, oversized, unknown or broken input; never a panic.
pub fn decode(bytes: &[u8], limits: &DecodeLimits) -> Result<Decoded, DecodeError> {
    let opened = Opened::new(bytes, limits)?;
    let format = opened.format;
    let image = match opened.reduced(bytes, limits) {
        Some(pyramid) => pyramid,
        None => opened.whole()?.into(),
    };
    Ok(Decoded { image, format })
}

/// The same with every pixel that there is, and no smaller copies.
///
/// # Errors
/// As [`decode()`].
pub fn decode_whole(bytes: &[u8], limits: &DecodeLimits) -> Result<RgbImage, DecodeError> {
    Opened::new(bytes, limits)?.whole()
}

/// An image whose header has been read and found acceptable.
struct Opened<'a> {
    decoder: Box<dyn ImageDecoder + 'a>,
    format: &'static str,
    orientation: Orientation,
    /// As it lies in the file.
    size: (u32, u32),
    /// Bytes that decoding may take.
    memory: u64,
}

impl<'a> Opened<'a> {
    fn new(bytes: &'a [u8], limits: &DecodeLimits) -> Result<Self, DecodeError> {
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
        // The widest pixel decoded is RGBA with 16 bits a channel; decoders need about as much again to work in.
        let memory = limits.max_pixels.saturating_mul(16);
        let mut alloc = Limits::default();
        alloc.max_alloc = Some(memory);
        decoder.set_limits(alloc).map_err(corrupt)?;
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        Ok(Self { decoder: Box::new(decoder), format, orientation, size: (width, height), memory })
    }

    /// All pixels.
    fn whole(self) -> Result<RgbImage, DecodeError> {
        let corrupt = |e: image::ImageError| DecodeError::Corrupt { format: self.format, detail: e.to_string() };
        let mut image = DynamicImage::from_decoder(self.decoder).map_err(corrupt)?;
        image.apply_orientation(self.orientation);
        Ok(flatten(image))
    }

    /// A large JPEG at a fraction of its size; `None` for everything else.
    fn reduced(&self, bytes: &[u8], limits: &DecodeLimits) -> Option<Pyramid> {
        let halvings = halvings(self.size, self.orientation).filter(|_| self.format == "jpeg")?;
        let (orientation, memory, (width, height)) = (self.orientation, self.memory, self.size);
        let upright = move |bytes: &[u8], halvings: usize| {
            let copy = jpeg::reduced(bytes, halvings, memory)?;
            // Two decoders that read two sizes out of one file would lay every crop askew.
            let side = |whole: u32| whole.div_ceil(1 << halvings);
            let mut image = DynamicImage::from((copy.dimensions() == (side(width), side(height))).then_some(copy)?);
            image.apply_orientation(orientation);
            Some(image.into_rgb8())
        };
        let copy = upright(bytes, halvings)?;
        let turned = matches!(
            orientation,
            Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
        );
        let (bytes, limits) = (Box::<[u8]>::from(bytes), *limits);
        let read = move |halvings: usize| match halvings {
            0 => decode_whole(&bytes, &limits).ok(),
            _ => upright(&bytes, halvings),
        };
        Some(Pyramid::reduced(if turned { (height, width) } else { (width, height) }, halvings, copy, read))
    }
}

/// The longer side in pixels that a large picture keeps at least: twice that of the detector's first pass, which is
/// enough for the crops of a face that a first pass can settle, and for a closer look at what it may have missed.
const LEAST_SIDE: u32 = 640;
/// Half a JPEG costs as much as the whole one, and a block of 8 x 8 can be halved no further than thrice.
const USEFUL_HALVINGS: std::ops::RangeInclusive<usize> = 2..=3;

/// How often a picture is halved while it is decoded; `None` for one that is not large. What is left over at the right and
/// below would shift a turned picture against its copy, so that it must be nothing.
fn halvings((width, height): (u32, u32), orientation: Orientation) -> Option<usize> {
    let fits = |n: usize| orientation == Orientation::NoTransforms || (width | height) % (1 << n) == 0;
    USEFUL_HALVINGS.rev().find(|&n| width.max(height) >> n >= LEAST_SIDE && fits(n))
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
            assert_eq!(((got.image.width(), got.image.height()), got.format), ((40, 24), name));
        }
    }

    #[test]
    fn alpha_is_composed_over_white_and_deep_grey_is_kept() {
        let clear = RgbaImage::from_pixel(4, 4, Rgba([10, 20, 30, 0]));
        let got = decode_whole(&encode(&clear.into(), ImageFormat::Png), &DecodeLimits::default()).unwrap();
        assert_eq!(got.get_pixel(1, 1).0, [255, 255, 255]);
        let deep: ImageBuffer<Luma<u16>, Vec<u16>> = ImageBuffer::from_pixel(4, 4, Luma([0x8080]));
        let got = decode_whole(&encode(&deep.into(), ImageFormat::Png), &DecodeLimits::default()).unwrap();
        assert_eq!(got.get_pixel(1, 1).0, [128, 128, 128]);
        let grey = GrayImage::from_pixel(9, 9, Luma([77]));
        let got = decode_whole(&encode(&grey.into(), ImageFormat::Png), &DecodeLimits::default()).unwrap();
        assert_eq!(got.get_pixel(1, 1).0, [77, 77, 77]);
    }

    /// Four quarters (red, green, blue, white) as print shops send them: CMYK, inverted, with Adobe's marker.
    #[test]
    fn cmyk_is_converted() {
        let bytes = include_bytes!("../../tests/formats/cmyk.jpg");
        let got = decode_whole(bytes, &DecodeLimits::default()).unwrap();
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
        let got = decode_whole(&gif, &DecodeLimits::default()).unwrap();
        let [red, _, blue] = got.get_pixel(4, 4).0;
        assert!(red > 150 && blue < 50, "{red} {blue}");
    }

    #[test]
    fn exif_orientation_is_applied() {
        // An EXIF block that says "turn by 90 degrees" (orientation 6), spliced in behind the JPEG's first marker.
        let exif: &[u8] = b"\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        let plain = encode(&picture(), ImageFormat::Jpeg);
        let turned = [&plain[..2], exif, &plain[2..]].concat();
        let got = decode_whole(&turned, &DecodeLimits::default()).unwrap();
        assert_eq!(got.dimensions(), (24, 40));
    }

    /// A photograph's size in a file that is made quickly, turned as EXIF's `orientation` says.
    fn large((width, height): (u32, u32), orientation: u8) -> Vec<u8> {
        let shade = |x: u32, y: u32| image::Rgb([(x / 12) as u8, (y / 8) as u8, ((x / 40 + y / 40) % 2 * 200) as u8]);
        let plain = encode(&RgbImage::from_fn(width, height, shade).into(), ImageFormat::Jpeg);
        let mut exif = *b"\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x01\0\0\0\0\0\0\0";
        exif[28] = orientation;
        [&plain[..2], &exif, &plain[2..]].concat()
    }

    #[test]
    fn a_large_jpeg_is_decoded_at_a_fraction_and_whole_where_it_must_be() {
        for orientation in 1..=8 {
            let bytes = large(if orientation == 1 { (2570, 1603) } else { (2576, 1604) }, orientation);
            let whole = decode_whole(&bytes, &DecodeLimits::default()).unwrap();
            let got = decode(&bytes, &DecodeLimits::default()).unwrap().image;
            assert_eq!((got.width(), got.height()), whole.dimensions());
            assert_eq!(format!("{got:?}").split("halved ").last(), Some("[2] times)"));
            let (copy, times) = got.shrunk(4.0);
            assert_eq!((times as u32, copy.width()), (4, whole.width().div_ceil(4)));
            let halves = Pyramid::from(whole.clone());
            let (mut far, same) = (0u64, halves.shrunk(4.0).0);
            for (x, y, pixel) in same.enumerate_pixels() {
                far += copy.get_pixel(x, y).0.iter().zip(pixel.0).map(|(a, b)| u64::from(a.abs_diff(b))).sum::<u64>();
            }
            let mean = far as f64 / f64::from(3 * same.width() * same.height());
            assert!(mean < 3.0, "orientation {orientation}: {mean}");
            assert!(got.shrunk(1.0).0 == &whole, "orientation {orientation}");
        }
        let shifted = decode(&large((2570, 1603), 3), &DecodeLimits::default()).unwrap().image;
        assert_eq!(format!("{shifted:?}"), "Pyramid(2570 x 1603, halved [0] times)");
    }

    #[test]
    fn what_a_fraction_cannot_be_had_of_is_decoded_as_ever() {
        let bytes = large((2570, 1603), 1);
        for cut in [bytes.len() - 2, bytes.len() / 2, 700] {
            let whole = decode_whole(&bytes[..cut], &DecodeLimits::default());
            let got = decode(&bytes[..cut], &DecodeLimits::default());
            assert_eq!(got.is_ok(), whole.is_ok(), "{cut}");
            if let (Ok(got), Ok(whole)) = (got, whole) {
                assert!(got.image.finest() == &whole, "{cut}");
            }
        }
        let grey = encode(&GrayImage::from_fn(2600, 900, |x, _| Luma([(x / 11) as u8])).into(), ImageFormat::Jpeg);
        let got = decode(&grey, &DecodeLimits::default()).unwrap().image;
        let [r, g, b] = got.shrunk(4.0).0.get_pixel(100, 100).0;
        assert!(r == g && g == b && r.abs_diff(36) < 3, "{r} {g} {b}");
    }

    #[test]
    fn limits_come_before_decoding() {
        let png = encode(&picture(), ImageFormat::Png);
        let code = |limits| decode(&png, &limits).unwrap_err().code();
        assert_eq!(code(DecodeLimits { max_bytes: 10, ..Default::default() }), ErrorCode::ImageTooLarge);
        assert_eq!(code(DecodeLimits { max_pixels: 40 * 24 - 1, ..Default::default() }), ErrorCode::ImageTooLarge);
        assert_eq!(code(DecodeLimits { max_side: 39, ..Default::default() }), ErrorCode::ImageTooLarge);
        // A header that promises 60000 x 60000 pixels costs nothing: it is refused before a row is decoded.
        let mut bomb = png.clone();
        bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        let e = decode(&bomb, &DecodeLimits::default()).unwrap_err();
        assert!(matches!(e, DecodeError::TooManyPixels { width: 60_000, .. } | DecodeError::Corrupt { .. }), "{e}");
    }

    #[test]
    fn nonsense_is_named() {
        let code = |b: &[u8]| decode(b, &DecodeLimits::default()).unwrap_err().code();
        assert_eq!(code(b""), ErrorCode::ImageEmpty);
        assert_eq!(code(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), ErrorCode::ImageFormatUnsupported);
        assert_eq!(code(b"\xff\xd8\xff\xe0 not a jpeg"), ErrorCode::ImageUndecodable);
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
            for halvings in 0..=3 {
                let _ = jpeg::reduced(&bytes, halvings, 1 << 24);
            }
        }
    }
}
