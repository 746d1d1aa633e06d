//! Decoding with limits: bytes from outside are hostile until they have passed through here.
//!
//! [`limits`] says what an image may cost, [`format`] which formats are decoded, [`error`] why an image is refused.
//! [`survey`] tells whether a file is cut, [`orientation`] how it is turned, [`colour`] and [`linear`] bring its
//! colours to sRGB. [`mod@jpeg`] reads JPEGs, large ones at a fraction of their size, [`mod@heif`] HEIC and AVIF, [`mod@frames`]
//! animations, [`mod@webp`] those of WebP, [`mod@png`] what a PNG says beside its pixels.

mod colour;
mod error;
mod format;
mod frames;
mod heif;
mod jpeg;
mod limits;
mod linear;
mod orientation;
mod png;
mod survey;
mod webp;

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage, metadata::Orientation};

use super::Pyramid;
use colour::Colours;
use format::{Format, Kind};
use heif::Heif;
use jpeg::Jpeg;
use survey::Survey;

pub use colour::ColourProfile;
pub use error::DecodeError;
pub(super) use format::{has_served_extension, is_picture};
pub use frames::{Animation, DEFAULT_FRAMES, is_animated};
pub use limits::DecodeLimits;

/// An image in memory, upright, in sRGB, eight bits per channel.
#[derive(Debug)]
pub struct Decoded {
    /// Upright RGB pixels, transparency composed over white; halved where less detail is enough.
    pub image: Pyramid,
    /// What was decoded.
    pub facts: Facts,
}

/// What was decoded, and what was done to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The format: `jpeg`, `png`, `webp`, `gif`, `bmp`, `heic` or `avif`.
    pub format: &'static str,
    /// Frames in the file; 1 for a still.
    pub frames: u32,
    /// Whether no pixel is missing: the file is not cut, and no damage was found in its data.
    pub is_complete: bool,
    /// The orientation that was undone, as Exif counts it, 1 to 8; 1 for an upright picture. Of a HEIC or an AVIF it is that of
    /// its properties, not of its Exif data.
    pub orientation: u8,
    /// Whether the finest pixels are coarser than those in the file, because there are too many of them.
    pub is_scaled: bool,
    /// What the file says of its colours; `None` for sRGB, or where it says nothing.
    pub profile: Option<ColourProfile>,
}

/// Decodes `bytes` into upright RGB: its orientation applied, colours brought to sRGB, the first frame of an animation,
/// alpha composed over white, greyscale, 16-bit and CMYK converted. Size limits are checked on the header, before any
/// pixel is decoded. A large JPEG is decoded at a fraction of its size, and again where finer pixels are needed. Of a
/// cut or damaged file the pixels that are there are returned, if any are.
///
/// # Errors
/// A [`DecodeError`] for empty, oversized, unknown or broken input; never a panic.
pub fn decode(bytes: &[u8], limits: &DecodeLimits) -> Result<Decoded, DecodeError> {
    let opened = Opened::new(bytes, limits)?;
    let mut facts = opened.facts();
    let (image, is_complete, fits_profile) = match &opened.source {
        Source::Jpeg(jpeg) => jpeg.pyramid()?,
        Source::Heif(heif) => heif.pyramid()?,
        Source::Other(..) => opened.whole()?.into_pyramid(),
    };
    facts.is_complete = is_complete;
    if let Some(profile) = facts.profile.as_mut().filter(|_| !fits_profile) {
        profile.ignored = profile.ignored.or(Some("it is for other channels than the picture has"));
    }
    Ok(Decoded { image, facts })
}

/// Like [`decode()`], but always at full size, or the finest that the limits allow.
///
/// # Errors
/// As [`decode()`].
pub fn decode_whole(bytes: &[u8], limits: &DecodeLimits) -> Result<RgbImage, DecodeError> {
    Ok(Opened::new(bytes, limits)?.whole()?.image)
}

/// Decoded pixels.
struct Pixels {
    image: RgbImage,
    is_complete: bool,
    /// Whether the colour profile, if any, is for the picture's channels.
    fits_profile: bool,
}

impl Pixels {
    fn into_pyramid(self) -> (Pyramid, bool, bool) {
        (self.image.into(), self.is_complete, self.fits_profile)
    }
}

/// An image whose header has been read and found acceptable.
struct Opened<'a> {
    source: Source<'a>,
    bytes: &'a [u8],
    limits: DecodeLimits,
    format: &'static Format,
    survey: Survey,
    orientation: Orientation,
    colours: Colours,
}

