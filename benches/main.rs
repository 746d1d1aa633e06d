//! How long each part of a verification takes, and what the machine could do: README.md says how to read the figures.
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
