"""The areas of the face, as hulls of mesh points."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from forge import topology
from forge.forgery import Points

from .layout import AREAS

#: The mesh points around each area.
OUTLINES = {
    "forehead": (10, 109, 338, 67, 297, 103, 332, 54, 284, 105, 334, 66, 296, 107, 336, 63, 293),
    "right_eye": topology.RIGHT_ORBIT,
    "left_eye": topology.LEFT_ORBIT,
    # Its tip and wings: that is what a mask hides, and glasses do not.
    "nose": (195, 5, 4, 1, 2, 98, 327, 129, 358, 64, 294, 198, 420),
    "right_cheek": (117, 118, 101, 36, 205, 187, 147, 123),
    "left_cheek": (346, 347, 330, 266, 425, 411, 376, 352),
    "mouth": topology.LIPS,
    "chin": (201, 421, 18, 83, 313, 182, 406, 152, 148, 377, 176, 400),
}


def mask(points: Points, area: str, side: int) -> NDArray[np.bool_]:
    """The pixels of one area in a square picture; `points` in its pixels, N x 2."""
    hull = cv2.convexHull(np.rint(points[list(OUTLINES[area])]).astype(np.int32))
    out = np.zeros((side, side), np.uint8)
    cv2.fillConvexPoly(out, hull, 1)
    return out > 0


def covered(points: Points, cover: NDArray[np.float32]) -> NDArray[np.float32]:
    """The covered share of every area, in the order of AREAS: the mean of `cover` (0..=1, square) over its pixels. What lies
    outside of the square counts as uncovered there, which areas hardly ever do."""
    side = cover.shape[0]
    shares = np.zeros(len(AREAS), np.float32)
    for i, area in enumerate(AREAS):
        inside = mask(points, area, side)
        if inside.any():
            shares[i] = cover[inside].mean()
    return shares
