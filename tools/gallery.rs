//! A data folder of many invented people, to measure a large gallery: its start, its memory, a search in it.
//!
//! ```sh
//! cargo run --release --example gallery -- FOLDER [IDENTITIES] [REFERENCES]
//! faceward serve --data-dir FOLDER
//! ```
//!
//! 100,000 identities of three references by default, sealed as the store seals any. A person is a mixture of two of
//! the cohort with noise, a reference the person with more noise. Running it again adds what is missing. Each write is
//! flushed to the disk: a folder in memory is filled many times faster.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a tool on a terminal")]

use std::path::Path;

use faceward::eval::Judge;
use faceward::identity::{IdentityFields, IdentityId, Population, Sample, SampleKind};
use faceward::store::{SqliteStore, Store};
use faceward::template::{Embedding, Embeddings, Template};
use jiff::Timestamp;
use rand::{RngExt as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use uuid::Uuid;

/// The length of the noise that makes a person of a mixture, and a photograph of a person.
const PERSON: f32 = 0.8;
const PHOTOGRAPH: f32 = 0.5;

fn noisy(vector: &[f32], length: f32, random: &mut Xoshiro256PlusPlus) -> Vec<f32> {
    // Values in -1..1 have a mean square of a third.
    let scale = length * (3.0 / vector.len().max(1) as f32).sqrt();
    vector.iter().map(|v| v + scale * random.random_range(-1.0f32..1.0)).collect()
}

/// The embeddings of a person's photographs; `like` gives everything else.
fn photographs(number: usize, references: usize, like: &Template, population: &Population) -> Vec<Template> {
    let cohort = &population.cohort;
    let mut random = Xoshiro256PlusPlus::seed_from_u64(number as u64);
    let [one, two] = [(); 2].map(|()| &cohort[random.random_range(0..cohort.len())]);
    let share: f32 = random.random_range(0.2..0.8);
    let person = Embedding::ALL.map(|e| {
        // The cohort has no embedding D: there a person is noise alone.
        let mixed = match one.get(e) {
            [] => vec![0.0; like.embeddings.get(e).len()],
            one => one.iter().zip(two.get(e)).map(|(a, b)| share * a + (1.0 - share) * b).collect::<Vec<f32>>(),
        };
        noisy(&mixed, PERSON, &mut random)
    });
    let person = Embeddings::new(person);
    (0..references)
        .map(|_| {
            let vectors = Embedding::ALL.map(|e| noisy(person.get(e), PHOTOGRAPH, &mut random));
            Template { embeddings: Embeddings::new(vectors), ..like.clone() }
        })
        .collect()
}

fn main() {
    let mut args = std::env::args().skip(1);
    let Some(folder) = args.next() else {
        eprintln!("name a folder: cargo run --release --example gallery -- FOLDER [IDENTITIES] [REFERENCES]");
        std::process::exit(2);
    };
    let identities: usize = args.next().map_or(100_000, |n| n.parse().unwrap());
    let references: usize = args.next().map_or(3, |n| n.parse().unwrap());
    let judge = Judge::open(Path::new("models"), None).unwrap();
    let portrait = std::fs::read("demo/obama-2009.jpg").unwrap();
    let like = judge.analyser.analyse_completely(&portrait).unwrap().into_templates().remove(0);
    let store = SqliteStore::open(Path::new(&folder)).unwrap();
    for number in 0..identities {
        let (id, now): (IdentityId, _) = (format!("p{number:07}").parse().unwrap(), Timestamp::now());
        let fields = IdentityFields { display_name: format!("Person {number}"), ..IdentityFields::default() };
        if !store.put_identity(&id, &fields, now).unwrap().1 {
            continue;
        }
        let photographs = photographs(number, references, &like, &judge.population);
        let sample = |template| {
            let id = Uuid::now_v7();
            let image_sha256 = format!("{:064x}", id.as_u128());
            Sample { id, kind: SampleKind::Reference, filename: None, image_sha256, added_at: now, template }
        };
        let samples: Vec<Sample> = photographs.into_iter().map(sample).collect();
        store.add_samples(&id, &samples, now).unwrap();
        if number % 10_000 == 9_999 {
            println!("{} identities", number + 1);
        }
    }
}
