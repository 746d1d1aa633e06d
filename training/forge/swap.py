"""Face swaps between two people, by landmarks.

Imitates what swapping apps and one-shot swapping networks deliver: one person's inner face, shaped and lit as far as
it goes, on another's head. Warps follow Bitouk et al., "Face Swapping", SIGGRAPH 2008, and Bookstein's splines; the
choice of masks and colour corrections follows Li et al., "Face X-ray", CVPR 2020, and the FaceSwap part of
FaceForensics++ (Rossler et al., ICCV 2019).

Both directions are the same operation: in `swap-source` the claimed person's face goes onto somebody else's
photograph, in `swap-target` somebody else's face goes onto the claimed person's.
"""

from __future__ import annotations

import numpy as np

from . import blend, geometry, masks
from .forgery import Forgery, Photo, Recipe, Unforgeable

METHODS = ("swap-source", "swap-target")
#: A donor's face smaller than this share of the one it covers is too blurred even for an amateur.
LEAST_SIZE = 0.35


def choose(rng: np.random.Generator) -> Recipe:
    """Warp, mask and blender; the careful blenders come more often than bare feathering."""
    return {
        "warp": str(rng.choice(["triangles", "spline"], p=[0.6, 0.4])),
        "mask": str(rng.choice(["inner", "features", "oval"], p=[0.45, 0.3, 0.25])),
        "blender": str(rng.choice(blend.BLENDERS, p=[0.12, 0.18, 0.25, 0.25, 0.2])),
        "feather": round(float(rng.uniform(0.08, 0.22)), 4),
        "wobble": round(float(rng.uniform(0.0, 0.03)), 4),
        "keep": round(float(rng.uniform(0.0, 0.5)), 3),
    }


def forge(photo: Photo, donor: Photo | None, recipe: Recipe, rng: np.random.Generator) -> Forgery:
    """The donor's face on `photo`."""
    if donor is None:
        raise ValueError("a swap needs a donor")
    if donor.face_size < LEAST_SIZE * photo.face_size:
        raise Unforgeable("the donor's face is too small")
    hard = masks.face(photo.flat, photo.size, recipe["mask"])
    hard = masks.wobble(hard, recipe["wobble"] * photo.face_size, rng)
    soft = masks.feather(hard, recipe["feather"] * photo.face_size)
    shape = landing(photo, donor, recipe["keep"])
    painted = geometry.warp(donor.image, donor.flat, shape, photo.size, recipe["warp"])
    skin = masks.skin(photo.flat, photo.size)
    return Forgery(blend.paint(painted, photo.image, hard, soft, skin, recipe["blender"]), soft, photo.image)


def landing(photo: Photo, donor: Photo, keep: float) -> np.ndarray:
    """The shape that the donor's face takes: the one beneath it, or up to `keep` of the donor's own, turned to the
    same pose. Learned swaps carry some of the donor's geometry over, plain warps none; the outline stays beneath."""
    own = geometry.posed_like(donor.mesh, photo.mesh)[:, :2]
    oval = photo.flat[list(geometry.topology.OVAL)]
    centre = oval.mean(0)
    reach = np.linalg.norm(oval - centre, axis=1).mean()
    inwards = np.clip(1.6 - 1.6 * np.linalg.norm(photo.flat - centre, axis=1) / reach, 0, 1)[:, None]
    return (photo.flat + keep * inwards * (own - photo.flat)).astype(np.float32)
