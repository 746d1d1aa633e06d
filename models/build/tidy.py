"""Makes a converted graph small, plain and reproducible before it is written.

Every graph leaves here with the same conventions, so that the server needs one way of feeding them:
one input called `input` in NCHW order with the batch fixed at 1, named outputs in the order of the
recipe, opset 13, tensors numbered in graph order, and no trace of the tool that produced it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

OPSET = 13
IR_VERSION = 8
#: Values from which on a constant is worth a `Cast`.
LARGE = 256


class Graph:
    """The few edits the passes need, over an ONNX graph held as lists."""

    def __init__(self, model: ModelProto) -> None:
        self.proto = model.graph
        self.nodes: list[NodeProto] = list(model.graph.node)
        self.constants: dict[str, np.ndarray] = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer
        }
        # Old exporters list the weights among the inputs too.
        self.inputs = [i.name for i in model.graph.input if i.name not in self.constants]
        self.outputs = [o.name for o in model.graph.output]

    def consumers(self, tensor: str) -> list[NodeProto]:
        return [node for node in self.nodes if tensor in node.input]

    def only_consumer(self, tensor: str, op: str) -> NodeProto | None:
        """The sole consumer of `tensor`, if it has the given type."""
        readers = self.consumers(tensor)
        if len(readers) == 1 and readers[0].op_type == op and tensor not in self.outputs:
            return readers[0]
        return None

    def constant_operand(self, node: NodeProto, other: str) -> np.ndarray | None:
        """The constant side of a two-operand node whose other side is `other`."""
        names = [name for name in node.input if name != other]
        return self.constants.get(names[0]) if len(names) == 1 else None

    def bypass(self, node: NodeProto, source: str) -> None:
        """Removes `node`, and lets its consumers read `source` instead."""
        self.nodes.remove(node)
        self.redirect(node.output[0], source)

    def redirect(self, old: str, new: str) -> None:
        for node in self.nodes:
            for index, name in enumerate(node.input):
                if name == old:
                    node.input[index] = new

    def add_constant(self, stem: str, value: np.ndarray) -> str:
        name = f"{stem}__{len(self.constants)}"
        assert name not in self.constants
        self.constants[name] = value
        return name


def attribute(node: NodeProto, name: str, default: Any = None) -> Any:
    """An attribute's value, or `default` if the node has none of that name."""
    for item in node.attribute:
        if item.name == name:
            return helper.get_attribute_value(item)
    return default


def set_attribute(node: NodeProto, name: str, value: Any) -> None:
    kept = [item for item in node.attribute if item.name != name]
    del node.attribute[:]
    node.attribute.extend([*kept, helper.make_attribute(name, value)])


def feed_nchw(graph: Graph, channels: int) -> None:
    """Drops the transpose at the entry of a graph converted from TensorFlow.

    A scalar subtracted or multiplied before it does not care about the order of the axes. With one
    channel the converter writes a reshape instead, which is as good as the transpose.
    """
    tensor = graph.inputs[0]
    while True:
        (node,) = graph.consumers(tensor)
        if node.op_type == "Transpose" and list(attribute(node, "perm")) == [0, 3, 1, 2]:
            break
        if node.op_type == "Reshape" and channels == 1:
            break
        operand = graph.constant_operand(node, tensor)
        if node.op_type not in ("Sub", "Mul") or operand is None or operand.size != 1:
            raise ValueError(f"cannot move the layout of the input past {node.op_type}")
        tensor = node.output[0]
    graph.bypass(node, tensor)


def fuse_clips(graph: Graph) -> None:
    """Writes Relu, Min and Max in a row (TensorFlow's ReLU6) as one Clip."""
    for relu in [node for node in graph.nodes if node.op_type == "Relu"]:
        low = graph.only_consumer(relu.output[0], "Min")
        high = graph.only_consumer(low.output[0], "Max") if low else None
        if low is None or high is None:
            continue
        ceiling = graph.constant_operand(low, relu.output[0])
        floor = graph.constant_operand(high, low.output[0])
        if ceiling is None or floor is None or ceiling.size != 1 or floor.size != 1:
            continue
        if float(floor.ravel()[0]) != 0.0:
            continue
        zero = graph.add_constant("clip_min", np.array(0.0, np.float32))
        limit = graph.add_constant("clip_max", np.array(ceiling.ravel()[0], np.float32))
        clip = helper.make_node("Clip", [relu.input[0], zero, limit], [high.output[0]])
        graph.nodes[graph.nodes.index(relu)] = clip
        graph.nodes.remove(low)
        graph.nodes.remove(high)


