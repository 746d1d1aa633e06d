"""The crops, the wear and the probes of the encoder, on drawn faces."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import SIZE, drawn_mesh, drawn_photo

from encoder import faces, layout, learn, measure, probes, samples, store, table, wear


@pytest.fixture
def people(tmp_path: Path) -> list[faces.Face]:
    (tmp_path / "pictures" / "some").mkdir(parents=True)
    lines = [{"path": "some/0.png", "width": 9, "height": 9, "faces": []}]
    for number in (1, 2):
        photo, path = drawn_photo(number), f"some/{number}.png"
        cv2.imwrite(str(tmp_path / "pictures" / path), photo.image)
        lines.append({"path": path, "width": SIZE[1], "height": SIZE[0], "faces": [{"mesh": {"points": photo.mesh.tolist()}}]})
    (tmp_path / "lines.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = faces.read(tmp_path / "lines.jsonl", tmp_path / "pictures")
    assert [f.path for f in found] == ["some/1.png", "some/2.png"]
    return found


@pytest.fixture
def face(people: list[faces.Face]) -> faces.Face:
    return people[0]


def test_the_square_turns_with_the_head() -> None:
    mesh = drawn_mesh(3)
    turned, angle = mesh.copy(), 0.4
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    centre = mesh[:, :2].mean(0)
    turned[:, :2] = (mesh[:, :2] - centre) @ turn.T + centre
    straight, leaning = faces.Square.around(mesh), faces.Square.around(turned)
    assert leaning.roll - straight.roll == pytest.approx(angle, abs=1e-3)
    assert leaning.side == pytest.approx(straight.side, rel=1e-3)
    assert np.allclose(leaning.centre, (straight.centre - centre) @ turn.T + centre, atol=0.1)


def test_the_crop_is_the_same_from_a_part_of_the_picture_and_from_a_smaller_one(face: faces.Face) -> None:
    picture, square = face.picture(), faces.Square.around(face.mesh)
    whole = faces.crop(picture, square, 64).astype(int)
    assert np.abs(faces.crop(*faces.surroundings(picture, square), 64) - whole).max() <= 1
    small = faces.shrunk(picture, square, square.side * 0.7)
    assert small[1].side == pytest.approx(square.side * 0.7, rel=0.01)
    assert np.abs(faces.crop(*small, 64) - whole).mean() < 6


def test_wear_is_drawn_without_the_label_and_keeps_the_place_of_the_face(face: faces.Face) -> None:
    genuine, forged = (list(samples.of_face(face, "g", label, 64, 2, 7)) for label in (False, True))
    assert [s.version for s in genuine] == [*wear.CONDITIONS, "drawn0", "drawn1"]
    assert all(np.array_equal(a.crop, b.crop) for a, b in zip(genuine, forged, strict=True))
    clean = genuine[0].crop.astype(int)
    assert all(np.abs(sample.crop - clean).mean() < 25 for sample in genuine)


def test_a_blend_and_its_base_differ_in_the_face_alone(people: list[faces.Face]) -> None:
    rows = list(samples.blends(people[0], people[1:], "some", 64, 4, 7))
    assert len(rows) >= 4
    for base, blend in zip(rows[::2], rows[1::2], strict=True):
        assert (base.pair, base.version) == (blend.pair, blend.version)
        assert (base.forged, blend.forged) == (False, True)
        away = np.abs(base.crop.astype(int) - blend.crop)
        assert away[20:44, 20:44].mean() > away[:6].mean()


def groups(seed: int, shift: float) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(0, 1, (400, 6))
    rows[:, 0] += shift
    return rows


def test_a_probe_tells_groups_it_has_not_seen() -> None:
    genuine = {name: probes.Sums.of(groups(seed, 0)) for seed, name in enumerate("ab")}
    probe = probes.fit(genuine, {"c": probes.Sums.of(groups(2, 2))}, 0.01)
    assert np.argmax(np.abs(probe.weights)) == 0
    assert probes.auc(probe(groups(3, 0)), probe(groups(4, 2))) > 0.85
    own = np.concatenate([probe(groups(0, 0)), probe(groups(1, 0))])
    assert abs(own.mean()) < 1e-3
    assert own.std() == pytest.approx(1, abs=0.05)


def test_what_changes_between_versions_of_a_picture_is_no_evidence() -> None:
    genuine, forged = groups(5, 0), groups(6, 1)
    forged[:, 1] += 2
    versions = np.zeros((400, 6))
    versions[:, 1] = np.random.default_rng(7).normal(0, 1, 400)
    sides = {"a": probes.Sums.of(genuine)}, {"b": probes.Sums.of(forged)}
    plain = probes.fit(*sides, 0.01)
    steady = probes.fit(*sides, 0.01, nuisance=probes.Sums.of(versions), weight=100)
    assert abs(plain.weights[1]) > abs(plain.weights[0])
    assert abs(steady.weights[1]) < 0.1 * abs(steady.weights[0])


def test_auc_counts_ties_half() -> None:
    assert probes.auc(np.array([0.0, 1.0]), np.array([1.0, 2.0])) == pytest.approx(0.875)
    assert probes.auc(np.array([0.0]), np.array([0.0])) == 0.5


def test_the_file_holds_what_was_fitted(tmp_path: Path) -> None:
    path = tmp_path / "probes.toml"
    store.write(path, {"generator": probes.Probe(np.array([0.25, -1.5]), 0.125)})
    assert tomllib.loads(path.read_text()) == {"synthesis": {"offset": 0.125, "weights": [0.25, -1.5]}}


def test_a_swap_and_its_base_are_shown_alike(people: list[faces.Face]) -> None:
    rows = list(samples.swapped(people[0], people[1], "base", 2, 7, 64))
    assert [(row.forged, row.group) for row in rows] == [(False, "base"), (True, "some")] * 2
    assert rows[0].pair == rows[1].pair != rows[2].pair == rows[3].pair
    assert np.abs(rows[0].crop.astype(int) - rows[1].crop).max() > 20


def features(rows: list[tuple[str, str, str, bool, np.ndarray]]) -> table.Table:
    """A table of (group, version, pair, forged, features)."""
    groups, versions, pairs, forged, values = (np.array(column) for column in zip(*rows, strict=True))
    return table.Table(values[:, None].astype(np.float16), groups, groups, versions, pairs, forged)


@pytest.fixture
def tables() -> tuple[table.Table, table.Table]:
    """Sources of photographs, drawn portraits that differ along one axis, and blends that differ along another."""
    rng = np.random.default_rng(11)
    portraits = [folder for folders in layout.GENERATORS.values() for folder in folders]
    swapped = [folder for folders in layout.SWAPPERS.values() for folder in folders]
    single, pairs = [], []
    for group in [*layout.SOURCES, *portraits, *swapped]:
        for number in range(40):
            row = rng.normal(0, 1, 6)
            row[0] += 3 * (group in portraits)
            row[1] += 3 * (group in swapped)
            version = list(wear.CONDITIONS)[number % 3]
            single.append((group, version, "", group not in layout.SOURCES, row))
    for source in layout.SOURCES[1:]:
        for number in range(40):
            kind = [*samples.BLENDS, layout.SWAPS.folder][number % 4]
            row = rng.normal(0, 1, 6)
            pair = f"{source}/{number}"
            pairs += [(source, "drawn0", pair, False, row), (kind, "drawn0", pair, True, row + 3 * np.eye(6)[1])]
    return features(single), features(pairs)


def test_forgeries_left_out_are_told_by_what_they_share_with_others(tables: tuple[table.Table, table.Table]) -> None:
    figures = measure.left_out(*tables)
    folders = [folder for folders in (*layout.GENERATORS.values(), *layout.SWAPPERS.values()) for folder in folders]
    assert sorted(figures) == sorted(set(folders) - {measure.EXTRA})
    for folder, read in figures.items():
        own, other = ("blend", "generator") if folder in ("inswapper", "dreamid-swap") else ("generator", "blend")
        for condition in wear.CONDITIONS:
            assert read[own][condition] > 0.9, (folder, condition)
            assert read[other][condition] < 0.8, (folder, condition)
            assert read["both"][condition] > 0.8, (folder, condition)
    assert len(measure.lines(figures)) == 4 + len(figures)


def test_what_is_left_out_changes_nothing_in_a_probe(tables: tuple[table.Table, table.Table]) -> None:
    single, pairs = tables
    learner = learn.Learner(single, pairs)
    without = ("inswapper", "press")
    bases = {pair for pair, group in zip(pairs.pairs, pairs.groups, strict=True) if group == "press"}
    shifted = np.isin(pairs.groups, without) | np.isin(pairs.pairs, list(bases))
    moved = table.Table(pairs.features + np.float16(5) * shifted[:, None, None], *list(vars(pairs).values())[1:])
    again = learn.Learner(single, moved)
    assert np.array_equal(learner.blend(without).weights, again.blend(without).weights)
    assert not np.allclose(learner.blend().weights, again.blend().weights)
    assert not np.allclose(learner.generator().weights, learner.generator(("sd21-sdfd",)).weights)
