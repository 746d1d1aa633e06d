"""What an occluder is drawn on, and what it leaves."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from forge import topology

Colour = NDArray[np.float32]
#: Values per side x side, 0..=1.
Alpha = NDArray[np.float32]


@dataclass(frozen=True)
class Scene:
    """A face as photographed."""

    image: NDArray[np.float32]
    """Side x side x 3, blue first, 0..=255."""
    points: NDArray[np.float32]
    """The mesh in its pixels, 468 x 2."""
    other: NDArray[np.float32]
    """Another photograph of the same shape, for colours and textures."""
    rng: np.random.Generator

    @property
    def side(self) -> int:
        """The side of the picture in pixels."""
        return self.image.shape[0]

    def at(self, *indices: int) -> NDArray[np.float32]:
        """The mean of mesh points."""
        return self.points[list(indices)].mean(0)

    @property
    def height(self) -> float:
        """From forehead to chin, in pixels."""
        return float(np.linalg.norm(self.at(topology.FOREHEAD) - self.at(topology.CHIN)))

    def skin(self, image: NDArray[np.float32] | None = None) -> Colour:
        """The colour of the face's skin, or of the same places in another picture of a face."""
        image = self.image if image is None else image
        places = np.clip(np.rint(self.points[list(topology.SKIN)]), 0, self.side - 1).astype(int)
        return np.median(image[places[:, 1], places[:, 0]], axis=0).astype(np.float32)

    def between(self, low: float, high: float) -> float:
        """A random number."""
        return float(self.rng.uniform(low, high))

    def jitter(self, points: NDArray, share: float) -> NDArray[np.float32]:
        """Points moved at random by about a share of the face's height."""
        return (points + self.rng.normal(0, share * self.height, points.shape)).astype(np.float32)


@dataclass(frozen=True)
class Cover:
    """What is drawn over a face."""

    alpha: Alpha
    """How much of each pixel is drawn over."""
    colour: NDArray[np.float32]
    """Side x side x 3."""
    hides: Alpha
    """How much of the face each pixel hides: zero where it can be seen through."""

    @classmethod
    def opaque(cls, alpha: Alpha, colour: NDArray[np.float32]) -> Cover:
        """Hides what it is drawn over."""
        return cls(alpha, colour, alpha)

    @classmethod
    def clear(cls, alpha: Alpha, colour: NDArray[np.float32]) -> Cover:
        """Hides nothing: make-up, a beard, the frame of glasses."""
        return cls(alpha, colour, np.zeros_like(alpha))


def polygon(side: int, points: NDArray) -> Alpha:
    """The inside of a polygon, anti-aliased."""
    return _filled(side, points, cv2.fillPoly)


def hull(side: int, points: NDArray) -> Alpha:
    """The inside of the convex hull, anti-aliased."""
    return _filled(side, cv2.convexHull(points.astype(np.float32))[:, 0], cv2.fillPoly)


def _filled(side: int, points: NDArray, fill) -> Alpha:
    out = np.zeros((side, side), np.uint8)
    fill(out, [np.rint(points * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return out.astype(np.float32) / 255


def capsule(side: int, start: NDArray, end: NDArray, width: float) -> Alpha:
    """A thick line with round ends."""
    out = np.zeros((side, side), np.uint8)
    a, b = (tuple(int(v) for v in np.rint(p * 16)) for p in (start, end))
    cv2.line(out, a, b, 255, max(1, round(width)), cv2.LINE_AA, 4)
    return out.astype(np.float32) / 255


def ellipse(side: int, centre: NDArray, radii: tuple[float, float], angle: float) -> Alpha:
    """A filled ellipse; `angle` in radians."""
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    ring = np.stack([np.cos(turn) * radii[0], np.sin(turn) * radii[1]], 1)
    cos, sin = np.cos(angle), np.sin(angle)
    return polygon(side, centre + ring @ np.array([[cos, sin], [-sin, cos]]))


def box(side: int, centre: NDArray, size: tuple[float, float], angle: float, radius: float = 0.0) -> Alpha:
    """A filled rectangle with rounded corners."""
    w, h = size[0] / 2, size[1] / 2
    radius = min(radius, w, h)
    turn = np.linspace(0, np.pi / 2, 6)
    corners = [(w, h, 0), (-w, h, 1), (-w, -h, 2), (w, -h, 3)]
    ring = []
    for x, y, quarter in corners:
        arc = turn + quarter * np.pi / 2
        inner = np.array([x - np.sign(x) * radius, y - np.sign(y) * radius])
        ring.append(inner + radius * np.stack([np.cos(arc), np.sin(arc)], 1))
    cos, sin = np.cos(angle), np.sin(angle)
    return polygon(side, centre + np.concatenate(ring) @ np.array([[cos, sin], [-sin, cos]]))


def smooth(curve: NDArray, count: int = 24) -> NDArray[np.float32]:
    """A closed curve through a polygon's corners (Catmull-Rom)."""
    before, after, beyond = np.roll(curve, 1, 0), np.roll(curve, -1, 0), np.roll(curve, -2, 0)
    t = np.linspace(0, 1, max(2, count // 6), endpoint=False)[:, None, None]
    c = 0.5 * (2 * curve + (after - before) * t + (2 * before - 5 * curve + 4 * after - beyond) * t**2
               + (3 * curve - before - 3 * after + beyond) * t**3)  # fmt: skip
    return c.transpose(1, 0, 2).reshape(-1, 2).astype(np.float32)
