//! The search of a face over a thousand to a million identities. The rate is in bytes of the index per second.

use std::sync::Arc;

use criterion::{Criterion, Throughput};
use faceward::identity::{Index, Population, Profile};
use faceward::imaging::DecodeLimits;
use faceward::inference::TractEngine;
use faceward::models::{Manifest, Zoo};
use faceward::service::Analyser;
use faceward::template::{Embedding, Embeddings, Template};

use crate::photographs::{PROBE, bytes, models};

/// Candidates that a search compares with all embeddings.
const CANDIDATES: usize = 1024;
/// Distinct people. Their profiles exceed the caches many times; larger galleries repeat them.
const PEOPLE: usize = 1 << 13;
/// Bytes per row of the index.
const ROW: u64 = 140;

pub(crate) fn bench(criterion: &mut Criterion) {
    let manifest = Manifest::open(&models()).unwrap();
    let zoo = Arc::new(Zoo::load(&manifest, &TractEngine).unwrap());
    let population = Population::load(&manifest).unwrap();
    let analyser = Analyser::new(zoo, DecodeLimits::default());
    let probe = analyser.analyse(&bytes(PROBE)).unwrap().faces.remove(0).1;
    let profiles: Vec<Profile> = (0..PEOPLE)
        .map(|i| Profile::of_templates(vec![somebody(i, &probe, &population)], &population).unwrap())
        .collect();
    let mut index = Index::new(&population);
    let mut group = criterion.benchmark_group("search");
    for rows in [1_000, 10_000, 100_000, 1_000_000] {
        while index.len() < rows {
            index.push(&profiles[index.len() % PEOPLE]);
        }
        group.throughput(Throughput::Bytes(ROW * rows as u64)).sample_size(50);
        group.bench_function(format!("{rows} candidates"), |b| b.iter(|| index.nearest(&probe, CANDIDATES)));
        group.bench_function(format!("{rows} whole"), |b| {
            b.iter(|| {
                let near = index.nearest(&probe, CANDIDATES);
                let mut alike: Vec<(f32, usize)> =
                    near.iter().map(|n| (profiles[n.row % PEOPLE].likeness(&probe), n.row)).collect();
                alike.sort_by(|a, b| b.0.total_cmp(&a.0));
                alike.truncate(10);
                alike
            });
        });
    }
    group.finish();
}

/// A mixture of two people of the cohort, by number.
fn somebody(number: usize, like: &Template, population: &Population) -> Template {
    let cohort = &population.cohort;
    let (one, two) = (number % cohort.len(), number / cohort.len() % cohort.len());
    let share = 0.2 + 0.6 * (number * 7919 % 1000) as f32 / 1000.0;
    let mix = |e: Embedding| {
        let (a, b) = (cohort[one].get(e), cohort[two].get(e));
        a.iter().zip(b).map(|(a, b)| share * a + (1.0 - share) * b).collect()
    };
    Template { embeddings: Embeddings::new(Embedding::ALL.map(mix)), ..like.clone() }
}
