"""Drawn faces, so that the tests need no photographs."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from forge import topology
from forge.forgery import Photo

SIZE = (240, 220)


def _arc(centre: tuple[float, float], radii: tuple[float, float], count: int, start: float = 0.0) -> np.ndarray:
    turn = start + np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.array(centre) + np.stack([np.cos(turn) * radii[0], np.sin(turn) * radii[1]], 1)


def drawn_mesh(seed: int) -> np.ndarray:
    """468 points of a face: those that the generators name are where they belong, the rest fill the oval."""
    rng = np.random.default_rng(seed)
    mesh = np.zeros((topology.MESH_POINTS, 2))
    fill = np.random.default_rng(0).uniform(-1, 1, (4000, 2))  # a point is at the same place in every face
    fill = fill[(fill**2).sum(1) < 0.9][: topology.MESH_POINTS]
    mesh[:] = fill * [52, 70]
    top = -np.pi / 2
    mesh[list(topology.OVAL)] = _arc((0, 0), (55, 75), len(topology.OVAL), top)
    for side, brow, eye, orbit in (
        (-1, topology.RIGHT_BROW, topology.RIGHT_EYE, topology.RIGHT_ORBIT),
        (1, topology.LEFT_BROW, topology.LEFT_EYE, topology.LEFT_ORBIT),
    ):
        mesh[list(brow)] = _arc((side * 24, -34), (14, 3), len(brow))
        mesh[list(eye)] = _arc((side * 24, -18), (10, 5), len(eye))
        mesh[list(orbit)] = _arc((side * 24, -18), (15, 10), len(orbit))
    mesh[list(topology.NOSE_HULL)] = _arc((0, 4), (15, 24), len(topology.NOSE_HULL))
    mesh[list(topology.NOSE)] = _arc((0, 4), (10, 20), len(topology.NOSE), top)
    mesh[list(topology.MOUTH_HULL)] = _arc((0, 42), (28, 16), len(topology.MOUTH_HULL))
    mesh[list(topology.LIPS)] = _arc((0, 42), (20, 9), len(topology.LIPS))
    mesh[list(topology.INNER_LIPS)] = _arc((0, 42), (14, 2), len(topology.INNER_LIPS))
    mesh *= rng.uniform(0.9, 1.1, 2)
    mesh += rng.normal(0, 0.4, mesh.shape) + np.array([SIZE[1], SIZE[0]]) / 2 + rng.uniform(-6, 6, 2)
    depth = 0.3 * np.linalg.norm(mesh - mesh.mean(0), axis=1, keepdims=True)
    return np.hstack([mesh, depth]).astype(np.float32)


def drawn_photo(seed: int) -> Photo:
    """A skin-coloured oval with features on a noisy ground."""
    rng = np.random.default_rng(seed)
    mesh = drawn_mesh(seed)
    image = np.full((*SIZE, 3), rng.integers(60, 200, 3), np.float32)
    points = np.rint(mesh[:, :2]).astype(np.int32)
    skin = rng.uniform([110, 130, 170], [170, 190, 230])
    cv2.fillPoly(image, [points[list(topology.OVAL)]], skin.tolist())
    for part, colour in (
        (topology.RIGHT_BROW, 0.3), (topology.LEFT_BROW, 0.3), (topology.RIGHT_EYE, 1.3),
        (topology.LEFT_EYE, 1.3), (topology.NOSE, 0.9), (topology.LIPS, 0.6),
    ):  # fmt: skip
        cv2.fillConvexPoly(image, cv2.convexHull(points[list(part)]), (skin * colour).tolist())
    image = cv2.GaussianBlur(image, (0, 0), 1.0) + rng.normal(0, 6, image.shape)
    return Photo(np.clip(image, 1, 255).astype(np.uint8), mesh)


@pytest.fixture(scope="session")
def people() -> tuple[Photo, Photo]:
    """Two different people."""
    return drawn_photo(1), drawn_photo(2)
