//! The operators of this project beside tract's own, on single layers.
//!
//! Each layer is a small ONNX graph, which runs in the engine like a network, and in tract without the rewriting. The
//! rate is in operations per second, two per multiply-add.

use std::io::Cursor;

use criterion::{BatchSize, Criterion, Throughput};
use faceward::inference::{Engine, Tensor, TractEngine};
use prost::Message;
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, TensorShapeProto, TypeProto,
    ValueInfoProto, attribute_proto, tensor_proto::DataType, tensor_shape_proto, type_proto,
};
use tract_onnx::prelude::{Framework, InferenceModelExt, IntoRunnable, Tensor as TractTensor, tvec};

/// Builds a graph node by node; each reads the output of the one before.
struct Graph {
    proto: GraphProto,
    /// The shape of the last node's output.
    shape: [usize; 4],
    /// The shape of the graph's input.
    input: [usize; 4],
    operations: u64,
}

/// The parameters of a convolution.
#[derive(Clone, Copy)]
struct ConvParams {
    kernel: usize,
    stride: usize,
    padding: usize,
    groups: usize,
}

const POINTWISE: ConvParams = ConvParams { kernel: 1, stride: 1, padding: 0, groups: 1 };

impl Graph {
    fn new(input: [usize; 4]) -> Self {
        let dim = |n: usize| tensor_shape_proto::Dimension {
            value: Some(tensor_shape_proto::dimension::Value::DimValue(i64::try_from(n).unwrap())),
            ..Default::default()
        };
        let tensor = type_proto::Tensor {
            elem_type: DataType::Float as i32,
            shape: Some(TensorShapeProto { dim: input.map(dim).to_vec() }),
        };
        let value = Some(type_proto::Value::TensorType(tensor));
        let input_info = ValueInfoProto {
            name: "0".into(),
            r#type: Some(TypeProto { value, ..Default::default() }),
            ..Default::default()
        };
        let proto = GraphProto { input: vec![input_info], ..Default::default() };
        Self { proto, shape: input, input, operations: 0 }
    }

    /// Adds a weight with values between -0.1 and 0.1, and returns its name.
    fn weight(&mut self, shape: &[usize]) -> String {
        let name = format!("w{}", self.proto.initializer.len());
        let values = (0..shape.iter().product()).map(|i: usize| (i * 7919 % 201) as f32 / 1000.0 - 0.1).collect();
        self.proto.initializer.push(TensorProto {
            dims: shape.iter().map(|&n| i64::try_from(n).unwrap()).collect(),
            data_type: DataType::Float as i32,
            float_data: values,
            name: name.clone(),
            ..Default::default()
        });
        name
    }

    fn node(&mut self, kind: &str, weights: Vec<String>, attributes: &[(&str, &[usize])]) {
        let n = self.proto.node.len();
        let ints = |ints: &[usize]| ints.iter().map(|&v| i64::try_from(v).unwrap()).collect();
        let attribute = |(name, values): &(&str, &[usize])| match *name {
            "group" => AttributeProto {
                name: "group".into(),
                i: i64::try_from(values[0]).unwrap(),
                r#type: attribute_proto::AttributeType::Int as i32,
                ..Default::default()
            },
            name => AttributeProto {
                name: name.into(),
                ints: ints(values),
                r#type: attribute_proto::AttributeType::Ints as i32,
                ..Default::default()
            },
        };
        self.proto.node.push(NodeProto {
            input: std::iter::once(n.to_string()).chain(weights).collect(),
            output: vec![(n + 1).to_string()],
            name: format!("n{n}"),
            op_type: kind.into(),
            attribute: attributes.iter().map(attribute).collect(),
            ..Default::default()
        });
    }

