use super::*;
use crate::error_code::ErrorCode;
use crate::imaging::jpeg;
use image::{GrayImage, ImageBuffer, Luma, Rgba, RgbaImage};
use proptest::prelude::*;

fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, format).unwrap();
    out.into_inner()
}

fn picture() -> DynamicImage {
    DynamicImage::ImageRgb8(RgbImage::from_fn(40, 24, |x, y| image::Rgb([x as u8 * 6, y as u8 * 10, 90])))
}

#[test]
fn every_served_format_decodes() {
    for (format, name) in [
        (ImageFormat::Jpeg, "jpeg"),
        (ImageFormat::Png, "png"),
        (ImageFormat::WebP, "webp"),
        (ImageFormat::Gif, "gif"),
        (ImageFormat::Bmp, "bmp"),
    ] {
        let got = decode(&encode(&picture(), format), &DecodeLimits::default()).unwrap();
        assert_eq!(((got.image.width(), got.image.height()), got.facts.format), ((40, 24), name));
    }
}

#[test]
fn alpha_is_composed_over_white_and_deep_grey_is_kept() {
    let clear = RgbaImage::from_pixel(4, 4, Rgba([10, 20, 30, 0]));
    let got = decode_whole(&encode(&clear.into(), ImageFormat::Png), &DecodeLimits::default()).unwrap();
    assert_eq!(got.get_pixel(1, 1).0, [255, 255, 255]);
    let deep: ImageBuffer<Luma<u16>, Vec<u16>> = ImageBuffer::from_pixel(4, 4, Luma([0x8080]));
    let got = decode_whole(&encode(&deep.into(), ImageFormat::Png), &DecodeLimits::default()).unwrap();
    assert_eq!(got.get_pixel(1, 1).0, [128, 128, 128]);
    let grey = GrayImage::from_pixel(9, 9, Luma([77]));
    let got = decode_whole(&encode(&grey.into(), ImageFormat::Png), &DecodeLimits::default()).unwrap();
    assert_eq!(got.get_pixel(1, 1).0, [77, 77, 77]);
}

/// Four quarters (red, green, blue, white) as print shops send them: CMYK, inverted, with Adobe's marker.
#[test]
fn cmyk_is_converted() {
    let bytes = include_bytes!("../../../tests/formats/cmyk.jpg");
    let got = decode_whole(bytes, &DecodeLimits::default()).unwrap();
    for (at, wanted) in
        [((8, 8), [220, 30, 30]), ((24, 8), [30, 200, 40]), ((8, 24), [30, 40, 210]), ((24, 24), [235; 3])]
    {
        let found = got.get_pixel(at.0, at.1).0;
        assert!(found.iter().zip(wanted).all(|(f, w)| f.abs_diff(w) < 12), "{found:?}, {wanted:?}");
    }
}

#[test]
fn of_an_animation_the_first_frame_is_taken() {
    let mut gif = Vec::new();
    let frames = [[200, 0, 0, 255], [0, 0, 200, 255]].map(|c| image::Frame::new(RgbaImage::from_pixel(8, 8, Rgba(c))));
    image::codecs::gif::GifEncoder::new(&mut gif).encode_frames(frames).unwrap();
    let got = decode_whole(&gif, &DecodeLimits::default()).unwrap();
    let [red, _, blue] = got.get_pixel(4, 4).0;
    assert!(red > 150 && blue < 50, "{red} {blue}");
}

#[test]
fn exif_orientation_is_applied() {
    // An EXIF block with orientation 6 (turn by 90 degrees), spliced in after the JPEG's first marker.
    let exif: &[u8] = b"\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let plain = encode(&picture(), ImageFormat::Jpeg);
    let turned = [&plain[..2], exif, &plain[2..]].concat();
    let got = decode_whole(&turned, &DecodeLimits::default()).unwrap();
    assert_eq!(got.dimensions(), (24, 40));
}

/// A synthetic picture of a photograph's size, with EXIF's `orientation`.
fn large((width, height): (u32, u32), orientation: u8) -> Vec<u8> {
    let shade = |x: u32, y: u32| image::Rgb([(x / 12) as u8, (y / 8) as u8, ((x / 40 + y / 40) % 2 * 200) as u8]);
    let plain = encode(&RgbImage::from_fn(width, height, shade).into(), ImageFormat::Jpeg);
    let mut exif = *b"\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x01\0\0\0\0\0\0\0";
    exif[28] = orientation;
    [&plain[..2], &exif, &plain[2..]].concat()
}

