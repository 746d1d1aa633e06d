"""Writes the first blocks of CLIP's ViT-B/16 image encoder as a plain ONNX graph, with the package's int8 weights.

The package's graph quantises activations as it runs, for a batch of any size. Only its weights are taken from it: each
matrix as int8 with one scale per column, turned into floats by a `DequantizeLinear` in front of its `MatMul`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

#: Channels, heads, pixels per side of a patch, and fields per side of the position table.
WIDTH, HEADS, PATCH, FIELDS = 768, 12, 16, 14
#: Mean and standard deviation of each channel of RGB, 0..=1, that the encoder was trained with.
MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)
EPSILON = 1e-5
MATRICES = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj", "mlp.fc1", "mlp.fc2")

#: What is read of a block: its class token, or the mean of its patches.
CLASS, PATCHES = "class", "patches"

Floats = NDArray[np.float32]
Look = tuple[int, str]
"""A block, counted from 1, and what is read of it."""


@dataclass(frozen=True)
class Matrix:
    """A linear layer: int8 weights (inputs x outputs), a scale and a bias per output."""

    weight: NDArray[np.int8]
    scale: Floats
    bias: Floats


@dataclass(frozen=True)
class Encoder:
    """The weights that are read from the package."""

    floats: dict[str, Floats]
    """By name without the leading `vision_model.`: the embeddings, the norms."""
    blocks: list[dict[str, Matrix]]
    """For each block, its matrices by the names in `MATRICES`."""


def read(data: bytes) -> Encoder:
    """The weights of the package's ONNX file.

    Raises:
        ValueError: where the file is not laid out as expected.
    """
    graph = onnx.load_from_string(data).graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    floats = {name.removeprefix("vision_model."): value for name, value in stored.items() if value.dtype == np.float32}
    blocks: list[dict[str, Matrix]] = []
    for node in graph.node:
        if node.op_type != "MatMulInteger" or "/layers." not in node.output[0]:
            continue
        number, layer = node.output[0].split("/layers.")[1].split("/MatMul")[0].split("/", 1)
        name = layer.replace("/", ".")
        weight = stored[node.input[1]]
        scale = stored[node.input[1].replace("_quantized", "_scale")]
        if weight.dtype != np.int8 or scale.shape != weight.shape[1:] or stored[node.input[3]].any():
            raise ValueError(f"block {number}, {name}: expected symmetric int8 weights with a scale per column")
        if int(number) == len(blocks):
            blocks.append({})
        blocks[int(number)][name] = Matrix(weight, scale, floats[f"encoder.layers.{number}.{name}.bias"])
    if not blocks or any(sorted(block) != sorted(MATRICES) for block in blocks):
        raise ValueError("expected blocks of six matrices")
    return Encoder(floats, blocks)


def positions(table: Floats, fields: int) -> Floats:
    """The position table (one row for the class token, then `FIELDS` x `FIELDS` rows) for `fields` x `fields` patches,
    interpolated bilinearly between the fields' middles; the outermost rows repeat beyond."""
    if fields == FIELDS:
        return table
    at = np.clip((np.arange(fields) + 0.5) * FIELDS / fields - 0.5, 0, FIELDS - 1)
    low = np.minimum(at.astype(int), FIELDS - 2)
    weights = np.zeros((fields, FIELDS))
    weights[np.arange(fields), low] = 1 - (at - low)
    weights[np.arange(fields), low + 1] += at - low
    grid = table[1:].reshape(FIELDS, FIELDS, -1).astype(np.float64)
    small = np.einsum("ai,bj,ijc->abc", weights, weights, grid).reshape(fields * fields, -1)
    return np.concatenate([table[:1], small.astype(np.float32)])


