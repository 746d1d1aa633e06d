"""Rebuilds dlib's face recognition network from its .dat file.

A .dat file is dlib's own serialisation of a network whose shape is a C++ type, so the file holds the
parameters and not the graph; the graph below is the one of dlib's face recognition example. Layers
lie in the file from the input to the output. Each has a name, a tensor and settings that the graph
already fixes:

* an integer is a count of bytes (the top bit is the sign) and then that many, little-endian;
* a tensor is a version and four dimensions as such integers, then its values as 32-bit floats;
* a convolution's tensor is its filters and then its biases, an affine layer's its scales and then
  its shifts, both folded into one ONNX convolution here;
* the final matrix has two integers (outputs, inputs) before its tensor of inputs x outputs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

# A layer's name, behind the two bytes that give its length.
_LAYER = re.compile(rb"\x01(?:\x05con_4|\x07affine_|\x04fc_2)")

# Filters of each group and how many plain blocks follow its first one; every group but the first
# begins by halving the image.
_GROUPS = ((32, 3), (64, 3), (128, 2), (256, 2), (256, 0))


@dataclass(frozen=True)
class Layer:
    """The parameters of one layer, flat, as the file holds them."""

    kind: str
    values: np.ndarray


def read_layers(data: bytes) -> list[Layer]:
    """All layers that have parameters, from the input to the output."""
    layers = []
    position = 0
    while match := _LAYER.search(data, position):
        kind = match.group()[2:].decode("ascii")
        position = match.end()
        if kind == "fc_2":
            _, position = _integer(data, position)
            _, position = _integer(data, position)
        version, position = _integer(data, position)
        if version != 2:
            raise ValueError(f"tensor version {version} in a {kind} layer")
        size = 1
        for _ in range(4):
            dimension, position = _integer(data, position)
            size *= dimension
        values = np.frombuffer(data, "<f4", size, position)
        position += 4 * size
        layers.append(Layer(kind, values))
    return layers


def _integer(data: bytes, position: int) -> tuple[int, int]:
    head = data[position]
    count = head & 0x0F
    value = int.from_bytes(data[position + 1 : position + 1 + count], "little")
    return (-value if head & 0x80 else value), position + 1 + count


class _Builder:
    """Emits ONNX nodes while it walks through the file's layers."""

    def __init__(self, layers: list[Layer]) -> None:
        self._layers = iter(layers)
        self.nodes: list[NodeProto] = []
        self.initializers: list[TensorProto] = []

    def _next(self, kind: str) -> np.ndarray:
        layer = next(self._layers, None)
        if layer is None or layer.kind != kind:
            raise ValueError(f"expected a {kind} layer, found {layer.kind if layer else 'the end'}")
        return layer.values

    def finished(self) -> bool:
        return next(self._layers, None) is None

    def constant(self, value: np.ndarray) -> str:
        name = f"w{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, op: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        index = len(self.nodes)
        output = output or f"t{index}"
        name = f"{op.lower()}_{index}"
        self.nodes.append(helper.make_node(op, list(inputs), [output], name=name, **attributes))
        return output

    def conv(self, tensor: str, channels: int, filters: int, size: int, stride: int) -> str:
        """A convolution and the affine layer behind it."""
        values = self._next("con_4").astype(np.float64)
        scale, shift = np.split(self._next("affine_").astype(np.float64), 2)
        weights = values[:-filters].reshape(filters, channels, size, size)
        weights = weights * scale[:, None, None, None]
        bias = values[-filters:] * scale + shift
        pad = size // 2 if stride == 1 else 0
        return self.node(
            "Conv",
            tensor,
            self.constant(weights.astype(np.float32)),
            self.constant(bias.astype(np.float32)),
            kernel_shape=[size, size],
            strides=[stride, stride],
            pads=[pad] * 4,
        )

    def zero_extend(self, tensor: str, channels: int, rows: int) -> str:
        """dlib adds tensors of different sizes by taking the smaller as zero outside itself."""
        if channels == 0 and rows == 0:
            return tensor
        amounts = np.array([0, 0, 0, 0, 0, channels, rows, rows], np.int64)
        return self.node("Pad", tensor, self.constant(amounts), mode="constant")

    def matrix(self, tensor: str, output: str) -> str:
        weights = self._next("fc_2").reshape(-1, 128)
        return self.node("MatMul", tensor, self.constant(weights), output=output)


def build(data: bytes, opset: int, ir_version: int) -> ModelProto:
    """The network as ONNX: a normalised 150x150 chip in, a 128-d descriptor out."""
    b = _Builder(read_layers(data))
    tensor = b.node("Relu", b.conv("input", 3, 32, size=7, stride=2))
    side = (150 - 7) // 2 + 1
    tensor = b.node("MaxPool", tensor, kernel_shape=[3, 3], strides=[2, 2])
    side = (side - 3) // 2 + 1
    channels = 32
    for filters, plain_blocks in _GROUPS:
        if filters != 32:
            tensor, side = _halving_block(b, tensor, channels, filters, side)
            channels = filters
        for _ in range(plain_blocks):
            inner = b.node("Relu", b.conv(tensor, channels, filters, size=3, stride=1))
            inner = b.conv(inner, filters, filters, size=3, stride=1)
            tensor = b.node("Relu", b.node("Add", inner, tensor))
    tensor = b.node("GlobalAveragePool", tensor)
    tensor = b.node("Flatten", tensor, axis=1)
    b.matrix(tensor, output="embedding")
    if not b.finished():
        raise ValueError("the file has more layers than the network")

    graph = helper.make_graph(
        b.nodes,
        "faceward",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, 150, 150])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, 128])],
        b.initializers,
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version
    )


def _halving_block(b: _Builder, tensor: str, channels: int, filters: int, side: int) -> tuple[str, int]:
    inner = b.node("Relu", b.conv(tensor, channels, filters, size=3, stride=2))
    inner = b.conv(inner, filters, filters, size=3, stride=1)
    shortcut = b.node("AveragePool", tensor, kernel_shape=[2, 2], strides=[2, 2])
    inner_side, shortcut_side = (side - 3) // 2 + 1, side // 2
    side = max(inner_side, shortcut_side)
    inner = b.zero_extend(inner, 0, side - inner_side)
    shortcut = b.zero_extend(shortcut, filters - channels, side - shortcut_side)
    return b.node("Relu", b.node("Add", inner, shortcut)), side
