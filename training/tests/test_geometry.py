"""Alignment, warps and masks."""

from __future__ import annotations

import numpy as np
import pytest

from forge import geometry, masks
from forge.forgery import Photo


def test_finds_a_known_similarity() -> None:
    rng = np.random.default_rng(0)
    source = rng.normal(0, 10, (40, 3)).astype(np.float32)
    turn = np.linalg.qr(rng.normal(0, 1, (3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    target = (1.7 * source @ turn.T + [3, -4, 5]).astype(np.float32)
    found = geometry.fit_similarity(source, target)
    assert found.scale == pytest.approx(1.7, rel=1e-4)
    assert np.allclose(found.apply(source), target, atol=1e-3)


def test_never_mirrors() -> None:
    rng = np.random.default_rng(1)
    source = rng.normal(0, 10, (30, 2)).astype(np.float32)
    found = geometry.fit_similarity(source, source * np.float32([-1, 1]))
    assert np.linalg.det(found.rotation) == pytest.approx(1.0)


def test_triangles_cover_the_hull_once(people: tuple[Photo, Photo]) -> None:
    points = people[0].flat
    triangles = geometry.triangulate(points)
    a, b, c = (points[triangles[:, i]].astype(float) for i in range(3))
    areas = 0.5 * np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0])
    hull = masks.hull(points, people[0].size).sum()
    assert areas.sum() == pytest.approx(hull, rel=0.03)


@pytest.mark.parametrize("make", [geometry.piecewise_map, geometry.spline_map])
def test_a_warp_carries_landmarks_onto_landmarks(make, people: tuple[Photo, Photo]) -> None:
    source, target = people[1].flat, people[0].flat
    x, y = make(source, target, people[0].size)
    assert np.isfinite(x).all()
    assert np.isfinite(y).all()
    named = list(geometry.topology.FEATURES)
    at = np.rint(target[named]).astype(int)
    read = np.stack([x[at[:, 1], at[:, 0]], y[at[:, 1], at[:, 0]]], 1)
    assert np.median(np.linalg.norm(read - source[named], axis=1)) < 3.0


def test_a_feathered_mask_stays_inside(people: tuple[Photo, Photo]) -> None:
    for kind in ("oval", "inner", "features"):
        hard = masks.face(people[0].flat, people[0].size, kind)
        soft = masks.feather(hard, 20)
        assert soft[hard == 0].max() == 0
        assert soft.max() > 0.95
        assert len(np.unique(soft)) > 10
