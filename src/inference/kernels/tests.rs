//! Every kernel compared with its definition, over random shapes and with every instruction set of the processor.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::{
    Activation, ByteWeights, ConvShape, Depthwise, Epilogue, Filters, InvertedResidual, Layer, Linear, MaxPool,
    PackedWeights, Pointwise, Spatial, TransposedConv, Winograd, WinogradWeights,
};
use crate::simd::{InstructionSet, run_on};

/// Values in -1.0..1.0.
fn values(n: usize, seed: u32) -> Vec<f32> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed.into());
    (0..n).map(|_| rng.random_range(-1.0..1.0)).collect()
}

fn area(v: [usize; 2]) -> usize {
    v[0] * v[1]
}

fn activate(activation: &Activation, channel: usize, v: f32) -> f32 {
    match activation {
        Activation::None => v,
        Activation::Clamp { low, high } => v.max(*low).min(*high),
        Activation::PRelu(slopes) => v.max(0.0) + v.min(0.0) * slopes[channel],
    }
}

fn activations(channels: usize) -> impl Strategy<Value = Activation> {
    prop_oneof![
        Just(Activation::None),
        Just(Activation::Clamp { low: 0.0, high: f32::INFINITY }),
        Just(Activation::Clamp { low: -0.2, high: 0.5 }),
        Just(Activation::PRelu(values(channels, 77))),
    ]
}

/// Folds the values under the kernel for each output with `f(acc, tap, value)`; the padding is `outside`.
fn fold(shape: &ConvShape, plane: &[f32], outside: f32, start: f32, f: impl Fn(f32, usize, f32) -> f32) -> Vec<f32> {
    let ConvShape { input, output, kernel, stride, pad_before } = *shape;
    let at = |o: [usize; 2], t: [usize; 2], a: usize| (o[a] * stride[a] + t[a]).checked_sub(pad_before[a]);
    let value = |o, t| match (at(o, t, 0), at(o, t, 1)) {
        (Some(y), Some(x)) if y < input[0] && x < input[1] => plane[y * input[1] + x],
        _ => outside,
    };
    let taps =
        |o: [usize; 2]| (0..area(kernel)).fold(start, |sum, t| f(sum, t, value(o, [t / kernel[1], t % kernel[1]])));
    (0..area(output)).map(|i| taps([i / output[1], i % output[1]])).collect()
}

fn shapes() -> impl Strategy<Value = ConvShape> {
    let pair = |r: std::ops::Range<usize>| (r.clone(), r).prop_map(|(a, b)| [a, b]);
    (pair(1..40), pair(1..6), pair(1..4), pair(0..3), pair(0..3)).prop_filter_map(
        "the kernel is larger than the padded image",
        |(input, kernel, stride, pad_before, pad_after)| {
            let mut output = [0; 2];
            for a in 0..2 {
                output[a] = (input[a] + pad_before[a] + pad_after[a]).checked_sub(kernel[a])? / stride[a] + 1;
            }
            Some(ConvShape { input, output, kernel, stride, pad_before })
        },
    )
}

/// Shapes that are common in networks and have special code paths.
fn usual_shapes() -> impl Strategy<Value = ConvShape> {
    let side = 3usize..70;
    (side.clone(), side, 1usize..3, 0usize..3, prop_oneof![Just(3), Just(5)]).prop_map(|(h, w, s, pad, kernel)| {
        let output = [h, w].map(|v| (v - 1) / s + 1).map(|v| v.max(1));
        ConvShape { input: [h, w], output, kernel: [kernel; 2], stride: [s, s], pad_before: [pad, pad] }
    })
}

/// A convolution of one image with its epilogue.
struct Convolution {
    shape: ConvShape,
    weights: Vec<f32>,
    bias: Vec<f32>,
    source: Vec<f32>,
    residual: Option<Vec<f32>>,
    activation: Activation,
}

impl Convolution {
    fn new(shape: ConvShape, rows: usize, channels: usize, residual: bool, activation: Activation, seed: u32) -> Self {
        Self {
            shape,
            weights: values(rows * channels * area(shape.kernel), seed),
            bias: values(rows, seed ^ 1),
            source: values(channels * area(shape.input), seed ^ 2),
            residual: residual.then(|| values(rows * area(shape.output), seed ^ 3)),
            activation,
        }
    }

