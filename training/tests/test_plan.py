"""Reading records, planning, and a whole run on drawn faces."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import SIZE, drawn_photo

from forge import degrade
from forge.__main__ import main
from forge.plan import METHODS, make_plan
from forge.records import load_records, refuse_evaluation_data


def face_line(seed: int, person: int, **changes: float) -> dict[str, object]:
    """One face as `faceward train extract` writes it."""
    rng = np.random.default_rng(person)
    embedding = rng.normal(0, 1, 128) + np.random.default_rng(1000 + seed).normal(0, 0.2, 128)
    embedding /= np.linalg.norm(embedding)
    return {
        "mesh": {"points": drawn_photo(seed).mesh.tolist(), "confidence": 1.0},
        "template": {
            "embeddings": [[1.0], embedding.tolist(), [1.0]],
            "demographics": {"age": 30.0, "male": 0.9},
            "pose": {"yaw": changes.get("yaw", 0.0), "pitch": 0.0, "roll": 0.0},
            "quality": {"score": changes.get("quality", 80.0), "components": []},
        },
    }


@pytest.fixture
def split(tmp_path: Path) -> tuple[Path, Path]:
    """A folder of three drawn people with four pictures each, and its lines."""
    images, lines = tmp_path / "images", []
    for person in range(3):
        for number in range(4):
            seed = 10 * person + number
            name = f"person_{person}/{number:04d}.jpg"
            (images / name).parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(images / name), drawn_photo(seed).image)
            faces = [face_line(seed, person)]
            lines.append({"path": name, "width": SIZE[1], "height": SIZE[0], "error": None, "faces": faces})
    faces_file = tmp_path / "extract.jsonl"
    faces_file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return images, faces_file


def rewrite(faces: Path, change) -> None:
    lines = [json.loads(line) for line in faces.read_text(encoding="utf-8").splitlines()]
    change(lines)
    faces.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def test_leaves_out_poor_and_turned_faces(split: tuple[Path, Path]) -> None:
    def change(lines: list[dict]) -> None:
        lines[0]["faces"] = [face_line(0, 0, quality=20.0)]
        lines[1]["faces"] = [face_line(1, 0, yaw=-45.0)]
        lines[2] = lines[2] | {"error": "unreadable", "faces": []}

    rewrite(split[1], change)
    assert [f.path for f in load_records(split[1]) if f.identity == "person_0"] == ["person_0/0003.jpg"]


def test_takes_the_named_person_and_not_the_bystander(split: tuple[Path, Path]) -> None:
    def change(lines: list[dict]) -> None:
        lines[0]["faces"].insert(0, face_line(77, 55))  # larger, so first, but nobody of the set
        lines[5]["faces"] = [face_line(78, 2)]  # the wrong person altogether

    rewrite(split[1], change)
    faces = {f.path: f for f in load_records(split[1])}
    assert np.allclose(faces["person_0/0000.jpg"].mesh, drawn_photo(0).mesh, atol=1e-3)
    assert "person_1/0001.jpg" not in faces


def test_plans_the_same_for_the_same_seed(split: tuple[Path, Path]) -> None:
    faces = load_records(split[1])
    once, again, other = make_plan(faces, 7), make_plan(faces, 7), make_plan(faces, 8)
    assert [(j.path, j.recipe, j.wear, j.quality) for j in once] == [
        (j.path, j.recipe, j.wear, j.quality) for j in again
    ]
    assert [j.path for j in once] != [j.path for j in other]
    assert len({j.path for j in once}) == len(once)


def test_claims_the_right_person(split: tuple[Path, Path]) -> None:
    for job in make_plan(load_records(split[1]), 7):
        assert job.path.startswith(job.identity + "/")
        if job.method == "swap-source":
            assert job.donor is not None
            assert (job.donor.identity, job.photo.identity != job.identity) == (job.identity, True)
        else:
            assert job.photo.identity == job.identity
            assert job.donor is None or job.donor.identity != job.identity


def test_no_method_outweighs_the_photographs(split: tuple[Path, Path]) -> None:
    counts = Counter((job.identity, job.method) for job in make_plan(load_records(split[1]), 7))
    assert all(counts[f"person_{p}", "real"] == 4 for p in range(3))
    assert all(1 <= counts[f"person_{p}", m] <= 8 for p in range(3) for m in METHODS)


def test_wear_says_nothing_about_the_label() -> None:
    rng = np.random.default_rng(0)
    drawn = [degrade.choose(rng) for _ in range(2000)]
    assert 0.45 < np.mean([bool(steps) for steps in drawn]) < 0.55
    assert {step["step"] for steps in drawn for step in steps} == set(degrade.STEPS)


@pytest.mark.parametrize("name", degrade.STEPS)
def test_wear_keeps_a_picture_a_picture(name: str) -> None:
    photo = drawn_photo(4)
    value = {"resize": 0.6, "rescale": 0.5, "screenshot": 0.8, "blur": 0.8, "noise": 3.0, "gamma": 1.1, "jpeg": 60.0}[name]
    step = [{"step": name, "value": value}]
    worn = [degrade.apply(photo.image, step, photo.face_size, np.random.default_rng(3)) for _ in range(2)]
    assert np.array_equal(*worn)
    assert worn[0].dtype == np.uint8
    assert abs(float(worn[0].mean()) - float(photo.image.mean())) < 12


def test_a_run_writes_every_picture_and_its_truth_and_goes_on_where_it_stopped(
    split: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images, faces = split
    out = tmp_path / "out"
    command = ["--faces", str(faces), "--images", str(images), "--out", str(out), "--seed", "7", "--jobs", "1"]
    assert main([*command, "--limit", "30"]) == 0
    lines = [json.loads(line) for line in (out / "forgeries.jsonl").read_text().splitlines()]
    assert len(lines) == 30
    assert all(cv2.imread(str(out / line["path"])) is not None for line in lines)
    assert all((line["label"] == "real") == ("/real/" in line["path"]) for line in lines)
    assert all(line["donor_identity"] != line["identity"] for line in lines if line["method"] != "swap-source")

    first = {line["path"]: (out / line["path"]).stat().st_mtime_ns for line in lines}
    gone = lines[4]["path"]
    before = (out / gone).read_bytes()
    (out / gone).unlink()
    assert main([*command, "--limit", "32"]) == 0
    assert (out / gone).read_bytes() == before
    kept = [path for path in first if path != gone]
    assert all((out / path).stat().st_mtime_ns == first[path] for path in kept)
    assert not list(out.rglob("*.part"))

    capsys.readouterr()
    command[command.index("7")] = "8"
    assert main(command) == 2
    assert "another run" in capsys.readouterr().err


def test_refuses_the_evaluation_set(split: tuple[Path, Path], tmp_path: Path, capsys) -> None:
    with pytest.raises(ValueError, match="evaluation"):
        refuse_evaluation_data(Path("data/VIPBench-dev/someone"))
    hidden = tmp_path / "vipbench-dev"
    hidden.mkdir()
    link = tmp_path / "innocent"
    link.symlink_to(hidden)
    assert main(["--faces", str(split[1]), "--images", str(link), "--out", str(tmp_path / "o")]) == 2
    assert "evaluation data" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()
