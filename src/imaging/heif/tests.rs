use std::io::Read as _;

use flate2::read::GzDecoder;
use image::RgbImage;
use proptest::prelude::*;

use super::*;

pub(in crate::imaging) const HEIC: &[u8] = include_bytes!("../../../tests/formats/heic.gz");
pub(in crate::imaging) const AVIF: &[u8] = include_bytes!("../../../tests/formats/avif.gz");

/// A picture of a table, with the means of blocks of 4 x 4 pixels by the reference decoder; `scripts/heif-table` writes
/// them.
pub(in crate::imaging) struct Record {
    name: String,
    pub(in crate::imaging) file: Vec<u8>,
    size: (u32, u32),
    means: Vec<u8>,
}

fn records(table: &[u8]) -> Vec<Record> {
    let mut bytes = Vec::new();
    GzDecoder::new(table).read_to_end(&mut bytes).unwrap();
    let mut rest = &bytes[..];
    let mut field = || {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (field, after) = after.split_at(u32::from_le_bytes(*length) as usize);
        rest = after;
        Some(field)
    };
    std::iter::from_fn(|| {
        let (name, file, size, means) = (field()?, field()?, field()?, field()?);
        let side = |at: usize| u32::from_le_bytes(size[at..at + 4].try_into().unwrap());
        let name = String::from_utf8(name.to_vec()).unwrap();
        Some(Record { name, file: file.to_vec(), size: (side(0), side(4)), means: means.to_vec() })
    })
    .collect()
}

pub(in crate::imaging) fn record(table: &[u8], name: &str) -> Record {
    records(table).into_iter().find(|record| record.name == name).unwrap()
}

/// The mean difference to the reference, in levels.
fn difference(record: &Record, picture: &RgbImage) -> f64 {
    assert_eq!(picture.dimensions(), record.size, "{}", record.name);
    let (width, height) = record.size;
    let (mut sum, mut wanted) = (0.0, record.means.iter());
    for (top, left) in (0..height).step_by(4).flat_map(|y| (0..width).step_by(4).map(move |x| (y, x))) {
        let block = || (top..height.min(top + 4)).flat_map(|y| (left..width.min(left + 4)).map(move |x| (x, y)));
        for channel in 0..3 {
            let total: f64 = block().map(|(x, y)| f64::from(picture.get_pixel(x, y).0[channel])).sum();
            sum += (total / block().count() as f64 - f64::from(*wanted.next().unwrap())).abs();
        }
    }
    sum / record.means.len() as f64
}

/// Eight bits, transparency over white.
fn rgb(image: DynamicImage) -> RgbImage {
    let over = |v: u8, a: u8| (u32::from(v) * u32::from(a) + 255 * (255 - u32::from(a)) + 127) / 255;
    let rgba = image.into_rgba8();
    RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [r, g, b, a] = rgba.get_pixel(x, y).0;
        image::Rgb([r, g, b].map(|v| over(v, a) as u8))
    })
}

fn every_picture_is_near(table: &[u8], count: usize, most: f64) {
    let all = records(table);
    assert_eq!(all.len(), count);
    for record in all {
        let picture = Picture::open(&record.file).unwrap_or_else(|e| panic!("{}: {e:?}", record.name));
        let pixels = picture.read(0).unwrap_or_else(|e| panic!("{}: {e:?}", record.name));
        assert!(pixels.is_complete, "{}", record.name);
        let wide = ["-10", "-12"].iter().any(|end| record.name.ends_with(end));
        let bytes = pixels.image.color().bytes_per_pixel() / pixels.image.color().channel_count();
        assert_eq!(bytes == 2, wide, "{}", record.name);
        let far = difference(&record, &rgb(pixels.image));
        assert!(far < most, "{}: {far}", record.name);
    }
}

/// Ranges, samplings, depths, matrices, profiles, transparency, grids, crops and turns.
#[test]
fn every_kind_of_heic_is_what_libheif_decodes() {
    every_picture_is_near(HEIC, 56, 1.25);
}

#[test]
fn colours_are_stated_by_profile_property_or_stream() {
    let stated = |name: &str| Picture::open(&record(HEIC, name).file).unwrap().colours.clone();
    assert!(matches!(stated("420-full-icc"), Stated::Profile(profile) if profile.len() > 100));
    assert_eq!(stated("420-full-bare"), Stated::Points(1, 13));
    assert!(matches!(stated("420-full-1"), Stated::Points(1, _)));
}

#[test]
fn a_turn_is_told_as_exif_counts_it() {
    let turned = |name: &str| Picture::open(&record(HEIC, name).file).unwrap().orientation().to_exif();
    assert_eq!(["grid", "grid-irot1", "grid-irot2", "grid-irot3"].map(turned), [1, 8, 3, 6]);
    assert_eq!(["grid-irot0-imir0", "grid-irot0-imir1", "grid-irot1-imir0"].map(turned), [4, 2, 5]);
}

