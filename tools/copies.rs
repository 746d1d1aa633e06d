//! Distances between perceptual hashes: of a picture and its copies, of photographs of one person, and of different
//! people. `FaceHash::COPY_DISTANCE` is chosen by them.
//!
//! ```sh
//! cargo run --release --example copies -- FOLDER [PICTURES]
//! ```
//!
//! The folder is laid out as for `faceward eval`. The largest face of every genuine photograph is hashed, and for
//! PICTURES of them (100 by default), spread over the folder, that of degraded copies too.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a measurement on a terminal")]

use std::path::Path;

use faceward::eval::{Dataset, Degradation, Judge, Set};
use faceward::template::FaceHash;

const COPIES: [&str; 12] = [
    "jpeg95",
    "jpeg75",
    "jpeg50",
    "jpeg30",
    "scale0.5",
    "scale2",
    "crop0.1",
    "crop0.3",
    "brightness0.7",
    "brightness1.4",
    "blur1",
    "border0.2",
];

fn hash(judge: &Judge, bytes: &[u8]) -> Option<FaceHash> {
    judge.analyser.analyse(bytes).ok()?.faces.first()?.1.hash
}

fn print_row(name: &str, mut distances: Vec<u32>) {
    distances.sort_unstable();
    let n = distances.len();
    let at = |q: f64| distances.get(((n.max(1) - 1) as f64 * q) as usize).copied().unwrap_or_default();
    let near = distances.iter().filter(|d| **d <= FaceHash::COPY_DISTANCE).count();
    println!("| {name} | {n} | {} | {} | {} | {} | {} | {near} |", at(0.0), at(0.01), at(0.5), at(0.99), at(1.0));
}

fn main() {
    let mut args = std::env::args().skip(1);
    let Some(folder) = args.next() else {
        eprintln!("name the folder of pictures: cargo run --release --example copies -- FOLDER [PICTURES]");
        std::process::exit(2);
    };
    let copied: usize = args.next().map_or(100, |n| n.parse().unwrap());
    let judge = Judge::open(Path::new("models"), None).unwrap();
    let (dataset, _) = Dataset::scan(Path::new(&folder));
    let mut all: Vec<(Vec<u8>, FaceHash, &str)> = Vec::new();
    for (person, sets) in &dataset.people {
        for picture in &sets[&Set::Real] {
            let bytes = std::fs::read(Path::new(&folder).join(&picture.path)).unwrap();
            all.extend(hash(&judge, &bytes).map(|h| (bytes, h, person.as_str())));
        }
    }
    println!(
        "| pictures | pairs | least | 1 % | median | 99 % | most | called a copy |\n|---|---|---|---|---|---|---|---|"
    );
    let step = (all.len() / copied.max(1)).max(1);
    for name in COPIES {
        let how: Degradation = name.parse().unwrap();
        let distance = |(bytes, own, _): &(Vec<u8>, FaceHash, &str)| {
            let copy = how.apply(bytes.clone(), judge.analyser.limits()).ok()?;
            Some(hash(&judge, &copy)?.distance(*own))
        };
        print_row(name, all.iter().step_by(step).filter_map(distance).collect());
    }
    let (mut same, mut others) = (Vec::new(), Vec::new());
    for (i, (_, a, person)) in all.iter().enumerate() {
        for (_, b, other) in &all[..i] {
            if person == other { same.push(a.distance(*b)) } else { others.push(a.distance(*b)) }
        }
    }
    print_row("another photograph of the person", same);
    print_row("another person", others);
}