#[test]
fn a_large_jpeg_is_decoded_at_a_fraction_and_whole_where_needed() {
    for orientation in 1..=8 {
        let bytes = large(if orientation == 1 { (2570, 1603) } else { (2576, 1604) }, orientation);
        let whole = decode_whole(&bytes, &DecodeLimits::default()).unwrap();
        let got = decode(&bytes, &DecodeLimits::default()).unwrap().image;
        assert_eq!((got.width(), got.height()), whole.dimensions());
        assert_eq!(format!("{got:?}").split("halved ").last(), Some("[2] times)"));
        let (copy, times) = got.shrunk(4.0);
        assert_eq!((times as u32, copy.width()), (4, whole.width().div_ceil(4)));
        let halves = Pyramid::from(whole.clone());
        let (mut far, same) = (0u64, halves.shrunk(4.0).0);
        for (x, y, pixel) in same.enumerate_pixels() {
            far += copy.get_pixel(x, y).0.iter().zip(pixel.0).map(|(a, b)| u64::from(a.abs_diff(b))).sum::<u64>();
        }
        let mean = far as f64 / f64::from(3 * same.width() * same.height());
        assert!(mean < 3.0, "orientation {orientation}: {mean}");
        assert!(got.shrunk(1.0).0 == &whole, "orientation {orientation}");
    }
    let shifted = decode(&large((2570, 1603), 3), &DecodeLimits::default()).unwrap().image;
    assert_eq!(format!("{shifted:?}"), "Pyramid(2570 x 1603, halved [0] times)");
}

#[test]
fn a_jpeg_that_cannot_be_reduced_is_decoded_whole() {
    let bytes = large((2570, 1603), 1);
    for cut in [bytes.len() - 2, bytes.len() / 2, 700] {
        let whole = decode_whole(&bytes[..cut], &DecodeLimits::default());
        let got = decode(&bytes[..cut], &DecodeLimits::default());
        assert_eq!(got.is_ok(), whole.is_ok(), "{cut}");
        if let (Ok(got), Ok(whole)) = (got, whole) {
            assert!(got.image.finest() == &whole, "{cut}");
        }
    }
    let grey = encode(&GrayImage::from_fn(2600, 900, |x, _| Luma([(x / 11) as u8])).into(), ImageFormat::Jpeg);
    let got = decode(&grey, &DecodeLimits::default()).unwrap().image;
    let [r, g, b] = got.shrunk(4.0).0.get_pixel(100, 100).0;
    assert!(r == g && g == b && r.abs_diff(36) < 3, "{r} {g} {b}");
}

/// Four forms of one JPEG of the tests that say the same: cut files, and those that only lack the marker of the end.
#[test]
fn a_cut_file_is_not_complete() {
    let sequential = include_bytes!("../../../tests/formats/420.jpg").as_slice();
    let restarts = include_bytes!("../../../tests/formats/420-restart.jpg").as_slice();
    let progressive = include_bytes!("../../../tests/formats/420-progressive.jpg").as_slice();
    let is_complete = |bytes: &[u8]| decode(bytes, &DecodeLimits::default()).map(|d| d.facts.is_complete);
    let plain = encode(&picture(), ImageFormat::Png);
    for whole in [sequential, restarts, progressive, &large((2570, 1603), 1)] {
        assert!(is_complete(whole).unwrap());
        assert!(is_complete(&whole[..whole.len() - 2]).unwrap(), "only the last marker is missing");
        for cut in [whole.len() * 9 / 10, whole.len() * 3 / 4] {
            assert!(!is_complete(&whole[..cut]).unwrap());
            assert!(!is_complete(&[&whole[..cut], b"\xff\xd9"].concat()).unwrap(), "the end after missing data");
            let hole = [&whole[..cut], &whole[cut + whole.len() / 20..]].concat();
            assert!(!is_complete(&hole).unwrap(), "a hole");
        }
    }
    assert!(is_complete(&plain).unwrap());
    let noise = RgbImage::from_fn(90, 90, |x, y| image::Rgb([(x * y % 251) as u8, (x * 7 + y * y) as u8, y as u8]));
    for format in [ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP] {
        let whole = encode(&noise.clone().into(), format);
        assert!(is_complete(&whole).unwrap());
        assert!(!is_complete(&whole[..whole.len() * 2 / 3]).unwrap_or(false), "{format:?}");
    }
}

