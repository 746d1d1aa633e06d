//! The frames of an animation: composed as browsers show them, and sampled by the time that they are shown.

use std::io::Cursor;
use std::time::Duration;

use image::codecs::{gif::GifDecoder, png::PngDecoder};
use image::{AnimationDecoder, DynamicImage, ImageDecoder, ImageFormat, ImageResult, Limits, RgbaImage};
use sha2::{Digest, Sha256};

use super::{DecodeError, DecodeLimits, Decoded, Facts, Format, Kind, Opened, Survey, over_white, webp};
use crate::imaging::Frame;

/// The default number of frames looked at in one animation.
pub const DEFAULT_FRAMES: usize = 16;
/// Frames that are shown for less are shown for [`SHORTEST`], as in browsers.
const LEAST: Duration = Duration::from_millis(11);
const SHORTEST: Duration = Duration::from_millis(100);
/// The most frames that are composed, to be chosen from; and the most pixels of all of them, in pictures of the largest
/// size.
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

/// Whether these bytes are an animation of a served format.
pub fn is_animated(bytes: &[u8]) -> bool {
    Format::of(bytes).is_ok_and(|format| Survey::of(format.kind, bytes).is_animated)
}

/// An animation, of whose frames some are chosen to be looked at.
pub struct Animation<'a> {
    opened: Opened<'a>,
    /// The frames to look at, in the order of the file.
    chosen: Vec<Seen>,
    /// Whether no frame is missing or damaged.
    pub is_complete: bool,
    /// Whether all frames were read to choose from, so far as none is missing: of very many the first were.
    pub all_read: bool,
}

impl<'a> Animation<'a> {
    /// Chooses at most `most` different frames that are not blank; where all are blank, the first. Of more frames, the
    /// longest shown in each of `most` equal parts of the time are taken, then the longest shown of the others. `None`
    /// for a still.
    ///
    /// # Errors
    /// As [`decode()`](super::decode).
    pub fn open(bytes: &'a [u8], limits: &DecodeLimits, most: usize) -> Result<Option<Self>, DecodeError> {
        let opened = Opened::new(bytes, limits)?;
        if !opened.survey.is_animated {
            return Ok(None);
        }
        let walked = walk(&opened);
        Ok(Some(Self {
            chosen: chosen(walked.seen, most.max(1)),
            is_complete: walked.is_complete && !opened.survey.is_cut,
            all_read: walked.all_read,
            opened,
        }))
    }

    /// The number of frames to look at; 0 where none can be read.
    pub fn len(&self) -> usize {
        self.chosen.len()
    }

    /// Whether no frame can be read.
    pub fn is_empty(&self) -> bool {
        self.chosen.is_empty()
    }

    /// The frames to look at, in the order of the file, each composed when it is asked for.
    pub fn frames(&self) -> impl Iterator<Item = Frame> {
        let all = animation(&self.opened).ok().into_iter().flatten();
        let last = self.chosen.last().map_or(0, |seen| seen.index + 1);
        all.map_while(Result::ok).take(last).enumerate().filter_map(|(index, frame)| {
            let seen = self.chosen.iter().find(|seen| seen.index == index)?;
            let (picture, index) = (self.picture(frame), u32::try_from(index).ok()?);
            Some(Frame { picture, index, at: seen.at, shown: seen.shown })
        })
    }

    fn picture(&self, frame: image::Frame) -> Decoded {
        let facts = Facts { is_complete: self.is_complete, ..self.opened.facts() };
        let (mut image, _) = self.opened.colours.apply(DynamicImage::from(frame.into_buffer()));
        image.apply_orientation(self.opened.orientation);
        Decoded { image: over_white(image).into(), facts }
    }
}

/// The different frames that are not blank, in the order of the file; where all are blank, the first.
struct Walked {
    seen: Vec<Seen>,
    is_complete: bool,
    all_read: bool,
}

