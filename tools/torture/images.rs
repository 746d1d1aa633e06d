//! Hostile images: cut, altered, disguised, and small ones that are expensive to decode.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, RgbImage};

use crate::server::Dice;

/// A case, and its allowed statuses.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) statuses: &'static [u16],
}

/// The image may be readable or not.
const EITHER: &[u16] = &[200, 413, 422];
const UNREADABLE: &[u16] = &[422];
const TOO_LARGE: &[u16] = &[413];

fn case(name: impl Into<String>, bytes: Vec<u8>, statuses: &'static [u16]) -> Case {
    Case { name: name.into(), bytes, statuses }
}

fn encode(image: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(image.clone()).write_to(&mut out, format).unwrap();
    out.into_inner()
}

const FORMATS: [(&str, ImageFormat); 5] = [
    ("jpeg", ImageFormat::Jpeg),
    ("png", ImageFormat::Png),
    ("webp", ImageFormat::WebP),
    ("gif", ImageFormat::Gif),
    ("bmp", ImageFormat::Bmp),
];

/// All cases; `face` is a photograph.
pub(crate) fn all(face: &[u8]) -> Vec<Case> {
    let face = image::load_from_memory(face).unwrap().thumbnail(220, 220).into_rgb8();
    let mut files: Vec<(&str, Vec<u8>)> = FORMATS.map(|(name, format)| (name, encode(&face, format))).into();
    files.push(("heic", include_bytes!("../../tests/formats/portrait.heic").to_vec()));
    files.push(("avif", include_bytes!("../../tests/formats/portrait.avif").to_vec()));
    let mut cases = Vec::new();
    damaged(&files, &mut cases);
    disguised(&files, &mut cases);
    nonsense(&mut cases);
    headers(&files, &mut cases);
    costly(&files, &face, &mut cases);
    cases
}

fn damaged(files: &[(&str, Vec<u8>)], cases: &mut Vec<Case>) {
    let mut dice = Dice::new(7);
    for (name, whole) in files {
        for share in [1, 2, 5, 10, 25, 50, 75, 90, 99] {
            cases.push(case(format!("{name} cut to {share} %"), whole[..whole.len() * share / 100].to_vec(), EITHER));
        }
        for bytes in [4, 12, 20, 33] {
            cases.push(case(format!("{name} cut to {bytes} bytes"), whole[..bytes].to_vec(), EITHER));
        }
        for round in 0..9 {
            let mut altered = whole.clone();
            for _ in 0..=round * 3 {
                let at = dice.below(altered.len());
                altered[at] = dice.below(256) as u8;
            }
            cases.push(case(format!("{name} altered, {round}"), altered, EITHER));
        }
        let mut zeros = whole.clone();
        let half = zeros.len() / 2;
        zeros[half..].fill(0);
        cases.push(case(format!("{name} with zeros in its second half"), zeros, EITHER));
        cases.push(case(format!("{name} twice"), [&whole[..], whole].concat(), EITHER));
    }
}

fn disguised(files: &[(&str, Vec<u8>)], cases: &mut Vec<Case>) {
    let html = b"<html><script>alert(1)</script></html>";
    for (name, whole) in files {
        cases.push(case(format!("{name} with HTML behind it"), [&whole[..], html].concat(), EITHER));
        let zip = [&whole[..], b"PK\x03\x04", &[0; 64], b"PK\x05\x06", &[0; 18]].concat();
        cases.push(case(format!("{name} with a ZIP behind it"), zip, EITHER));
        for (other, content) in files.iter().filter(|(other, _)| other != name) {
            let mixed = [&whole[..16], &content[16..]].concat();
            cases.push(case(format!("{other} that begins as {name}"), mixed, EITHER));
        }
    }
}

