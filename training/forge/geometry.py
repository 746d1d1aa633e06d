"""Aligning two faces and warping one into the other's shape."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from . import topology
from .forgery import Image, Points

Map = tuple[NDArray[np.float32], NDArray[np.float32]]
"""The position in the source, x and y, that each pixel of the output is read from."""

#: The size of the ring of anchors, relative to the outline, at which a warp has faded into the similarity.
RING = 1.45
#: The blur of a warp's displacements in face sizes. Without it, errors of single mesh points show as kinks, and a fold at the
#: far side of the nose as a tear.
SMOOTHING = 0.015


@dataclass(frozen=True)
class Similarity:
    """Scale, rotation and shift, in two or three dimensions."""

    scale: float
    rotation: NDArray[np.float64]
    shift: NDArray[np.float64]

    def apply(self, points: Points) -> Points:
        """The points moved."""
        return (self.scale * points @ self.rotation.T + self.shift).astype(np.float32)


def fit_similarity(source: Points, target: Points) -> Similarity:
    """The similarity that carries `source` nearest to `target` (Umeyama, PAMI 1991)."""
    s, t = source.astype(np.float64), target.astype(np.float64)
    ms, mt = s.mean(0), t.mean(0)
    s, t = s - ms, t - mt
    u, d, vt = np.linalg.svd(t.T @ s / len(s))
    sign = np.ones(len(d))
    if np.linalg.det(u) * np.linalg.det(vt) < 0:
        sign[-1] = -1.0  # a mirror image fits best, but a face must not be mirrored
    rotation = (u * sign) @ vt
    scale = float((d * sign).sum() / max(s.var(0).sum(), 1e-12))
    return Similarity(scale, rotation, mt - scale * rotation @ ms)


def posed_like(mesh: Points, other: Points) -> Points:
    """`mesh` turned, scaled and moved in space until its head stands as that of `other` does."""
    rigid = list(topology.RIGID)
    return fit_similarity(mesh[rigid], other[rigid]).apply(mesh)


def ring(points: Points, factor: float = RING) -> Points:
    """The face's outline, blown up around its centre."""
    oval = points[list(topology.OVAL)]
    centre = oval.mean(0)
    return (centre + (oval - centre) * factor).astype(np.float32)


def triangulate(points: Points) -> NDArray[np.int32]:
    """Delaunay triangles as indices into `points`."""
    low = np.floor(points.min(0)) - 2
    span = np.ceil(points.max(0)) + 2 - low
    subdivision = cv2.Subdiv2D((int(low[0]), int(low[1]), int(span[0]), int(span[1])))
    first: dict[int, int] = {}
    for i, (x, y) in enumerate(points):
        first.setdefault(int(subdivision.insert((float(x), float(y)))), i)  # points that coincide share one vertex
    keys = {tuple(np.float32(subdivision.getVertex(v)[0])): i for v, i in first.items()}
    corners = subdivision.getTriangleList().reshape(-1, 3, 2)
    found = [[keys.get((np.float32(x), np.float32(y)), -1) for x, y in triangle] for triangle in corners]
    triangles = np.array(found, np.int32).reshape(-1, 3)
    return triangles[(triangles >= 0).all(1)]  # the rest hang on the subdivision's own outer frame


def _grid(size: tuple[int, int]) -> Points:
    y, x = np.mgrid[0 : size[0], 0 : size[1]]
    return np.stack([x, y], -1).reshape(-1, 2).astype(np.float32)


