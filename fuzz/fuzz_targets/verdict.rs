#![no_main]

use std::path::Path;
use std::sync::OnceLock;

use faceward::fuzzing::Verifier;

static VERIFIER: OnceLock<Verifier> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    VERIFIER.get_or_init(|| Verifier::open(root)).verify(bytes);
});