enum Source<'a> {
    Jpeg(Box<Jpeg<'a>>),
    Heif(Box<Heif<'a>>),
    Other(Box<dyn ImageDecoder + 'a>, ImageFormat),
}

impl<'a> Opened<'a> {
    fn new(bytes: &'a [u8], limits: &DecodeLimits) -> Result<Self, DecodeError> {
        limits.check_bytes(bytes.len())?;
        let format = Format::of(bytes)?;
        let survey = Survey::of(format.kind, bytes);
        let opened = |source, format, orientation, colours| Self {
            source,
            bytes,
            limits: *limits,
            format,
            survey,
            orientation,
            colours,
        };
        let kind = match format.kind {
            Kind::Jpeg => {
                let jpeg = Jpeg::open(bytes, limits)?;
                let (orientation, colours) = (jpeg.orientation(), jpeg.colours().clone());
                return Ok(opened(Source::Jpeg(Box::new(jpeg)), format, orientation, colours));
            }
            Kind::Heif => {
                let heif = Heif::open(bytes, limits)?;
                let (format, orientation, colours) = (heif.format(), heif.orientation(), heif.colours().clone());
                return Ok(opened(Source::Heif(Box::new(heif)), format, orientation, colours));
            }
            Kind::Other(kind) => kind,
        };
        let mut decoder = open(bytes, limits, format, kind)?;
        let (orientation, colours) = if kind == ImageFormat::Png {
            png::statements(bytes)
        } else {
            let exif = decoder.exif_metadata().ok().flatten();
            let profile = decoder.icc_profile().ok().flatten();
            let orientation = exif.map_or(Orientation::NoTransforms, |exif| orientation::of_exif(&exif));
            (orientation, profile.map_or_else(Colours::default, |profile| Colours::of_icc(&profile)))
        };
        Ok(opened(Source::Other(decoder, kind), format, orientation, colours))
    }

    /// Columns and rows in the file.
    fn dimensions(&self) -> (u32, u32) {
        match &self.source {
            Source::Jpeg(jpeg) => jpeg.size(),
            Source::Heif(heif) => heif.size(),
            Source::Other(decoder, _) => decoder.dimensions(),
        }
    }

    /// What is known before decoding.
    fn facts(&self) -> Facts {
        Facts {
            format: self.format.name,
            frames: self.survey.frames,
            is_complete: true,
            orientation: self.orientation.to_exif(),
            is_scaled: match &self.source {
                Source::Jpeg(jpeg) => jpeg.is_scaled(),
                Source::Heif(heif) => heif.is_scaled(),
                Source::Other(..) => false,
            },
            profile: self.colours.profile.clone(),
        }
    }

    /// All pixels, upright.
    fn whole(self) -> Result<Pixels, DecodeError> {
        let (decoder, kind) = match self.source {
            Source::Jpeg(jpeg) => return jpeg.whole(),
            Source::Heif(heif) => return heif.whole(),
            Source::Other(decoder, kind) => (decoder, kind),
        };
        let (image, is_complete) = match DynamicImage::from_decoder(decoder) {
            // The last block of a PNG holds no pixels.
            Ok(image) => (image, !self.survey.is_cut || kind == ImageFormat::Png),
            Err(e) => {
                let error = || DecodeError::Corrupt { format: self.format.name, detail: e.to_string() };
                (found(self.bytes, &self.limits, self.format, kind).ok_or_else(error)?, false)
            }
        };
        let image = if kind == ImageFormat::Bmp { opaque_if_empty(image) } else { image };
        let (mut image, fits_profile) = self.colours.apply(image);
        image.apply_orientation(self.orientation);
        Ok(Pixels { image: over_white(image), is_complete, fits_profile })
    }
}

/// A decoder within the limits.
fn open<'a>(
    bytes: &'a [u8],
    limits: &DecodeLimits,
    format: &'static Format,
    kind: ImageFormat,
) -> Result<Box<dyn ImageDecoder + 'a>, DecodeError> {
    let corrupt = |detail: String| DecodeError::Corrupt { format: format.name, detail };
    let failed = |e: image::ImageError| corrupt(e.to_string());
    let mut decoder = ImageReader::with_format(Cursor::new(bytes), kind).into_decoder().map_err(failed)?;
    let (width, height) = decoder.dimensions();
    limits.check_size((width, height))?;
    if width == 0 || height == 0 {
        return Err(corrupt("it has no pixels".into()));
    }
    let mut memory = Limits::default();
    memory.max_alloc = Some(limits.memory());
    decoder.set_limits(memory).map_err(failed)?;
    Ok(Box::new(decoder))
}

/// The pixels before the place where a file is cut or damaged, the others black; `None` where there are none.
fn found(bytes: &[u8], limits: &DecodeLimits, format: &'static Format, kind: ImageFormat) -> Option<DynamicImage> {
    let decoder = open(bytes, limits, format, kind).ok()?;
    let ((width, height), colour) = (decoder.dimensions(), decoder.color_type());
    let mut buffer = vec![0; usize::try_from(decoder.total_bytes()).ok()?];
    // That it fails is known; what it read before is in the buffer.
    let _ = decoder.read_image_boxed(&mut buffer);
    if buffer.iter().all(|&b| b == 0) {
        return None;
    }
    let wide = || buffer.as_chunks().0.iter().map(|&b| u16::from_ne_bytes(b)).collect();
    Some(match colour {
        image::ColorType::L8 => image::GrayImage::from_raw(width, height, buffer)?.into(),
        image::ColorType::La8 => image::GrayAlphaImage::from_raw(width, height, buffer)?.into(),
        image::ColorType::Rgb8 => RgbImage::from_raw(width, height, buffer)?.into(),
        image::ColorType::Rgba8 => image::RgbaImage::from_raw(width, height, buffer)?.into(),
        image::ColorType::L16 => DynamicImage::ImageLuma16(image::ImageBuffer::from_raw(width, height, wide())?),
        image::ColorType::Rgb16 => DynamicImage::ImageRgb16(image::ImageBuffer::from_raw(width, height, wide())?),
        image::ColorType::Rgba16 => DynamicImage::ImageRgba16(image::ImageBuffer::from_raw(width, height, wide())?),
        _ => return None,
    })
}

/// A picture without any opacity was written by a program that leaves the field empty.
fn opaque_if_empty(image: DynamicImage) -> DynamicImage {
    match image {
        DynamicImage::ImageRgba8(rgba) if rgba.pixels().all(|px| px.0[3] == 0) => {
            DynamicImage::ImageRgba8(rgba).into_rgb8().into()
        }
        image => image,
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