fn nonsense(cases: &mut Vec<Case>) {
    let mut dice = Dice::new(3);
    let mut noise = |n: usize| (0..n).map(|_| dice.below(256) as u8).collect::<Vec<u8>>();
    for n in [1, 2, 7, 100, 4096, 1 << 20] {
        let mut bytes = noise(n);
        bytes[0] = 0x01;
        cases.push(case(format!("{n} random bytes"), bytes, UNREADABLE));
    }
    cases.push(case("no bytes", Vec::new(), UNREADABLE));
    for magic in [
        &b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"[..],
        b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><svg>&a;</svg>",
        b"%PDF-1.7\n1 0 obj",
        b"PK\x03\x04\x14\0\0\0",
        b"\x7fELF\x02\x01\x01",
        b"MZ\x90\0",
        b"\0\0\0\x18ftypheic\0\0\0\0",
        b"\0\0\0\x18ftypavif\0\0\0\0",
        b"\0\0\0\x18ftypisom\0\0\0\0",
        b"II*\0\x08\0\0\0\0\0",
        b"\0\0\x01\0\x01\0\x10\x10",
        b"8BPS\0\x01\0\0\0\0\0\0",
        b"P6 100 100 255\n",
        b"P6 99999999 99999999 255\n",
        b"#?RADIANCE\n",
        b"\x76\x2f\x31\x01\x02\0\0\0",
        b"qoif\0\0\x10\0\0\0\x10\0\x03\0",
        b"farbfeld\xff\xff\xff\xff\xff\xff\xff\xff",
        b"DDS |\0\0\0",
        b"#!/bin/sh\nrm -rf /\n",
    ] {
        let name = String::from_utf8_lossy(&magic[..magic.len().min(12)]).escape_debug().to_string();
        cases.push(case(format!("not an image: {name}"), [magic, &noise(64)].concat(), UNREADABLE));
    }
}

/// Headers with wrong sizes.
fn headers(files: &[(&str, Vec<u8>)], cases: &mut Vec<Case>) {
    let file = |name: &str| files.iter().find(|(n, _)| *n == name).unwrap().1.clone();
    for (w, h) in [(60_000u32, 60_000u32), (1 << 30, 1), (u32::MAX, u32::MAX), (0, 0), (16_385, 2), (8_000, 8_000)] {
        let mut png = file("png");
        png[16..20].copy_from_slice(&w.to_be_bytes());
        png[20..24].copy_from_slice(&h.to_be_bytes());
        let crc = crc32(&png[12..29]).to_be_bytes();
        png[29..33].copy_from_slice(&crc);
        cases.push(case(format!("png of {w} x {h} by its header"), png, EITHER));
        let mut bmp = file("bmp");
        bmp[18..22].copy_from_slice(&w.to_le_bytes());
        bmp[22..26].copy_from_slice(&h.to_le_bytes());
        cases.push(case(format!("bmp of {w} x {h} by its header"), bmp, EITHER));
    }
    for (w, h) in [(65_535u16, 65_535u16), (65_535, 1), (1, 65_535), (0, 100)] {
        let mut jpeg = file("jpeg");
        let frame = jpeg.windows(2).position(|m| m[0] == 0xff && (0xc0..=0xc2).contains(&m[1])).unwrap();
        jpeg[frame + 5..frame + 7].copy_from_slice(&h.to_be_bytes());
        jpeg[frame + 7..frame + 9].copy_from_slice(&w.to_be_bytes());
        cases.push(case(format!("jpeg of {w} x {h} by its header"), jpeg, EITHER));
        let mut gif = file("gif");
        gif[6..8].copy_from_slice(&w.to_le_bytes());
        gif[8..10].copy_from_slice(&h.to_le_bytes());
        cases.push(case(format!("gif of {w} x {h} by its header"), gif, EITHER));
    }
    for (name, (w, h)) in
        ["heic", "avif"].into_iter().flat_map(|name| [(60_000u32, 60_000u32), (1, 1), (0, 9)].map(|s| (name, s)))
    {
        let mut heif = file(name);
        let sizes: Vec<usize> =
            heif.windows(4).enumerate().filter(|(_, k)| *k == b"ispe").map(|(at, _)| at + 8).collect();
        for at in sizes {
            heif[at..at + 4].copy_from_slice(&w.to_be_bytes());
            heif[at + 4..at + 8].copy_from_slice(&h.to_be_bytes());
        }
        cases.push(case(format!("{name} of {w} x {h} by its index"), heif, EITHER));
    }
    let mut webp = b"RIFF\x64\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0".to_vec();
    webp.extend([0xff; 6]);
    webp.extend([0; 80]);
    cases.push(case("webp of 16777216 x 16777216 by its header", webp, EITHER));
}

