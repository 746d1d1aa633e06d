//! The frames of an animation: composed as browsers show them, and sampled by the time that they are shown.

use std::io::Cursor;
use std::time::Duration;

use image::codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::{AnimationDecoder, DynamicImage, ImageDecoder, ImageFormat, ImageResult, Limits, RgbaImage};
use sha2::{Digest, Sha256};

use super::{DecodeError, DecodeLimits, Opened, over_white};
use crate::imaging::{Frame, Frames};

/// Frames that are shown for less are shown for [`SHORTEST`], as in browsers.
const LEAST: Duration = Duration::from_millis(11);
const SHORTEST: Duration = Duration::from_millis(100);
/// The most frames that are composed, to be chosen from; and the most pixels of all of them, in pictures of the largest size.
const MOST_FRAMES: usize = 2000;
const MOST_PICTURES: u64 = 8;
/// A frame whose values differ by no more than this is blank.
const BLANK: u8 = 8;

/// What a first walk over the frames says of one.
struct Seen {
    /// The first frame with these pixels.
    index: usize,
    hash: [u8; 32],
    at: Duration,
    shown: Duration,
}

/// At most `most` different frames of an animation that are not blank; none for a still, or where all frames are blank. Of more
/// frames, the longest shown in each of `most` equal parts of the time is taken.
///
/// # Errors
/// As [`decode()`](super::decode).
pub fn frames(bytes: &[u8], limits: &DecodeLimits, most: usize) -> Result<Frames, DecodeError> {
    let opened = Opened::new(bytes, limits)?;
    let total = opened.survey.frames;
    let walked = if opened.survey.is_animated { walk(&opened, bytes, limits) } else { None };
    let Some((seen, mut is_complete)) = walked else {
        return Ok(Frames { frames: Vec::new(), total, is_complete: !opened.survey.is_cut });
    };
    is_complete &= !opened.survey.is_cut;
    let chosen = chosen(seen, held(&opened, limits).min(most.max(1)));
    let mut frames = Vec::with_capacity(chosen.len());
    let all = animation(opened.format.kind, bytes, limits).ok();
    for (index, frame) in all.into_iter().flatten().take(MOST_FRAMES).enumerate() {
        let (Ok(frame), true) = (frame, frames.len() < chosen.len()) else { break };
        if let Some(seen) = chosen.iter().find(|seen| seen.index == index) {
            let (mut image, _) = opened.colours.apply(DynamicImage::from(frame.into_buffer()));
            image.apply_orientation(opened.orientation);
            frames.push(Frame { image: over_white(image).into(), at: seen.at, shown: seen.shown });
        }
    }
    Ok(Frames { frames, total, is_complete })
}

/// The number of frames that may be held in memory.
fn held(opened: &Opened<'_>, limits: &DecodeLimits) -> usize {
    let (width, height) = opened.dimensions();
    let frame = (u64::from(width) * u64::from(height) * 3).max(1);
    usize::try_from(limits.memory() / 2 / frame).unwrap_or(usize::MAX).max(1)
}

/// The different frames that are not blank, in the order of the file, and whether all could be read.
fn walk(opened: &Opened<'_>, bytes: &[u8], limits: &DecodeLimits) -> Option<(Vec<Seen>, bool)> {
    let (width, height) = opened.dimensions();
    let pixels = (u64::from(width) * u64::from(height)).max(1);
    let most = usize::try_from(limits.max_pixels * MOST_PICTURES / pixels).unwrap_or(MOST_FRAMES).clamp(1, MOST_FRAMES);
    let (mut seen, mut at) = (Vec::<Seen>::new(), Duration::ZERO);
    for (index, frame) in animation(opened.format.kind, bytes, limits).ok()?.take(most).enumerate() {
        let Ok(frame) = frame else { return Some((seen, false)) };
        let delay = Duration::from(frame.delay());
        let shown = if delay < LEAST { SHORTEST } else { delay };
        let image = frame.buffer();
        let hash = Sha256::digest(image.as_raw()).into();
        match seen.iter_mut().find(|seen| seen.hash == hash) {
            Some(same) => same.shown += shown,
            None if is_blank(image) => {}
            None => seen.push(Seen { index, hash, at, shown }),
        }
        at += shown;
    }
    Some((seen, true))
}

/// The longest shown of each of `most` equal parts of the time; all where there are no more.
fn chosen(seen: Vec<Seen>, most: usize) -> Vec<Seen> {
    if seen.len() <= most {
        return seen;
    }
    let total: Duration = seen.iter().map(|seen| seen.shown).sum();
    let (mut parts, mut before) = ((0..most).map(|_| None::<Seen>).collect::<Vec<_>>(), Duration::ZERO);
    for seen in seen {
        let middle = before + seen.shown / 2;
        let part = (middle.as_secs_f64() / total.as_secs_f64() * most as f64) as usize;
        before += seen.shown;
        let place = &mut parts[part.min(most - 1)];
        if place.as_ref().is_none_or(|other| other.shown < seen.shown) {
            *place = Some(seen);
        }
    }
    parts.into_iter().flatten().collect()
}

