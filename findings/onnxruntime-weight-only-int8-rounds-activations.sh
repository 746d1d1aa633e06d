#!/usr/bin/env bash
# ONNX Runtime 1.32.0 (PyPI onnxruntime, CPU) runs a float32 MatMul whose weights come from a constant int8
# DequantizeLinear with one scale per column otherwise than the graph says, with its default optimisations: it rounds the
# float32 activations as well. Nothing in the graph asks for that, there is no QuantizeLinear in it, and no warning is given.
# With optimisations off, or with the dequantised weights stored as float32, the product is exact to rounding of float32.
#
# Who stores a network's weights as int8 to make the file small, meaning to compute in float32, gets errors of about a
# hundredth of the largest output, and they differ between machines with and without the session option. Twelve blocks of a
# transformer that were checked this way were off by 1.5 % of their largest output.
#
# Multiplies one 64 x 768 matrix by 768 x 768 weights in three sessions and compares each with float64. Fails when the
# optimised session becomes exact, or the unoptimised one inexact. Needs python3 with venv, and the package registry.
# Output seen:
#
#     default optimisations, int8 weights: largest error 5.6e-03 of the largest output
#     no optimisations, int8 weights: largest error 2.5e-07 of the largest output
#     default optimisations, float32 weights: largest error 3.8e-07 of the largest output
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv venv
venv/bin/pip install --quiet onnxruntime==1.32.0 onnx==1.23.2 numpy==2.2.6

venv/bin/python - <<'PYTHON'
import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

drawn = np.random.default_rng(1)
rows = drawn.normal(0, 1, (64, 768)).astype(np.float32)
bytes_ = drawn.integers(-127, 128, (768, 768)).astype(np.int8)
scale = drawn.uniform(0.001, 0.002, 768).astype(np.float32)
floats = bytes_.astype(np.float32) * scale
exact = rows.astype(np.float64) @ (bytes_.astype(np.float64) * scale)


def model(as_bytes):
    nodes, constants = [], []
    if as_bytes:
        constants = [numpy_helper.from_array(v, n) for n, v in
                     (("bytes", bytes_), ("scale", scale), ("zero", np.zeros(768, np.int8)))]
        nodes.append(helper.make_node("DequantizeLinear", ["bytes", "scale", "zero"], ["weights"], axis=1))
    else:
        constants = [numpy_helper.from_array(floats, "weights")]
    nodes.append(helper.make_node("MatMul", ["input", "weights"], ["output"]))
    sides = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [64, 768]) for n in ("input", "output")]
    graph = helper.make_graph(nodes, "g", sides[:1], sides[1:], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8).SerializeToString()


def error(as_bytes, optimised):
    options = onnxruntime.SessionOptions()
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model(as_bytes), options, providers=["CPUExecutionProvider"])
    found = session.run(None, {"input": rows})[0]
    return float(np.abs(found - exact).max() / np.abs(exact).max())


rounded, plain, stored = error(True, True), error(True, False), error(False, True)
for name, value in (("default optimisations, int8 weights", rounded), ("no optimisations, int8 weights", plain),
                    ("default optimisations, float32 weights", stored)):
    print(f"{name}: largest error {value:.1e} of the largest output")
assert rounded > 1e-3 and plain < 1e-5 and stored < 1e-5
PYTHON
