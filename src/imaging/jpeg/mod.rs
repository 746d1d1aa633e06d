//! JPEGs, whole or at a fraction of their size.
//!
//! At a fraction, only the lowest frequencies of each block of 8 x 8 pixels are decoded. Most photographs that arrive
//! are far larger than the crops sampled from them. Every code word of such a file must be read, since none states
//! where the next begins. But the values of high frequencies, the transform of whole blocks and the colours of the
//! missing pixels need not be computed.
//!
//! [`reduced`] reads plain files: ITU-T T.81, baseline or extended sequential with Huffman codes, eight bits, grey or
//! YCbCr, one scan, nothing missing. [`whole()`] reads every file with Huffman codes and eight bits, also broken ones,
//! and says what is missing. It leaves complete plain files to a faster decoder ([`plain`]).
//!
//! [`segments`] finds the segments, [`mod@frame`] reads what they say of the picture, [`tables`] the steps and codes.
//! For whole pictures, [`codes`] and [`entropy`] read code words, [`inverse`] transforms frequencies to pixels,
//! [`mod@whole`] walks over the scans, and [`mod@picture`] enlarges and converts colours. For reduced ones, [`header`],
//! [`huffman`], [`block`] and [`scan`] do the same.

#![allow(clippy::inline_always, reason = "only what is inlined into a kernel is compiled for the instructions at hand")]

mod block;
mod codes;
mod entropy;
mod frame;
mod header;
mod huffman;
mod inverse;
mod picture;
mod plain;
mod plane;
mod scan;
mod segments;
mod tables;
mod whole;

use image::RgbImage;

use header::Header;
use plane::Plane;

pub(crate) use frame::{Colours, Outline};
pub(crate) use picture::Picture;

/// The picture in `bytes`, halved `halvings` times (at most three), not turned upright; sides are rounded up. `None`
/// where the file is not plain, or decoding needs more than `max_memory` bytes. The caller has checked the dimensions
/// in the header.
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

/// The picture of any kind in `bytes`, whose segments are `outline`, halved `halvings` times (at most three). What is
/// missing is grey. `None` where there is nothing to decode, or decoding needs more than `max_memory` bytes.
pub(crate) fn whole(bytes: &[u8], outline: &Outline<'_>, halvings: usize, max_memory: u64) -> Option<Picture> {
    let side = 8usize.checked_shr(u32::try_from(halvings).ok()?).filter(|&side| side > 0)?;
    let frame = &outline.frame;
    let out = (u64::from(frame.width) * u64::from(frame.height) * 4) >> (2 * halvings);
    if whole::needed(frame, side, bytes.len()) + out > max_memory {
        return None;
    }
    if halvings == 0
        && let Some(picture) = plain::decode(bytes, outline)
    {
        return Some(picture);
    }
    let whole::Planes { planes, is_complete } = whole::decode(bytes, outline, side)?;
    let (width, height, pixels) = picture::picture(&planes, frame, outline.colours, side)?;
    let channels = if outline.colours == Colours::Grey { 1 } else { planes.len() };
    Some(Picture { width, height, pixels, channels, is_complete })
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
