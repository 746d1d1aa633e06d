//! The operators in a graph, compared with tract's own over random shapes.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::binary::TypedBinOp;
use tract_onnx::tract_core::ops::cast::cast;
use tract_onnx::tract_core::ops::cnn::{Conv, Deconv, KernelFormat, MaxPool, PaddingSpec, PoolSpec};
use tract_onnx::tract_core::ops::einsum::EinSum;
use tract_onnx::tract_core::ops::logic::{Iff, comp_gt};
use tract_onnx::tract_core::ops::math;
use tract_onnx::tract_core::ops::nn::DataFormat;

use super::rewrite::rewrite;

/// Values in -1.0..1.0.
fn tensor(shape: &[usize], seed: u64) -> Tensor {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| rng.random_range(-1.0..1.0)).collect();
    Tensor::from_shape(shape, &values).unwrap()
}

/// The nodes behind the convolution.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Tail {
    Nothing,
    Relu,
    Relu6,
    /// `PReLU` as tract lowers it.
    PReluBySelect,
    /// `PReLU` as some converters write it.
    PReluBySum,
    /// The input is added, then `ReLU`.
    Residual,
}

#[derive(Clone, Copy, Debug)]
struct Case {
    channels: usize,
    outputs: usize,
    side: [usize; 2],
    kernel: usize,
    stride: usize,
    pad: usize,
    depthwise: bool,
    symbolic: bool,
    tail: Tail,
}

fn cases() -> impl Strategy<Value = Case> {
    let tails = prop_oneof![
        Just(Tail::Nothing),
        Just(Tail::Relu),
        Just(Tail::Relu6),
        Just(Tail::PReluBySelect),
        Just(Tail::PReluBySum),
        Just(Tail::Residual)
    ];
    let shape = (2usize..20, 1usize..20, 4usize..40, 4usize..40, 1usize..5, 1usize..3, 0usize..2);
    (shape, any::<bool>(), any::<bool>(), tails).prop_map(
        |((channels, outputs, h, w, kernel, stride, pad), depthwise, symbolic, tail)| {
            // A sum with the input needs an output of its shape.
            let sum = tail == Tail::Residual;
            let (kernel, stride, pad) = if sum { (3, 1, 1) } else { (kernel, stride, pad) };
            let outputs = if depthwise || sum { channels } else { outputs };
            Case { channels, outputs, side: [h, w], kernel, stride, pad, depthwise, symbolic, tail }
        },
    )
}

fn spec(case: &Case, outputs: usize) -> PoolSpec {
    let pads = || tvec![case.pad; 2];
    PoolSpec {
        data_format: DataFormat::NCHW,
        kernel_shape: tvec![case.kernel; 2],
        padding: PaddingSpec::Explicit(pads(), pads()),
        dilations: None,
        strides: Some(tvec![case.stride; 2]),
        input_channels: case.channels,
        output_channels: outputs,
    }
}

fn binary(model: &mut TypedModel, name: &str, op: TypedBinOp, a: OutletId, b: OutletId) -> OutletId {
    model.wire_node(name, op, &[a, b]).unwrap()[0]
}

/// Adds the nodes behind the output `v` of the convolution.
fn tail(model: &mut TypedModel, case: &Case, input: OutletId, v: OutletId) -> OutletId {
    let one = |model: &mut TypedModel, name: &str, v: f32| {
        model.add_const(name, Tensor::from_shape(&[1, 1, 1, 1], &[v]).unwrap()).unwrap()
    };
    let zero = one(model, "zero", 0.0);
    let slopes = model.add_const("slopes", tensor(&[1, case.outputs, 1, 1], 5)).unwrap();
    match case.tail {
        Tail::Nothing => v,
        Tail::Relu => binary(model, "relu", math::max(), v, zero),
        Tail::Relu6 => {
            let six = one(model, "high", 0.6);
            let low = binary(model, "low", math::max(), zero, v);
            binary(model, "high.min", math::min(), low, six)
        }
        Tail::PReluBySelect => {
            let product = binary(model, "product", math::mul(), v, slopes);
            let test = binary(model, "test", TypedBinOp(comp_gt(), None), zero, v);
            model.wire_node("iff", Iff, &[test, product, v]).unwrap()[0]
        }
        Tail::PReluBySum => {
            let max = binary(model, "max", math::max(), v, zero);
            let min = binary(model, "min", math::min(), v, zero);
            let product = binary(model, "product", math::mul(), min, slopes);
            binary(model, "parts", math::add(), max, product)
        }
        Tail::Residual => {
            let sum = binary(model, "sum", math::add(), input, v);
            binary(model, "relu", math::max(), sum, zero)
        }
    }
}

