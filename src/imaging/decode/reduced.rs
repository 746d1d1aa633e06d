//! Large JPEGs, decoded at a fraction of their size.

use image::{DynamicImage, metadata::Orientation};

use super::{DecodeLimits, decode_whole};
use crate::imaging::{Pyramid, jpeg};

/// The minimum longer side of a reduced picture, in pixels: twice that of the detector's first pass. That is enough for
/// the crops of a face that the first pass settles, and for a closer look at what it may have missed.
const LEAST_SIDE: u32 = 640;
/// Decoding at half size saves no time, and a block of 8 x 8 pixels can be halved three times at most.
const USEFUL_HALVINGS: std::ops::RangeInclusive<usize> = 2..=3;

/// A JPEG of `size` (width and height as stored in the file) as a picture that holds a reduced copy and decodes finer ones
/// when they are needed; `None` where the picture is not large, or not a plain JPEG.
pub(super) fn reduced(
    bytes: &[u8],
    (width, height): (u32, u32),
    orientation: Orientation,
    limits: &DecodeLimits,
) -> Option<Pyramid> {
    let halvings = halvings((width, height), orientation)?;
    let memory = limits.memory();
    let upright = move |bytes: &[u8], halvings: usize| {
        let copy = jpeg::reduced(bytes, halvings, memory)?;
        // If the two decoders read different sizes out of one file, every crop would be misplaced.
        let side = |whole: u32| whole.div_ceil(1 << halvings);
        let mut image = DynamicImage::from((copy.dimensions() == (side(width), side(height))).then_some(copy)?);
        image.apply_orientation(orientation);
        Some(image.into_rgb8())
    };
    let copy = upright(bytes, halvings)?;
    let (bytes, limits) = (Box::<[u8]>::from(bytes), *limits);
    let read = move |halvings: usize| match halvings {
        0 => decode_whole(&bytes, &limits).ok(),
        _ => upright(&bytes, halvings),
    };
    let size = if swaps_sides(orientation) { (height, width) } else { (width, height) };
    Some(Pyramid::reduced(size, halvings, copy, read))
}

/// How many times a picture is halved while it is decoded; `None` for one that is not large. Columns and rows left over at
/// the right and at the bottom would shift a turned picture against its copy, so a turned picture must have none.
fn halvings((width, height): (u32, u32), orientation: Orientation) -> Option<usize> {
    let fits = |n: usize| orientation == Orientation::NoTransforms || (width | height) % (1 << n) == 0;
    USEFUL_HALVINGS.rev().find(|&n| width.max(height) >> n >= LEAST_SIDE && fits(n))
}

/// Whether width and height change places when the picture is turned upright.
fn swaps_sides(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
    )
}
