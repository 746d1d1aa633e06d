use std::io::Read;

use flate2::read::GzDecoder;
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder, RgbImage};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::{Colours, Outline, reduced, whole};

/// One picture of 75 x 53 pixels (sines drawn by a formula, written by Pillow at quality 92), with three samplings of
/// colour, with restart markers, and progressive.
const WHOLE_COLOURS: &[u8] = include_bytes!("../../../tests/formats/444.jpg");
const HALF_ACROSS: &[u8] = include_bytes!("../../../tests/formats/422.jpg");
const HALF_BOTH: &[u8] = include_bytes!("../../../tests/formats/420.jpg");
const WITH_RESTARTS: &[u8] = include_bytes!("../../../tests/formats/420-restart.jpg");
const PROGRESSIVE: &[u8] = include_bytes!("../../../tests/formats/420-progressive.jpg");
const MEMORY: u64 = 1 << 26;

/// The largest and the mean difference between the values of two pictures.
fn difference(a: &RgbImage, b: &RgbImage) -> (u8, f64) {
    assert_eq!(a.dimensions(), b.dimensions());
    let all = a.as_raw().iter().zip(b.as_raw()).map(|(a, b)| a.abs_diff(*b));
    let sum: u64 = all.clone().map(u64::from).sum();
    (all.max().unwrap_or(0), sum as f64 / a.as_raw().len() as f64)
}

/// The picture with the mean of each `n` x `n` pixels, or of those that exist, as one pixel.
fn means(picture: &RgbImage, n: u32) -> RgbImage {
    let (w, h) = picture.dimensions();
    RgbImage::from_fn(w.div_ceil(n), h.div_ceil(n), |x, y| {
        let (across, down) = (n * x..w.min(n * (x + 1)), n * y..h.min(n * (y + 1)));
        let all = down.flat_map(|y| across.clone().map(move |x| (x, y)));
        let n = all.clone().count() as f32;
        image::Rgb([0, 1, 2].map(|c| {
            (all.clone().map(|(x, y)| f32::from(picture.get_pixel(x, y).0[c])).sum::<f32>() / n).round() as u8
        }))
    })
}

fn encode(pixels: &[u8], (w, h): (u32, u32), colour: ExtendedColorType, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).write_image(pixels, w, h, colour).unwrap();
    bytes
}

/// Pictures of all samplings, scripts of scans, restarts and channels, with the means of blocks of 4 x 4 pixels by libjpeg-turbo;
/// `scripts/jpeg-table` writes them.
#[test]
fn every_kind_of_picture_is_what_libjpeg_decodes() {
    let mut records = Vec::new();
    GzDecoder::new(include_bytes!("../../../tests/formats/jpeg.gz").as_slice()).read_to_end(&mut records).unwrap();
    let mut rest = &records[..];
    let mut field = || {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (field, after) = after.split_at(u32::from_le_bytes(*length) as usize);
        rest = after;
        Some(field)
    };
    let mut count = 0;
    while let (Some(name), Some(bytes), Some(wanted)) = (field(), field(), field()) {
        let name = std::str::from_utf8(name).unwrap();
        let outline = Outline::read(bytes).unwrap();
        // In tiny pictures the missing pixels of the last blocks weigh too much.
        let halvings = if outline.frame.width < 16 { 0..=0 } else { 0..=1 };
        for halvings in halvings {
            let got = whole(bytes, &outline, halvings, MEMORY).unwrap();
            assert!(got.is_complete, "{name}");
            let (w, h) = (got.width as u32, got.height as u32);
            let picture = match outline.colours {
                Colours::Grey => RgbImage::from_fn(w, h, |x, y| image::Rgb([got.pixels[(y * w + x) as usize]; 3])),
                Colours::Inks | Colours::YccInks => RgbImage::from_fn(w, h, |x, y| {
                    let [inks @ .., black] = got.pixels.as_chunks::<4>().0[(y * w + x) as usize];
                    image::Rgb(inks.map(|ink| (u32::from(255 - ink) * u32::from(255 - black) / 255) as u8))
                }),
                _ => RgbImage::from_raw(w, h, got.pixels).unwrap(),
            };
            let picture = means(&picture, 4 >> halvings);
            let sum: u64 = picture.as_raw().iter().zip(wanted).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
            let mean = sum as f64 / wanted.len() as f64;
            assert!(picture.as_raw().len() == wanted.len() && mean < [1.0, 6.0][halvings], "{name} {halvings}: {mean}");
        }
        count += 1;
    }
    assert!(count > 500, "{count}");
}

/// Frames of motion JPEG leave out the codes of T.81, annex K.
#[test]
fn a_file_without_codes_has_the_standard_ones() {
    let plain = encode(&[90; 3 * 24 * 24], (24, 24), ExtendedColorType::Rgb8, 70);
    let wanted = whole(&plain, &Outline::read(&plain).unwrap(), 0, MEMORY).unwrap();
    let mut bare = plain.clone();
    while let Some(at) = bare.windows(2).position(|w| w == [0xff, 0xc4]) {
        let length = usize::from(u16::from_be_bytes([bare[at + 2], bare[at + 3]]));
        bare.drain(at..at + 2 + length);
    }
    let got = whole(&bare, &Outline::read(&bare).unwrap(), 0, MEMORY).unwrap();
    assert!(got.is_complete && got.pixels == wanted.pixels && bare.len() < plain.len());
}

