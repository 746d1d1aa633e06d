"""The pool: crops of genuine and forged faces with their masks, made once and drawn from during training.

Every forged crop is stored with its base, the crop it was painted into. Outside the mask the two are identical, so only the
forgery tells them apart.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from forge import masks, morph, partial, plan, resynth, self_blend, swap
from forge.forgery import Forgery, Photo, Unforgeable, compose
from forge.records import FaceRecord, face_record, load_photo, refuse_evaluation_data
from forge.render import GENERATORS

from . import crops
from .layout import GRID, HEADS, SIDE

#: Stored crops are this much larger than the network's input, so that they can be shifted, rotated and scaled.
ROOM = 1.25
KEPT = round(SIDE * ROOM)
#: Masks are stored as the forged share of fields with this many pixels per side.
FIELD = 8
#: A self-blend of one part: the seam without another person's feature.
PART_BLEND = "part-blend"
SYNTHETIC = "synthetic"
#: Forgeries of each method per photograph.
EACH = {
    self_blend.METHOD: 2,
    PART_BLEND: 2,
    resynth.METHOD: 2,
    partial.METHOD: 2,
    "swap-target": 2,
    "morph": 1,
}
#: The head that each method trains.
HEAD = {method: HEADS.index("synthesis" if method == resynth.METHOD else "blending") for method in EACH}
#: These people are never trained on: the first three of five folds by the hash of the name, as in fit.py.
FOLDS, HELD_OUT = 5, (0, 1, 2)


@dataclass(frozen=True)
class Sample:
    """One crop."""

    image: NDArray[np.uint8]
    """KEPT x KEPT x 3, blue first."""
    mask: NDArray[np.uint8]
    """The forged share of each field, 0..=255."""
    base: int
    """The index of the sample it was painted into; its own index if it is not forged."""
    method: str
    person: str
    photo: str
    regions: tuple[str, ...]
    parts: NDArray[np.uint8]
    """For eyes, nose and mouth each, the share of the part in GRID x GRID fields of the network's input, 0..=255."""


def is_held_out(person: str) -> bool:
    """Whether the person is held out of training for measurements."""
    return int(hashlib.sha256(person.encode()).hexdigest(), 16) % FOLDS in HELD_OUT


