//! JPEGs at a fraction of their size: only the lowest frequencies of each block of 8 x 8 pixels are decoded.
//!
//! Most photographs that arrive are far larger than the crops sampled from them. Every code word of such a file must be
//! read, since none states where the next begins. But the values of high frequencies, the transform of whole blocks and the
//! colours of the missing pixels need not be computed.
//!
//! Only plain files are read: ITU-T T.81, baseline or extended sequential with Huffman codes, eight bits, grey or YCbCr, one
//! scan. Everything else, and every broken file, is left to the decoder of whole pictures, which alone decides what is an
//! image.
//!
//! [`header`] reads sizes and tables, [`huffman`] code words, [`block`] transforms frequencies to pixels, and [`scan`] walks
//! over the blocks.

#![allow(clippy::inline_always, reason = "only what is inlined into a kernel is compiled for the instructions at hand")]

mod block;
mod header;
mod huffman;
mod scan;

use image::RgbImage;

use header::Header;
use scan::Plane;

/// The picture in `bytes`, halved `halvings` times (at most three), not turned upright; sides are rounded up. `None` where the
/// file is not plain, or decoding needs more than `max_memory` bytes. The caller has checked the dimensions in the header.
pub(crate) fn reduced(bytes: &[u8], halvings: usize, max_memory: u64) -> Option<RgbImage> {
    let header = Header::read(bytes)?;
    // The side of a block in pixels of the copy.
    let side = 8usize.checked_shr(u32::try_from(halvings).ok()?).filter(|&side| side > 0)?;
    if needed(&header, halvings, bytes.len()) > max_memory {
        return None;
    }
    let planes = scan::read(&header, side)?;
    let (width, height) = (header.width.div_ceil(8 / side), header.height.div_ceil(8 / side));
    picture(&planes, width, height)
}

/// An upper bound in bytes on the memory for a file of `len` bytes.
fn needed(header: &Header<'_>, halvings: usize, len: usize) -> u64 {
    /// For incomplete blocks: a picture one pixel wide has planes 32 pixels wide.
    const RIMS: u64 = 8 << 20;
    let whole = header.width as u64 * header.height as u64;
    // Three planes and the picture, the scan's own bytes, and 24 bytes per block for the ranges between restarts.
    8 * (whole >> (2 * halvings)) + len as u64 + whole / 2 + RIMS
}

/// The planes (grey, or Y, Cb and Cr) as RGB.
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

/// One row of YCbCr as RGB, by the matrix of JFIF (Rec. 601, full range), in units of 2^-16.
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
