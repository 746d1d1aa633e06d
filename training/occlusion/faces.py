"""Faces as the service sees them: the detector's box, the mesh, and the crop of the network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from forge import topology
from forge.forgery import Points

Image = NDArray[np.uint8]

#: Sides of the detector's input are multiples of this; it has one field per four pixels.
STEP, FIELD = 32, 4
#: The longer side of the picture that the detector sees, and the least confidence of a face.
DETECTED_AT, LEAST_CONFIDENCE = 448, 0.5
#: The input of the mesh, and the side of its crop over that of the box.
MESH_SIDE, MESH_MARGIN = 192, 1.5
#: `Mesh::square` in src/face/alignment.rs.
SQUARE_TO_MESH, SQUARE_ABOVE = 1.084, 0.051


@dataclass(frozen=True)
class Box:
    """A detected face."""

    centre: NDArray[np.float64]
    side: float
    roll: float
    """Of the line through the eyes, in radians, clockwise on the screen."""
    confidence: float = 1.0


def crop_map(centre: NDArray[np.float64], side: float, roll: float, pixels: int) -> NDArray[np.float64]:
    """The 2 x 3 map from a crop of `pixels` per side to the picture; the first pixel's centre is at (0, 0) in both."""
    scale = side / pixels
    turn = scale * np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    return np.column_stack([turn, centre - turn @ np.full(2, (pixels - 1) / 2)])


def cut(image: NDArray, to_picture: NDArray[np.float64], pixels: int) -> NDArray:
    """The crop, black outside of the picture; each pixel the mean of several samples where it covers several."""
    scale = np.sqrt(abs(np.linalg.det(to_picture[:, :2])))
    taps = int(np.clip(np.ceil(scale), 1, 6))
    inner = to_picture[:, :2] / taps
    fine = np.column_stack([inner, to_picture[:, 2] - inner @ np.full(2, (taps - 1) / 2)])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    large = cv2.warpAffine(image, fine, (pixels * taps, pixels * taps), flags=flags)
    return large if taps == 1 else cv2.resize(large, (pixels, pixels), interpolation=cv2.INTER_AREA)


def into(to_picture: NDArray[np.float64], points: Points) -> Points:
    """Points of the picture in the crop's pixels."""
    inverse = cv2.invertAffineTransform(to_picture)
    return cv2.transform(points[None, :, :2].astype(np.float64), inverse)[0].astype(np.float32)


def square(mesh: Points) -> Box:
    """The face's square, as `Mesh::square` has it."""
    flat = mesh[:, :2].astype(np.float64)
    right, left = flat[topology.RIGHT_EYE[0]], flat[topology.LEFT_EYE[0]]
    roll = np.arctan2(left[1] - right[1], left[0] - right[0])
    turned = flat @ np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    low, high = turned.min(0), turned.max(0)
    side = max(SQUARE_TO_MESH * (high[1] - low[1]), 1.0)
    across, down = (low[0] + high[0]) / 2, (low[1] + high[1]) / 2 - SQUARE_ABOVE * side
    cos, sin = np.cos(roll), np.sin(roll)
    return Box(np.array([cos * across - sin * down, sin * across + cos * down]), side, float(roll))


class Networks:
    """The detector and the mesh of `models/`, run by OpenCV."""

    def __init__(self, models: Path) -> None:
        cv2.setNumThreads(1)
        self.detector = cv2.dnn.readNetFromONNX(str(models / "centerface.onnx"))
        self.landmarks = cv2.dnn.readNetFromONNX(str(models / "facemesh.onnx"))

    def detect(self, image: Image) -> Box | None:
        """The largest face of a picture, blue first."""
        height, width = image.shape[:2]
        scale = min(DETECTED_AT / max(height, width), 2.0)
        small = cv2.resize(image, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
        h, w = small.shape[:2]
        padded = cv2.copyMakeBorder(small, 0, -h % STEP, 0, -w % STEP, cv2.BORDER_CONSTANT)
        self.detector.setInput(cv2.dnn.blobFromImage(padded, swapRB=True))
        heat, size, offset, points = (o[0] for o in self.detector.forward(["heatmap", "size", "offset", "landmarks"]))
        found = []
        for row, column in np.argwhere(heat[0] >= LEAST_CONFIDENCE):
            high, wide = np.exp(size[:, row, column]) * FIELD
            middle = (np.array([column, row]) + offset[::-1, row, column] + 0.5) * FIELD
            # y before x, from the box's corner, in sides of the box.
            eyes = points[:4, row, column].reshape(2, 2)[:, ::-1] * [wide, high]
            across = eyes[1] - eyes[0]
            roll = float(np.arctan2(across[1], across[0]))
            found.append(Box(middle / scale, float(max(high, wide) / scale), roll, float(heat[0, row, column])))
        return max(found, key=lambda box: box.side * box.confidence, default=None)

    def mesh(self, image: Image, box: Box) -> Points:
        """The mesh of the face in a box, in pixels of the picture: 468 x 2."""
        to_picture = crop_map(box.centre, box.side * MESH_MARGIN, box.roll, MESH_SIDE)
        patch = cut(image, to_picture, MESH_SIDE)
        self.landmarks.setInput(cv2.dnn.blobFromImage(patch, 1 / 255, swapRB=True))
        flat = self.landmarks.forward("mesh").reshape(topology.MESH_POINTS, 3)[:, :2].astype(np.float64)
        return cv2.transform((flat - 0.5)[None], to_picture)[0].astype(np.float32)
