//! JPEGs at a fraction of their size: of each block of 8 x 8 only the lowest frequencies are made pixels of.
//!
//! Of a photograph of twelve megapixels at a quarter of its sides, that is half of the work; the rest is the entropy
//! coding, which no decoder can leave out. What this one does not take (broken or truncated data, print colours) is left
//! to the other, which decides alone what is an image.

use image::RgbImage;
use libjpeg_turbo_rs::{DecodeLimits as Limits, Decoder, PixelFormat, ScalingFactor};

/// More than an encoder has reason to make: a file of many empty scans costs time for nothing.
const MAX_SCANS: usize = 64;

/// The picture in `bytes`, halved `halvings` times (at most three), as it lies in the file; columns and rows that are left
/// over make one more. `None` where anything is out of the ordinary. Its header's size must have been checked.
pub(crate) fn reduced(bytes: &[u8], halvings: usize, max_memory: u64) -> Option<RgbImage> {
    let limits = Limits { max_scans: MAX_SCANS, max_memory: Some(max_memory), ..Limits::default() };
    let mut decoder = Decoder::new_with_limits(bytes, limits).ok()?;
    if !matches!(decoder.header().components.len(), 1 | 3) || decoder.header().precision != 8 {
        return None;
    }
    decoder.set_output_format(PixelFormat::Rgb);
    decoder.set_scale(ScalingFactor::try_new(1, 1 << halvings).ok()?);
    decoder.set_stop_on_warning(true);
    let image = decoder.decode_image().ok()?;
    let whole = image.warnings.is_empty() && image.pixel_format == PixelFormat::Rgb;
    whole.then(|| RgbImage::from_raw(image.width as u32, image.height as u32, image.data)).flatten()
}
