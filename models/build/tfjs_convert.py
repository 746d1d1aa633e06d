"""Converts one TensorFlow.js graph model to ONNX: `tfjs_convert.py model.json model.onnx`.

Run as a process of its own for every model: TensorFlow keeps global state, and a fresh process gives
the same names, and so the same bytes, whatever was converted before.

tf2onnx needs two small helps with these files. The fused convolutions were written without the
attribute that lists the types of their extra arguments, and tf2onnx's tfjs reader still uses
numpy's old aliases of the built-in types.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

OPSET = "13"


def add_argument_types(graph_model: dict) -> None:
    """Gives every fused convolution the TArgs list that TensorFlow expects of it."""
    for node in graph_model["modelTopology"]["node"]:
        if node["op"] == "_FusedConv2D" and "TArgs" not in node["attr"]:
            count = int(node["attr"]["num_args"]["i"])
            node["attr"]["TArgs"] = {"list": {"type": ["DT_FLOAT"] * count}}


def restore_numpy_aliases() -> None:
    """numpy 1.24 removed these; tf2onnx's reader of tfjs files was written before."""
    import numpy

    for name in ("bool", "object", "int", "float", "str", "complex"):
        if name not in numpy.__dict__:
            setattr(numpy, name, {"bool": bool, "object": object, "int": int, "float": float,
                                  "str": str, "complex": complex}[name])


def main() -> None:
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    graph_model = json.loads(source.read_text(encoding="utf-8"))
    add_argument_types(graph_model)
    restore_numpy_aliases()
    from tf2onnx import convert

    with tempfile.TemporaryDirectory() as folder:
        patched = Path(folder) / source.name
        patched.write_text(json.dumps(graph_model), encoding="utf-8")
        for group in graph_model["weightsManifest"]:
            for name in group["paths"]:
                shutil.copy(source.parent / name, folder)
        sys.argv = ["tf2onnx", "--tfjs", str(patched), "--opset", OPSET, "--output", str(target)]
        convert.main()


if __name__ == "__main__":
    main()