/// Clipboards write bitmaps with a field for opacity and leave it zero.
/// Damage that a format's checksums or codes tell: what comes before it is there, as of a damaged JPEG.
#[test]
fn a_file_that_is_broken_in_the_middle_is_not_complete() {
    // Pixels that do not compress, so that the middle of the file is the middle of the picture.
    let noise = |x: u32, y: u32| (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)).wrapping_mul(2_246_822_519);
    let picture = RgbImage::from_fn(120, 90, |x, y| image::Rgb(noise(x, y).to_be_bytes()[..3].try_into().unwrap()));
    let mut file = encode(&DynamicImage::from(picture.clone()), ImageFormat::Png);
    let middle = file.len() / 2;
    file[middle] ^= 0x55;
    let got = decode(&file, &DecodeLimits::default()).unwrap();
    assert!(!got.facts.is_complete);
    let same = |row: u32| (0..120).all(|x| got.image.finest().get_pixel(x, row) == picture.get_pixel(x, row));
    assert!(same(0) && same(20) && got.image.finest() != &picture);
}

#[test]
fn a_bitmap_without_any_opacity_is_opaque() {
    let clear = RgbaImage::from_pixel(4, 4, Rgba([10, 20, 30, 0]));
    let got = decode_whole(&encode(&clear.into(), ImageFormat::Bmp), &DecodeLimits::default()).unwrap();
    assert_eq!(got.get_pixel(1, 1).0, [10, 20, 30]);
    let half = RgbaImage::from_fn(4, 4, |x, _| Rgba([10, 20, 30, if x < 2 { 0 } else { 255 }]));
    let got = decode_whole(&encode(&half.into(), ImageFormat::Bmp), &DecodeLimits::default()).unwrap();
    assert_eq!((got.get_pixel(0, 1).0, got.get_pixel(3, 1).0), ([255; 3], [10, 20, 30]));
}

#[test]
fn a_jpeg_with_too_many_pixels_is_decoded_at_a_fraction() {
    let limits = DecodeLimits { max_pixels: 2_000_000, ..DecodeLimits::default() };
    for bytes in [large((2576, 1604), 6), large((2570, 1603), 1)] {
        let got = decode(&bytes, &limits).unwrap();
        assert!(got.facts.is_scaled && got.facts.is_complete);
        let finest = got.image.finest();
        assert!(u64::from(finest.width()) * u64::from(finest.height()) <= 2_000_000);
        assert_eq!(finest.width(), got.image.width().div_ceil(2));
        assert_eq!(decode_whole(&bytes, &limits).unwrap().dimensions(), finest.dimensions());
    }
    let limits = DecodeLimits { max_pixels: 20_000, ..DecodeLimits::default() };
    assert_eq!(decode(&large((2570, 1603), 1), &limits).unwrap_err().code(), ErrorCode::ImageTooLarge);
}

#[test]
fn limits_come_before_decoding() {
    let png = encode(&picture(), ImageFormat::Png);
    let code = |limits| decode(&png, &limits).unwrap_err().code();
    assert_eq!(code(DecodeLimits { max_bytes: 10, ..Default::default() }), ErrorCode::ImageTooLarge);
    assert_eq!(code(DecodeLimits { max_pixels: 40 * 24 - 1, ..Default::default() }), ErrorCode::ImageTooLarge);
    assert_eq!(code(DecodeLimits { max_side: 39, ..Default::default() }), ErrorCode::ImageTooLarge);
    // A header that states 60000 x 60000 pixels is refused before a row is decoded.
    let mut bomb = png.clone();
    bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let e = decode(&bomb, &DecodeLimits::default()).unwrap_err();
    assert!(matches!(e, DecodeError::TooManyPixels { width: 60_000, .. } | DecodeError::Corrupt { .. }), "{e}");
}

#[test]
fn input_that_is_no_image_has_a_code() {
    let code = |b: &[u8]| decode(b, &DecodeLimits::default()).unwrap_err().code();
    assert_eq!(code(b""), ErrorCode::ImageEmpty);
    assert_eq!(code(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), ErrorCode::ImageFormatUnsupported);
    assert_eq!(code(b"\xff\xd8\xff\xe0 not a jpeg"), ErrorCode::ImageUndecodable);
}

proptest! {
    #[test]
    fn damaged_images_never_panic(
        format in prop_oneof![Just(ImageFormat::Jpeg), Just(ImageFormat::Png), Just(ImageFormat::WebP),
            Just(ImageFormat::Gif), Just(ImageFormat::Bmp)],
        cut in 1usize..2000, at in 0usize..2000, byte: u8,
    ) {
        let mut bytes = encode(&picture(), format);
        let n = bytes.len();
        bytes[at % n] = byte;
        bytes.truncate(cut.min(n));
        let _ = decode(&bytes, &DecodeLimits::default());
        for halvings in 0..=3 {
            let _ = jpeg::reduced(&bytes, halvings, 1 << 24);
            if let Ok(outline) = jpeg::Outline::read(&bytes) {
                let _ = jpeg::whole(&bytes, &outline, halvings, 1 << 24);
            }
        }
    }
}

