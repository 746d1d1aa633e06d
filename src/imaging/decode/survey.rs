//! What a walk over the blocks of a file says before any pixel is decoded: whether the file is cut, and its frames.

use image::ImageFormat;

use super::format::Kind;

/// A file by its blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Survey {
    /// Whether the file ends before its last block does.
    pub(super) is_cut: bool,
    /// Frames of an animation; 1 for a still.
    pub(super) frames: u32,
    /// Whether the frames are to be shown one after another. A PNG's default picture may be no frame.
    pub(super) is_animated: bool,
}

impl Survey {
    /// The survey of a PNG, GIF or WebP; other formats state neither.
    pub(super) fn of(kind: Kind, bytes: &[u8]) -> Self {
        match kind {
            Kind::Other(ImageFormat::Png) => png(bytes),
            Kind::Other(ImageFormat::Gif) => gif(bytes),
            Kind::Other(ImageFormat::WebP) => webp(bytes),
            _ => Self { is_cut: false, frames: 1, is_animated: false },
        }
    }
}

fn png(bytes: &[u8]) -> Survey {
    let (mut rest, mut frames, mut is_animated) = (bytes.get(8..).unwrap_or_default(), 1, false);
    let mut is_before_data = true;
    // Length, type, data and checksum.
    while let Some((head, after)) = rest.split_first_chunk::<8>() {
        let [a, b, c, d, kind @ ..] = *head;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        // Behind the default picture's data it says nothing.
        is_before_data &= kind != *b"IDAT";
        if is_before_data
            && kind == *b"acTL"
            && let Some(count) = after.first_chunk::<4>()
        {
            (frames, is_animated) = (u32::from_be_bytes(*count).max(1), true);
        }
        match length.checked_add(4).and_then(|n| after.get(n..)) {
            Some(_) if kind == *b"IEND" => return Survey { is_cut: false, frames, is_animated },
            Some(next) => rest = next,
            None => break,
        }
    }
    Survey { is_cut: true, frames, is_animated }
}

fn gif(bytes: &[u8]) -> Survey {
    let mut frames = 0;
    let is_whole = gif_blocks(bytes, &mut frames).is_some();
    Survey { is_cut: !is_whole, frames: frames.max(1), is_animated: frames > 1 }
}

/// Counts the frames; `None` where the file ends within a block.
fn gif_blocks(bytes: &[u8], frames: &mut u32) -> Option<()> {
    const EXTENSION: u8 = 0x21;
    const IMAGE: u8 = 0x2c;
    let colours = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3usize << ((flags & 7) + 1) };
    let mut rest = bytes.get(13..)?.get(colours(*bytes.get(10)?)..)?;
    loop {
        rest = match rest.first() {
            Some(&EXTENSION) => rest.get(2..)?,
            Some(&IMAGE) => {
                *frames += 1;
                rest.get(11..)?.get(colours(rest[9])..)?
            }
            // The trailer. Some programs leave it out, or write other bytes.
            _ => return Some(()),
        };
        // Blocks of data, each after its length.
        loop {
            let length = usize::from(*rest.first()?);
            rest = rest.get(length + 1..)?;
            if length == 0 {
                break;
            }
        }
    }
}

fn webp(bytes: &[u8]) -> Survey {
    let size = |at: usize| bytes.get(at..)?.first_chunk::<4>().map(|b| u32::from_le_bytes(*b) as usize);
    let (mut at, mut frames) = (12, 0);
    while let Some(length) = size(at + 4) {
        frames += u32::from(bytes[at..].starts_with(b"ANMF"));
        // Chunks have an even length.
        at = at.saturating_add(8).saturating_add(length.saturating_add(length & 1));
    }
    let end = size(4).unwrap_or(usize::MAX).saturating_add(8);
    // The padding of the last chunk may be missing.
    Survey { is_cut: bytes.len() + 1 < end, frames: frames.max(1), is_animated: frames > 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Delay, DynamicImage, Frame, RgbaImage};
    use std::io::Cursor;

    #[test]
    fn a_cut_file_is_told_and_a_whole_one_is_not() {
        let picture = RgbaImage::from_fn(40, 30, |x, y| image::Rgba([x as u8 * 6, (x * y) as u8, y as u8, 255]));
        for format in [ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP] {
            let mut file = Cursor::new(Vec::new());
            DynamicImage::from(picture.clone()).write_to(&mut file, format).unwrap();
            let file = file.into_inner();
            assert_eq!(
                Survey::of(Kind::Other(format), &file),
                Survey { is_cut: false, frames: 1, is_animated: false },
                "{format:?}"
            );
            let longer = [&file[..], b"more"].concat();
            assert!(!Survey::of(Kind::Other(format), &longer).is_cut);
            for cut in [20, file.len() / 2, file.len() * 9 / 10] {
                assert!(Survey::of(Kind::Other(format), &file[..cut]).is_cut, "{format:?} {cut}");
            }
            for cut in 0..file.len() {
                let _ = Survey::of(Kind::Other(format), &file[..cut]);
            }
        }
    }

    #[test]
    fn the_frames_of_an_animation_are_counted() {
        let mut gif = Vec::new();
        let frame = |c: u8| {
            Frame::from_parts(
                RgbaImage::from_pixel(8, 8, image::Rgba([c, c, c, 255])),
                0,
                0,
                Delay::from_numer_denom_ms(40, 1),
            )
        };
        image::codecs::gif::GifEncoder::new(&mut gif).encode_frames([frame(0), frame(90), frame(200)]).unwrap();
        assert_eq!(
            Survey::of(Kind::Other(ImageFormat::Gif), &gif),
            Survey { is_cut: false, frames: 3, is_animated: true }
        );
    }
}
