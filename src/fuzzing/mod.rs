//! Fuzz targets: for every parser of bytes from outside, a function over bytes that panics where an invariant fails.
//!
//! `fuzz/` runs them under a fuzzer; the tests here run them on random bytes, dictionary words, seeds and regressions.
//! They are compiled for these two only. See docs/fuzzing.md.
#![allow(clippy::missing_panics_doc, reason = "targets report by panicking")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "targets report by panicking")]

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};

use crate::access::KeySecret;
use crate::audit::{Head, verify};
use crate::batch::{Input, parse_csv, parse_jsonl};
use crate::config::Settings;
use crate::eval::{Dataset, Degradation, Judge, enroll};
use crate::identity::{ErrorTargets, IdentityId, OfferedImage, Population, Profile};
use crate::imaging::{Animation, DecodeLimits, Decoded, decode, reduced_jpeg};
use crate::models::Manifest;
use crate::store::{decode_template, encode_template, read_sealed_content};
use crate::telemetry::TraceContext;
use crate::template::Template;
use crate::vault::MasterKey;
use crate::verdict::{Evidence, Explanation, Fusion, ImageDecision, Judgement};

/// A form in a request: a content type, a line end, the length of the body's pieces (one byte), and the body.
pub fn multipart(bytes: &[u8]) {
    crate::api::fuzzing::multipart(bytes);
}

/// What a verification is sent: a content type, a query, the length of the body's pieces (one byte), and the body.
pub fn probe(bytes: &[u8]) {
    crate::api::fuzzing::probe(bytes);
}

/// The query of the list of identities: a cursor and a limit.
pub fn cursor(bytes: &[u8]) {
    std::str::from_utf8(bytes).into_iter().for_each(crate::api::fuzzing::page);
}

/// The models' manifest, fusion and population (TOML).
pub fn models(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for entry in Manifest::parse(text).into_iter().flatten() {
        assert!(Path::new("models").join(&entry.file).parent() == Some(Path::new("models")), "{:?}", entry.file);
        assert_eq!(entry.sha256.len(), 64);
    }
    if let Ok(fusion) = Fusion::parse(text) {
        assert!(fusion.thresholds.fake <= fusion.thresholds.real);
        for rate in [0.0, 0.01, 0.5, f32::NAN] {
            let targets = ErrorTargets { genuine_called_fake: Some(rate), fake_called_real: Some(rate) };
            assert!(fusion.with_targets(&targets).thresholds.check().is_ok(), "{fusion:?} at {rate}");
        }
    }
    let _ = Population::parse(text, Vec::new());
}

/// The manifest of a batch, as CSV and as JSON lines.
pub fn batch(bytes: &[u8]) {
    let lines = bytes.iter().filter(|b| matches!(b, b'\n' | b'\r')).count() as u64 + 1;
    let check = |input: Result<Input, (u64, String)>| match input {
        Ok(Input { tasks, .. }) => {
            assert!(tasks.len() as u64 <= lines);
            assert!(tasks.iter().all(|t| !t.path.as_os_str().is_empty() && t.identity.as_deref() != Some("")));
        }
        Err((line, why)) => assert!(line <= lines && !why.is_empty(), "line {line} of {lines}: {why}"),
    };
    check(parse_csv(bytes));
    check(parse_jsonl(bytes));
}

/// A stored template, and the content of an opened row.
pub fn record(bytes: &[u8]) {
    let _ = decode_template(bytes);
    // With a valid checksum, to reach the code behind it.
    let Some((format, body)) = bytes.split_first() else { return };
    let signed = [&[*format][..], &Sha256::digest(body)[..8], body].concat();
    if let Ok(template) = decode_template(&signed) {
        is_usable(&template);
    }
    if let Ok((_, template)) = read_sealed_content(bytes) {
        is_usable(&template);
    }
}

/// A decoded template can be written, read and compared, whatever its values.
fn is_usable(template: &Template) {
    static POPULATION: OnceLock<Population> = OnceLock::new();
    let record = encode_template(template).unwrap();
    // By bytes: NaN equals nothing.
    assert_eq!(encode_template(&decode_template(&record).unwrap()).unwrap(), record);
    let population =
        POPULATION.get_or_init(|| Population::parse(include_str!("../../models/population.toml"), Vec::new()).unwrap());
    let profile = Profile::of_templates(vec![template.clone(); 2], population).unwrap();
    let _ = Evidence::measure(template, &profile);
}

/// The server's settings.
pub fn settings(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(settings) = Settings::parse(text) else { return };
    if settings.check().is_ok() {
        let (limits, server) = (settings.decode_limits(), &settings.server);
        assert!(limits.max_bytes >= 1 << 20 && settings.limits.max_body_bytes() >= limits.max_bytes);
        assert!(limits.max_pixels >= 1_000_000 && server.queue_length() > 0 && server.inference_threads() > 0);
        let longest = server.longest_deadline();
        assert!(longest.checked_add(longest).is_some());
    }
}

