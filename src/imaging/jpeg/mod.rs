//! JPEGs at a fraction of their size: of each block of 8 x 8 only the lowest frequencies are made pixels of.
//!
//! Most photographs that arrive are far larger than anything that is sampled from them. Of such a file every code word must
//! be read, for none says where the next begins; but the values of high frequencies need not be, nor the transform of
//! whole blocks, nor the colours of pixels that nobody will see.
//!
//! This knows plain files alone: ITU-T T.81, baseline or extended sequential with Huffman codes, eight bits, grey or
//! YCbCr, one scan. Whatever is out of the ordinary or broken is left to the decoder of whole pictures, which decides alone
//! what is an image.
//!
//! [`header`] finds what a file says of itself, [`huffman`] reads code words, [`block`] makes pixels of frequencies, and
//! [`scan`] walks over the blocks.

#![allow(clippy::inline_always, reason = "only what is inlined into a kernel is compiled for the instructions at hand")]

mod block;
mod header;
mod huffman;
mod scan;

use image::RgbImage;

use header::Header;
use scan::Plane;

/// The picture in `bytes`, halved `halvings` times (at most three), as it lies in the file; columns and rows that are left
/// over make one more. `None` where anything is out of the ordinary, or more than `max_memory` bytes would be needed. Its
/// header's size must have been checked.
pub(crate) fn reduced(bytes: &[u8], halvings: usize, max_memory: u64) -> Option<RgbImage> {
    let header = Header::read(bytes)?;
    // A block's side in pixels of the copy.
    let side = 8usize.checked_shr(u32::try_from(halvings).ok()?).filter(|&side| side > 0)?;
    if needed(&header, halvings, bytes.len()) > max_memory {
        return None;
    }
    let planes = scan::read(&header, side)?;
    let (width, height) = (header.width.div_ceil(8 / side), header.height.div_ceil(8 / side));
    picture(&planes, width, height)
}

/// The most bytes that a file of `len` bytes may take.
fn needed(header: &Header<'_>, halvings: usize, len: usize) -> u64 {
    /// Rims of blocks: a picture one pixel wide has the planes of one of 32.
    const RIMS: u64 = 8 << 20;
    let whole = header.width as u64 * header.height as u64;
    // Three planes and the picture; the scan's own bytes; where each part between two restarts lies, 24 bytes for a block.
    8 * (whole >> (2 * halvings)) + len as u64 + whole / 2 + RIMS
}

/// Grey or YCbCr to RGB.
fn picture(planes: &[Plane], width: usize, height: usize) -> Option<RgbImage> {
    let mut pixels = vec![0u8; 3 * width * height];
    for (y, out) in pixels.chunks_exact_mut(3 * width).enumerate() {
        match planes {
            [grey] => {
                for (px, &v) in out.chunks_exact_mut(3).zip(grey.row(y)?) {
                    px.fill(v);
                }
            }
            [luma, blue, red] => colour(out, luma.row(y)?, blue.row(y)?, red.row(y)?),
            _ => return None,
        }
    }
    RgbImage::from_raw(u32::try_from(width).ok()?, u32::try_from(height).ok()?, pixels)
}

/// One row of YCbCr as RGB, by the matrix of JFIF (Rec. 601, full range), in 2^-16.
fn colour(out: &mut [u8], luma: &[u8], blue: &[u8], red: &[u8]) {
    let value = |v: i32| (v >> 16).clamp(0, 255) as u8;
    for (((px, &y), &cb), &cr) in out.chunks_exact_mut(3).zip(luma).zip(blue).zip(red) {
        let y = (i32::from(y) << 16) + (1 << 15);
        let (cb, cr) = (i32::from(cb) - 128, i32::from(cr) - 128);
        px[0] = value(y + 91_881 * cr);
        px[1] = value(y - 22_554 * cb - 46_802 * cr);
        px[2] = value(y + 116_130 * cb);
    }
}

#[cfg(test)]
mod tests;
