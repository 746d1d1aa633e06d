//! Runs each target briefly on random input, on every seed and on every regression.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use ::image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::identity::fixtures::near;
use crate::store::encode_template;

use super::{Verifier, audit_log, batch, cursor, heif, image, models, multipart, names, probe, record, settings};

type Target = fn(&[u8]);

const TARGETS: [(&str, Target); 11] = [
    ("audit_log", audit_log),
    ("batch", batch),
    ("cursor", cursor),
    ("heif", heif),
    ("image", image),
    ("models", models),
    ("multipart", multipart),
    ("names", names),
    ("probe", probe),
    ("record", record),
    ("settings", settings),
];

fn fuzz(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(relative)
}

/// The words of a dictionary in libFuzzer's format: one quoted text per line, with `\xNN`, `\\` and `\"`.
fn words(name: &str) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(fuzz(&format!("dictionaries/{name}.dict"))).unwrap();
    let quoted = text.lines().filter_map(|l| l.strip_prefix('"')?.strip_suffix('"'));
    quoted.map(unescaped).collect()
}

fn unescaped(text: &str) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        match (byte, if byte == b'\\' { rest.next() } else { None }) {
            (_, Some(b'x')) => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                out.extend(hex::decode(digits).unwrap());
            }
            (_, Some(escaped)) => out.push(escaped),
            (plain, None) => out.push(plain),
        }
    }
    out
}

fn files(folder: &str) -> Vec<Vec<u8>> {
    let found = std::fs::read_dir(fuzz(folder)).into_iter().flatten();
    found.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
}

/// Random bytes, words of the dictionary in random order, and seeds with bytes changed and the end cut off.
fn inputs(name: &str) -> impl Strategy<Value = Vec<u8>> + use<> {
    let words = prop::collection::vec(prop::sample::select(words(name)), 0..24).prop_map(|w| w.concat());
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    let seed = (prop::sample::select(files(&format!("seeds/{name}"))), changes, any::<prop::sample::Index>());
    let mutated = seed.prop_map(|(mut bytes, changes, cut)| {
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(bytes.len().min(cut.index(2 * bytes.len()) + 1));
        bytes
    });
    prop_oneof![prop::collection::vec(any::<u8>(), 0..300), words, mutated]
}

/// Writes the binary seeds when their formats change: `cargo test --release --lib fuzzing -- --ignored`.
#[test]
#[ignore = "writes into fuzz/seeds"]
fn write_the_seeds() {
    let write = |name: &str, bytes: &[u8]| {
        let file = fuzz("seeds").join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    };
    let picture = RgbImage::from_fn(24, 16, |x, y| Rgb([x as u8 * 10, y as u8 * 15, 90]));
    for (format, name) in FORMATS {
        write(&format!("image/picture.{name}"), &encoded(&picture.clone().into(), format));
    }
    let record = encode_template(&near(1, 1)).unwrap();
    write("record/whole", &record);
    // The target adds the checksum.
    write("record/without_sum", &[&record[..1], &record[9..]].concat());
    write("record/row", &postcard::to_stdvec(&(Some("a.jpg"), &record)).unwrap());
}

const FORMATS: [(ImageFormat, &str); 5] = [
    (ImageFormat::Jpeg, "jpg"),
    (ImageFormat::Bmp, "bmp"),
    (ImageFormat::Png, "png"),
    (ImageFormat::WebP, "webp"),
    (ImageFormat::Gif, "gif"),
];

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, format).unwrap();
    out.into_inner()
}

#[test]
fn random_input_breaks_no_parser() {
    for (name, target) in TARGETS {
        let run = TestRunner::default().run(&inputs(name), |bytes| {
            target(&bytes);
            Ok(())
        });
        run.unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}

#[test]
fn seeds_and_regressions_pass() {
    for (name, target) in TARGETS {
        let seeds = files(&format!("seeds/{name}"));
        assert!(!seeds.is_empty(), "{name}");
        for bytes in seeds.iter().chain(&files(&format!("regressions/{name}"))) {
            target(bytes);
        }
    }
}

/// Verifies encoded portraits with bytes changed or cut off.
#[test]
fn mutated_portraits_get_a_verdict_or_a_refusal() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let verifier = Verifier::open(root);
    let portrait = ::image::open(root.join("demo/biden-2010.jpg")).unwrap().thumbnail(160, 160);
    let mut random = Xoshiro256PlusPlus::seed_from_u64(0x5eed);
    let mut dice = |sides: usize| random.random_range(0..sides);
    let mut judged = 0;
    for (format, _) in FORMATS {
        let whole = encoded(&portrait, format);
        for _ in 0..6 {
            let mut bytes = whole.clone();
            for _ in 0..=dice(8) {
                let at = dice(bytes.len());
                bytes[at] = dice(256) as u8;
            }
            if dice(3) == 0 {
                bytes.truncate(dice(bytes.len()).max(1));
            }
            judged += usize::from(verifier.verify(&bytes));
        }
    }
    for bytes in files("regressions/verdict") {
        verifier.verify(&bytes);
    }
    assert!(judged > 0, "the mutations leave no picture to judge");
}