#[test]
fn what_cannot_be_decoded_is_refused_by_name() {
    let plain = encode(&[90; 64], (8, 8), ExtendedColorType::L8, 70);
    let frame = plain.windows(2).position(|w| w == [0xff, 0xc0]).unwrap();
    for (kind, name) in [(0xc3, "lossless"), (0xc6, "hierarchical"), (0xc9, "arithmetic"), (0xca, "arithmetic")] {
        let mut other = plain.clone();
        other[frame + 1] = kind;
        assert!(Outline::read(&other).unwrap_err().contains(name));
    }
    let mut deep = plain;
    deep[frame + 4] = 12;
    assert!(Outline::read(&deep).unwrap_err().contains("eight bits"));
}

#[test]
fn coarser_colours_give_nearly_the_same_picture() {
    let whole = image::load_from_memory(WHOLE_COLOURS).unwrap().into_rgb8();
    for (halvings, bound) in [(1, 2.0), (2, 2.5), (3, 4.0)] {
        let wanted = means(&whole, 1 << halvings);
        for bytes in [WHOLE_COLOURS, HALF_ACROSS, HALF_BOTH] {
            let (_, mean) = difference(&reduced(bytes, halvings, MEMORY).unwrap(), &wanted);
            assert!(mean < bound, "{halvings}: {mean}");
        }
    }
}

#[test]
fn restarts_change_nothing() {
    for halvings in 1..=3 {
        let [with, without] = [WITH_RESTARTS, HALF_BOTH].map(|bytes| reduced(bytes, halvings, MEMORY).unwrap());
        assert!(with == without, "{halvings}");
    }
}

#[test]
fn what_is_not_plain_is_left_to_the_other_decoder() {
    assert!(reduced(PROGRESSIVE, 2, MEMORY).is_none());
    assert!(reduced(include_bytes!("../../../tests/formats/cmyk.jpg"), 2, MEMORY).is_none());
    assert!(reduced(HALF_BOTH, 0, MEMORY).is_none(), "colours would have to be enlarged");
    assert!(reduced(HALF_BOTH, 4, MEMORY).is_none());
    let grey = encode(&vec![90; 2600 * 1600], (2600, 1600), ExtendedColorType::L8, 50);
    for (memory, is_enough) in [(11 << 20, false), (13 << 20, true)] {
        assert_eq!(reduced(&grey, 2, memory).is_some(), is_enough, "{memory} bytes");
    }
    // Restart markers without an interval.
    let scan = WITH_RESTARTS.windows(2).position(|w| w == [0xff, 0xdd]).unwrap();
    let mut other = WITH_RESTARTS.to_vec();
    other[scan + 4..scan + 6].fill(0);
    assert!(reduced(&other, 2, MEMORY).is_none());
}

#[test]
fn a_file_cut_short_is_none() {
    for length in 0..WITH_RESTARTS.len() {
        assert!(reduced(&WITH_RESTARTS[..length], 2, MEMORY).is_none(), "{length}");
    }
    // Bytes after the end of the picture are ignored.
    let longer = [HALF_BOTH, b"and a film of some seconds"].concat();
    assert!(reduced(&longer, 2, MEMORY) == reduced(HALF_BOTH, 2, MEMORY));
}

proptest! {
    /// With all frequencies the pixels are those of the decoder of whole pictures.
    #[test]
    fn whole_blocks_agree_with_the_image_crate(
        w in 1u32..40, h in 1u32..40, quality in 20u8..=100, grey: bool, seed: u64, noise in 1u32..256,
    ) {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut value = |i: u32| ((i * 3) % 200 + random.random_range(0..noise)).min(255) as u8;
        let (colour, n) = if grey { (ExtendedColorType::L8, 1) } else { (ExtendedColorType::Rgb8, 3) };
        let pixels: Vec<u8> = (0..w * h * n).map(&mut value).collect();
        let bytes = encode(&pixels, (w, h), colour, quality);
        let (own, other) = (reduced(&bytes, 0, MEMORY).unwrap(), image::load_from_memory(&bytes).unwrap().into_rgb8());
        let (most, mean) = difference(&own, &other);
        prop_assert!(most <= 4 && mean < 1.5, "{} {}", most, mean);
    }

    #[test]
    fn broken_bytes_are_no_panic(
        file in 0usize..5, halvings in 0usize..5, changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = [WHOLE_COLOURS, HALF_ACROSS, HALF_BOTH, WITH_RESTARTS, PROGRESSIVE][file].to_vec();
        for (at, value) in changes {
            let n = bytes.len();
            bytes[at.index(n)] = value;
        }
        if let Some(picture) = reduced(&bytes, halvings, MEMORY) {
            prop_assert!(picture.width() > 0 && picture.height() > 0);
        }
    }
}
