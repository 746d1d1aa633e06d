"""Augmentation of a pair: the same for the forged crop and its base, drawn again each time."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from forge import degrade

from .crops import shares
from .layout import GRID, SIDE
from .pool import FIELD, KEPT

#: Scale of the crop relative to the service's, rotation in degrees, shift of its middle as a share of the side.
SCALE, TURN, SHIFT = (0.86, 1.14), 6.0, 0.04
#: The share of draws that are worn as uploads are.
WORN = 0.6


def place(rng: np.random.Generator) -> NDArray[np.float64]:
    """The map from a drawn crop to a stored one: scaled, rotated, shifted, and mirrored half of the time."""
    scale, turn = rng.uniform(*SCALE), np.radians(rng.uniform(-TURN, TURN))
    flip = 1.0 if rng.random() < 0.5 else -1.0
    matrix = scale * np.array([[np.cos(turn) * flip, -np.sin(turn)], [np.sin(turn) * flip, np.cos(turn)]])
    middle = np.full(2, (KEPT - 1) / 2) + rng.uniform(-SHIFT, SHIFT, 2) * SIDE
    return np.column_stack([matrix, middle - matrix @ np.full(2, (SIDE - 1) / 2)])


def central() -> NDArray[np.float64]:
    """The crop that the service takes."""
    return np.column_stack([np.eye(2), np.full(2, (KEPT - SIDE) / 2)])


def crop(image: NDArray[np.uint8], at: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The crop at `at` of a stored crop."""
    return cv2.warpAffine(image, at, (SIDE, SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)


def target(mask: NDArray[np.uint8], at: NDArray[np.float64]) -> NDArray[np.float32]:
    """The forged share of each field of the drawn crop."""
    fine = cv2.resize(mask, (KEPT // FIELD * FIELD,) * 2, interpolation=cv2.INTER_LINEAR)
    return shares(crop(fine, at).astype(np.float32) / 255, GRID)


def wear(rng: np.random.Generator) -> list[dict]:
    """The steps of wear, drawn as in forge."""
    return degrade.choose(rng, WORN)


def worn(image: NDArray[np.uint8], steps: list[dict], seed: int) -> NDArray[np.uint8]:
    """The crop after its wear, at its size."""
    out = degrade.apply(image, steps, SIDE / 1.45, np.random.default_rng(seed))
    return out if out.shape == image.shape else cv2.resize(out, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)


def tint(rng: np.random.Generator) -> NDArray[np.float32]:
    """Gains of the three colour channels, for different light."""
    return (rng.uniform(0.85, 1.15) * rng.uniform(0.95, 1.05, 3)).astype(np.float32)
