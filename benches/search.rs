//! The search of a face over a thousand to a million identities. The rate is in bytes of the index per second.

use std::sync::Arc;

use criterion::{Criterion, Throughput};
use faceward::identity::{Index, Population, SEARCHED};
use faceward::imaging::DecodeLimits;
use faceward::inference::TractEngine;
use faceward::models::{Manifest, Zoo};
use faceward::service::Analyser;
use faceward::template::mean_direction;

use crate::photographs::{PROBE, bytes, models};

/// Candidates of a search.
const CANDIDATES: usize = 20;
/// Distinct people; larger galleries repeat them.
const PEOPLE: usize = 1 << 13;

pub(crate) fn bench(criterion: &mut Criterion) {
    let manifest = Manifest::open(&models()).unwrap();
    let zoo = Arc::new(Zoo::load(&manifest, &TractEngine).unwrap());
    let population = Population::load(&manifest).unwrap();
    let analyser = Analyser::new(zoo, DecodeLimits::default());
    let probe = analyser.analyse(&bytes(PROBE)).unwrap().faces.remove(0).1;
    let people: Vec<Vec<f32>> = (0..PEOPLE).map(|i| somebody(i, &population)).collect();
    let probe = probe.embeddings.get(SEARCHED);
    let mut index = Index::new(&population);
    let mut group = criterion.benchmark_group("search");
    for rows in [1_000, 10_000, 100_000, 1_000_000] {
        while index.len() < rows {
            index.push(&people[index.len() % PEOPLE]);
        }
        // A row's values, and two numbers.
        let bytes = (index.width().next_multiple_of(64) + 8) * rows;
        group.throughput(Throughput::Bytes(bytes as u64)).sample_size(50);
        group.bench_function(format!("{rows} candidates"), |b| b.iter(|| index.nearest(probe, CANDIDATES)));
    }
    group.finish();
}

/// A mixture of two people of the cohort, by number.
fn somebody(number: usize, population: &Population) -> Vec<f32> {
    let cohort = &population.cohort;
    let (one, two) = (number % cohort.len(), number / cohort.len() % cohort.len());
    let share = 0.2 + 0.6 * (number * 7919 % 1000) as f32 / 1000.0;
    let [a, b] = [one, two].map(|i| cohort[i].get(SEARCHED));
    let mixed = a.iter().zip(b).map(|(a, b)| share * a + (1.0 - share) * b).collect::<Vec<f32>>();
    mean_direction([mixed.as_slice()])
}