    fn epilogue(&self) -> Epilogue<'_> {
        Epilogue { bias: &self.bias, residual: self.residual.as_deref(), activation: &self.activation }
    }

    /// The output by definition.
    fn expected(&self) -> Vec<f32> {
        let (taps, places) = (area(self.shape.kernel), area(self.shape.output));
        let channels = self.source.len() / area(self.shape.input);
        let mut expected = vec![0.0; self.bias.len() * places];
        for (i, plane) in self.source.chunks(area(self.shape.input)).enumerate() {
            for (r, sums) in expected.chunks_mut(places).enumerate() {
                let w = &self.weights[(r * channels + i) * taps..];
                let one = fold(&self.shape, plane, 0.0, 0.0, |sum, t, v| sum + w[t] * v);
                sums.iter_mut().zip(one).for_each(|(s, v)| *s += v);
            }
        }
        for (i, v) in expected.iter_mut().enumerate() {
            let residual = self.residual.as_ref().map_or(0.0, |p| p[i]);
            *v = activate(&self.activation, i / places, *v + self.bias[i / places] + residual);
        }
        expected
    }
}

#[track_caller]
fn close(limit: f32, found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        let same = f.is_infinite() && f.total_cmp(e).is_eq();
        assert!(same || (f - e).abs() <= limit * (1.0 + e.abs()), "{what}: {f} for {e} at {i}");
    }
}

/// Runs a kernel with every instruction set over dirty scratch memory, and compares its output.
fn check(expected: &[f32], run: impl Fn(InstructionSet, &mut [f32], &mut Vec<f32>)) {
    check_within(1e-5, expected, run);
}

fn check_within(limit: f32, expected: &[f32], run: impl Fn(InstructionSet, &mut [f32], &mut Vec<f32>)) {
    for set in InstructionSet::available() {
        let mut out = vec![f32::NAN; expected.len()];
        let mut scratch = vec![1e30; 10_000];
        run(set, &mut out, &mut scratch);
        close(limit, &out, expected, &format!("{set:?}"));
    }
}

fn check_winograd(case: &Convolution) {
    let weights = WinogradWeights::transform(case.bias.len(), &case.weights);
    // The transformed values are larger than the originals, and so are the rounding errors; up to 360 products of
    // values between -1 and 1 are summed here.
    check_within(2e-4, &case.expected(), |set, out, scratch| {
        let (epilogue, shape, source, planes) = (case.epilogue(), case.shape, &case.source, &mut vec![f32::NAN; 100]);
        run_on(set, Winograd { weights: &weights, epilogue, shape, source, out, planes, scratch });
    });
}

/// 5 x 4 and 7 x 6 tiles leave no slack at the end of a line.
#[test]
fn winograd_tiles_that_fill_their_lines() {
    for output in [[20, 16], [28, 24]] {
        let shape = ConvShape { input: output, output, kernel: [3; 2], stride: [1; 2], pad_before: [1; 2] };
        check_winograd(&Convolution::new(shape, 9, 5, true, Activation::None, 3));
    }
}

