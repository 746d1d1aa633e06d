"""Degradations of an upload: re-encoding, scaling, blur, noise, another gamma, a screenshot.

A third of the worn pictures are worn harshly, like pictures that were passed on many times: they teach how little a poor
photograph says.

Genuine and forged pictures are degraded by the same distribution, so that neither the container nor the wear says
anything about the label (Wang et al., "CNN-generated images are surprisingly easy to spot", CVPR 2020, show
how much a detector gains from it).
"""

from __future__ import annotations

import cv2
import numpy as np

from .forgery import Image, Recipe

STEPS = ("resize", "rescale", "screenshot", "blur", "noise", "gamma", "jpeg")
ODDS = (0.12, 0.16, 0.12, 0.14, 0.1, 0.08, 0.28)
#: Ranges of ordinary and of harsh wear: scale factors (kept, restored, on a screen), standard deviations in pixels and in
#: grey levels, exponents, JPEG qualities.
MILD = {
    "resize": (0.5, 1), "rescale": (0.4, 1), "screenshot": (0.6, 1.3), "blur": (0.4, 1), "noise": (1, 5),
    "gamma": (0.85, 1.18), "jpeg": (50, 95),
}  # fmt: skip
HARSH = {
    "resize": (0.2, 0.5), "rescale": (0.15, 0.4), "screenshot": (0.25, 0.6), "blur": (1, 3), "noise": (5, 12),
    "gamma": (0.6, 1.6), "jpeg": (20, 50),
}  # fmt: skip
HARSH_SHARE = 1 / 3
#: Faces stay at least this many pixels high: smaller ones teach nothing.
LEAST_FACE = 40.0


def choose(rng: np.random.Generator, share: float = 0.5) -> list[Recipe]:
    """None for most pictures, one or two steps for a `share` of them."""
    if rng.random() >= share:
        return []
    ranges = HARSH if rng.random() < HARSH_SHARE else MILD
    picked = set(rng.choice(STEPS, int(rng.integers(1, 3)), replace=False, p=ODDS))
    return [{"step": name, "value": round(float(rng.uniform(*ranges[name])), 3)} for name in STEPS if name in picked]


def apply(image: Image, steps: list[Recipe], face_size: float, rng: np.random.Generator) -> Image:
    """The picture after the steps, in their order."""
    for step in steps:
        image = _one(image, step["step"], step["value"], face_size, rng)
    return image


def _one(image: Image, name: str, value: float, face_size: float, rng: np.random.Generator) -> Image:
    if name in ("resize", "rescale", "screenshot"):
        h, w = image.shape[:2]
        factor = max(value, min(1.0, LEAST_FACE / max(face_size, 1.0)))
        size = (max(1, round(w * factor)), max(1, round(h * factor)))
        if name == "screenshot":
            return shown(image, size)
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        return small if name == "resize" else cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR)
    if name == "blur":
        return cv2.GaussianBlur(image, (0, 0), value)
    if name == "noise":
        noisy = image + rng.normal(0, value, image.shape)
        return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
    if name == "gamma":
        table = np.rint(255 * (np.arange(256) / 255.0) ** value).astype(np.uint8)
        return table[image]
    if name == "jpeg":
        return decode(encode(image, round(value)))
    raise ValueError(f"no such degradation: {name}")


def shown(image: Image, size: tuple[int, int]) -> Image:
    """A screenshot at another size: scaled by linear interpolation, which aliases where it shrinks, and quantised to the 220
    levels of video (ITU-R BT.601)."""
    scaled = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR).astype(np.float32)
    levels = np.rint(16 + scaled * (219 / 255))
    return np.clip(np.rint((levels - 16) * (255 / 219)), 0, 255).astype(np.uint8)


def encode(image: Image, quality: int) -> bytes:
    """JPEG bytes, with the same encoder and options for every picture."""
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise RuntimeError("the picture could not be encoded")
    return data.tobytes()


def decode(data: bytes) -> Image:
    """Back to pixels."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise RuntimeError("the picture could not be decoded")
    return image
