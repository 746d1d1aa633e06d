"""Masks: the pixels of a face that a forgery replaces, and how softly it ends."""

from __future__ import annotations

import cv2
import numpy as np

from . import topology
from .forgery import Mask, Points, Unforgeable

#: The brows are raised by this share of the face height, so that a mask "from the brows down" covers all of their hair.
BROW_LIFT = 0.035


def hull(points: Points, size: tuple[int, int], scale: float = 1.0) -> Mask:
    """The convex hull of the points, filled; `scale` grows or shrinks it around its centre."""
    centre = (points.min(0) + points.max(0)) / 2
    grown = centre + (points - centre) * scale
    mask = np.zeros(size, np.float32)
    corners = cv2.convexHull(np.rint(grown * 16).astype(np.int32))
    cv2.fillConvexPoly(mask, corners, 1.0, shift=4)
    return mask


def outline(points: Points, size: tuple[int, int]) -> Mask:
    """The filled polygon through the points in their order."""
    mask = np.zeros(size, np.float32)
    cv2.fillPoly(mask, [np.rint(points * 16).astype(np.int32)], 1.0, shift=4)
    return mask


def face(points: Points, size: tuple[int, int], kind: str) -> Mask:
    """A hard mask over the face.

    `oval` is the whole of it with the forehead; `inner` goes from the brows to the chin, as most swapping tools do;
    `features` is the hull of brows, eyes, nose and mouth, which keeps the person's own outline.
    """
    up = points[topology.FOREHEAD] - points[topology.CHIN]
    brows = points[list(topology.RIGHT_BROW + topology.LEFT_BROW)] + up * BROW_LIFT
    if kind == "oval":
        mask = outline(points[list(topology.OVAL)], size)
    elif kind == "inner":
        jaw = points[list(topology.JAW)]
        centre = points[list(topology.OVAL)].mean(0)
        mask = hull(np.vstack([centre + (jaw - centre) * 0.97, brows]), size)
    elif kind == "features":
        mask = hull(np.vstack([points[list(topology.FEATURES)], brows]), size, 1.08)
    else:
        raise ValueError(f"no such mask: {kind}")
    return _filled(mask)


REGIONS: dict[str, tuple[tuple[int, ...], ...]] = {
    "eyes": (topology.RIGHT_ORBIT, topology.LEFT_ORBIT),
    "nose": (topology.NOSE_HULL,),
    "mouth": (topology.MOUTH_HULL,),
}


def region(points: Points, size: tuple[int, int], name: str) -> Mask:
    """A hard mask over one part of the face: eyes, nose or mouth."""
    mask = np.zeros(size, np.float32)
    for part in REGIONS[name]:
        mask = np.maximum(mask, hull(points[list(part)], size, 1.1))
    return _filled(mask)


def _filled(mask: Mask) -> Mask:
    if mask.sum() < 64:
        raise Unforgeable("the face is too small or out of the picture")
    return mask


def feather(mask: Mask, width: float) -> Mask:
    """The mask with a soft edge `width` pixels wide inside it: nothing outside changes."""
    radius = max(1, round(width / 2))
    size = (2 * radius + 1, 2 * radius + 1)
    # Beyond the picture the mask is taken to go on, or a face at the edge would fade into the frame.
    core = cv2.erode(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, size), borderValue=1.0)
    if core.sum() < 16:
        core, size = mask, (3, 3)
    soft = cv2.GaussianBlur(core, size, radius / 2, borderType=cv2.BORDER_REPLICATE)
    return np.where(mask > 0, np.clip(soft, 0, 1), 0).astype(np.float32)  # sums of floats may pass 1


def wobble(mask: Mask, strength: float, rng: np.random.Generator) -> Mask:
    """The mask bent by a smooth random field of about `strength` pixels at most: hand-drawn masks are not convex hulls."""
    h, w = mask.shape
    field = rng.normal(0, 1, (h, w, 2)).astype(np.float32)
    field = cv2.GaussianBlur(field, (0, 0), max(2.0, 2.5 * strength))
    field *= strength / max(float(np.abs(field).max()), 1e-6)
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    return np.clip(cv2.remap(mask, x + field[..., 0], y + field[..., 1], cv2.INTER_LINEAR), 0, 1)


def skin(points: Points, size: tuple[int, int]) -> Mask:
    """Cheeks, nose and glabella, where colours are compared: beards and lips would bias them."""
    return _filled(hull(points[list(topology.SKIN)], size))