/// The expanded rows exceed the cache, so that the ring buffers wrap around.
#[test]
fn an_inverted_residual_in_several_steps() {
    let side = [90, 75];
    let first = ConvShape { input: side, output: side, kernel: [1; 2], stride: [1; 2], pad_before: [0; 2] };
    for (kernel, stride) in [(3, 1), (3, 2), (5, 1), (5, 2), (2, 3)] {
        let output = side.map(|n| (n - 1) / stride + 1 - usize::from(kernel == 2));
        let shape =
            ConvShape { input: side, output, kernel: [kernel; 2], stride: [stride; 2], pad_before: [kernel / 2; 2] };
        let activation = Activation::Clamp { low: -2.0, high: 2.0 };
        check_inverted_residual(
            [first, shape],
            [7, 130, 24],
            true,
            true,
            [activation.clone(), Activation::None, activation],
            11,
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn linear(rows in 1usize..30, inputs in 1usize..400, outputs in 1usize..120, seed: u32) {
        let source = values(rows * inputs, seed);
        let (scale, bias) = (values(outputs, seed ^ 1), values(outputs, seed ^ 2));
        let bytes: Vec<i8> = values(inputs * outputs, seed ^ 3).iter().map(|v| (v * 128.0).round() as i8).collect();
        let expected: Vec<f32> = (0..rows * outputs)
            .map(|i| {
                let (row, output) = (i / outputs, i % outputs);
                let product = |k| f64::from(source[row * inputs + k]) * f64::from(bytes[k * outputs + output]);
                let sum: f64 = (0..inputs).map(product).sum();
                (sum * f64::from(scale[output])) as f32 + bias[output]
            })
            .collect();
        let weights = ByteWeights::pack(inputs, &bytes, &scale, &bias);
        for set in InstructionSet::available() {
            let (mut out, mut scratch) = (vec![f32::NAN; rows * outputs], Vec::new());
            run_on(set, Linear { weights: &weights, source: &source, out: &mut out, scratch: &mut scratch });
            for (found, expected) in out.iter().zip(&expected) {
                prop_assert!((found - expected).abs() < 0.01, "{found} {expected} {set:?}");
            }
        }
    }

    #[test]
    fn pointwise(
        rows in 1usize..40, columns in 1usize..40, plane in 1usize..200, residual: bool,
        activation in activations(40), seed: u32,
    ) {
        let (w, bias) = (values(rows * columns, seed), values(rows, seed ^ 1));
        let (source, other) = (values(columns * plane, seed ^ 2), values(rows * plane, seed ^ 3));
        let residual = residual.then_some(other.as_slice());
        let expected: Vec<f32> = (0..rows * plane)
            .map(|i| {
                let (r, x) = (i / plane, i % plane);
                let sum: f32 = (0..columns).map(|k| w[r * columns + k] * source[k * plane + x]).sum();
                activate(&activation, r, sum + bias[r] + residual.map_or(0.0, |p| p[i]))
            })
            .collect();
        let weights = PackedWeights::pack(rows, columns, &w);
        let epilogue = Epilogue { bias: &bias, residual, activation: &activation };
        check(&expected, |set, out, scratch| {
            run_on(set, Pointwise { weights: &weights, epilogue, source: &source, out, plane, scratch });
        });
    }

    #[test]
    fn spatial(
        shape in prop_oneof![shapes(), usual_shapes()], rows in 1usize..20, channels in 1usize..6, residual: bool,
        activation in activations(20), seed: u32,
    ) {
        let case = Convolution::new(shape, rows, channels, residual, activation, seed);
        let weights = PackedWeights::pack(rows, channels * area(shape.kernel), &case.weights);
        check(&case.expected(), |set, out, scratch| {
            let (epilogue, source, planes) = (case.epilogue(), &case.source, &mut vec![1e30; 100]);
            run_on(set, Spatial { weights: &weights, epilogue, shape, source, out, planes, scratch });
        });
    }

    #[test]
    fn winograd(
        shape in prop_oneof![shapes(), usual_shapes()], rows in 1usize..40, channels in 1usize..40, residual: bool,
        activation in activations(40), seed: u32,
    ) {
        let fits = (0..2).all(|a| shape.input[a] + 2 * shape.pad_before[a] >= 3);
        prop_assume!(fits);
        let output = [0, 1].map(|a| shape.input[a] + 2 * shape.pad_before[a] - 2);
        let shape = ConvShape { kernel: [3; 2], stride: [1; 2], output, ..shape };
        check_winograd(&Convolution::new(shape, rows, channels, residual, activation, seed));
    }

    #[test]
    fn depthwise(
        shape in prop_oneof![shapes(), usual_shapes()], channels in 1usize..5, activation in activations(5),
        seed: u32,
    ) {
        let taps = area(shape.kernel);
        let (w, bias) = (values(channels * taps, seed), values(channels, seed ^ 1));
        let source = values(channels * area(shape.input), seed ^ 2);
        let expected: Vec<f32> = (0..channels)
            .flat_map(|c| {
                let plane = &source[c * area(shape.input)..][..area(shape.input)];
                let sums = fold(&shape, plane, 0.0, bias[c], |sum, t, v| sum + w[c * taps + t] * v);
                sums.into_iter().map(|v| activate(&activation, c, v)).collect::<Vec<_>>()
            })
            .collect();
        check(&expected, |set, out, scratch| {
            let (weights, bias, activation) = (&w, &bias, &activation);
            run_on(set, Depthwise { weights, bias, activation, shape, source: &source, out, scratch });
        });
    }

    #[test]
    fn transposed_conv(
        channels in 1usize..20, outputs in 1usize..12, height in 1usize..20, width in 1usize..40, residual: bool,
        activation in activations(48), seed: u32,
    ) {
        let (w, bias) = (values(4 * outputs * channels, seed), values(4 * outputs, seed ^ 1));
        let plane = height * width;
        let (source, other) = (values(channels * plane, seed ^ 2), values(4 * outputs * plane, seed ^ 3));
        let residual = residual.then_some(other.as_slice());
        let expected: Vec<f32> = (0..4 * outputs * plane)
            .map(|i| {
                let (channel, y, x) = (i / (4 * plane), i / (2 * width) % (2 * height), i % (2 * width));
                let (row, from) = (4 * channel + 2 * (y % 2) + x % 2, y / 2 * width + x / 2);
                let sum: f32 = (0..channels).map(|k| w[row * channels + k] * source[k * plane + from]).sum();
                activate(&activation, row, sum + bias[row]) + residual.map_or(0.0, |p| p[i])
            })
            .collect();
        let weights = PackedWeights::pack(4 * outputs, channels, &w);
        let epilogue = Epilogue { bias: &bias, residual: None, activation: &activation };
        check(&expected, |set, out, scratch| {
            let (weights, source, input) = (&weights, &source, [height, width]);
            run_on(set, TransposedConv { weights, epilogue, residual, input, source, out, scratch });
        });
    }

    #[test]
    fn max_pool(shape in prop_oneof![shapes(), usual_shapes()], channels in 1usize..5, seed: u32) {
        let source = values(channels * area(shape.input), seed);
        let expected: Vec<f32> = source
            .chunks(area(shape.input))
            .flat_map(|p| fold(&shape, p, f32::NEG_INFINITY, f32::NEG_INFINITY, |max, _, v| max.max(v)))
            .collect();
        check(&expected, |set, out, scratch| run_on(set, MaxPool { shape, source: &source, out, scratch }));
    }

    #[test]
    fn inverted_residual(
        shapes in stacked_shapes(), columns in 1usize..30, channels in 1usize..70, outputs in 1usize..70,
        with_projection: bool, residual: bool, activations in [activations(70), activations(70), activations(70)],
        seed: u32,
    ) {
        check_inverted_residual(shapes, [columns, channels, outputs], with_projection, residual, activations, seed);
    }
}

/// Two shapes, the second over the output of the first.
fn stacked_shapes() -> impl Strategy<Value = [ConvShape; 2]> {
    let any = || prop_oneof![shapes(), usual_shapes()];
    (any(), any(), proptest::bool::ANY).prop_filter_map(
        "the kernel is larger than the image",
        |(first, second, pointwise)| {
            let first = if pointwise {
                ConvShape { kernel: [1; 2], stride: [1; 2], pad_before: [0; 2], output: first.input, ..first }
            } else {
                first
            };
            let along = |a: usize| {
                let padded = first.output[a] + 2 * second.pad_before[a];
                Some(padded.checked_sub(second.kernel[a])? / second.stride[a] + 1)
            };
            let output = [along(0)?, along(1)?];
            Some([first, ConvShape { input: first.output, output, ..second }])
        },
    )
}

fn check_inverted_residual(
    [expand_shape, shape]: [ConvShape; 2],
    [columns, channels, outputs]: [usize; 3],
    with_projection: bool,
    residual: bool,
    [inner, middle, outer]: [Activation; 3],
    seed: u32,
) {
    let first = Convolution::new(expand_shape, channels, columns, false, inner, seed);
    let wide = first.expected();
    let taps = area(shape.kernel);
    let (filters, bias) = (values(channels * taps, seed ^ 4), values(channels, seed ^ 5));
    let mut expected: Vec<f32> = (0..channels)
        .flat_map(|c| {
            let plane = &wide[c * area(shape.input)..][..area(shape.input)];
            let sums = fold(&shape, plane, 0.0, bias[c], |sum, t, v| sum + filters[c * taps + t] * v);
            sums.into_iter().map(|v| activate(&middle, c, v)).collect::<Vec<_>>()
        })
        .collect();
    let layer = |case: &Convolution| {
        let rows = case.bias.len();
        Layer::pack(&PackedWeights::pack(rows, case.weights.len() / rows, &case.weights), &case.bias, &case.activation)
    };
    let pointwise =
        ConvShape { input: shape.output, output: shape.output, kernel: [1; 2], stride: [1; 2], pad_before: [0; 2] };
    let mut last = Convolution::new(pointwise, outputs, channels, residual, outer, seed ^ 6);
    if with_projection {
        last.source = expected;
        expected = last.expected();
    }
    // Values of some hundreds may cancel to almost nothing, so errors are relative to the largest value.
    let scale = expected.iter().fold(1.0f32, |max, v| max.max(v.abs()));
    let scaled = |values: &[f32]| values.iter().map(|v| v / scale).collect::<Vec<_>>();
    let (expand, project) = (layer(&first), layer(&last));
    let filters = Filters::pack(&filters, &bias, &middle);
    check_within(1e-4, &scaled(&expected), |set, out, scratch| {
        let residual = if with_projection { last.residual.as_deref() } else { None };
        let (source, filters, planes) = (&first.source, &filters, &mut vec![f32::NAN; 100]);
        let (expand, project) = (&expand, with_projection.then_some(&project));
        run_on(
            set,
            InvertedResidual { expand, expand_shape, filters, shape, project, residual, source, out, planes, scratch },
        );
        for v in out {
            *v /= scale;
        }
    });
}