/// Small on the wire and large in memory, and beyond the limits.
fn costly(files: &[(&str, Vec<u8>)], face: &RgbImage, cases: &mut Vec<Case>) {
    let jpeg = &files[0].1;
    let bomb = encode(&RgbImage::new(7_000, 7_000), ImageFormat::Png);
    let deep = image::ImageBuffer::<image::Rgba<u16>, Vec<u16>>::new(6_000, 6_000);
    let mut out = Cursor::new(Vec::new());
    DynamicImage::ImageRgba16(deep).write_to(&mut out, ImageFormat::Png).unwrap();
    let zlib = idat(&bomb);
    cases.push(case("png of 49 megapixels in few bytes", bomb, &[200]));
    cases.push(case("png of 36 megapixels with 64 bits each", out.into_inner(), &[200, 413]));
    let png = &files[1].1;
    for kind in [b"iCCP", b"zTXt", b"iTXt"] {
        let content = [&b"x\0\0"[..], &zlib].concat();
        let bombed = [&png[..33], &chunk(*kind, &content), &png[33..]].concat();
        let name = String::from_utf8_lossy(kind).into_owned();
        cases.push(case(format!("png with 147 MB packed in {name}"), bombed, EITHER));
    }
    let many = [&png[..33], &chunk(*b"tEXt", b"a\0b").repeat(100_000), &png[33..]].concat();
    cases.push(case("png with 100000 texts", many, EITHER));
    for (marker, name, content) in [
        (
            0xe1,
            "EXIF that points at itself",
            &b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0"[..],
        ),
        (0xe1, "EXIF of 65535 entries", b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01\x03\0\xff\xff\xff\xff\x06\0\0\0"),
        (0xe1, "EXIF far outside", b"Exif\0\0MM\0*\xff\xff\xff\xff"),
        (0xe1, "EXIF orientation 255", b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\xff\0\0\0\0\0\0\0"),
        (0xe2, "an ICC profile of 0 parts", b"ICC_PROFILE\0\0\0"),
        (0xe2, "an ICC profile of nonsense", b"ICC_PROFILE\0\x01\x01\xff\xff\xff\xffacsp"),
    ] {
        cases.push(case(format!("jpeg with {name}"), segments(jpeg, marker, content, 1), EITHER));
    }
    let text = vec![b'x'; 65_000];
    cases.push(case("jpeg with 10 MB of ICC profile", segments(jpeg, 0xe2, &text, 160), EITHER));
    cases.push(case("jpeg with 100000 comments", segments(jpeg, 0xfe, b"c", 100_000), EITHER));
    cases.push(case("jpeg of 21 MB", [&jpeg[..], &vec![0; 21 << 20]].concat(), TOO_LARGE));
    cases.push(case("70 MB", vec![0xff; 70 << 20], TOO_LARGE));
    let (w, h) = face.dimensions();
    let crowd = RgbImage::from_fn(6_000, 6_000, |x, y| *face.get_pixel((x % 120) * w / 120, (y % 120) * h / 120));
    cases.push(case("2500 faces", encode(&crowd, ImageFormat::Jpeg), &[200]));
    let row = RgbImage::from_fn(16_000, 3, |x, y| *face.get_pixel(x % w, y % h));
    cases.push(case("16000 x 3 pixels", encode(&row, ImageFormat::Png), EITHER));
    cases.push(case("1 pixel", encode(&RgbImage::new(1, 1), ImageFormat::Png), &[200]));
    cases.push(case("gif of 20000 frames", frames(&files[3].1, 20_000), EITHER));
}

/// Segments behind the first marker of a JPEG.
fn segments(jpeg: &[u8], marker: u8, content: &[u8], times: usize) -> Vec<u8> {
    let length = (content.len() + 2) as u16;
    let segment = [&[0xff, marker][..], &length.to_be_bytes(), content].concat();
    [&jpeg[..2], &segment.repeat(times), &jpeg[2..]].concat()
}

/// A GIF's one frame, repeated.
fn frames(gif: &[u8], times: usize) -> Vec<u8> {
    let colours = if gif[10] & 0x80 == 0 { 0 } else { 3 << ((gif[10] & 7) + 1) };
    let (head, frame) = gif[..gif.len() - 1].split_at(13 + colours);
    let small = &frame[..frame.len().min(900)];
    [head, frame, &small.repeat(times), b";"].concat()
}

fn chunk(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let body = [&kind[..], content].concat();
    [&(content.len() as u32).to_be_bytes()[..], &body, &crc32(&body).to_be_bytes()].concat()
}

/// The compressed pixels of a PNG.
fn idat(png: &[u8]) -> Vec<u8> {
    let (mut at, mut packed) = (8, Vec::new());
    while let Some(head) = png.get(at..at + 8) {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        if &head[4..8] == b"IDAT" {
            packed.extend_from_slice(&png[at + 8..at + 8 + length]);
        }
        at += length + 12;
    }
    packed
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { 0xedb8_8320 ^ (c >> 1) } else { c >> 1 })
    };
    !bytes.iter().fold(u32::MAX, step)
}