    fn attributes<'a>(params: &ConvParams, buffer: &'a mut [[usize; 4]; 4]) -> [(&'static str, &'a [usize]); 4] {
        let ConvParams { kernel, stride, padding, groups } = *params;
        *buffer = [[kernel; 4], [stride; 4], [padding; 4], [groups; 4]];
        let [kernel, stride, padding, groups] = &*buffer;
        [("kernel_shape", &kernel[..2]), ("strides", &stride[..2]), ("pads", padding), ("group", &groups[..1])]
    }

    fn convolution(mut self, outputs: usize, params: ConvParams) -> Self {
        let [n, inputs, h, w] = self.shape;
        let weights = vec![
            self.weight(&[outputs, inputs / params.groups, params.kernel, params.kernel]),
            self.weight(&[outputs]),
        ];
        self.node("Conv", weights, &Self::attributes(&params, &mut [[0; 4]; 4]));
        let side = |side: usize| (side + 2 * params.padding - params.kernel) / params.stride + 1;
        self.shape = [n, outputs, side(h), side(w)];
        let taps = inputs / params.groups * params.kernel * params.kernel;
        self.operations += 2 * (taps * self.shape.iter().product::<usize>()) as u64;
        self
    }

    fn transposed(mut self, outputs: usize) -> Self {
        let [n, inputs, h, w] = self.shape;
        let weights = vec![self.weight(&[inputs, outputs, 2, 2]), self.weight(&[outputs])];
        self.node("ConvTranspose", weights, &[("kernel_shape", &[2, 2]), ("strides", &[2, 2])]);
        self.shape = [n, outputs, 2 * h, 2 * w];
        self.operations += 2 * (inputs * self.shape.iter().product::<usize>()) as u64;
        self
    }

    fn activation(mut self, kind: &str) -> Self {
        let weights = if kind == "PRelu" { vec![self.weight(&[self.shape[1], 1, 1])] } else { vec![] };
        self.node(kind, weights, &[]);
        self
    }

    fn max_pool(mut self, kernel: usize, stride: usize) -> Self {
        self.node("MaxPool", vec![], &[("kernel_shape", &[kernel; 2]), ("strides", &[stride; 2])]);
        let side = |side: usize| (side - kernel) / stride + 1;
        let [n, c, h, w] = self.shape;
        self.shape = [n, c, side(h), side(w)];
        self.operations += (kernel * kernel * self.shape.iter().product::<usize>()) as u64;
        self
    }

    fn onnx(mut self) -> Vec<u8> {
        let output = self.proto.node.len().to_string();
        self.proto.output.push(ValueInfoProto { name: output, ..Default::default() });
        let opset = OperatorSetIdProto { domain: String::new(), version: 13 };
        let model =
            ModelProto { ir_version: 8, opset_import: vec![opset], graph: Some(self.proto), ..Default::default() };
        model.encode_to_vec()
    }
}

/// One layer per operator and algorithm, with shapes that occur in the networks.
fn layers() -> [(&'static str, Graph); 8] {
    let same = |kernel, groups| ConvParams { kernel, stride: 1, padding: kernel / 2, groups };
    let strided = |kernel, groups| ConvParams { stride: 2, ..same(kernel, groups) };
    let relu = |graph: Graph| graph.activation("Relu");
    [
        ("pointwise, PReLU", Graph::new([1, 64, 56, 56]).convolution(128, POINTWISE).activation("PRelu")),
        ("3 x 3, Winograd", relu(Graph::new([1, 64, 35, 35]).convolution(64, same(3, 1)))),
        ("7 x 7, stride 2", relu(Graph::new([1, 3, 150, 150]).convolution(32, strided(7, 1)))),
        ("3 x 3 to few channels", relu(Graph::new([1, 24, 80, 80]).convolution(24, same(3, 1)))),
        ("depthwise 3 x 3", relu(Graph::new([1, 64, 56, 56]).convolution(64, same(3, 64)))),
        (
            "inverted residual",
            relu(relu(Graph::new([1, 24, 80, 80]).convolution(144, POINTWISE)).convolution(144, same(3, 144)))
                .convolution(24, POINTWISE),
        ),
        ("transposed 2 x 2", relu(Graph::new([1, 24, 40, 40]).transposed(24))),
        ("max-pool 3 x 3", Graph::new([1, 32, 71, 71]).max_pool(3, 2)),
    ]
}

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("operators");
    for (name, graph) in layers() {
        let (shape, operations) = (graph.input, graph.operations);
        let onnx = graph.onnx();
        let values: Vec<f32> = (0..shape.iter().product()).map(|i: usize| (i * 7919 % 256) as f32 / 255.0).collect();
        group.throughput(Throughput::Elements(operations));
        let own = TractEngine.load(onnx.clone()).unwrap();
        let input = Tensor::new(&shape, values.clone()).unwrap();
        group.bench_function(name, |b| {
            b.iter_batched(|| input.clone(), |input| own.run(input).unwrap(), BatchSize::LargeInput);
        });
        let model = tract_onnx::onnx().model_for_read(&mut Cursor::new(&onnx)).unwrap();
        let stock = model.into_optimized().unwrap().into_runnable().unwrap();
        let input = TractTensor::from_shape(&shape, &values).unwrap();
        let expected = own.run(Tensor::new(&shape, values).unwrap()).unwrap();
        let found = stock.run(tvec!(input.clone().into())).unwrap();
        let found = found[0].to_plain_array_view::<f32>().unwrap();
        assert!(found.iter().zip(&expected[0].data).all(|(a, b)| (a - b).abs() < 1e-3), "{name}");
        group.bench_function(format!("{name}, tract's own"), |b| {
            b.iter_batched(|| input.clone(), |input| stock.run(tvec!(input.into())).unwrap(), BatchSize::LargeInput);
        });
    }
    group.finish();
}