def restore_prelu(graph: Graph) -> None:
    """Writes Relu(x) + c (x - |x|), as TensorFlow spells PReLU, as one PRelu, and undoes two faults of mobilefacenet.

    The sign of every c is turned, so the slope is -2c. Where a Relu was fused into the convolution before, x is its output,
    and c has no effect: the PRelu reads what that Relu reads.
    """
    made_by = {output: node for node in graph.nodes for output in node.output}
    for total in [node for node in graph.nodes if node.op_type == "Add"]:
        terms = {made_by[name].op_type: made_by[name] for name in total.input if name in made_by}
        if terms.keys() != {"Relu", "Mul"}:
            continue
        relu, product = terms["Relu"], terms["Mul"]
        (negative,) = [name for name in product.input if name not in graph.constants]
        factor, difference = graph.constant_operand(product, negative), made_by[negative]
        absolute = made_by.get(difference.input[-1])
        if factor is None or difference.op_type != "Sub" or absolute is None or absolute.op_type != "Abs":
            continue
        # The Relu of a Relu is itself, and the converter has merged them.
        source = difference.input[0]
        if absolute.input[0] != source or source not in (relu.input[0], relu.output[0]):
            continue
        slope = graph.add_constant("slope", (-2 * factor.astype(np.float32)).reshape(-1, 1, 1))
        prelu = helper.make_node("PRelu", [relu.input[0], slope], [total.output[0]])
        graph.nodes[graph.nodes.index(total)] = prelu
    prune(graph, graph.outputs)


def drop_reshapes(graph: Graph) -> None:
    """Drops every Reshape between two convolutions, which read and write images of one pixel here."""
    made_by = {output: node for node in graph.nodes for output in node.output}
    for reshape in [node for node in graph.nodes if node.op_type == "Reshape"]:
        before = made_by.get(reshape.input[0])
        if before is not None and before.op_type == "Conv" and graph.only_consumer(reshape.output[0], "Conv"):
            graph.bypass(reshape, reshape.input[0])


def prune(graph: Graph, outputs: Iterable[str]) -> None:
    """Removes every node that none of `outputs` depends on."""
    needed = set(outputs)
    kept = []
    for node in reversed(graph.nodes):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(node.input)
    graph.nodes = kept[::-1]


def fold_scale_and_shift(graph: Graph) -> None:
    """Folds a per-channel Mul and Add behind a convolution into its weights and bias."""
    for conv in [node for node in graph.nodes if node.op_type == "Conv"]:
        for op in ("Mul", "Add"):
            follower = graph.only_consumer(conv.output[0], op)
            if follower is None:
                continue
            operand = graph.constant_operand(follower, conv.output[0])
            weights = graph.constants[conv.input[1]]
            if operand is None or operand.shape != (1, weights.shape[0], 1, 1):
                continue
            factor = operand.astype(np.float64).ravel()
            bias = (
                graph.constants[conv.input[2]].astype(np.float64)
                if len(conv.input) > 2
                else np.zeros(weights.shape[0])
            )
            if op == "Mul":
                weights = weights.astype(np.float64) * factor[:, None, None, None]
                conv.input[1] = graph.add_constant("weights", weights.astype(np.float32))
                bias = bias * factor
            else:
                bias = bias + factor
            del conv.input[2:]
            conv.input.append(graph.add_constant("bias", bias.astype(np.float32)))
            graph.nodes.remove(follower)
            conv.output[0] = follower.output[0]


