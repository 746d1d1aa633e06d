"""Reading the lines of `faceward train extract` and choosing the faces that may be used."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageOps

from . import topology
from .forgery import Photo

#: Faces below this quality, or with a yaw of this many degrees or more, are left out.
LEAST_QUALITY = 20.0
MOST_YAW = 45.0
#: The share of the outline that may lie outside the picture.
MOST_OUTSIDE = 0.1
#: A photograph this many interquartile ranges below the person's others probably shows somebody else.
FENCE = 3.0
EMBEDDING_B = 1


@dataclass(frozen=True)
class FaceRecord:
    """One usable face: the one in its photograph that is most like the photograph's identity."""

    path: str
    identity: str
    width: int
    height: int
    mesh: NDArray[np.float32]
    embedding: NDArray[np.float32]
    """Embedding B, the one that swaps change most."""
    yaw: float
    pitch: float
    age: float
    male: float
    quality: float

    @property
    def face_size(self) -> float:
        """The height of the face in pixels."""
        return float(np.linalg.norm(self.mesh[topology.FOREHEAD, :2] - self.mesh[topology.CHIN, :2]))

    @property
    def mouth_open(self) -> float:
        """The gap between the lips in face heights."""
        gap = self.mesh[topology.UPPER_LIP_BOTTOM, :2] - self.mesh[topology.LOWER_LIP_TOP, :2]
        return float(np.linalg.norm(gap)) / max(self.face_size, 1.0)


def refuse_evaluation_data(*paths: Path) -> None:
    """Refuses paths into the evaluation set, which is never trained on.

    Raises:
        ValueError: for such a path, also through a symbolic link.
    """
    for path in paths:
        for spelled in (path.absolute(), path.resolve()):
            if "vipbench" in str(spelled).lower():
                raise ValueError(f"{path}: this is evaluation data; forgeries are made from a training split only")


def load_records(lines: Path) -> list[FaceRecord]:
    """The usable faces, at most one per photograph, sorted by path."""
    by_photo: dict[str, list[FaceRecord]] = {}
    with lines.open(encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            if record.get("error"):
                continue
            name = PurePosixPath(record["path"])
            if name.is_absolute() or ".." in name.parts or len(name.parts) < 2:
                raise ValueError(f"{name}: paths must be <identity>/<file> under the folder with the images")
            refuse_evaluation_data(Path(*name.parts))
            faces = [face_record(record, str(name), name.parts[0], face) for face in record["faces"]]
            usable = [face for face in faces if face is not None]
            if usable:
                by_photo[str(name)] = usable
    return sorted(_own_faces(by_photo), key=lambda face: face.path)


def face_record(record: dict[str, Any], path: str, identity: str, face: dict[str, Any]) -> FaceRecord | None:
    """One face of one line, or nothing where it cannot be used."""
    template = face["template"]
    pose, quality = template["pose"], template["quality"]["score"]
    mesh = np.array(face["mesh"]["points"], np.float32)
    if mesh.shape != (topology.MESH_POINTS, 3) or not np.isfinite(mesh).all():
        return None
    outline = mesh[list(topology.OVAL), :2]
    outside = ((outline < 0) | (outline > [record["width"] - 1, record["height"] - 1])).any(1).mean()
    if quality <= LEAST_QUALITY or abs(pose["yaw"]) >= MOST_YAW or outside > MOST_OUTSIDE:
        return None
    embedding = np.array(template["embeddings"][EMBEDDING_B], np.float32)
    people = template["demographics"]
    return FaceRecord(
        path, identity, record["width"], record["height"], mesh, embedding,
        pose["yaw"], pose["pitch"], people["age"], people["male"], quality,
    )  # fmt: skip


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    return vector / max(float(np.linalg.norm(vector)), 1e-9)


def _own_faces(by_photo: dict[str, list[FaceRecord]]) -> list[FaceRecord]:
    """The named person's face in each photograph. Photographs from the web show bystanders, and some show the wrong person:
    as genuine examples both would teach the opposite of the truth."""
    first: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
    for faces in by_photo.values():
        first[faces[0].identity].append(faces[0].embedding)
    # The median withstands some wrong faces among the first.
    centres = {identity: _unit(np.median(vectors, axis=0)) for identity, vectors in first.items()}
    chosen = [max(faces, key=lambda f: float(f.embedding @ centres[f.identity])) for faces in by_photo.values()]
    likeness: dict[str, list[float]] = defaultdict(list)
    for face in chosen:
        likeness[face.identity].append(float(face.embedding @ centres[face.identity]))
    fences = {}
    for identity, values in likeness.items():
        low, high = np.quantile(values, [0.25, 0.75])
        fences[identity] = low - FENCE * max(float(high - low), 0.01)
    kept = []
    for face in chosen:
        own = float(face.embedding @ centres[face.identity])
        rival = max((float(face.embedding @ c) for i, c in centres.items() if i != face.identity), default=-1.0)
        if own > rival and own >= fences[face.identity]:
            kept.append(face)
    return kept


def load_photo(images: Path, face: FaceRecord) -> Photo:
    """The photograph upright, as the extractor saw it."""
    path = images / face.path
    refuse_evaluation_data(path)
    with Pillow.open(path) as opened:
        upright = ImageOps.exif_transpose(opened).convert("RGB")
    if upright.size != (face.width, face.height):
        raise ValueError(f"{face.path}: {upright.size[0]}x{upright.size[1]} is not the size in its record")
    return Photo(np.ascontiguousarray(np.asarray(upright)[..., ::-1]), face.mesh)