fn convolution(case: &Case) -> TypedModel {
    let mut model = TypedModel::default();
    let input = source(&mut model, case);
    let group = if case.depthwise { case.channels } else { 1 };
    let kernel = tensor(&[case.outputs, case.channels / group, case.kernel, case.kernel], 1);
    let kernel = model.add_const("kernel", kernel).unwrap();
    let bias = model.add_const("bias", tensor(&[case.outputs], 2)).unwrap();
    let op = Conv { pool_spec: spec(case, case.outputs), kernel_fmt: KernelFormat::OIHW, group, q_params: None };
    let v = model.wire_node("conv", op, &[input, kernel, bias]).unwrap()[0];
    let end = tail(&mut model, case, input, v);
    model.select_output_outlets(&[end]).unwrap();
    model
}

fn source(model: &mut TypedModel, case: &Case) -> OutletId {
    let [h, w] = case.side;
    let fact = if case.symbolic {
        let [h, w] = ["h", "w"].map(|s| model.symbols.sym(s).to_dim());
        f32::fact(&[1.to_dim(), case.channels.to_dim(), h, w])
    } else {
        f32::fact([1, case.channels, h, w])
    };
    model.add_source("input", fact).unwrap()
}

/// Compares the outputs of the graph with and without rewriting, and returns the names of the rewritten graph's
/// operators.
fn compare(model: &TypedModel, case: &Case) -> Vec<String> {
    compare_on(model, &tensor(&[1, case.channels, case.side[0], case.side[1]], 3))
}