/// Whether a frame shows one colour.
fn is_blank(image: &RgbaImage) -> bool {
    let first = image.as_raw().first_chunk::<4>().copied().unwrap_or_default();
    image.pixels().all(|px| px.0.iter().zip(first).all(|(&a, b)| a.abs_diff(b) <= BLANK))
}

/// The frames on their canvas, disposed of and blended as the format says.
fn animation<'a>(format: ImageFormat, bytes: &'a [u8], limits: &DecodeLimits) -> ImageResult<image::Frames<'a>> {
    let mut memory = Limits::default();
    memory.max_alloc = Some(limits.memory());
    let file = Cursor::new(bytes);
    Ok(match format {
        ImageFormat::Gif => {
            let mut decoder = GifDecoder::new(file)?;
            decoder.set_limits(memory)?;
            decoder.into_frames()
        }
        ImageFormat::WebP => {
            let mut decoder = WebPDecoder::new(file)?;
            decoder.set_limits(memory)?;
            decoder.into_frames()
        }
        _ => PngDecoder::with_limits(file, memory)?.apng()?.into_frames(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::gif::GifEncoder;
    use image::{Delay, Rgba};

    /// A frame with a square of this grey on white, shown for some milliseconds; without a square where it is white too.
    fn shown(grey: u8, ms: u32) -> image::Frame {
        let at = |x: u32, y: u32| if x < 6 && y < 6 { Rgba([grey, grey, grey, 255]) } else { Rgba([255; 4]) };
        image::Frame::from_parts(RgbaImage::from_fn(16, 16, at), 0, 0, Delay::from_numer_denom_ms(ms, 1))
    }

    fn gif(frames: impl IntoIterator<Item = image::Frame>) -> Vec<u8> {
        let mut file = Vec::new();
        GifEncoder::new(&mut file).encode_frames(frames).unwrap();
        file
    }

    fn greys(frames: &Frames) -> Vec<(u8, u128)> {
        frames.frames.iter().map(|f| (f.image.finest().get_pixel(2, 2).0[0], f.shown.as_millis())).collect()
    }

    #[test]
    fn blank_frames_and_repetitions_cost_nothing() {
        let file = gif([shown(255, 20), shown(10, 5000), shown(90, 40), shown(10, 60), shown(90, 0)]);
        let got = frames(&file, &DecodeLimits::default(), 16).unwrap();
        assert_eq!((greys(&got), got.total, got.is_complete), (vec![(10, 5060), (90, 140)], 5, true));
        assert_eq!(got.frames[1].at, Duration::from_millis(5020));
    }

    #[test]
    fn of_many_frames_the_longest_of_each_part_is_taken() {
        let file = gif((0..40).map(|i| shown(i * 5, if i % 10 == 3 { 80 } else { 40 })));
        let got = frames(&file, &DecodeLimits::default(), 4).unwrap();
        assert_eq!(greys(&got), [(15, 80), (65, 80), (115, 80), (165, 80)]);
        let least = DecodeLimits { max_pixels: 256, ..DecodeLimits::default() };
        assert!(frames(&file, &least, 16).unwrap().frames.len() <= 2, "memory is bounded");
    }

    #[test]
    fn a_still_has_no_frames_and_a_cut_animation_is_not_complete() {
        let still = frames(&gif([shown(10, 0)]), &DecodeLimits::default(), 16).unwrap();
        assert!(still.frames.is_empty() && still.total == 1);
        let file = gif((0..9).map(|i| shown(i * 9, 40)));
        let cut = frames(&file[..file.len() * 2 / 3], &DecodeLimits::default(), 16).unwrap();
        assert!(!cut.is_complete && !cut.frames.is_empty() && cut.frames.len() < 9);
    }

    /// The default picture of such a file is shown only by programs that do not know animations.
    #[test]
    fn a_default_picture_outside_of_the_animation_is_no_frame() {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 16, 16);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_animated(1, 0).unwrap();
        encoder.set_sep_def_img(true).unwrap();
        encoder.set_frame_delay(1, 2).unwrap();
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(shown(10, 0).buffer()).unwrap();
        writer.write_image_data(shown(90, 0).buffer()).unwrap();
        writer.finish().unwrap();
        let got = frames(&file, &DecodeLimits::default(), 16).unwrap();
        assert_eq!((greys(&got), got.total), (vec![(90, 500)], 1));
    }
}