def unnamed(lines: Path) -> list[FaceRecord]:
    """The largest usable face of every photograph in a folder without identities."""
    found = []
    with lines.open(encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            refuse_evaluation_data(Path(record["path"]))
            faces = (face_record(record, record["path"], "", face) for face in record["faces"])
            found += [face for face in faces if face is not None][:1]
    return sorted(found, key=lambda face: face.path)


def generate(method: str, photo: Photo, donor: Photo | None, rng: np.random.Generator) -> Forgery:
    """One forgery of one method, with random choices.

    Raises:
        Unforgeable: when this photograph cannot be forged in this way.
    """
    if method == PART_BLEND:
        return part_blend(photo, rng)
    choosers = {self_blend.METHOD: self_blend.choose, resynth.METHOD: resynth.choose, partial.METHOD: partial.choose}
    if method in choosers:
        recipe = choosers[method](rng)
    else:
        recipe = swap.choose(rng) if method in swap.METHODS else morph.choose(rng, method)
    return replace(GENERATORS[method](photo, donor, recipe, rng), regions=tuple(recipe.get("regions", ("face",))))


def part_blend(photo: Photo, rng: np.random.Generator) -> Forgery:
    """A self-blend of one part."""
    name = str(rng.choice(sorted(masks.REGIONS)))
    whole = self_blend.forge(photo, None, {**self_blend.choose(rng), "mask": "oval", "ratio": 1.0, "feather": 0.02}, rng)
    extent = photo.face_size
    hard = masks.wobble(masks.region(photo.flat, photo.size, name), 0.02 * extent, rng)
    soft = masks.feather(hard, float(rng.uniform(0.04, 0.1)) * extent)
    return Forgery(compose(whole.base, whole.image.astype(np.float32), soft), soft, whole.base, (name,))


@dataclass(frozen=True)
class Source:
    """One photograph, its folder, and the faces that it may be swapped with."""

    face: FaceRecord
    folder: Path
    partners: tuple[tuple[FaceRecord, Path], ...] = ()
    synthetic: bool = False


def samples_of(source: Source, seed: int) -> list[Sample]:
    """The photograph itself and its forgeries; `base` counts from the first of these."""
    rng = np.random.default_rng(plan.seed_of(seed, source.folder.name, source.face.path))
    photo = load_photo(source.folder, source.face)
    rows = [_sample(photo, None, 0, SYNTHETIC if source.synthetic else plan.GENUINE, source, ())]
    for method, times in EACH.items():
        for _ in range(times):
            forged = _forged(method, photo, source, rng)
            if forged is None:
                continue
            base = 0
            if forged.base is not photo.image:
                base = len(rows)
                rows.append(_sample(replace(photo, image=forged.base), None, base, rows[0].method, source, ()))
            rows.append(_sample(replace(photo, image=forged.image), forged, base, method, source, forged.regions))
    return rows


def _forged(method: str, photo: Photo, source: Source, rng: np.random.Generator) -> Forgery | None:
    donor = None
    if method in plan.PAIRED:
        if not source.partners:
            return None
        other, folder = source.partners[int(rng.integers(len(source.partners)))]
        donor = load_photo(folder, other)
    try:
        return generate(method, photo, donor, rng)
    except Unforgeable:
        return None


def _sample(
    photo: Photo, forged: Forgery | None, base: int, method: str, source: Source, regions: tuple[str, ...]
) -> Sample:
    to_picture = crops.square(photo.mesh, KEPT, crops.MARGIN * ROOM)
    image = crops.cut(photo.image, to_picture, KEPT)
    fields = KEPT // FIELD
    mask = np.zeros((fields, fields), np.uint8)
    if forged is not None:
        grey = np.rint(forged.mask * 255).astype(np.uint8)
        mask = np.rint(crops.shares(crops.cut(grey, to_picture, KEPT), fields)).astype(np.uint8)
    middle = crops.square(photo.mesh, SIDE)
    parts = [masks.region(crops.into(middle, photo.mesh), (SIDE, SIDE), name) for name in sorted(masks.REGIONS)]
    parts = np.stack([np.rint(crops.shares(part, GRID) * 255) for part in parts]).astype(np.uint8)
    return Sample(image, mask, base, method, source.face.identity, source.face.path, regions, parts)


def sources(
    people: tuple[list[FaceRecord], Path], genuine: tuple[list[FaceRecord], Path], drawn: tuple[list[FaceRecord], Path]
) -> list[Source]:
    """Every photograph with its partners, who are on the same side of the split and similar in pose, sex and age."""
    named_faces, folder = people
    found = []
    for face in named_faces:
        side = [o for o in named_faces if o.identity != face.identity and is_held_out(o.identity) == is_held_out(face.identity)]
        found.append(Source(face, folder, _nearest(face, side, folder)))
    found += [Source(f, genuine[1], _nearest(f, [o for o in genuine[0] if o is not f], genuine[1])) for f in genuine[0]]
    found += [Source(face, drawn[1], synthetic=True) for face in drawn[0]]
    return found


def _nearest(face: FaceRecord, others: list[FaceRecord], folder: Path, count: int = 12) -> tuple[tuple[FaceRecord, Path], ...]:
    order = sorted(others, key=lambda o: plan.mismatch(face, o) - 6.0 * float(face.embedding @ o.embedding))
    return tuple((other, folder) for other in order[:count])


def make(all_sources: list[Source], seed: int, jobs: int) -> Iterator[list[Sample]]:
    """The samples of each photograph, in the order of the photographs."""
    with ProcessPoolExecutor(jobs) as workers:
        yield from workers.map(samples_of, all_sources, [seed] * len(all_sources), chunksize=4)


def write(all_sources: list[Source], out: Path, seed: int, jobs: int) -> None:
    """Makes the pool: `images.npy`, `masks.npy`, `parts.npy` and `samples.jsonl` in `out`."""
    images, fields, parts, rows = [], [], [], []
    for number, group in enumerate(make(all_sources, seed, jobs)):
        start = len(rows)
        for sample in group:
            images.append(sample.image)
            fields.append(sample.mask)
            parts.append(sample.parts)
            held = is_held_out(sample.person) if sample.person else plan.seed_of(sample.photo) % FOLDS == 0
            rows.append({
                "method": sample.method, "base": start + sample.base, "person": sample.person, "photo": sample.photo,
                "regions": sample.regions, "held_out": held,
            })  # fmt: skip
        if number % 100 == 0:
            print(f"{number} of {len(all_sources)} photographs, {len(rows)} crops", flush=True)
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / "images.npy", np.stack(images))
    np.save(out / "masks.npy", np.stack(fields))
    np.save(out / "parts.npy", np.stack(parts))
    (out / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
