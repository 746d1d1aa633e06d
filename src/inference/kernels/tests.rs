//! Every kernel against the definition, over random shapes and with every kind of vector that the processor has.

use proptest::prelude::*;

use super::{
    Activation, Chain, Depthwise, Filters, Finish, Layer, MaxPool, Pointwise, Spatial, Spread, TileWeights, Weights,
    Window, Winograd,
};
use crate::simd::{Kind, run_on};

/// Values between -1 and 1, the same for the same seed.
fn values(n: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1u32 << 23) as f32 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

fn area(v: [usize; 2]) -> usize {
    v[0] * v[1]
}

fn activate(activation: &Activation, channel: usize, v: f32) -> f32 {
    match activation {
        Activation::None => v,
        Activation::Clamp { low, high } => v.max(*low).min(*high),
        Activation::Slopes(slopes) => v.max(0.0) + v.min(0.0) * slopes[channel],
    }
}

fn activations(channels: usize) -> impl Strategy<Value = Activation> {
    prop_oneof![
        Just(Activation::None),
        Just(Activation::Clamp { low: 0.0, high: f32::INFINITY }),
        Just(Activation::Clamp { low: -0.2, high: 0.5 }),
        Just(Activation::Slopes(values(channels, 77))),
    ]
}

/// Folds what lies under the kernel for each output place: `f(sum, tap, value)`, with `outside` in the padding.
fn fold(window: &Window, plane: &[f32], outside: f32, start: f32, f: impl Fn(f32, usize, f32) -> f32) -> Vec<f32> {
    let Window { input, output, kernel, stride, before } = *window;
    let at = |o: [usize; 2], t: [usize; 2], a: usize| (o[a] * stride[a] + t[a]).checked_sub(before[a]);
    let value = |o, t| match (at(o, t, 0), at(o, t, 1)) {
        (Some(y), Some(x)) if y < input[0] && x < input[1] => plane[y * input[1] + x],
        _ => outside,
    };
    let taps =
        |o: [usize; 2]| (0..area(kernel)).fold(start, |sum, t| f(sum, t, value(o, [t / kernel[1], t % kernel[1]])));
    (0..area(output)).map(|i| taps([i / output[1], i % output[1]])).collect()
}

fn windows() -> impl Strategy<Value = Window> {
    let pair = |r: std::ops::Range<usize>| (r.clone(), r).prop_map(|(a, b)| [a, b]);
    (pair(1..40), pair(1..6), pair(1..4), pair(0..3), pair(0..3)).prop_filter_map(
        "the kernel is larger than the padded picture",
        |(input, kernel, stride, before, after)| {
            let mut output = [0; 2];
            for a in 0..2 {
                output[a] = (input[a] + before[a] + after[a]).checked_sub(kernel[a])? / stride[a] + 1;
            }
            Some(Window { input, output, kernel, stride, before })
        },
    )
}

/// Windows as networks have them, where the special paths are.
fn usual_windows() -> impl Strategy<Value = Window> {
    let side = 3usize..70;
    (side.clone(), side, 1usize..3, 0usize..3, prop_oneof![Just(3), Just(5)]).prop_map(|(h, w, s, before, kernel)| {
        let output = [h, w].map(|v| (v - 1) / s + 1).map(|v| v.max(1));
        Window { input: [h, w], output, kernel: [kernel; 2], stride: [s, s], before: [before, before] }
    })
}

/// A convolution of one picture with everything that may follow.
struct Convolution {
    window: Window,
    weights: Vec<f32>,
    bias: Vec<f32>,
    source: Vec<f32>,
    plus: Option<Vec<f32>>,
    activation: Activation,
}

impl Convolution {
    fn new(window: Window, rows: usize, channels: usize, plus: bool, activation: Activation, seed: u32) -> Self {
        Self {
            window,
            weights: values(rows * channels * area(window.kernel), seed),
            bias: values(rows, seed ^ 1),
            source: values(channels * area(window.input), seed ^ 2),
            plus: plus.then(|| values(rows * area(window.output), seed ^ 3)),
            activation,
        }
    }