/// A HEIC of the tests of `heif`.
fn heic(name: &str) -> Vec<u8> {
    crate::imaging::heif::tests::record(crate::imaging::heif::tests::HEIC, name).file
}

#[test]
fn an_avif_is_turned_and_says_what_it_is() {
    let avif = |name: &str| crate::imaging::heif::tests::record(crate::imaging::heif::tests::AVIF, name).file;
    let got = decode(&avif("irot1-imir0"), &DecodeLimits::default()).unwrap();
    let Facts { format, frames, is_complete, orientation, is_scaled, ref profile } = got.facts;
    assert_eq!((got.image.width(), got.image.height()), (76, 100));
    assert_eq!((format, frames, is_complete, orientation, is_scaled), ("avif", 1, true, 5, false));
    assert_eq!(*profile, None);
    let clear = decode_whole(&avif("alpha"), &DecodeLimits::default()).unwrap();
    assert_eq!(clear.get_pixel(0, 40).0, [255; 3], "transparency over white");
    let file = avif("420-full-8");
    let limits = DecodeLimits { max_pixels: 100 * 76 - 1, ..DecodeLimits::default() };
    let half = decode(&file, &limits).unwrap();
    assert!(half.facts.is_scaled && half.image.finest().dimensions() == (50, 38));
    for cut in [file.len() - 1, file.len() * 2 / 3, 100] {
        let error = decode(&file[..cut], &DecodeLimits::default()).unwrap_err();
        assert_eq!(error.code(), ErrorCode::ImageUndecodable, "{error}");
    }
}

#[test]
fn a_heic_is_turned_once_and_says_what_it_is() {
    // Its Exif data says 6 too.
    let got = decode(&heic("grid-irot3"), &DecodeLimits::default()).unwrap();
    let Facts { format, frames, is_complete, orientation, is_scaled, ref profile } = got.facts;
    assert_eq!((got.image.width(), got.image.height()), (94, 108));
    assert_eq!((format, frames, is_complete, orientation, is_scaled), ("heic", 1, true, 6, false));
    assert_eq!(*profile, None);
    let got = decode(&heic("grid"), &DecodeLimits::default()).unwrap();
    assert_eq!((got.image.width(), got.image.height(), got.facts.orientation), (108, 94, 1), "Exif data alone");
}

#[test]
fn the_colours_of_a_heic_come_to_srgb() {
    let plain = heic("444-full-6");
    let at = plain.windows(4).position(|part| part == b"nclx").unwrap() + 4;
    let with = |primaries: u8, transfer: u8| {
        let mut file = plain.clone();
        file[at..at + 4].copy_from_slice(&[0, primaries, 0, transfer]);
        decode(&file, &DecodeLimits::default()).unwrap()
    };
    let srgb = with(1, 13);
    assert_eq!(srgb.facts.profile, None);
    // Display P3, with the transfer function of sRGB.
    let wide = with(12, 13);
    let profile = wide.facts.profile.unwrap();
    assert!(profile.source == "cicp" && profile.ignored.is_none(), "{profile:?}");
    // In the red rectangle.
    let at = |decoded: &Pyramid| decoded.finest().get_pixel(35, 30).0;
    let ([red, green, _], [narrow_red, narrow_green, _]) = (at(&wide.image), at(&srgb.image));
    assert!(red > narrow_red + 5 && green < narrow_green, "{red} {green}, {narrow_red} {narrow_green}");
    // Nothing said is sRGB.
    let silent = with(2, 2);
    assert!(silent.facts.profile.is_none() && silent.image.finest() == srgb.image.finest());
}

#[test]
fn the_limits_hold_for_heic() {
    let file = heic("grid-irot3");
    let with = |max_pixels| decode(&file, &DecodeLimits { max_pixels, ..DecodeLimits::default() });
    let half = with(7000).unwrap();
    assert!(half.facts.is_scaled && half.facts.is_complete);
    assert_eq!((half.image.width(), half.image.height()), (94, 108));
    assert_eq!(half.image.finest().dimensions(), (47, 54));
    assert_eq!(with(1000).unwrap_err().code(), ErrorCode::ImageTooLarge);
    let side = DecodeLimits { max_side: 107, ..DecodeLimits::default() };
    assert_eq!(decode(&file, &side).unwrap_err().code(), ErrorCode::ImageTooLarge);
}

#[test]
fn sequences_of_heif_pictures_are_refused_by_their_name() {
    let error = decode(include_bytes!("../../../tests/formats/animated.avif"), &DecodeLimits::default()).unwrap_err();
    let text = error.to_string();
    assert!(error.code() == ErrorCode::ImageFormatUnsupported && text.contains("sequence"), "{text}");
}
