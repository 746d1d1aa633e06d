//! The time of each part of a verification, and the limits of the machine. README.md explains the figures.
#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

mod machine;
mod networks;
mod operators;
mod photographs;
mod search;
mod stages;

use criterion::{criterion_group, criterion_main};

criterion_group!(all, machine::bench, networks::bench, operators::bench, stages::bench, search::bench);
criterion_main!(all);
