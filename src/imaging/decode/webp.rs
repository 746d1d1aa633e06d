//! The frames of an animated WebP, composed as browsers do: on a transparent canvas, blended over what is there or put
//! in its place, and cleared away afterwards where the file says so (RFC 9649, 2.7.1.1). The decoder of the crate
//! `image` does not clear.

use std::io::Cursor;

use image::codecs::webp::WebPDecoder;
use image::error::{DecodingError, ImageFormatHint};
use image::imageops::{overlay, replace};
use image::{Delay, DynamicImage, Frame, ImageDecoder, ImageError, ImageFormat, ImageResult, Limits, Rgba, RgbaImage};

/// The frames of the file `bytes`, whose canvas has this size; each is decoded within `limits`.
pub(super) fn frames<'a>(bytes: &'a [u8], size: (u32, u32), limits: &Limits) -> image::Frames<'a> {
    let animation = Animation {
        chunks: Chunks(bytes.get(12..).unwrap_or_default()),
        canvas: RgbaImage::new(size.0, size.1),
        limits: limits.clone(),
        cleared: None,
    };
    image::Frames::new(Box::new(animation))
}

/// Name and data, one chunk after another; a chunk that is cut is the last and has what is there.
struct Chunks<'a>(&'a [u8]);

impl<'a> Iterator for Chunks<'a> {
    type Item = ([u8; 4], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&name, rest) = self.0.split_first_chunk::<4>()?;
        let (&length, rest) = rest.split_first_chunk::<4>()?;
        let length = u32::from_le_bytes(length) as usize;
        let data = rest.get(..length).unwrap_or(rest);
        // Chunks have an even length.
        self.0 = rest.get(length.saturating_add(length & 1)..).unwrap_or_default();
        Some((name, data))
    }
}

struct Animation<'a> {
    chunks: Chunks<'a>,
    canvas: RgbaImage,
    limits: Limits,
    /// The place of the last frame (left, top, width, height), where it is cleared away.
    cleared: Option<[u32; 4]>,
}

impl Iterator for Animation<'_> {
    type Item = ImageResult<Frame>;

    fn next(&mut self) -> Option<Self::Item> {
        let (_, data) = self.chunks.find(|(name, _)| name == b"ANMF")?;
        Some(self.show(data))
    }
}

impl Animation<'_> {
    /// Shows the frame of one chunk on the canvas.
    fn show(&mut self, data: &[u8]) -> ImageResult<Frame> {
        let (head, picture) = data.split_first_chunk::<16>().ok_or_else(|| broken("a frame is cut"))?;
        let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], 0]);
        let (left, top) = (2 * number(0), 2 * number(3));
        let (width, height, duration, flags) = (number(6) + 1, number(9) + 1, number(12), head[15]);
        if left + width > self.canvas.width() || top + height > self.canvas.height() {
            return Err(broken("a frame lies outside of the canvas"));
        }
        let picture = self.decode(picture, (width, height))?;
        if let Some([left, top, width, height]) = self.cleared.take() {
            replace(&mut self.canvas, &RgbaImage::from_pixel(width, height, Rgba([0; 4])), left.into(), top.into());
        }
        let (is_opaque, is_cleared) = (flags & 2 != 0, flags & 1 != 0);
        let put = if is_opaque { replace::<RgbaImage, RgbaImage> } else { overlay::<RgbaImage, RgbaImage> };
        put(&mut self.canvas, &picture, left.into(), top.into());
        self.cleared = is_cleared.then_some([left, top, width, height]);
        Ok(Frame::from_parts(self.canvas.clone(), 0, 0, Delay::from_numer_denom_ms(duration, 1)))
    }

    /// The picture of a frame, of this size by the frame's own head.
    fn decode(&self, chunks: &[u8], size: (u32, u32)) -> ImageResult<RgbaImage> {
        let mut decoder = WebPDecoder::new(Cursor::new(still(chunks, size)))?;
        if decoder.dimensions() != size {
            return Err(broken("a frame has another size than its head says"));
        }
        decoder.set_limits(self.limits.clone())?;
        Ok(DynamicImage::from_decoder(decoder)?.into_rgba8())
    }
}

