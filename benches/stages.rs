//! The stages of a verification, and a whole verification.

use std::hint::black_box;
use std::sync::Arc;

use criterion::Criterion;
use faceward::audit::Actor;
use faceward::face::{DetectorSettings, FaceFinder};
use faceward::identity::{IdentityFields, IdentityId, Population, Profile, SampleKind};
use faceward::imaging::{DecodeLimits, decode};
use faceward::inference::TractEngine;
use faceward::models::{Manifest, Zoo};
use faceward::service::{Analyser, RecordedService, Upload};
use faceward::template::TemplateExtractor;
use faceward::verdict::{Decision, Evidence, Explanation, Fusion};

use crate::photographs::{LARGE, PROBE, REFERENCES, SMALL, bytes, jpeg, models};

pub(crate) fn bench(criterion: &mut Criterion) {
    pixels(criterion);
    judgement(criterion);
    whole(criterion);
}

/// From bytes to faces and templates.
fn pixels(criterion: &mut Criterion) {
    let manifest = Manifest::open(&models()).unwrap();
    let zoo = Arc::new(Zoo::load(&manifest, &TractEngine).unwrap());
    let finder = FaceFinder::new(zoo.clone(), DetectorSettings::default());
    let extractor = TemplateExtractor::new(zoo);
    let mut group = criterion.benchmark_group("stages");
    group.sample_size(30);
    for (name, long) in [("640 px", SMALL), ("12 MP", LARGE)] {
        let photograph = jpeg(PROBE, long);
        let limits = DecodeLimits::default();
        let image = decode(&photograph, &limits).unwrap().image;
        let face = finder.find(&image).unwrap().faces.remove(0);
        group.bench_function(format!("decode, {name}"), |b| b.iter(|| decode(&photograph, &limits).unwrap()));
        group.bench_function(format!("find faces, {name}"), |b| b.iter(|| finder.find(&image).unwrap()));
        group.bench_function(format!("template, {name}"), |b| b.iter(|| extractor.extract(&image, &face).unwrap()));
    }
    group.finish();
}

/// The comparison of a template with a profile.
fn judgement(criterion: &mut Criterion) {
    let manifest = Manifest::open(&models()).unwrap();
    let zoo = Arc::new(Zoo::load(&manifest, &TractEngine).unwrap());
    let (population, fusion) = (Population::load(&manifest).unwrap(), Fusion::load(&manifest).unwrap());
    let analyser = Analyser::new(zoo, DecodeLimits::default());
    let template = |name| analyser.analyse(&bytes(name)).unwrap().faces.remove(0).1;
    let profile = Profile::of_templates(REFERENCES.map(template).into(), &population).unwrap();
    let probe = template(PROBE);
    let evidence = Evidence::measure(&probe, &profile);
    let decision = Decision::decide(&evidence, &probe.quality, &fusion);
    let mut group = criterion.benchmark_group("stages");
    group.bench_function("likeness", |b| b.iter(|| profile.likeness(black_box(&probe))));
    group.bench_function("compare", |b| {
        b.iter(|| Decision::decide(&Evidence::measure(black_box(&probe), &profile), &probe.quality, &fusion));
    });
    group.bench_function("explain", |b| b.iter(|| Explanation::of("somebody", &decision, black_box(&evidence))));
    group.finish();
}

/// `POST /v1/verify` without HTTP.
fn whole(criterion: &mut Criterion) {
    let data = tempfile::tempdir().unwrap();
    let service = RecordedService::open(&models(), data.path()).unwrap();
    let service = service.acting_as(Actor::CommandLine);
    let id: IdentityId = "obama".parse().unwrap();
    let fields = IdentityFields { display_name: "Barack Obama".into(), ..IdentityFields::default() };
    service.put_identity(&id, &fields).unwrap();
    let uploads = REFERENCES.map(|name| Upload { filename: None, bytes: bytes(name) });
    assert_eq!(service.enroll(&id, SampleKind::Reference, &uploads).unwrap().accepted.len(), REFERENCES.len());
    let mut group = criterion.benchmark_group("verify");
    group.sample_size(30);
    for (name, long) in [("640 px", SMALL), ("12 MP", LARGE)] {
        let photograph = jpeg(PROBE, long);
        group.bench_function(name, |b| b.iter(|| service.verify(&photograph, Some(&id)).unwrap()));
    }
    group.finish();
}