#[test]
fn a_picture_is_halved_while_it_is_read() {
    for name in ["grid", "420-full-6", "grey", "alpha", "444-full-6-10"] {
        let file = record(HEIC, name).file;
        let picture = Picture::open(&file).unwrap();
        assert!(picture.can_halve(2) && picture.memory(1) < picture.memory(0));
        let (whole, half) = (rgb(picture.read(0).unwrap().image), rgb(picture.read(1).unwrap().image));
        assert_eq!(half.dimensions(), (whole.width() / 2, whole.height() / 2));
        let mean = |x: u32, y: u32, c: usize| {
            let places = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(dx, dy)| (2 * x + dx, 2 * y + dy));
            (places.iter().map(|&(x, y)| u32::from(whole.get_pixel(x, y).0[c])).sum::<u32>() / 4) as u8
        };
        // Blending over white and halving do not commute.
        let most = if name == "alpha" { 8 } else { 1 };
        for (x, y, pixel) in half.enumerate_pixels() {
            assert!((0..3).all(|c| pixel.0[c].abs_diff(mean(x, y, c)) <= most), "{name} {x} {y}");
        }
    }
    assert!(!Picture::open(&record(HEIC, "clap").file).unwrap().can_halve(1));
}

/// Of a grid the tiles that are there are shown, of a picture in one piece the blocks.
#[test]
fn a_cut_file_is_not_complete() {
    for (name, least) in [("grid", 600), ("420-full-6", 700), ("alpha", 90)] {
        let file = record(HEIC, name).file;
        let whole = Picture::open(&file).unwrap().read(0).unwrap().image;
        let mut shown = 0;
        for cut in 0..file.len() {
            let Ok(read) = Picture::open(&file[..cut]).and_then(|picture| picture.read(0)) else { continue };
            shown += 1;
            // What comes behind the picture, such as a thumbnail, may be missing.
            assert!(!read.is_complete || read.image == whole, "{name} {cut}");
            assert!(!read.is_complete || name == "grid" && cut > file.len() / 2, "{name} {cut}");
        }
        assert!(shown > file.len() * least / 1000, "{name}: {shown} of {}", file.len());
    }
    let file = record(HEIC, "grid").file;
    let longer = [&file[..], b"and bytes that are no box"].concat();
    assert!(Picture::open(&longer).unwrap().read(0).unwrap().is_complete, "phones append data of their own");
}

/// The index of a crafted file may say anything.
#[test]
fn sizes_that_do_not_fit_are_refused() {
    let resized = |name: &str, (width, height): (u32, u32)| {
        let mut file = record(HEIC, name).file;
        let places: Vec<usize> =
            file.windows(4).enumerate().filter(|(_, part)| *part == b"ispe").map(|(at, _)| at).collect();
        for at in places {
            file[at + 8..at + 12].copy_from_slice(&width.to_be_bytes());
            file[at + 12..at + 16].copy_from_slice(&height.to_be_bytes());
        }
        file
    };
    // Tiles that do not cover their grid, or lie outside of it.
    for size in [(1, 1), (60_000, 60_000), (0, 64)] {
        assert!(Picture::open(&resized("grid", size)).is_err(), "{size:?}");
    }
    for size in [(1000, 76), (100, 1000)] {
        assert!(Picture::open(&resized("420-full-6", size)).unwrap().read(0).is_err(), "{size:?}");
    }
}

/// What a file repeats costs as often: a turn of the picture, a walk over properties.
#[test]
fn files_that_repeat_what_they_say_are_refused() {
    let changed = |name: &str, from: &[u8; 4], to: &[u8; 4]| {
        let mut file = record(HEIC, name).file;
        let at = file.windows(4).position(|part| part == from).unwrap();
        file[at..at + 4].copy_from_slice(to);
        file
    };
    assert!(Picture::open(&record(HEIC, "clap-irot1-imir1").file).is_ok());
    let twice = changed("clap-irot1-imir1", b"imir", b"irot");
    let fault = Picture::open(&twice).map(|_| ()).unwrap_err();
    assert_eq!(fault, Fault::Broken("it crops, turns or mirrors a picture twice"));
    // The second list of properties is made that of the item of the first.
    let mut file = record(HEIC, "grid").file;
    let at = file.windows(4).position(|part| part == b"ipma").unwrap();
    let (list, wide) = (at + 12, usize::from(file[at + 7] & 1) + 1);
    let second = list + 3 + wide * usize::from(file[list + 2]);
    file.copy_within(list..list + 2, second);
    let fault = Picture::open(&file).map(|_| ()).unwrap_err();
    assert_eq!(fault, Fault::Broken("it lists the properties of a picture twice"));
}

/// A box with these parts.
fn boxed(kind: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    [&(content.len() as u32 + 8).to_be_bytes()[..], kind, &content].concat()
}

/// A file with these boxes in its index, whose first item is shown.
fn file_of(boxes: &[Vec<u8>]) -> Vec<u8> {
    let first = boxed(b"pitm", &[&[0; 4], &[0, 1]]);
    [boxed(b"ftyp", &[b"heic", &[0; 4]]), boxed(b"meta", &[&[0; 4], &first, &boxes.concat()])].concat()
}