def fold_batch_norm(graph: Graph) -> None:
    """Folds the batch normalisation behind a transposed convolution into it."""
    for conv in [node for node in graph.nodes if node.op_type == "ConvTranspose"]:
        norm = graph.only_consumer(conv.output[0], "BatchNormalization")
        if norm is None or attribute(conv, "group", 1) != 1 or len(conv.input) > 2:
            continue
        scale, shift, mean, variance = (
            graph.constants[name].astype(np.float64) for name in norm.input[1:]
        )
        factor = scale / np.sqrt(variance + attribute(norm, "epsilon", 1e-5))
        # A transposed convolution keeps its output channels on the second axis.
        weights = graph.constants[conv.input[1]].astype(np.float64) * factor[None, :, None, None]
        conv.input[1] = graph.add_constant("weights", weights.astype(np.float32))
        conv.input.append(graph.add_constant("bias", (shift - mean * factor).astype(np.float32)))
        graph.nodes.remove(norm)
        conv.output[0] = norm.output[0]


def fold_pads(graph: Graph) -> None:
    """Lets a convolution do the zero padding of the Pad in front of it."""
    for pad in [node for node in graph.nodes if node.op_type == "Pad"]:
        conv = graph.only_consumer(pad.output[0], "Conv")
        amounts = graph.constants[pad.input[1]].reshape(2, -1)
        value = graph.constants[pad.input[2]] if len(pad.input) > 2 and pad.input[2] else 0.0
        mode = attribute(pad, "mode", b"constant")
        if conv is None or mode != b"constant" or np.any(value) or amounts[:, :2].any():
            continue
        auto = attribute(conv, "auto_pad", b"NOTSET")
        if auto not in (b"NOTSET", b"VALID"):
            continue
        own = np.array(attribute(conv, "pads", [0, 0, 0, 0])).reshape(2, 2)
        set_attribute(conv, "auto_pad", "NOTSET")
        set_attribute(conv, "pads", [int(v) for v in (own + amounts[:, 2:]).ravel()])
        graph.bypass(pad, pad.input[0])


def with_halves(model: ModelProto) -> ModelProto:
    """Stores large constants in 16 bits, each behind a `Cast`, where that changes no value."""
    casts = []
    for tensor in model.graph.initializer:
        value = numpy_helper.to_array(tensor)
        if value.dtype != np.float32 or value.size < LARGE:
            continue
        half = value.astype(np.float16)
        if not np.array_equal(half.astype(np.float32), value):
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(half, f"{name}_half"))
        casts.append(helper.make_node("Cast", [tensor.name], [name], name=f"{name}_cast", to=TensorProto.FLOAT))
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(casts + nodes)
    onnx.checker.check_model(model, full_check=True)
    return model


def finish(
    graph: Graph, input_shape: list[int | str], outputs: dict[str, tuple[str, list[int | str]]]
) -> ModelProto:
    """Rebuilds the graph with fresh names, the given shapes and only the nodes that are needed.

    `outputs` maps the converter's name of an output to the name and shape it leaves with.
    """
    prune(graph, outputs)
    renamed = {graph.inputs[0]: "input"}
    renamed.update({old: new for old, (new, _) in outputs.items()})
    used = {name for node in graph.nodes for name in node.input}
    initializers: list[TensorProto] = []
    for node in graph.nodes:
        for name in node.input:
            if name in graph.constants and name not in renamed:
                renamed[name] = f"w{len(initializers)}"
                value = np.ascontiguousarray(graph.constants[name])
                initializers.append(numpy_helper.from_array(value, renamed[name]))
    nodes = []
    for index, node in enumerate(graph.nodes):
        for name in node.output:
            if name and name not in renamed and (name in used):
                renamed[name] = f"t{index}"
        fresh = helper.make_node(
            node.op_type,
            [renamed[name] if name else "" for name in node.input],
            [renamed.get(name, "") for name in node.output],
            name=f"{node.op_type.lower()}_{index}",
        )
        fresh.attribute.extend(sorted(node.attribute, key=lambda item: item.name))
        for item in fresh.attribute:
            item.doc_string = ""
        nodes.append(fresh)
    as_float = TensorProto.FLOAT
    proto = helper.make_graph(
        nodes,
        "faceward",
        [helper.make_tensor_value_info("input", as_float, input_shape)],
        [helper.make_tensor_value_info(new, as_float, shape) for new, shape in outputs.values()],
        initializers,
    )
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    model.ClearField("producer_name")
    model.ClearField("producer_version")
    onnx.checker.check_model(model, full_check=True)
    return model
