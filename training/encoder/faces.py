"""Faces from the lines of `faceward train extract`, and the crop that the encoder sees."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageOps

from forensics.crops import cut
from forge import topology
from forge.forgery import Image, Points

from .layout import MARGIN

#: The side of the square over the height of the mesh, and the distance of its middle above the mesh's, as a share of its
#: side; as in `Mesh::square` of the service.
SQUARE_TO_MESH, SQUARE_ABOVE = 1.084, 0.051


@dataclass(frozen=True)
class Face:
    """The largest face of one picture."""

    folder: Path
    path: str
    """Under `folder`."""
    mesh: Points
    """468 points: x, y in pixels of the picture; z in the same unit."""

    @property
    def group(self) -> str:
        """The first folder of the path: a generator, a source or a person."""
        return self.path.split("/", 1)[0]

    def picture(self) -> Image:
        """The picture upright, blue first."""
        with Pillow.open(self.folder / self.path) as opened:
            upright = ImageOps.exif_transpose(opened).convert("RGB")
        return np.ascontiguousarray(np.asarray(upright)[..., ::-1])


def read(lines: Path, folder: Path) -> list[Face]:
    """The largest face of every picture that has one, sorted by path."""
    found = []
    with lines.open(encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            if record.get("error") or not record["faces"]:
                continue
            mesh = np.array(record["faces"][0]["mesh"]["points"], np.float32)
            if mesh.shape == (topology.MESH_POINTS, 3) and np.isfinite(mesh).all():
                found.append(Face(folder, record["path"], mesh))
    return sorted(found, key=lambda face: face.path)


@dataclass(frozen=True)
class Square:
    """A square in a picture, turned with the head."""

    centre: NDArray[np.float64]
    side: float
    """In pixels of the picture."""
    roll: float
    """In radians, clockwise on the screen."""

    @classmethod
    def around(cls, mesh: Points) -> Square:
        """The square that the service draws around a face, eyes level."""
        right, left = mesh[topology.RIGHT_EYE[0], :2], mesh[topology.LEFT_EYE[0], :2]
        roll = float(np.arctan2(left[1] - right[1], left[0] - right[0]))
        turn = np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
        level = mesh[:, :2].astype(np.float64) @ turn.T
        low, high = level.min(0), level.max(0)
        side = max(SQUARE_TO_MESH * (high[1] - low[1]), 1.0)
        middle = (low + high) / 2 - np.array([0.0, SQUARE_ABOVE * side])
        return cls(turn.T @ middle, side, roll)

    def map(self, pixels: int, margin: float = MARGIN) -> NDArray[np.float64]:
        """The 2 x 3 map from the middles of a crop's pixels to those of the picture's."""
        scale = self.side * margin / pixels
        turn = scale * np.array([[np.cos(self.roll), -np.sin(self.roll)], [np.sin(self.roll), np.cos(self.roll)]])
        return np.column_stack([turn, self.centre - 0.5 - turn @ np.full(2, (pixels - 1) / 2)])

    def scaled(self, factor: float) -> Square:
        """The same square after its picture was scaled."""
        return Square(self.centre * factor, self.side * factor, self.roll)

    def moved(self, x: float, y: float) -> Square:
        """The same square after its picture was cropped at (`x`, `y`)."""
        return Square(self.centre - np.array([x, y]), self.side, self.roll)


def crop(picture: Image, square: Square, pixels: int) -> Image:
    """The crop that the encoder sees, black outside of the picture."""
    return cut(picture, square.map(pixels), pixels)


def surroundings(picture: Image, square: Square, extent: float = 2.0) -> tuple[Image, Square]:
    """The part of a picture around a face, `extent` times the side of its square, and the square in it."""
    height, width = picture.shape[:2]
    half = extent * square.side / 2
    left, top = (int(max(0, v - half)) for v in square.centre)
    right, bottom = (int(min(limit, v + half + 1)) for v, limit in zip(square.centre, (width, height), strict=True))
    if right - left < 2 or bottom - top < 2:
        return picture, square
    return np.ascontiguousarray(picture[top:bottom, left:right]), square.moved(left, top)


def shrunk(picture: Image, square: Square, side: float) -> tuple[Image, Square]:
    """The picture at a size at which the square has at most `side` pixels."""
    factor = side / square.side
    if factor >= 1:
        return picture, square
    height, width = picture.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA), square.scaled(size[0] / width)
