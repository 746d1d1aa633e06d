"""The things drawn over faces, the areas and the crops that the occlusion network learns from, on drawn faces."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import drawn_mesh, drawn_photo

from occlusion import areas, drawing, faces, pool
from occlusion.layout import AREAS, GRID, MARGIN, SIDE
from occlusion.occluders import CLEAR, HIDING, UNSEEN
from occlusion.occluders.scene import Scene

MODELS = Path(__file__).resolve().parents[2] / "models"


def crops(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A drawn face as the pool keeps it: the picture, what lies inside of it, the mesh."""
    photo = drawn_photo(seed)
    own = faces.square(photo.mesh)
    to_picture = faces.crop_map(own.centre, own.side * pool.ROOM, own.roll, pool.KEPT)
    inside = faces.cut(np.full(photo.image.shape[:2], 255, np.uint8), to_picture, pool.KEPT)
    return faces.cut(photo.image, to_picture, pool.KEPT), inside, faces.into(to_picture, photo.mesh)


def scene(seed: int) -> Scene:
    image, _, points = crops(seed)
    return Scene(image.astype(np.float32), points, crops(seed + 1)[0].astype(np.float32), np.random.default_rng(seed))


@pytest.fixture(scope="module")
def drawer(tmp_path_factory: pytest.TempPathFactory) -> drawing.Drawer:
    """Over a pool of four faces, of which nobody is held out."""
    folder = tmp_path_factory.mktemp("pool")
    kept = [crops(seed) for seed in range(4)]
    for name, arrays in zip(("images", "inside", "meshes"), zip(*kept, strict=True), strict=True):
        np.save(folder / f"{name}.npy", np.stack(arrays))
    rows = [{"photo": f"{i}.jpg", "person": str(i), "held_out": False, "covered": i == 3} for i in range(4)]
    (folder / "faces.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return drawing.Drawer(pool.Pool.open(folder), MODELS, held_out=False)


def test_the_square_is_upright_and_moves_with_the_face() -> None:
    mesh = drawn_mesh(3)
    turned = mesh.copy()
    angle, centre = 0.5, mesh[:, :2].mean(0)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned[:, :2] = (mesh[:, :2] - centre) @ turn.T + centre
    seen = []
    for points in (mesh, turned):
        own = faces.square(points)
        seen.append(faces.into(faces.crop_map(own.centre, own.side * MARGIN, own.roll, SIDE), points))
    assert np.abs(seen[0] - seen[1]).max() < 0.02
    assert (seen[0] > 0).all()
    assert (seen[0] < SIDE).all()


def test_areas_lie_where_their_names_say_and_apart() -> None:
    _, _, points = crops(5)
    masks = {area: areas.mask(points, area, pool.KEPT) for area in ("right_eye", "left_eye", "nose", "mouth")}
    middle = {area: np.argwhere(mask).mean(0) for area, mask in masks.items()}
    assert middle["right_eye"][1] < middle["nose"][1] < middle["left_eye"][1]
    assert middle["right_eye"][0] < middle["nose"][0] < middle["mouth"][0]
    assert not (masks["right_eye"] & masks["left_eye"]).any()
    cover = masks["mouth"].astype(np.float32)
    shares = dict(zip(AREAS, areas.covered(points, cover), strict=True))
    assert shares["mouth"] == 1
    assert shares["right_eye"] == 0


@pytest.mark.parametrize("kind", [*HIDING, *UNSEEN])
def test_what_hides_something_changes_the_picture_there(kind: str) -> None:
    draw = UNSEEN.get(kind) or HIDING[kind][0]
    hidden = 0.0
    for seed in range(6):
        one = scene(seed)
        cover = draw(one)
        assert cover.alpha.shape == cover.hides.shape == one.image.shape[:2]
        assert 0 <= cover.alpha.min() <= cover.alpha.max() <= 1
        # Nothing is hidden that is not drawn over.
        assert (cover.alpha[cover.hides > 0.9] > 0.6).mean() > 0.9 if (cover.hides > 0.9).any() else True
        hidden = max(hidden, float(cover.hides.max()))
    assert hidden > 0.9


@pytest.mark.parametrize("kind", list(CLEAR))
def test_what_is_the_faces_own_hides_nothing(kind: str) -> None:
    for seed in range(4):
        cover = CLEAR[kind](scene(seed))
        assert not cover.hides.any()
        assert cover.alpha.max() <= 1


def test_a_mask_covers_the_mouth_and_dark_glasses_the_eyes(drawer: drawing.Drawer) -> None:
    found = {kind: np.zeros(len(AREAS)) for kind in ("crude_mask", "bar")}
    for kind, sums in found.items():
        for seed in range(8):
            sums += drawer.one(np.random.default_rng(seed), 0, [kind]).shares / 8
    eyes, mouth = [AREAS.index("right_eye"), AREAS.index("left_eye")], AREAS.index("mouth")
    assert found["crude_mask"][mouth] > 0.7
    assert found["crude_mask"][eyes].max() < 0.4
    assert found["bar"][eyes].min() > 0.7
    assert found["bar"][mouth] < 0.1


def test_draws_are_repeatable_and_mirrored_in_both(drawer: drawing.Drawer) -> None:
    one, again = (drawer.any(np.random.default_rng(3)) for _ in range(2))
    assert (one.crop == again.crop).all()
    assert (one.shares == again.shares).all()
    assert one.crop.shape == (SIDE, SIDE, 3)
    assert one.fields.shape == (GRID, GRID)
    other = drawing.mirrored(one)
    assert other.shares[AREAS.index("left_eye")] == one.shares[AREAS.index("right_eye")]
    assert (drawing.mirrored(other).crop == one.crop).all()
    assert (drawing.mirrored(other).shares == one.shares).all()


def test_faces_that_are_covered_as_photographed_are_left_out(drawer: drawing.Drawer) -> None:
    assert drawer.chosen == [0, 1, 2]


def test_evaluation_data_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "vipbench-dev"
    folder.mkdir()
    cv2.imwrite(str(folder / "1.png"), drawn_photo(1).image)
    with pytest.raises(ValueError, match="evaluation data"):
        pool.write([(folder, False)], MODELS, tmp_path / "out")


def test_the_exported_network_answers_as_the_trained_one(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from occlusion.export import export
    from occlusion.network import Occlusion

    torch.manual_seed(1)
    network = Occlusion().train()
    network(torch.rand(8, 3, SIDE, SIDE))  # statistics that are not the initial ones
    network.eval()
    crop = torch.rand(1, 3, SIDE, SIDE)
    with torch.no_grad():
        expected = network(crop)[0].sigmoid().numpy()
    export(network, tmp_path / "net.onnx")
    graph = cv2.dnn.readNetFromONNX(str(tmp_path / "net.onnx"))
    graph.setInput(crop.numpy())
    assert np.abs(graph.forward() - expected).max() < 1e-4