    fn finish(&self) -> Finish<'_> {
        Finish { bias: &self.bias, plus: self.plus.as_deref(), activation: &self.activation }
    }

    /// What it gives by the definition.
    fn expected(&self) -> Vec<f32> {
        let (taps, places) = (area(self.window.kernel), area(self.window.output));
        let channels = self.source.len() / area(self.window.input);
        let mut expected = vec![0.0; self.bias.len() * places];
        for (i, plane) in self.source.chunks(area(self.window.input)).enumerate() {
            for (r, sums) in expected.chunks_mut(places).enumerate() {
                let w = &self.weights[(r * channels + i) * taps..];
                let one = fold(&self.window, plane, 0.0, 0.0, |sum, t, v| sum + w[t] * v);
                sums.iter_mut().zip(one).for_each(|(s, v)| *s += v);
            }
        }
        for (i, v) in expected.iter_mut().enumerate() {
            let plus = self.plus.as_ref().map_or(0.0, |p| p[i]);
            *v = activate(&self.activation, i / places, *v + self.bias[i / places] + plus);
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

/// Runs a kernel with every kind of vector and a dirty scratch, and compares what it wrote.
fn check(expected: &[f32], run: impl Fn(Kind, &mut [f32], &mut Vec<f32>)) {
    check_within(1e-5, expected, run);
}

fn check_within(limit: f32, expected: &[f32], run: impl Fn(Kind, &mut [f32], &mut Vec<f32>)) {
    for kind in Kind::available() {
        let mut out = vec![f32::NAN; expected.len()];
        let mut scratch = vec![1e30; 10_000];
        run(kind, &mut out, &mut scratch);
        close(limit, &out, expected, &format!("{kind:?}"));
    }
}

fn by_tiles(case: &Convolution) {
    let weights = TileWeights::transform(case.bias.len(), &case.weights);
    // The transformed values are larger than those that they stand for, and so are the errors; up to 360 products of
    // numbers between -1 and 1 are summed here.
    check_within(2e-4, &case.expected(), |kind, out, scratch| {
        let (finish, window, source, planes) = (case.finish(), case.window, &case.source, &mut vec![f32::NAN; 100]);
        run_on(kind, Winograd { weights: &weights, finish, window, source, out, planes, scratch });
    });
}

/// 5 x 4 and 7 x 6 tiles leave no room at the end of a line.
#[test]
fn tiles_that_fill_their_strips() {
    for output in [[20, 16], [28, 24]] {
        let window = Window { input: output, output, kernel: [3; 2], stride: [1; 2], before: [1; 2] };
        by_tiles(&Convolution::new(window, 9, 5, true, Activation::None, 3));
    }
}

/// Rings that turn: the wide rows of these are too many to be held at once.
#[test]
fn a_chain_in_several_steps() {
    let side = [90, 75];
    let first = Window { input: side, output: side, kernel: [1; 2], stride: [1; 2], before: [0; 2] };
    for (kernel, stride) in [(3, 1), (3, 2), (5, 1), (5, 2), (2, 3)] {
        let output = side.map(|n| (n - 1) / stride + 1 - usize::from(kernel == 2));
        let window = Window { input: side, output, kernel: [kernel; 2], stride: [stride; 2], before: [kernel / 2; 2] };
        let activation = Activation::Clamp { low: -2.0, high: 2.0 };
        chained([first, window], [7, 130, 24], true, true, [activation.clone(), Activation::None, activation], 11);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pointwise(
        rows in 1usize..40, columns in 1usize..40, plane in 1usize..200, plus: bool,
        activation in activations(40), seed: u32,
    ) {
        let (w, bias) = (values(rows * columns, seed), values(rows, seed ^ 1));
        let (source, other) = (values(columns * plane, seed ^ 2), values(rows * plane, seed ^ 3));
        let plus = plus.then_some(other.as_slice());
        let expected: Vec<f32> = (0..rows * plane)
            .map(|i| {
                let (r, x) = (i / plane, i % plane);
                let sum: f32 = (0..columns).map(|k| w[r * columns + k] * source[k * plane + x]).sum();
                activate(&activation, r, sum + bias[r] + plus.map_or(0.0, |p| p[i]))
            })
            .collect();
        let weights = Weights::pack(rows, columns, &w);
        let finish = Finish { bias: &bias, plus, activation: &activation };
        check(&expected, |kind, out, scratch| {
            run_on(kind, Pointwise { weights: &weights, finish, source: &source, out, plane, scratch });
        });
    }

    #[test]
    fn spatial(
        window in prop_oneof![windows(), usual_windows()], rows in 1usize..20, channels in 1usize..6, plus: bool,
        activation in activations(20), seed: u32,
    ) {
        let case = Convolution::new(window, rows, channels, plus, activation, seed);
        let weights = Weights::pack(rows, channels * area(window.kernel), &case.weights);
        check(&case.expected(), |kind, out, scratch| {
            let (finish, source, planes) = (case.finish(), &case.source, &mut vec![1e30; 100]);
            run_on(kind, Spatial { weights: &weights, finish, window, source, out, planes, scratch });
        });
    }

    #[test]
    fn winograd(
        window in prop_oneof![windows(), usual_windows()], rows in 1usize..40, channels in 1usize..40, plus: bool,
        activation in activations(40), seed: u32,
    ) {
        let fits = (0..2).all(|a| window.input[a] + 2 * window.before[a] >= 3);
        prop_assume!(fits);
        let output = [0, 1].map(|a| window.input[a] + 2 * window.before[a] - 2);
        let window = Window { kernel: [3; 2], stride: [1; 2], output, ..window };
        by_tiles(&Convolution::new(window, rows, channels, plus, activation, seed));
    }

    #[test]
    fn depthwise(
        window in prop_oneof![windows(), usual_windows()], channels in 1usize..5, activation in activations(5),
        seed: u32,
    ) {
        let taps = area(window.kernel);
        let (w, bias) = (values(channels * taps, seed), values(channels, seed ^ 1));
        let source = values(channels * area(window.input), seed ^ 2);
        let expected: Vec<f32> = (0..channels)
            .flat_map(|c| {
                let plane = &source[c * area(window.input)..][..area(window.input)];
                let sums = fold(&window, plane, 0.0, bias[c], |sum, t, v| sum + w[c * taps + t] * v);
                sums.into_iter().map(|v| activate(&activation, c, v)).collect::<Vec<_>>()
            })
            .collect();
        check(&expected, |kind, out, scratch| {
            let (weights, bias, activation) = (&w, &bias, &activation);
            run_on(kind, Depthwise { weights, bias, activation, window, source: &source, out, scratch });
        });
    }

    #[test]
    fn spread(
        channels in 1usize..20, outputs in 1usize..12, height in 1usize..20, width in 1usize..40, plus: bool,
        activation in activations(48), seed: u32,
    ) {
        let (w, bias) = (values(4 * outputs * channels, seed), values(4 * outputs, seed ^ 1));
        let plane = height * width;
        let (source, other) = (values(channels * plane, seed ^ 2), values(4 * outputs * plane, seed ^ 3));
        let plus = plus.then_some(other.as_slice());
        let expected: Vec<f32> = (0..4 * outputs * plane)
            .map(|i| {
                let (channel, y, x) = (i / (4 * plane), i / (2 * width) % (2 * height), i % (2 * width));
                let (row, from) = (4 * channel + 2 * (y % 2) + x % 2, y / 2 * width + x / 2);
                let sum: f32 = (0..channels).map(|k| w[row * channels + k] * source[k * plane + from]).sum();
                activate(&activation, row, sum + bias[row]) + plus.map_or(0.0, |p| p[i])
            })
            .collect();
        let weights = Weights::pack(4 * outputs, channels, &w);
        let finish = Finish { bias: &bias, plus: None, activation: &activation };
        check(&expected, |kind, out, scratch| {
            let (weights, source, input) = (&weights, &source, [height, width]);
            run_on(kind, Spread { weights, finish, plus, input, source, out, scratch });
        });
    }

    #[test]
    fn max_pool(window in prop_oneof![windows(), usual_windows()], channels in 1usize..5, seed: u32) {
        let source = values(channels * area(window.input), seed);
        let expected: Vec<f32> = source
            .chunks(area(window.input))
            .flat_map(|p| fold(&window, p, f32::NEG_INFINITY, f32::NEG_INFINITY, |max, _, v| max.max(v)))
            .collect();
        check(&expected, |kind, out, scratch| run_on(kind, MaxPool { window, source: &source, out, scratch }));
    }

    #[test]
    fn three_in_one(
        windows in chained_windows(), columns in 1usize..30, channels in 1usize..70, outputs in 1usize..70,
        three: bool, plus: bool, activations in [activations(70), activations(70), activations(70)], seed: u32,
    ) {
        chained(windows, [columns, channels, outputs], three, plus, activations, seed);
    }
}

/// Two windows, of which the second moves over what the first gives.
fn chained_windows() -> impl Strategy<Value = [Window; 2]> {
    let any = || prop_oneof![windows(), usual_windows()];
    (any(), any(), proptest::bool::ANY).prop_filter_map(
        "the kernel is larger than the picture",
        |(first, second, pointwise)| {
            let first = if pointwise {
                Window { kernel: [1; 2], stride: [1; 2], before: [0; 2], output: first.input, ..first }
            } else {
                first
            };
            let along = |a: usize| {
                let padded = first.output[a] + 2 * second.before[a];
                Some(padded.checked_sub(second.kernel[a])? / second.stride[a] + 1)
            };
            let output = [along(0)?, along(1)?];
            Some([first, Window { input: first.output, output, ..second }])
        },
    )
}

fn chained(
    [first_window, window]: [Window; 2],
    [columns, channels, outputs]: [usize; 3],
    three: bool,
    plus: bool,
    [inner, middle, outer]: [Activation; 3],
    seed: u32,
) {
    let first = Convolution::new(first_window, channels, columns, false, inner, seed);
    let wide = first.expected();
    let taps = area(window.kernel);
    let (filters, bias) = (values(channels * taps, seed ^ 4), values(channels, seed ^ 5));
    let mut expected: Vec<f32> = (0..channels)
        .flat_map(|c| {
            let plane = &wide[c * area(window.input)..][..area(window.input)];
            let sums = fold(&window, plane, 0.0, bias[c], |sum, t, v| sum + filters[c * taps + t] * v);
            sums.into_iter().map(|v| activate(&middle, c, v)).collect::<Vec<_>>()
        })
        .collect();
    let layer = |case: &Convolution| {
        let rows = case.bias.len();
        Layer::pack(&Weights::pack(rows, case.weights.len() / rows, &case.weights), &case.bias, &case.activation)
    };
    let still = Window { input: window.output, output: window.output, kernel: [1; 2], stride: [1; 2], before: [0; 2] };
    let mut last = Convolution::new(still, outputs, channels, plus, outer, seed ^ 6);
    if three {
        last.source = expected;
        expected = last.expected();
    }
    // Sums of products of sums: values of some hundreds, of which little may be left.
    let scale = expected.iter().fold(1.0f32, |max, v| max.max(v.abs()));
    let scaled = |values: &[f32]| values.iter().map(|v| v / scale).collect::<Vec<_>>();
    let (first_layer, last_layer) = (layer(&first), layer(&last));
    let filters = Filters::pack(&filters, &bias, &middle);
    check_within(1e-4, &scaled(&expected), |kind, out, scratch| {
        let plus = if three { last.plus.as_deref() } else { None };
        let (source, filters, planes) = (&first.source, &filters, &mut vec![f32::NAN; 100]);
        let (first, last) = (&first_layer, three.then_some(&last_layer));
        run_on(kind, Chain { first, first_window, filters, window, last, plus, source, out, planes, scratch });
        for v in out {
            *v /= scale;
        }
    });
}
