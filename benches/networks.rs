//! Each network on one input, one thread. The rate is in operations per second, two per multiply-add.

use criterion::{Criterion, Throughput};
use faceward::inference::{Engine, Tensor, TractEngine};
use faceward::models::{Manifest, Role};

use crate::photographs;

/// The role, the input shape, and the multiply-adds of the convolutions and products at that size (counted from the
/// graph with shape inference).
const NETWORKS: [(Role, [usize; 4], u64); 10] = [
    (Role::Detector, [1, 3, 480, 640], 1_851_500_000),
    (Role::Landmarks, [1, 3, 192, 192], 35_600_000),
    (Role::Iris, [1, 3, 64, 64], 53_700_000),
    (Role::EmbeddingA, [1, 3, 224, 224], 568_000_000),
    (Role::EmbeddingB, [1, 3, 150, 150], 270_900_000),
    (Role::EmbeddingC, [1, 3, 112, 112], 234_100_000),
    (Role::Emotion, [1, 1, 64, 64], 65_800_000),
    (Role::Forensics, [1, 3, 160, 160], 133_500_000),
    (Role::Encoder, [1, 3, 160, 160], 8_220_000_000),
    (Role::Occlusion, [1, 3, 96, 96], 22_300_000),
];

pub(crate) fn bench(criterion: &mut Criterion) {
    let manifest = Manifest::open(&photographs::models()).unwrap();
    let mut group = criterion.benchmark_group("networks");
    for (role, shape, multiply_adds) in NETWORKS {
        let network = TractEngine.load(manifest.read(role).unwrap()).unwrap();
        let values = (0..shape.iter().product()).map(|i: usize| (i * 7919 % 256) as f32 / 255.0).collect();
        let input = Tensor::new(&shape, values).unwrap();
        group.throughput(Throughput::Elements(2 * multiply_adds));
        group.bench_function(role.to_string(), |b| {
            b.iter_batched(|| input.clone(), |i| network.run(i).unwrap(), criterion::BatchSize::LargeInput);
        });
    }
    group.finish();
}