class _Graph:
    """A graph under construction: nodes get numbered outputs, constants numbered names."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self.shared: dict[bytes, str] = {}

    def constant(self, stem: str, value: NDArray) -> str:
        """Small constants of equal value are stored once."""
        key = bytes(str((value.dtype, value.shape)), "ascii") + value.tobytes() if value.size < 8 else b""
        if key and key in self.shared:
            return self.shared[key]
        name = f"{stem}_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value, name))
        if key:
            self.shared[key] = name
        return name

    def add(self, op: str, *inputs: str, **attributes: object) -> str:
        output = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [output], **attributes))
        return output

    def shape(self, *sides: int) -> str:
        return self.constant("shape", np.array(sides, np.int64))

    def scalar(self, value: float) -> str:
        return self.constant("scalar", np.array(value, np.float32))

    def linear(self, x: str, matrix: Matrix, stem: str, factor: float = 1.0) -> str:
        """`x` (rows x inputs) through a matrix; `factor` multiplies the result."""
        weight, scale = self.constant(stem, matrix.weight), matrix.scale * np.float32(factor)
        zero = self.constant("zero", np.zeros(len(scale), np.int8))
        floats = self.add("DequantizeLinear", weight, self.constant(f"{stem}_scale", scale), zero, axis=1)
        bias = self.constant(f"{stem}_bias", matrix.bias * np.float32(factor))
        return self.add("Add", self.add("MatMul", x, floats), bias)

    def norm(self, x: str, weight: Floats, bias: Floats) -> str:
        """Each row with mean 0 and variance 1, then scaled and shifted by channel."""
        away = self.add("Sub", x, self.add("ReduceMean", x, axes=[-1]))
        variance = self.add("ReduceMean", self.add("Mul", away, away), axes=[-1])
        spread = self.add("Sqrt", self.add("Add", variance, self.scalar(EPSILON)))
        scaled = self.add("Mul", self.add("Div", away, spread), self.constant("norm", weight))
        return self.add("Add", scaled, self.constant("norm_bias", bias))

    def heads(self, x: str, tokens: int, order: Sequence[int]) -> str:
        split = self.add("Reshape", x, self.shape(tokens, HEADS, WIDTH // HEADS))
        return self.add("Transpose", split, perm=list(order))

    def mean_of_patches(self, x: str, tokens: int) -> str:
        ends = [self.constant("row", np.array([v], np.int64)) for v in (1, tokens, 0)]
        return self.add("ReduceMean", self.add("Slice", x, *ends), axes=[0])

    def first_row(self, x: str) -> str:
        ends = [self.constant("row", np.array([v], np.int64)) for v in (0, 1)]
        return self.add("Slice", x, ends[0], ends[1], ends[0])

    def block(self, x: str, number: int, encoder: Encoder, tokens: int, only_class: bool) -> str:
        """`x` (tokens x channels) after one block: attention, then the two-layer network. `only_class`: only the class
        token is computed, and the result has one row."""
        matrices, prefix = encoder.blocks[number], f"encoder.layers.{number}."
        norms = {k: (encoder.floats[f"{prefix}{k}.weight"], encoder.floats[f"{prefix}{k}.bias"])
                 for k in ("layer_norm1", "layer_norm2")}  # fmt: skip
        y = self.norm(x, *norms["layer_norm1"])
        stem = f"block{number + 1}"
        scale = (WIDTH // HEADS) ** -0.5
        rows = 1 if only_class else tokens
        asking = self.first_row(y) if only_class else y
        query = self.heads(self.linear(asking, matrices[MATRICES[0]], f"{stem}_query", scale), rows, (1, 0, 2))
        key = self.heads(self.linear(y, matrices[MATRICES[1]], f"{stem}_key"), tokens, (1, 2, 0))
        value = self.heads(self.linear(y, matrices[MATRICES[2]], f"{stem}_value"), tokens, (1, 0, 2))
        attention = self.add("Softmax", self.add("MatMul", query, key), axis=-1)
        mixed = self.add("Transpose", self.add("MatMul", attention, value), perm=[1, 0, 2])
        joined = self.add("Reshape", mixed, self.shape(rows, WIDTH))
        x = self.first_row(x) if only_class else x
        x = self.add("Add", x, self.linear(joined, matrices[MATRICES[3]], f"{stem}_out"))
        y = self.norm(x, *norms["layer_norm2"])
        y = self.linear(y, matrices[MATRICES[4]], f"{stem}_up")
        y = self.add("Mul", y, self.add("Sigmoid", self.add("Mul", y, self.scalar(1.702))))
        return self.add("Add", x, self.linear(y, matrices[MATRICES[5]], f"{stem}_down"))


def build(encoder: Encoder, side: int, looks: Sequence[Look], opset: int, ir_version: int) -> ModelProto:
    """The encoder for a picture of `side` x `side` pixels, as far as the last of the blocks in `looks`.

    The input `input` is `[1, 3, side, side]`, RGB, 0..=255. The output `pooled` is `[looks, 768]`: what is read, in the
    order of `looks`, which is that of the blocks.
    """
    fields = side // PATCH
    tokens = fields * fields + 1
    graph = _Graph()
    floats = encoder.floats
    # The normalisation of the pixels goes into the patches' weights, and their bias into the positions.
    spread = np.array(STD).reshape(1, 3, 1, 1)
    weight = floats["embeddings.patch_embedding.weight"].astype(np.float64) / spread
    shift = -(weight * np.array(MEAN).reshape(1, 3, 1, 1)).sum((1, 2, 3))
    table = positions(floats["embeddings.position_embedding.weight"], fields).astype(np.float64)
    first = (table[:1] + floats["embeddings.class_embedding"]).astype(np.float32)
    rest = (table[1:] + shift).astype(np.float32)
    kernel = graph.constant("patch", (weight / 255).astype(np.float32))
    x = graph.add("Conv", "input", kernel, kernel_shape=[PATCH, PATCH], strides=[PATCH, PATCH])
    x = graph.add("Transpose", graph.add("Reshape", x, graph.shape(WIDTH, tokens - 1)), perm=[1, 0])
    x = graph.add("Add", x, graph.constant("positions", rest))
    x = graph.add("Concat", graph.constant("class", first), x, axis=0)
    x = graph.norm(x, floats["pre_layrnorm.weight"], floats["pre_layrnorm.bias"])
    pooled = []
    last = max(number for number, _ in looks)
    for number in range(1, last + 1):
        kinds = [kind for place, kind in looks if place == number]
        only_class = number == last and PATCHES not in kinds
        x = graph.block(x, number - 1, encoder, tokens, only_class)
        for kind in kinds:
            pooled.append(x if only_class else graph.first_row(x) if kind == CLASS else graph.mean_of_patches(x, tokens))
    graph.nodes.append(helper.make_node("Concat", pooled, ["pooled"], axis=0))
    source = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, side, side])
    result = helper.make_tensor_value_info("pooled", TensorProto.FLOAT, [len(looks), WIDTH])
    proto = helper.make_graph(graph.nodes, "clip-encoder", [source], [result], graph.constants)
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version)
    model.ClearField("producer_name")
    onnx.checker.check_model(model, full_check=True)
    return model