def piecewise_map(source: Points, target: Points, size: tuple[int, int]) -> Map:
    """Triangle by triangle: where each pixel of the target shape is read in the source shape."""
    back = fit_similarity(target, source)
    anchors = ring(target)
    target = np.vstack([target, anchors])
    source = np.vstack([source, back.apply(anchors)])
    labels = np.full(size, -1, np.int32)
    affines = []
    for triangle in triangulate(target):
        corners = np.hstack([target[triangle], np.ones((3, 1), np.float32)]).astype(np.float64)
        if abs(np.linalg.det(corners)) < 1e-2:
            continue  # a sliver; its neighbours' edges cover it
        cv2.fillConvexPoly(labels, np.rint(target[triangle] * 16).astype(np.int32), len(affines), shift=4)
        affines.append(np.linalg.solve(corners, source[triangle].astype(np.float64)))
    grid = _grid(size)
    plain = back.apply(grid)
    flat = labels.ravel()
    inside = flat >= 0
    moved = np.zeros_like(plain)
    if affines:
        table = np.array(affines, np.float32)[flat[inside]]
        homogeneous = np.hstack([grid[inside], np.ones((int(inside.sum()), 1), np.float32)])
        moved[inside] = np.einsum("ni,nij->nj", homogeneous, table) - plain[inside]
    extent = float(np.ptp(target[: topology.MESH_POINTS, 1]))
    field = cv2.GaussianBlur(moved.reshape(*size, 2), (0, 0), max(0.5, SMOOTHING * extent))
    field += plain.reshape(*size, 2)
    return np.ascontiguousarray(field[..., 0]), np.ascontiguousarray(field[..., 1])


def spline_map(source: Points, target: Points, size: tuple[int, int], stiffness: float = 0.02) -> Map:
    """A similarity and a thin-plate spline on top (Bookstein, PAMI 1989): smoother than triangles, and less exact."""
    back = fit_similarity(target, source)
    control = list(topology.CONTROL)
    anchors = ring(target, RING * 1.1)[::3]
    knots = np.vstack([target[control], anchors]).astype(np.float64)
    extent = float(np.ptp(target[:, 1]))
    knots_unit = knots / extent
    pulls = np.vstack([source[control] - back.apply(target[control]), np.zeros_like(anchors)])
    n = len(knots)
    system = np.zeros((n + 3, n + 3))
    system[:n, :n] = _plate(knots_unit, knots_unit) + np.eye(n) * stiffness
    system[:n, n], system[:n, n + 1 :] = 1.0, knots_unit
    system[n:, :n] = system[:n, n:].T
    weights = np.linalg.solve(system, np.vstack([pulls, np.zeros((3, 2))]))
    # The field is smooth, so a coarse grid of it is enough.
    h, w = size
    rows, columns = np.linspace(0, h - 1, min(h, 97)), np.linspace(0, w - 1, min(w, 97))
    coarse = np.stack(np.meshgrid(columns, rows), -1).reshape(-1, 2) / extent
    basis = np.hstack([_plate(coarse, knots_unit), np.ones((len(coarse), 1)), coarse])
    shape = (len(rows), len(columns), 2)
    field = (basis @ weights).reshape(shape).astype(np.float32)
    grid = _grid(size).reshape(h, w, 2)
    fine = cv2.remap(
        field,
        grid[..., 0] * ((len(columns) - 1) / max(w - 1, 1)),
        grid[..., 1] * ((len(rows) - 1) / max(h - 1, 1)),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    fine = fine + back.apply(grid.reshape(-1, 2)).reshape(h, w, 2)
    return np.ascontiguousarray(fine[..., 0]), np.ascontiguousarray(fine[..., 1])


def _plate(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    squared = ((a[:, None] - b[None]) ** 2).sum(-1)
    return np.where(squared > 1e-12, 0.5 * squared * np.log(np.maximum(squared, 1e-12)), 0.0)


def sample(image: Image, field: Map) -> Image:
    """The image read through a map; mirrored beyond its edge, so that no black gets into a face."""
    return cv2.remap(image, field[0], field[1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)


def warp(image: Image, source: Points, target: Points, size: tuple[int, int], kind: str = "triangles") -> Image:
    """`image` with the face shaped as `source` moved onto the shape `target`; `kind`: triangles or spline."""
    make = {"triangles": piecewise_map, "spline": spline_map}[kind]
    return sample(image, make(source, target, size))
