"""The square crop that the network sees, aligned to the face's mesh as in the service's `src/template`."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from forge import topology
from forge.forgery import Mask, Points

#: The side of the square in face heights, forehead to chin. It includes hairline, ears and neck, because a seam has two sides.
MARGIN = 1.45


def square(mesh: Points, side: int, margin: float = MARGIN) -> NDArray[np.float64]:
    """The 2 x 3 map from a crop of `side` pixels to the picture: around the middle between forehead and chin, turned so
    that the eyes' outer corners are level."""
    flat = mesh[:, :2].astype(np.float64)
    forehead, chin = flat[topology.FOREHEAD], flat[topology.CHIN]
    right, left = flat[topology.RIGHT_EYE[0]], flat[topology.LEFT_EYE[0]]
    roll = np.arctan2(left[1] - right[1], left[0] - right[0])
    scale = margin * np.linalg.norm(forehead - chin) / side
    turn = scale * np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    middle = (forehead + chin) / 2
    # Pixel centres: the crop's middle is at (side - 1) / 2.
    return np.column_stack([turn, middle - turn @ np.full(2, (side - 1) / 2)])


def cut(image: NDArray[np.uint8], to_picture: NDArray[np.float64], side: int) -> NDArray[np.uint8]:
    """The crop, each pixel the mean of four samples; black outside of the picture."""
    half = np.array([[0.5, 0], [0, 0.5]])
    fine = np.column_stack([to_picture[:, :2] @ half, to_picture[:, 2] - to_picture[:, :2] @ np.full(2, 0.25)])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    twice = cv2.warpAffine(image, fine, (2 * side, 2 * side), flags=flags)
    return cv2.resize(twice, (side, side), interpolation=cv2.INTER_AREA)


def into(to_picture: NDArray[np.float64], points: Points) -> Points:
    """Points of the picture in the crop's pixels."""
    return cv2.transform(points[None, :, :2].astype(np.float64), cv2.invertAffineTransform(to_picture))[0].astype(np.float32)


def shares(mask: Mask, cells: int) -> Mask:
    """The mean of a square mask over `cells` x `cells` fields."""
    return cv2.resize(mask.astype(np.float32), (cells, cells), interpolation=cv2.INTER_AREA)
