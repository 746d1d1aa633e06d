"""Self-blended images: the seam of a swap without anyone else's face.

Imitates the blending edge and the mismatch of colour, sharpness and place that every face swap leaves. One photograph
plays both parts, so the identity is the person's own and only the blending gives it away. After Shiohara and Yamasaki,
"Detecting Deepfakes with Self-Blended Images", CVPR 2022.
"""

from __future__ import annotations

import cv2
import numpy as np

from . import masks
from .forgery import Forgery, Image, Photo, Recipe, compose

METHOD = "self-blend"


def choose(rng: np.random.Generator) -> Recipe:
    """What is done to which copy, and how they are blended."""
    return {
        "altered": str(rng.choice(["source", "target"])),
        "brightness": round(float(rng.uniform(-14, 14)), 2),
        "contrast": round(float(rng.uniform(0.88, 1.12)), 3),
        "tint": [round(float(v), 2) for v in rng.uniform(-10, 10, 3)],
        "saturation": round(float(rng.uniform(0.75, 1.25)), 3),
        "sharpness": str(rng.choice(["none", "soften", "shrink", "sharpen"])),
        "shift": [round(float(v), 4) for v in rng.uniform(-0.025, 0.025, 2)],
        "scale": round(float(rng.uniform(0.96, 1.045)), 4),
        "turn": round(float(rng.uniform(-1.5, 1.5)), 2),
        "mask": str(rng.choice(["oval", "inner", "features"])),
        "wobble": round(float(rng.uniform(0.0, 0.06)), 4),
        "feather": round(float(rng.uniform(0.04, 0.2)), 4),
        "ratio": float(rng.choice([0.5, 0.75, 1.0, 1.0, 1.0, 1.0])),
    }


def alter(image: Image, recipe: Recipe) -> Image:
    """Colour and sharpness changed a little, as another camera and another encoder would."""
    out = image.astype(np.float32)
    mean = out.mean()
    out = (out - mean) * recipe["contrast"] + mean + recipe["brightness"] + np.float32(recipe["tint"])
    grey = out.mean(-1, keepdims=True)
    out = grey + (out - grey) * recipe["saturation"]
    h, w = image.shape[:2]
    if recipe["sharpness"] == "soften":
        out = cv2.GaussianBlur(out, (0, 0), 0.9)
    elif recipe["sharpness"] == "shrink":
        small = cv2.resize(out, (max(1, w // 2), max(1, h // 2)), interpolation=cv2.INTER_AREA)
        out = cv2.resize(small, (w, h), interpolation=cv2.INTER_CUBIC)
    elif recipe["sharpness"] == "sharpen":
        out = out + 0.6 * (out - cv2.GaussianBlur(out, (0, 0), 1.2))
    return np.clip(np.rint(out), 0, 255).astype(np.uint8)


def forge(photo: Photo, donor: Photo | None, recipe: Recipe, rng: np.random.Generator) -> Forgery:
    """A self-blend of `photo`; `donor` is not used."""
    altered = alter(photo.image, recipe)
    source, target = (altered, photo.image) if recipe["altered"] == "source" else (photo.image, altered)
    h, w = photo.size
    extent = photo.face_size
    centre = photo.flat.mean(0)
    move = cv2.getRotationMatrix2D((float(centre[0]), float(centre[1])), recipe["turn"], recipe["scale"])
    move[:, 2] += np.array(recipe["shift"]) * extent
    source = cv2.warpAffine(source, move, (w, h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    hard = masks.wobble(masks.face(photo.flat, photo.size, recipe["mask"]), recipe["wobble"] * extent, rng)
    soft = masks.feather(hard, recipe["feather"] * extent) * np.float32(recipe["ratio"])
    return Forgery(compose(target, source, soft), soft, target)
