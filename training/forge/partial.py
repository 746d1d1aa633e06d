"""Swaps of one part of the face: eyes, nose or mouth.

Imitates local edits, from a retouched mouth to the region-wise manipulations that VIPGuard explains region by region
("Guard Me If You Know Me", arXiv 2505.19582); as training images they follow the part-wise blends of Zhao et al.,
"Learning Self-Consistency for Deepfake Detection", ICCV 2021. The region is recorded as ground truth.
"""

from __future__ import annotations

import numpy as np

from . import blend, geometry, masks
from .forgery import Forgery, Photo, Recipe, Unforgeable
from .swap import LEAST_SIZE

METHOD = "partial"


def choose(rng: np.random.Generator) -> Recipe:
    """One region, at times two."""
    names = sorted(masks.REGIONS)
    count = 1 if rng.random() < 0.8 else 2
    return {
        "regions": sorted(str(name) for name in rng.choice(names, count, replace=False)),
        "warp": str(rng.choice(["triangles", "spline"])),
        "blender": str(rng.choice(blend.BLENDERS, p=[0.1, 0.15, 0.25, 0.3, 0.2])),
        "feather": round(float(rng.uniform(0.05, 0.1)), 4),
    }


def forge(photo: Photo, donor: Photo | None, recipe: Recipe, rng: np.random.Generator) -> Forgery:
    """The donor's region on `photo`."""
    if donor is None:
        raise ValueError("a partial swap needs a donor")
    if donor.face_size < LEAST_SIZE * photo.face_size:
        raise Unforgeable("the donor's face is too small")
    painted = geometry.warp(donor.image, donor.flat, photo.flat, photo.size, recipe["warp"])
    skin = masks.skin(photo.flat, photo.size)
    image, whole = photo.image, np.zeros(photo.size, np.float32)
    for name in recipe["regions"]:
        hard = masks.region(photo.flat, photo.size, name)
        soft = masks.feather(hard, recipe["feather"] * photo.face_size)
        image = blend.paint(painted, image, hard, soft, skin, recipe["blender"])
        whole = np.maximum(whole, soft)
    return Forgery(image, whole, photo.image, tuple(recipe["regions"]))