fn walk(opened: &Opened<'_>) -> Walked {
    let (width, height) = opened.dimensions();
    let pixels = (u64::from(width) * u64::from(height)).max(1);
    let pictures = opened.limits.max_pixels * MOST_PICTURES / pixels;
    let most = usize::try_from(pictures).unwrap_or(MOST_FRAMES).clamp(1, MOST_FRAMES);
    let (mut seen, mut blank, mut at) = (Vec::<Seen>::new(), None::<Seen>, Duration::ZERO);
    let (mut is_complete, mut all_read) = (true, true);
    match animation(opened) {
        Err(_) => is_complete = false,
        Ok(frames) => {
            for (index, frame) in frames.enumerate() {
                let Ok(frame) = frame else {
                    is_complete = false;
                    break;
                };
                if index == most {
                    all_read = false;
                    break;
                }
                let delay = Duration::from(frame.delay());
                let shown = if delay < LEAST { SHORTEST } else { delay };
                let image = frame.buffer();
                let hash = Sha256::digest(image.as_raw()).into();
                let new = Seen { index, hash, at, shown };
                at += shown;
                match seen.iter_mut().find(|seen| seen.hash == hash) {
                    Some(same) => same.shown += shown,
                    None if is_blank(image) => match &mut blank {
                        Some(same) if same.hash == hash => same.shown += shown,
                        other => *other = other.take().or(Some(new)),
                    },
                    None => seen.push(new),
                }
            }
        }
    }
    if seen.is_empty() {
        seen.extend(blank);
    }
    Walked { seen, is_complete, all_read }
}

/// The longest shown of each of `most` equal parts of the time, then the longest shown of the others; all where there
/// are no more.
fn chosen(seen: Vec<Seen>, most: usize) -> Vec<Seen> {
    if seen.len() <= most {
        return seen;
    }
    let total: Duration = seen.iter().map(|seen| seen.shown).sum();
    let mut before = Duration::ZERO;
    let mut ranked: Vec<(usize, Seen)> = Vec::with_capacity(seen.len());
    for seen in seen {
        let middle = before + seen.shown / 2;
        before += seen.shown;
        ranked.push(((middle.as_secs_f64() / total.as_secs_f64() * most as f64) as usize, seen));
    }
    // The longest of each part first; the order is stable, so of equals the earlier.
    ranked.sort_by_key(|(_, seen)| std::cmp::Reverse(seen.shown));
    let mut parts = vec![false; most + 1];
    let is_first = |(part, _): &(usize, Seen)| !std::mem::replace(&mut parts[(*part).min(most)], true);
    let (first, others): (Vec<_>, Vec<_>) = ranked.into_iter().partition(is_first);
    let mut chosen: Vec<Seen> = first.into_iter().chain(others).take(most).map(|(_, seen)| seen).collect();
    chosen.sort_by_key(|seen| seen.index);
    chosen
}

/// Whether a frame shows one colour.
fn is_blank(image: &RgbaImage) -> bool {
    let first = image.as_raw().first_chunk::<4>().copied().unwrap_or_default();
    image.pixels().all(|px| px.0.iter().zip(first).all(|(&a, b)| a.abs_diff(b) <= BLANK))
}