/// A file with a grid whose tiles are all one item of this side, which says nothing of its coding.
fn grid_of((columns, rows): (u16, u16), side: u16) -> Vec<u8> {
    let item = |id: u8, kind: &[u8; 4]| boxed(b"infe", &[&[2, 0, 0, 0, 0, id, 0, 0], kind, &[0]]);
    let sides = |sides: [u16; 2]| sides.map(u16::to_be_bytes).concat();
    let grid = [&[0, 0, (rows - 1) as u8, (columns - 1) as u8][..], &sides([columns * side, rows * side])].concat();
    let tile = [0, side].map(u16::to_be_bytes).concat();
    // From item 1 to item 2, as often as there are tiles.
    let count = columns * rows;
    let tiles = [1, count].into_iter().chain((0..count).map(|_| 2)).flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    file_of(&[
        boxed(b"iinf", &[&[0, 0, 0, 0, 0, 2], &item(1, b"grid"), &item(2, b"hvc1")]),
        boxed(b"iref", &[&[0; 4], &boxed(b"dimg", &[&tiles])]),
        boxed(
            b"iprp",
            &[
                &boxed(b"ipco", &[&boxed(b"ispe", &[&[0; 4], &tile, &tile])]),
                &boxed(b"ipma", &[&[0; 4], &[0, 0, 0, 1], &[0, 2, 1, 1]]),
            ],
        ),
        // In `idat`, offset and length of four bytes each.
        boxed(
            b"iloc",
            &[&[1, 0, 0, 0, 0x44, 0, 0, 1], &[0, 1, 0, 1, 0, 0, 0, 1], &[0; 4], &(grid.len() as u32).to_be_bytes()],
        ),
        boxed(b"idat", &[&grid]),
    ])
}

/// Each tile is decoded as whole blocks: a grid of tiny ones would cost far more than the pixels that are shown.
#[test]
fn a_grid_of_tiny_tiles_is_refused_before_any_is_decoded() {
    const TINY: Fault = Fault::Broken("the tiles of its grid are too small");
    let fault = |tiles, side| Picture::open(&grid_of(tiles, side)).map(|_| ()).unwrap_err();
    for (tiles, side) in [((9, 8), 1), ((255, 255), 1), ((64, 64), 8), ((255, 255), 62)] {
        assert_eq!(fault(tiles, side), TINY, "{tiles:?} of {side}");
    }
    // A small picture may have them, and tiles of a usual size are never too many.
    for (tiles, side) in [((8, 8), 1), ((255, 255), 64), ((255, 255), 256), ((16, 12), 512)] {
        assert_eq!(fault(tiles, side), Fault::Broken("a picture says nothing of its coding"), "{tiles:?} of {side}");
    }
}

/// Places without any bytes would let ten bytes of a file take a megabyte of memory.
#[test]
fn places_that_take_no_bytes_are_refused() {
    // Each item has the largest number of extents.
    let item = [&[0, 0, 0, 1, 0, 0, 0, 0][..], &[0xff, 0xff]].concat();
    let bomb = boxed(b"iloc", &[&[2, 0, 0, 0, 0, 0], &200u32.to_be_bytes(), &item.repeat(200)]);
    let fault = Picture::open(&file_of(&[bomb])).map(|_| ()).unwrap_err();
    assert_eq!(fault, Fault::Broken("it does not say where the data of its pictures is"));
}

#[test]
fn what_is_read_again_and_again_is_counted() {
    let file = record(HEIC, "grid").file;
    let container = Container::read(&file).unwrap();
    assert_eq!(container.spend(2 * file.len()), Ok(()));
    let most = (0..1000).take_while(|_| container.spend(1 << 10).is_ok()).count();
    assert_eq!(most, 64, "a small file may be read more often");
}

proptest! {
    #[test]
    fn damaged_files_are_refused_or_read_within_their_size(
        which in 0usize..56, cut in 1usize..8000,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 0..8),
    ) {
        let mut file = records(HEIC).swap_remove(which).file;
        for (at, byte, is_index) in changes {
            let end = if is_index { file.len().min(700) } else { file.len() };
            file[at.index(end)] = byte;
        }
        file.truncate(cut.max(20));
        let Ok(picture) = Picture::open(&file) else { return Ok(()) };
        let size = picture.size();
        if u64::from(size.0) * u64::from(size.1) < 1 << 20
            && let Ok(read) = picture.read(0)
        {
            prop_assert!(u64::from(read.image.width()) * u64::from(read.image.height()) < 1 << 20);
        }
    }
}

/// Ranges, samplings, depths, matrices, transparency, grids, crops and turns.
#[test]
fn every_kind_of_avif_is_what_libavif_decodes() {
    // Its fast conversions round more coarsely.
    every_picture_is_near(AVIF, 49, 2.0);
}