/// An audit log, and its head.
pub fn audit_log(bytes: &[u8]) {
    let lines = bytes.split(|b| *b == b'\n');
    // The log as given, and each line with a valid hash.
    let signed = lines.clone().flat_map(|body| {
        let ending = format!(",\"hash\":\"{}\"}}\n", hex::encode(Sha256::digest(body)));
        [body, ending.as_bytes()].concat()
    });
    for log in [bytes.to_vec(), signed.collect()] {
        let report = verify(&log[..], &[]).unwrap();
        assert!(report.lines <= lines.clone().count() as u64);
        assert_eq!(report.findings.is_empty(), report.lines == 0, "a log without a head always has a finding");
    }
    if let Some(head) = std::str::from_utf8(bytes).ok().and_then(|t| t.parse::<Head>().ok()) {
        assert_eq!(head.to_string().parse(), Ok(head));
    }
}

/// Identity ids, API keys, master keys, degradations, headers `traceparent`, and paths in a data set.
pub fn names(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(id) = text.parse::<IdentityId>() {
        assert!((1..=64).contains(&id.as_str().len()) && !id.as_str().contains(['/', '\\', '\0', ' ']), "{id}");
    }
    if let Ok(key) = KeySecret::parse(text) {
        assert_eq!(key.expose(), text);
    }
    if let Some(key) = MasterKey::from_hex(text) {
        assert!(key.to_hex().eq_ignore_ascii_case(text.trim()));
    }
    if let Some(caller) = TraceContext::parse(text) {
        assert!(caller.trace.0 != [0; 16] && caller.span.0 != [0; 8], "{caller:?}");
    }
    if let Ok(how) = text.parse::<Degradation>() {
        assert_eq!(how.to_string().parse(), Ok(how));
    }
    let dataset = Dataset::of(text.lines().map(|l| (l.to_owned(), ())));
    assert!(dataset.pictures() <= text.lines().count());
    for picture in dataset.people.values().flat_map(|sets| sets.values().flatten()) {
        let _ = picture.is_made_from(picture);
    }
}

/// A HEIF file, also with what says so in its beginning, decoded whole and at half its size.
pub fn heif(bytes: &[u8]) {
    let box_of_brands: &[u8] = b"\0\0\0\x10ftypheic\0\0\0\0";
    let limits = DecodeLimits { max_bytes: 1 << 20, max_pixels: 1 << 18, max_side: 4096 };
    for file in [bytes, &[box_of_brands, bytes].concat()] {
        match decode(file, &limits) {
            Ok(decoded) => {
                let pixels = decoded.image.finest();
                assert!(u64::from(pixels.width()) * u64::from(pixels.height()) <= limits.max_pixels);
            }
            Err(e) => assert!(!e.to_string().is_empty()),
        }
    }
}

/// An encoded image, also decoded as a JPEG at each fraction and as an animation.
pub fn image(bytes: &[u8]) {
    let limits = DecodeLimits { max_bytes: 1 << 20, max_pixels: 1 << 20, max_side: 4096 };
    // A picture of more pixels than the limit is read at a fraction of its size.
    let is_within = |decoded: &Decoded| {
        let (image, pixels) = (&decoded.image, decoded.image.finest());
        assert!(image.width().max(image.height()) <= limits.max_side);
        let read = u64::from(pixels.width()) * u64::from(pixels.height());
        assert!((1..=limits.max_pixels).contains(&read), "{} x {} pixels", pixels.width(), pixels.height());
    };
    match decode(bytes, &limits) {
        Ok(decoded) => is_within(&decoded),
        Err(e) => assert!(!e.to_string().is_empty()),
    }
    if let Ok(Some(animation)) = Animation::open(bytes, &limits, 3) {
        let frames = animation.frames().inspect(|frame| is_within(&frame.picture));
        assert_eq!(frames.count(), animation.len());
    }
    for halvings in 1..=3 {
        let _ = reduced_jpeg(bytes, halvings, 1 << 26);
    }
}

/// Everything from image to verdict, for the person of the demo's portraits.
pub struct Verifier {
    judge: Judge,
    profile: Profile,
}

impl Verifier {
    /// Loads the networks and enrolls three portraits; `root` is the root of the repository.
    pub fn open(root: &Path) -> Self {
        let judge = Judge::open(&root.join("models"), None).expect("the models load");
        let portraits = ["obama-2009.jpg", "obama-2010.jpg", "obama-2012.jpg"].map(|name| {
            let bytes = std::fs::read(root.join("demo").join(name)).expect("a portrait");
            let faces = judge.analyser.analyse_completely(&bytes).expect("a face").into_templates();
            OfferedImage { sha256: name.into(), faces }
        });
        let profile = enroll(portraits.into(), &judge.population).0.expect("the portraits agree");
        Self { judge, profile }
    }

    /// Verifies `bytes` and checks that scores and qualities lie within their bounds. `true` where a face was judged.
    pub fn verify(&self, bytes: &[u8]) -> bool {
        let Ok(analysis) = self.judge.analyser.analyse(bytes) else { return false };
        let templates: Vec<&Template> = analysis.faces.iter().map(|(_, t)| t).collect();
        assert!(templates.len() <= 16);
        let image = ImageDecision::judge(templates.iter().copied(), &self.profile, &self.judge.fusion);
        assert_eq!(image.deciding.is_some(), !templates.is_empty());
        for (Judgement { evidence, decision, .. }, template) in image.faces.iter().zip(&templates) {
            assert!((0.0..=1.0).contains(&decision.score) && evidence.likeness.is_finite(), "{decision:?}");
            assert!((0.0..=100.0).contains(&template.quality.score), "{:?}", template.quality);
            assert!(!Explanation::of("Jane Doe", decision, evidence).summary.is_empty());
            is_usable(template);
        }
        image.deciding.is_some()
    }
}
