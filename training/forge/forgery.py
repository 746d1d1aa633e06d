"""The input and output of every generator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import topology

Image = NDArray[np.uint8]
"""Height x width x 3, blue-green-red as OpenCV has it."""
Mask = NDArray[np.float32]
"""Height x width, 0..=1: how much of the forgery each pixel holds."""
Points = NDArray[np.float32]
Recipe = dict[str, Any]
"""A generator's random choices, as JSON values. Recipe and seed determine the picture."""


class Unforgeable(Exception):
    """This photograph cannot be forged in this way, for example because the face lies outside it."""


@dataclass(frozen=True)
class Photo:
    """A photograph and the mesh of one face in it."""

    image: Image
    mesh: Points
    """468 points: x, y in pixels of the picture; z in the same unit, smaller is nearer."""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.image.shape[0], self.image.shape[1]

    @property
    def flat(self) -> Points:
        """The mesh without its depth."""
        return np.ascontiguousarray(self.mesh[:, :2], np.float32)

    @property
    def face_size(self) -> float:
        """The height of the face in pixels; unlike the width it hardly changes as the head turns."""
        return float(np.linalg.norm(self.flat[topology.FOREHEAD] - self.flat[topology.CHIN]))


@dataclass(frozen=True)
class Forgery:
    """A manipulated photograph with its ground truth."""

    image: Image
    mask: Mask
    """Where it was manipulated: pixels at exactly 0 are those of `base`."""
    base: Image
    """The picture it was painted into: the photograph, or for a self-blend its augmented copy."""
    regions: tuple[str, ...] = ("face",)


def compose(base: Image, painted: NDArray[Any], mask: Mask) -> Image:
    """`painted` over `base`, weighted by `mask`; where the mask is 0 the base is unchanged."""
    under = base.astype(np.float32)
    mixed = under + (np.clip(painted, 0, 255).astype(np.float32) - under) * mask[..., None]
    out = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    untouched = mask <= 0
    out[untouched] = base[untouched]
    return out
