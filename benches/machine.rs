//! The limits of the machine: multiply-adds and memory bandwidth.

use criterion::{Criterion, Throughput};
use faceward::inference::multiply_adds;

/// Bytes that exceed every cache.
const MEMORY: usize = 512 << 20;

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("machine");
    let rounds = 1 << 20;
    group.throughput(Throughput::Elements(multiply_adds(rounds)));
    group.bench_function("multiply-adds", |b| b.iter(|| multiply_adds(rounds)));

    let memory: Vec<u64> = (0..MEMORY as u64 / 8).collect();
    group.throughput(Throughput::Bytes(MEMORY as u64)).sample_size(20);
    for threads in [1, 2] {
        group.bench_function(format!("read memory, {threads} threads"), |b| b.iter(|| read(&memory, threads)));
    }
    group.finish();
}

fn read(memory: &[u64], threads: usize) -> u64 {
    let sum = |part: &[u64]| part.iter().fold(0u64, |sum, v| sum.wrapping_add(*v));
    std::thread::scope(|scope| {
        let parts: Vec<_> =
            memory.chunks(memory.len().div_ceil(threads)).map(|part| scope.spawn(move || sum(part))).collect();
        parts.into_iter().map(|p| p.join().unwrap()).fold(0, u64::wrapping_add)
    })
}
