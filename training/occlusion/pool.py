"""The pool: crops of faces as photographed, made once; occluders are drawn on them during training."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from forge.records import refuse_evaluation_data

from . import faces

#: The side of a stored crop in pixels, and in sides of the face's square: room for occluders that reach beyond the face and
#: for crops that are placed inexactly.
KEPT, ROOM = 168, 1.9
#: The least side of a face's square in pixels of the picture.
LEAST_FACE = 40
#: One in this many people is held out.
FOLDS = 6
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


@dataclass(frozen=True)
class Pool:
    """What `write` left on disk."""

    images: NDArray[np.uint8]
    """N x KEPT x KEPT x 3, blue first."""
    inside: NDArray[np.uint8]
    """N x KEPT x KEPT: 255 in the picture, 0 beyond its edge."""
    meshes: NDArray[np.float32]
    """N x 468 x 2, in pixels of the crops."""
    rows: list[dict]

    @classmethod
    def open(cls, folder: Path) -> Pool:
        """Memory-maps the arrays."""
        rows = [json.loads(line) for line in (folder / "faces.jsonl").open(encoding="utf-8")]
        arrays = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("images", "inside", "meshes"))
        return cls(*arrays, rows)

    def of(self, held_out: bool) -> list[int]:
        """The indices of the faces of one side of the split, those that are covered as photographed left out."""
        return [i for i, row in enumerate(self.rows) if row["held_out"] == held_out and not row["covered"]]


def is_held_out(person: str) -> bool:
    """Whether the person is held out of training for measurements."""
    return int(hashlib.sha256(person.encode()).hexdigest(), 16) % FOLDS == 0


def photographs(folder: Path) -> list[tuple[str, Path]]:
    """The pictures under a folder, each with its path within it."""
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
    return [(str(p.relative_to(folder)), p) for p in found]


def write(folders: list[tuple[Path, bool]], models: Path, out: Path, covered: Container[str] = ()) -> None:
    """Makes the pool of the largest face in every picture. With each folder goes whether its subfolders are people; `covered`
    names the photographs whose face something hides already, as <folder>/<file>."""
    refuse_evaluation_data(out, *(folder for folder, _ in folders))
    networks = faces.Networks(models)
    images, insides, meshes, rows = [], [], [], []
    for folder, by_person in folders:
        for name, path in photographs(folder):
            refuse_evaluation_data(path)
            image = cv2.imread(str(path), cv2.IMREAD_COLOR)
            box = None if image is None else networks.detect(image)
            if box is None:
                continue
            mesh = networks.mesh(image, box)
            own = faces.square(mesh)
            if own.side < LEAST_FACE or not np.isfinite(mesh).all():
                continue
            to_picture = faces.crop_map(own.centre, own.side * ROOM, own.roll, KEPT)
            images.append(faces.cut(image, to_picture, KEPT))
            insides.append(faces.cut(np.full(image.shape[:2], 255, np.uint8), to_picture, KEPT))
            meshes.append(faces.into(to_picture, mesh))
            person = str(Path(name).parent) if by_person else f"{folder.name}/{name}"
            rows.append({
                "photo": f"{folder.name}/{name}", "person": person, "held_out": is_held_out(person),
                "covered": f"{folder.name}/{name}" in covered,
            })  # fmt: skip
        print(f"{folder.name}: {len(rows)} faces", flush=True)
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / "images.npy", np.stack(images))
    np.save(out / "inside.npy", np.stack(insides))
    np.save(out / "meshes.npy", np.stack(meshes))
    (out / "faces.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
