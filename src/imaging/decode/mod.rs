//! Decoding with limits: bytes from outside are hostile until they have passed through here.
//!
//! [`limits`] says what an image may cost, [`format`] which formats are decoded, [`error`] why an image is refused, and
//! [`reduced`] reads large JPEGs at a fraction of their size.

mod error;
mod format;
mod limits;
mod reduced;

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage, metadata::Orientation};

use super::Pyramid;
use format::Format;

pub use error::DecodeError;
pub(super) use format::has_served_extension;
pub use limits::DecodeLimits;

/// An image in memory, upright, eight bits per channel.
#[derive(Debug)]
pub struct Decoded {
    /// Upright RGB pixels, transparency composed over white; halved where less detail is enough.
    pub image: Pyramid,
    /// The format: `jpeg`, `png`, `webp`, `gif` or `bmp`.
    pub format: &'static str,
}

/// Decodes `bytes` into upright RGB. EXIF orientation is applied, alpha is composed over white, greyscale, 16-bit and
/// CMYK are converted, and of an animation the first frame is taken. Size limits are checked on the header, before any
/// pixel is decoded. A large JPEG is decoded at a fraction of its size, and again where finer pixels are needed.
///
/// # Errors
/// A [`DecodeError`] for empty, oversized, unknown or broken input; never a panic.
pub fn decode(bytes: &[u8], limits: &DecodeLimits) -> Result<Decoded, DecodeError> {
    let opened = Opened::new(bytes, limits)?;
    let format = opened.format.name;
    let image = match opened.reduced(bytes, limits) {
        Some(pyramid) => pyramid,
        None => opened.whole()?.into(),
    };
    Ok(Decoded { image, format })
}

/// Like [`decode()`], but always at full size.
///
/// # Errors
/// As [`decode()`].
pub fn decode_whole(bytes: &[u8], limits: &DecodeLimits) -> Result<RgbImage, DecodeError> {
    Opened::new(bytes, limits)?.whole()
}

/// An image whose header has been read and found acceptable.
struct Opened<'a> {
    decoder: Box<dyn ImageDecoder + 'a>,
    format: &'static Format,
    orientation: Orientation,
}

impl<'a> Opened<'a> {
    fn new(bytes: &'a [u8], limits: &DecodeLimits) -> Result<Self, DecodeError> {
        limits.check_bytes(bytes.len())?;
        let format = Format::of(bytes)?;
        let corrupt = |detail: String| DecodeError::Corrupt { format: format.name, detail };
        let failed = |e: image::ImageError| corrupt(e.to_string());

        let mut decoder = ImageReader::with_format(Cursor::new(bytes), format.kind).into_decoder().map_err(failed)?;
        let (width, height) = decoder.dimensions();
        limits.check_size((width, height))?;
        if width == 0 || height == 0 {
            return Err(corrupt("it has no pixels".into()));
        }
        let mut memory = Limits::default();
        memory.max_alloc = Some(limits.memory());
        decoder.set_limits(memory).map_err(failed)?;
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        Ok(Self { decoder: Box::new(decoder), format, orientation })
    }

    /// All pixels, upright.
    fn whole(self) -> Result<RgbImage, DecodeError> {
        let failed = |e: image::ImageError| DecodeError::Corrupt { format: self.format.name, detail: e.to_string() };
        let mut image = DynamicImage::from_decoder(self.decoder).map_err(failed)?;
        image.apply_orientation(self.orientation);
        Ok(over_white(image))
    }

    /// A large JPEG at a fraction of its size; `None` for everything else.
    fn reduced(&self, bytes: &[u8], limits: &DecodeLimits) -> Option<Pyramid> {
        let is_jpeg = self.format.kind == ImageFormat::Jpeg;
        is_jpeg.then(|| reduced::reduced(bytes, self.decoder.dimensions(), self.orientation, limits)).flatten()
    }
}

/// Eight-bit RGB, transparency composed over white.
fn over_white(image: DynamicImage) -> RgbImage {
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
mod tests;