/// The frames on their canvas, disposed of and blended as the format says.
fn animation<'a>(opened: &Opened<'a>) -> ImageResult<image::Frames<'a>> {
    let mut memory = Limits::default();
    memory.max_alloc = Some(opened.limits.memory());
    let file = Cursor::new(opened.bytes);
    Ok(match opened.format.kind {
        Kind::Other(ImageFormat::Gif) => {
            let mut decoder = GifDecoder::new(file)?;
            decoder.set_limits(memory)?;
            decoder.into_frames()
        }
        Kind::Other(ImageFormat::WebP) => webp::frames(opened.bytes, opened.dimensions(), &memory),
        _ => PngDecoder::with_limits(file, memory)?.apng()?.into_frames(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::gif::GifEncoder;
    use image::{Delay, Rgba};

    /// A frame with a square of this grey on white, shown for some milliseconds; without a square where it is white
    /// too.
    fn shown(grey: u8, ms: u32) -> image::Frame {
        let at = |x: u32, y: u32| if x < 6 && y < 6 { Rgba([grey, grey, grey, 255]) } else { Rgba([255; 4]) };
        image::Frame::from_parts(RgbaImage::from_fn(16, 16, at), 0, 0, Delay::from_numer_denom_ms(ms, 1))
    }

    fn gif(frames: impl IntoIterator<Item = image::Frame>) -> Vec<u8> {
        let mut file = Vec::new();
        GifEncoder::new(&mut file).encode_frames(frames).unwrap();
        file
    }

    fn opened(file: &[u8], most: usize) -> Animation<'_> {
        Animation::open(file, &DecodeLimits::default(), most).unwrap().unwrap()
    }

    /// The grey in the square of each frame, and the milliseconds that it is shown.
    fn greys(animation: &Animation) -> Vec<(u8, u128)> {
        animation.frames().map(|f| (f.picture.image.finest().get_pixel(2, 2).0[0], f.shown.as_millis())).collect()
    }

    #[test]
    fn blank_frames_and_repetitions_cost_nothing() {
        let file = gif([shown(255, 20), shown(10, 5000), shown(90, 40), shown(10, 60), shown(90, 0)]);
        let got = opened(&file, 16);
        assert_eq!((greys(&got), got.is_complete, got.all_read), (vec![(10, 5060), (90, 140)], true, true));
        let times: Vec<_> = got.frames().map(|f| (f.index, f.at.as_millis(), f.picture.facts.frames)).collect();
        assert_eq!(times, [(1, 20, 5), (2, 5020, 5)]);
        assert_eq!(greys(&opened(&gif([shown(255, 40), shown(255, 60)]), 16)), [(255, 100)], "nothing else is shown");
    }

    #[test]
    fn of_many_frames_the_longest_of_each_part_is_taken() {
        let file = gif((0..40).map(|i| shown(i * 5, if i % 10 == 3 { 80 } else { 40 })));
        assert_eq!(greys(&opened(&file, 4)), [(15, 80), (65, 80), (115, 80), (165, 80)]);
        // One frame is most of the time: the longest of the others fill the sample.
        let file = gif((0..12).map(|i| shown(i * 9, if i == 0 { 60_000 } else { 40 + 10 * u32::from(i) })));
        assert_eq!(greys(&opened(&file, 3)), [(0, 60_000), (90, 140), (99, 150)]);
        let least = DecodeLimits { max_pixels: 256, ..DecodeLimits::default() };
        let got = Animation::open(&file, &least, 16).unwrap().unwrap();
        assert!(got.len() == 8 && !got.all_read, "time is bounded");
    }

    #[test]
    fn a_still_is_no_animation_and_a_cut_animation_is_not_complete() {
        let still = gif([shown(10, 0)]);
        assert!(Animation::open(&still, &DecodeLimits::default(), 16).unwrap().is_none() && !is_animated(&still));
        let file = gif((0..9).map(|i| shown(i * 9, 40)));
        let cut = opened(&file[..file.len() * 2 / 3], 16);
        assert!(is_animated(&file) && !cut.is_complete && !cut.is_empty() && cut.len() < 9);
        assert!(cut.frames().all(|f| !f.picture.facts.is_complete));
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
        assert_eq!(greys(&opened(&file, 16)), [(90, 500)]);
    }

    /// A frame may cover a part of the canvas, be blended over what is there, and be removed after it was shown.
    #[test]
    fn frames_are_composed_on_the_canvas() {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 16, 16);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_animated(3, 0).unwrap();
        encoder.set_frame_delay(1, 10).unwrap();
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(shown(10, 0).buffer()).unwrap();
        // A dark square of 4 x 4 pixels whose left half is transparent, removed after it was shown.
        writer.set_frame_dimension(4, 4).unwrap();
        writer.set_frame_position(8, 8).unwrap();
        writer.set_blend_op(png::BlendOp::Over).unwrap();
        writer.set_dispose_op(png::DisposeOp::Previous).unwrap();
        let half = RgbaImage::from_fn(4, 4, |x, _| Rgba([60, 60, 60, if x < 2 { 0 } else { 255 }]));
        writer.write_image_data(&half).unwrap();
        writer.set_frame_position(0, 0).unwrap();
        writer.set_blend_op(png::BlendOp::Source).unwrap();
        writer.set_dispose_op(png::DisposeOp::None).unwrap();
        writer.write_image_data(&half).unwrap();
        writer.finish().unwrap();
        let at = |places: [(u32, u32); 4]| {
            let read = |f: Frame| places.map(|(x, y)| f.picture.image.finest().get_pixel(x, y).0[0]);
            opened(&file, 16).frames().map(read).collect::<Vec<_>>()
        };
        let seen = at([(5, 5), (9, 9), (11, 9), (1, 1)]);
        assert_eq!(seen, [[10, 255, 255, 10], [10, 255, 60, 10], [10, 255, 255, 255]]);
    }
}
