"""The photograph of the golden data, and its crops for the networks.

It is NASA's portrait of the astronaut Eileen Collins, which is in the public domain and ships with
scikit-image. The position of the face was measured once with CenterFace and with dlib's five-point
landmarks and is fixed here, so that the golden data of one network does not depend on another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage import data

# The part of the 512x512 photograph that shows the head; all coordinates below are within it.
TOP, LEFT, SIDE = 0, 96, 256

BOX = (85.5, 58.2, 173.9, 177.8)  # left, top, right, bottom
# Eye at the image's left and right, nose tip, mouth corners left and right: CenterFace's order.
FIVE_POINTS = ((107.2, 101.7), (151.0, 104.5), (127.3, 125.1), (107.4, 142.3), (145.3, 144.4))
# dlib's order: eye at the image's right (outer, inner), eye at its left (outer, inner), nose base.
DLIB_POINTS = ((159, 104), (142, 105), (99, 101), (116, 103), (128, 135))
# The corners of the eye at the image's left, which is the iris network's natural side.
EYE_CORNERS = ((97.7, 100.5), (117.2, 103.3))

# The five points of ArcFace in a 112x112 crop.
ARCFACE = ((38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041))


@dataclass(frozen=True)
class Similarity:
    """Maps a pixel (x, y) of a crop to the photograph: scale and rotation, then a shift."""

    scale: float
    angle: float
    shift: tuple[float, float]

    def matrix(self) -> np.ndarray:
        c, s = self.scale * np.cos(self.angle), self.scale * np.sin(self.angle)
        return np.array([[c, -s], [s, c]])


def photograph() -> np.ndarray:
    """The head as 256x256x3 bytes."""
    return np.ascontiguousarray(data.astronaut()[TOP : TOP + SIDE, LEFT : LEFT + SIDE])


def square(centre: tuple[float, float], side: float, size: int, angle: float = 0.0) -> Similarity:
    """The crop of `size` pixels that shows a square of the photograph."""
    scale = side / size
    middle = (size - 1) / 2
    turned = Similarity(scale, angle, (0.0, 0.0)).matrix() @ (middle, middle)
    return Similarity(scale, angle, (centre[0] - turned[0], centre[1] - turned[1]))


def box_square(factor: float, size: int, angle: float = 0.0) -> Similarity:
    """The square around the face's box, `factor` times as large as its longer side."""
    left, top, right, bottom = BOX
    side = factor * max(right - left, bottom - top)
    return square(((left + right) / 2, (top + bottom) / 2), side, size, angle)


def least_squares(crop_points: tuple, photo_points: tuple) -> Similarity:
    """The similarity that brings the points of the crop closest to those of the photograph."""
    a = np.array([complex(x, y) for x, y in crop_points])
    b = np.array([complex(x, y) for x, y in photo_points])
    centred = a - a.mean()
    factor = np.vdot(centred, b - b.mean()) / np.vdot(centred, centred)
    shift = b.mean() - factor * a.mean()
    return Similarity(abs(factor), float(np.angle(factor)), (shift.real, shift.imag))


def crop(pixels: np.ndarray, where: Similarity, size: int) -> np.ndarray:
    """A size x size x 3 crop as float, bilinear, smoothed first where it shrinks, black outside."""
    image = pixels.astype(np.float64)
    if where.scale > 1.0:
        blur = 0.4 * where.scale
        image = ndimage.gaussian_filter(image, (blur, blur, 0.0))
    rows, columns = np.mgrid[0:size, 0:size]
    x, y = where.matrix() @ np.stack([columns.ravel(), rows.ravel()])
    at = np.stack([y + where.shift[1], x + where.shift[0]])
    planes = [ndimage.map_coordinates(image[..., c], at, order=1) for c in range(3)]
    return np.stack(planes, axis=-1).reshape(size, size, 3)
