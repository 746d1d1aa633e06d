"""The crops, the pool and the pairs that the forensic network learns from, on drawn faces."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import SIZE, drawn_mesh, drawn_photo

from forensics import augment, crops, pool
from forge import topology
from forge.records import FaceRecord


def record(seed: int, path: str, identity: str) -> FaceRecord:
    embedding = np.random.default_rng(seed).normal(0, 1, 128).astype(np.float32)
    return FaceRecord(
        path, identity, SIZE[1], SIZE[0], drawn_photo(seed).mesh, embedding / np.linalg.norm(embedding), 0, 0, 30, 0.9, 90
    )


@pytest.fixture
def source(tmp_path: Path) -> pool.Source:
    for seed, name in ((1, "three/1.png"), (2, "two/2.png")):
        (tmp_path / name).parent.mkdir()
        cv2.imwrite(str(tmp_path / name), drawn_photo(seed).image)
    partner = (record(2, "two/2.png", "two"), tmp_path)
    return pool.Source(record(1, "three/1.png", "three"), tmp_path, (partner,))


def test_the_square_holds_the_face_upright() -> None:
    mesh = drawn_mesh(3)
    turned = mesh.copy()
    angle, centre = 0.5, mesh[:, :2].mean(0)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned[:, :2] = (mesh[:, :2] - centre) @ turn.T + centre
    straight, leaning = (crops.into(crops.square(m, 160), m) for m in (mesh, turned))
    assert np.abs(straight - leaning).max() < 0.01
    eyes = leaning[[topology.RIGHT_EYE[0], topology.LEFT_EYE[0]]]
    assert abs(eyes[0, 1] - eyes[1, 1]) < 0.01
    assert eyes[0, 0] < eyes[1, 0]
    height = np.linalg.norm(leaning[topology.FOREHEAD] - leaning[topology.CHIN])
    assert abs(height - 160 / crops.MARGIN) < 0.01


def test_the_service_sees_the_middle_of_what_is_kept() -> None:
    photo = drawn_photo(4)
    kept = crops.cut(photo.image, crops.square(photo.mesh, pool.KEPT, crops.MARGIN * pool.ROOM), pool.KEPT)
    seen = crops.cut(photo.image, crops.square(photo.mesh, 160), 160)
    assert np.abs(augment.crop(kept, augment.central()).astype(int) - seen).mean() < 3


def test_forged_and_base_differ_where_the_mask_is_and_nowhere_else(source: pool.Source) -> None:
    rows = pool.samples_of(source, 7)
    methods = {row.method for row in rows}
    assert {"real", "self-blend", "part-blend", "resynth", "partial", "swap-target"} <= methods
    for place, row in enumerate(rows):
        base = rows[row.base]
        changed = np.abs(row.image.astype(int) - base.image).max(2)
        inside = cv2.resize(row.mask, (pool.KEPT,) * 2, interpolation=cv2.INTER_NEAREST) > 0
        if row.base != place:
            assert changed[inside].mean() > changed[~inside].mean()
            assert changed[~inside].max() <= 2, row.method
        if set(row.regions) <= {"eyes", "nose", "mouth"} and row.regions:
            assert row.mask.mean() < 64


def test_pairs_are_drawn_by_their_number_and_worn_alike(source: pool.Source, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from forensics.drawing import Pairs, Pool

    drawn = pool.Source(source.face, source.folder, synthetic=True)
    pool.write([source, drawn], tmp_path / "pool", 7, 1)
    pairs = Pairs(Pool.open(tmp_path / "pool"), 7, 0, 40)
    first, again = pairs[3], pairs[3]
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    pixels, speaks, where = zip(*(pairs[i] for i in range(40)), strict=True)
    assert torch.stack(pixels).shape == (40, 2, 3, 160, 160)
    speaks, where = torch.stack(speaks), torch.stack(where)
    more = speaks[:, 0].sum(1) - speaks[:, 1].sum(1)
    # A drawn face that is drawn anew speaks of synthesis on both sides.
    assert (more >= 0).all()
    assert (more > 0).float().mean() > 0.7
    assert (where[:, 1].flatten(1).sum(1) <= where[:, 0].flatten(1).sum(1)).all()


def test_without_normalisation_layers_the_network_is_the_same() -> None:
    torch = pytest.importorskip("torch")
    from forensics.network import Forensics
    from forensics.train import plain

    torch.manual_seed(1)
    network = Forensics().train()
    network(torch.rand(4, 3, 160, 160))  # statistics that are not the initial ones
    network.eval()
    crop = torch.rand(1, 3, 160, 160)
    before = [t.detach().clone() for t in network(crop)]
    after = plain(network)(crop)
    assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(before, after, strict=True))
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in network.modules())