fn compare_on(model: &TypedModel, input: &Tensor) -> Vec<String> {
    let mut ours = model.clone();
    rewrite(&mut ours).unwrap();
    let names = ours.nodes.iter().map(|n| n.op.name().to_string()).collect();
    let run = |m: TypedModel| m.into_optimized().unwrap().into_runnable().unwrap().run(tvec!(input.clone().into()));
    let (expected, found) = (run(model.clone()).unwrap(), run(ours).unwrap());
    found[0].close_enough(&expected[0], Approximation::Approximate).unwrap();
    names
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_convolution_and_its_tail_are_one_operator(case in cases()) {
        let model = convolution(&case);
        let names = compare(&model, &case);
        let outputs = model.output_fact(0).unwrap().shape.as_concrete().map(|s| s[2..].iter().product::<usize>());
        if outputs.is_none_or(|n| n >= 4) {
            let name = if case.depthwise { "FusedDepthwise" } else { "FusedConv" };
            prop_assert!(names.iter().any(|n| n == name), "{names:?}");
            let alone = !(case.depthwise && case.tail == Tail::Residual);
            let left = ["Max", "Min", "Mul", "Add", "Iff"].iter().any(|left| names.iter().any(|n| n == left));
            prop_assert!(!(alone && left), "{names:?}");
        }
    }

    #[test]
    fn a_transposed_convolution_and_its_residual_are_one_operator(case in cases(), sum: bool) {
        let case = Case { kernel: 2, stride: 2, pad: 0, depthwise: false, ..case };
        prop_assume!(case.tail != Tail::Residual);
        let mut model = TypedModel::default();
        let input = source(&mut model, &case);
        let kernel = model.add_const("kernel", tensor(&[case.outputs, case.channels, 2, 2], 1)).unwrap();
        let bias = model.add_const("bias", tensor(&[case.outputs], 2)).unwrap();
        let adjustments = tvec![0, 0];
        let pool_spec = spec(&case, case.outputs);
        let op = Deconv { pool_spec, kernel_format: KernelFormat::OIHW, adjustments, group: 1 };
        let enlarged = model.wire_node("deconv", op.clone(), &[input, kernel, bias]).unwrap()[0];
        let mut end = tail(&mut model, &case, input, enlarged);
        if sum {
            // Another tensor of the same size, which no rule replaces.
            let other = model.wire_node("other", op, &[input, kernel, bias]).unwrap()[0];
            let other = model.wire_node("other.tanh", math::tanh(), &[other]).unwrap()[0];
            end = binary(&mut model, "both", math::add(), end, other);
        }
        model.select_output_outlets(&[end]).unwrap();
        let names = compare(&model, &case);
        prop_assert!(names.iter().any(|n| n == "FusedTransposedConv"), "{names:?}");
        prop_assert!(!names.iter().any(|n| n == "Add" || n == "Deconv" || n == "Max"), "{names:?}");
    }

    #[test]
    fn a_linear_layer_keeps_its_bytes(
        // tract folds what is computed from fewer than 16 constant numbers as it is wired, so no rule sees such a matrix.
        rows in 1usize..20, inputs in 4usize..200, outputs in 4usize..130, bias: bool, zero: bool,
    ) {
        let mut model = TypedModel::default();
        let source = model.add_source("input", f32::fact([rows, inputs])).unwrap();
        let bytes: Vec<i8> = (0..inputs * outputs).map(|i| (i * 7919 % 255) as i8).collect();
        let bytes = model.add_const("bytes", Tensor::from_shape(&[inputs, outputs], &bytes).unwrap()).unwrap();
        // Small, so that rounding of sums that cancel stays small too.
        let scale: Vec<f32> = (0..outputs).map(|i| 0.001 * (1 + i % 7) as f32).collect();
        let scale = model.add_const("scale", Tensor::from_shape(&[1, outputs], &scale).unwrap()).unwrap();
        // As tract lowers `DequantizeLinear`; a zero point other than 0 is left to it.
        let shift = Tensor::from_shape(&[1, 1], &[if zero { 0.0f32 } else { 3.0 }]).unwrap();
        let shift = model.add_const("zero", shift).unwrap();
        let wide = model.wire_node("cast", cast(f32::datum_type()), &[bytes]).unwrap()[0];
        let wide = binary(&mut model, "shifted", math::sub(), wide, shift);
        let wide = binary(&mut model, "scaled", math::mul(), wide, scale);
        let axes = AxesMapping::for_numpy_matmul(2, false, false, false).unwrap();
        let product = EinSum::new(axes, f32::datum_type());
        let mut end = model.wire_node("product", product, &[source, wide]).unwrap()[0];
        if bias {
            let bias = model.add_const("bias", tensor(&[1, outputs], 2)).unwrap();
            end = binary(&mut model, "sum", math::add(), end, bias);
        }
        model.select_output_outlets(&[end]).unwrap();
        let names = compare_on(&model, &tensor(&[rows, inputs], 3));
        prop_assert_eq!(names.iter().any(|n| n == "FusedLinear"), zero, "{:?}", names);
        prop_assert!(!(zero && names.iter().any(|n| n == "Add" || n == "Cast")), "{names:?}");
    }

    #[test]
    fn max_pooling(case in cases()) {
        prop_assume!(case.pad < case.kernel);
        let mut model = TypedModel::default();
        let input = source(&mut model, &case);
        let op = MaxPool { pool_spec: spec(&case, case.channels), with_index_outputs: None };
        let out = model.wire_node("pool", op, &[input]).unwrap();
        model.select_output_outlets(&out).unwrap();
        prop_assert!(compare(&model, &case).iter().any(|n| n == "FastMaxPool"));
    }

    #[test]
    fn an_inverted_residual_is_one_operator(
        case in cases(), inner in 1usize..12, outer in 1usize..12, spatial: bool, three: bool, sum: bool,
    ) {
        // tract cannot optimise its own lowering of a strided 1x1 kernel over images of unknown size.
        prop_assume!(case.kernel > 1);
        prop_assume!(case.tail != Tail::Residual);
        // A sum with the input needs an output of its shape.
        let (case, outer) = if sum { (Case { kernel: 3, stride: 1, pad: 1, ..case }, inner) } else { (case, outer) };
        let case = Case { depthwise: true, outputs: case.channels, ..case };
        let mut model = TypedModel::default();
        // The image has `inner` channels, which are expanded first.
        let input = source(&mut model, &Case { channels: inner, ..case });
        let conv = |pool_spec, group| Conv { pool_spec, kernel_fmt: KernelFormat::OIHW, group, q_params: None };
        let wider = if spatial { (3, 1) } else { (1, 0) };
        let first = Case { channels: inner, kernel: wider.0, stride: 1, pad: wider.1, ..case };
        let kernel = model.add_const("wide.kernel", tensor(&[case.channels, inner, wider.0, wider.0], 7)).unwrap();
        let bias = model.add_const("bias", tensor(&[case.channels], 2)).unwrap();
        let wide = model.wire_node("wide", conv(spec(&first, case.channels), 1), &[input, kernel, bias]).unwrap()[0];
        let zero = model.add_const("wide.low", Tensor::from_shape(&[1, 1, 1, 1], &[0.0f32]).unwrap()).unwrap();
        let wide = binary(&mut model, "wide.relu", math::max(), wide, zero);
        let kernel = model.add_const("kernel", tensor(&[case.channels, 1, case.kernel, case.kernel], 1)).unwrap();
        let v = model.wire_node("conv", conv(spec(&case, case.channels), case.channels), &[wide, kernel, bias]).unwrap()[0];
        let mut end = tail(&mut model, &case, input, v);
        if three {
            let narrow = Case { kernel: 1, stride: 1, pad: 0, ..case };
            let kernel = tensor(&[outer, case.channels, 1, 1], 9);
            let kernel = model.add_const("narrow.kernel", kernel).unwrap();
            let bias = model.add_const("narrow.bias", tensor(&[outer], 4)).unwrap();
            let op = conv(spec(&narrow, outer), 1);
            let narrow = model.wire_node("narrow", op.clone(), &[end, kernel, bias]).unwrap()[0];
            end = narrow;
            if sum {
                end = binary(&mut model, "shortcut", math::add(), narrow, input);
            }
        }
        model.select_output_outlets(&[end]).unwrap();
        let names = compare(&model, &Case { channels: inner, ..case });
        let outputs = model.output_fact(0).unwrap().shape.as_concrete().map(|s| s[2..].iter().product::<usize>());
        if outputs.is_none_or(|n| n >= 4) && case.channels > inner {
            prop_assert!(names.iter().any(|n| n == "FusedInvertedResidual"), "{names:?}");
            let left = ["FusedConv", "FusedDepthwise", "Conv", "Add"];
            prop_assert!(!left.iter().any(|left| names.iter().any(|n| n == left)), "{names:?}");
        }
    }
}
