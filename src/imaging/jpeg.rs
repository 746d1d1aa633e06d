//! JPEGs at a fraction of their size: of each block of 8 x 8 only the lowest frequencies are made pixels of.
//!
//! Of a photograph of twelve megapixels at a quarter of its sides, that is a third less work; the rest is the entropy
//! coding, which no decoder can leave out. What is not plain (broken data, many scans, print colours) is left to the other
//! decoder, which decides alone what is an image.

use image::{DynamicImage, GrayImage, RgbImage};
use jpeg_decoder::{CodingProcess, Decoder, PixelFormat};

/// How every JPEG ends. The decoder fills what is missing of a file that was cut short.
const END: [u8; 2] = [0xff, 0xd9];

/// The picture in `bytes`, halved `halvings` times (at most three), as it lies in the file; columns and rows that are left
/// over make one more. `None` where anything is out of the ordinary. Its header's size must have been checked.
pub(crate) fn reduced(bytes: &[u8], halvings: usize, max_memory: u64) -> Option<RgbImage> {
    if !bytes.ends_with(&END) {
        return None;
    }
    let mut decoder = Decoder::new(bytes);
    decoder.set_max_decoding_buffer_size(usize::try_from(max_memory).unwrap_or(usize::MAX));
    decoder.read_info().ok()?;
    let whole = decoder.info()?;
    // Each scan of a progressive file costs a pass over all of it, however little it holds.
    if whole.coding_process != CodingProcess::DctSequential {
        return None;
    }
    let side = |pixels: u16| pixels.div_ceil(1 << halvings);
    let (width, height) = decoder.scale(side(whole.width), side(whole.height)).ok()?;
    if (width, height) != (side(whole.width), side(whole.height)) {
        return None;
    }
    let pixels = decoder.decode().ok()?;
    let (width, height) = (u32::from(width), u32::from(height));
    match whole.pixel_format {
        PixelFormat::RGB24 => RgbImage::from_raw(width, height, pixels),
        PixelFormat::L8 => Some(DynamicImage::from(GrayImage::from_raw(width, height, pixels)?).into_rgb8()),
        PixelFormat::L16 | PixelFormat::CMYK32 => None,
    }
}