/// The file of a still picture with a frame's chunks.
fn still(chunks: &[u8], (width, height): (u32, u32)) -> Vec<u8> {
    let mut body = b"WEBP".to_vec();
    // Alpha in a chunk of its own is read in the extended format alone.
    if chunks.starts_with(b"ALPH") {
        const ALPHA: u8 = 0x10;
        body.extend_from_slice(b"VP8X\x0a\0\0\0");
        body.extend_from_slice(&[ALPHA, 0, 0, 0]);
        for side in [width, height] {
            body.extend_from_slice(&(side - 1).to_le_bytes()[..3]);
        }
    }
    body.extend_from_slice(chunks);
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    [b"RIFF", length.to_le_bytes().as_slice(), &body].concat()
}

fn broken(what: &str) -> ImageError {
    ImageError::Decoding(DecodingError::new(ImageFormatHint::Exact(ImageFormat::WebP), what))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::webp::WebPEncoder;

    /// A frame at a place, with these flags: 1 clears it away afterwards, 2 puts it in the place of what is there.
    fn frame(picture: &RgbaImage, [left, top]: [u32; 2], flags: u8) -> Vec<u8> {
        let mut file = Vec::new();
        let (width, height) = picture.dimensions();
        WebPEncoder::new_lossless(&mut file).encode(picture, width, height, image::ExtendedColorType::Rgba8).unwrap();
        let mut data = Vec::new();
        for number in [left / 2, top / 2, width - 1, height - 1, 100] {
            data.extend_from_slice(&number.to_le_bytes()[..3]);
        }
        data.push(flags);
        data.extend_from_slice(&file[12..]);
        [b"ANMF".as_slice(), &u32::try_from(data.len()).unwrap().to_le_bytes(), &data].concat()
    }

    fn shown(frames: &[Vec<u8>]) -> Vec<RgbaImage> {
        let file = [&b"RIFF\0\0\0\0WEBP"[..], &frames.concat()].concat();
        super::frames(&file, (8, 8), &Limits::default()).map(|f| f.unwrap().into_buffer()).collect()
    }

    #[test]
    fn frames_are_blended_put_and_cleared_away() {
        let (red, blue, clear) = (Rgba([200, 0, 0, 255]), Rgba([0, 0, 200, 255]), Rgba([0; 4]));
        let whole = RgbaImage::from_pixel(8, 8, red);
        let half = RgbaImage::from_fn(4, 4, |x, _| if x < 2 { clear } else { blue });
        let at = |picture: &RgbaImage| [(0, 0), (2, 2), (4, 2)].map(|(x, y)| *picture.get_pixel(x, y));
        let seen = shown(&[frame(&whole, [0, 0], 0), frame(&half, [2, 2], 0), frame(&half, [2, 2], 2)]);
        assert_eq!(seen.iter().map(at).collect::<Vec<_>>(), [[red; 3], [red, red, blue], [red, clear, blue]]);
        let seen = shown(&[frame(&whole, [0, 0], 1), frame(&half, [2, 2], 1), frame(&half, [0, 0], 0)]);
        assert_eq!(seen.iter().map(at).collect::<Vec<_>>(), [[red; 3], [clear, clear, blue], [clear, blue, clear]]);
    }

    #[test]
    fn a_frame_that_is_cut_or_outside_is_an_error() {
        let whole = frame(&RgbaImage::from_pixel(8, 8, Rgba([9; 4])), [0, 0], 0);
        let outside = frame(&RgbaImage::from_pixel(8, 8, Rgba([9; 4])), [2, 0], 0);
        for broken in [&whole[..whole.len() - 9], &whole[..20], &outside] {
            let file = [b"RIFF\0\0\0\0WEBP", broken].concat();
            assert!(super::frames(&file, (8, 8), &Limits::default()).next().unwrap().is_err());
        }
    }
}
