"""The plan: which photograph is forged by which method with which donor. Made before a pixel is read; deterministic by seed."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np

from . import degrade, morph, partial, resynth, self_blend, swap
from .forgery import Recipe
from .records import FaceRecord

#: Most pictures per identity: genuine ones, and forgeries of each method.
MOST_GENUINE = 40
MOST_OF_METHOD = 12
#: Most forgeries of one method per photograph.
FORGERIES_PER_PHOTO = 2

GENUINE = "real"
ALONE = (self_blend.METHOD, resynth.METHOD)
PAIRED = (*swap.METHODS, partial.METHOD, *morph.METHODS)
METHODS = (*ALONE, *PAIRED)

#: Differences up to which two faces count as similar: degrees, years, share.
NEAR_YAW = 15.0
NEAR_AGE = 12.0
NEAR_SEX = 0.4
#: The number of best donors to draw from; always the best would repeat the same few pairs.
SHORTLIST = 6


@dataclass(frozen=True)
class Job:
    """One picture to write."""

    path: str
    method: str
    identity: str
    """The claimed person."""
    photo: FaceRecord
    """The photograph painted into, or copied."""
    donor: FaceRecord | None
    seed: int
    quality: int
    """The quality of the written JPEG."""
    recipe: Recipe = field(default_factory=dict)
    wear: list[Recipe] = field(default_factory=list)


def seed_of(*parts: object) -> int:
    """A seed from names, independent of the order in which pictures are made."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:6], "big")


def make_plan(faces: list[FaceRecord], seed: int, wear_share: float = 0.5) -> list[Job]:
    """All jobs, alternating between identities, so that any first part of the plan is a fair sample of it."""
    by_identity: dict[str, list[FaceRecord]] = defaultdict(list)
    for face in faces:
        by_identity[face.identity].append(face)
    queues = [_identity(i, by_identity, seed, wear_share) for i in sorted(by_identity)]
    jobs: list[Job] = []
    while queues:
        still = []
        for queue in queues:
            if (job := next(queue, None)) is not None:
                jobs.append(job)
                still.append(queue)
        queues = still
    return jobs


def _identity(identity: str, by_identity: dict[str, list[FaceRecord]], seed: int, wear_share: float) -> Iterator[Job]:
    """One person's jobs, alternating between genuine and each method."""
    own = by_identity[identity]
    others = [face for other in sorted(by_identity) if other != identity for face in by_identity[other]]
    streams = [_genuine(identity, own, seed, wear_share)]
    streams += [_forged(identity, method, own, others, seed, wear_share) for method in METHODS]
    while streams:
        still = []
        for stream in streams:
            if (job := next(stream, None)) is not None:
                yield job
                still.append(stream)
        streams = still


def _genuine(identity: str, own: list[FaceRecord], seed: int, wear_share: float) -> Iterator[Job]:
    rng = np.random.default_rng(seed_of(seed, identity, GENUINE))
    for i in rng.permutation(len(own))[:MOST_GENUINE]:
        yield _job(identity, GENUINE, own[i], None, 0, seed, wear_share)


def _forged(
    identity: str,
    method: str,
    own: list[FaceRecord],
    others: list[FaceRecord],
    seed: int,
    wear_share: float,
) -> Iterator[Job]:
    rng = np.random.default_rng(seed_of(seed, identity, method))
    most = min(MOST_OF_METHOD, FORGERIES_PER_PHOTO * len(own))
    order = np.concatenate([rng.permutation(len(own)) for _ in range(FORGERIES_PER_PHOTO)])
    met: Counter[str] = Counter()
    pairs: set[tuple[str, str]] = set()
    for number in range(most):
        face = own[order[number]]
        if method in ALONE:
            yield _job(identity, method, face, None, number, seed, wear_share)
            continue
        other = _partner(face, others, met, pairs, rng)
        if other is None:
            continue
        met[other.identity] += 1
        pairs.add((face.path, other.path))
        photo, donor = (other, face) if method == "swap-source" else (face, other)
        yield _job(identity, method, photo, donor, number, seed, wear_share)


def _partner(
    face: FaceRecord,
    others: list[FaceRecord],
    met: Counter[str],
    pairs: set[tuple[str, str]],
    rng: np.random.Generator,
) -> FaceRecord | None:
    """Another person's photograph to swap with: similar ones first, so that swaps are hard to detect."""
    free = [other for other in others if (face.path, other.path) not in pairs]
    if not free:
        return None
    cosines = np.array([face.embedding @ other.embedding for other in free])
    spread = max(float(cosines.std()), 1e-6)
    costs = np.array([mismatch(face, other) for other in free]) - cosines / spread
    costs += [0.5 * met[other.identity] for other in free]
    best = np.argsort(costs, kind="stable")[:SHORTLIST]
    weights = 0.75 ** np.arange(len(best))
    return free[int(rng.choice(best, p=weights / weights.sum()))]


def mismatch(a: FaceRecord, b: FaceRecord) -> float:
    """The cost of swapping two faces, apart from their likeness: pose above all, then sex and age, then what makes a swap
    look wrong (an open mouth on a closed one, a tiny face on a large one)."""
    cost = 8.0 * (abs(a.yaw - b.yaw) > NEAR_YAW)
    cost += 4.0 * (abs(a.male - b.male) > NEAR_SEX) + 3.0 * (abs(a.age - b.age) > NEAR_AGE)
    cost += 0.05 * abs(a.yaw - b.yaw) + 0.04 * abs(a.pitch - b.pitch) + 12.0 * abs(a.mouth_open - b.mouth_open)
    ratio = abs(float(np.log(max(a.face_size, 1.0) / max(b.face_size, 1.0))))
    return cost + 4.0 * max(0.0, ratio - 0.5)


def _job(
    identity: str,
    method: str,
    photo: FaceRecord,
    donor: FaceRecord | None,
    number: int,
    seed: int,
    wear_share: float,
) -> Job:
    if method == GENUINE:
        path = f"{identity}/{GENUINE}/{_stem(photo)}.jpg"
    else:
        names = [f"{number:02d}", _stem(photo) if photo.identity == identity else _full(photo)]
        if donor is not None:
            names.append(_stem(donor) if donor.identity == identity else _full(donor))
        path = f"{identity}/fake/{method}/{'__'.join(names)}.jpg"
    own_seed = seed_of(seed, path)
    rng = np.random.default_rng(own_seed)
    recipe = _recipe(method, rng)
    # Wear and quality have a generator of their own: earlier draws must not tie them to the label.
    worn = np.random.default_rng(seed_of(seed, path, "wear"))
    wear, quality = degrade.choose(worn, wear_share), int(worn.integers(85, 96))
    return Job(path, method, identity, photo, donor, own_seed, quality, recipe, wear)


def _recipe(method: str, rng: np.random.Generator) -> Recipe:
    if method == GENUINE:
        return {}
    if method == self_blend.METHOD:
        return self_blend.choose(rng)
    if method == resynth.METHOD:
        return resynth.choose(rng)
    if method == partial.METHOD:
        return partial.choose(rng)
    if method in swap.METHODS:
        return swap.choose(rng)
    return morph.choose(rng, method)


def _stem(face: FaceRecord) -> str:
    """The file's name without folder and extension; an extension other than .jpg stays, so that 1.jpg and 1.png remain
    different."""
    name = PurePosixPath(face.path)
    inner = "-".join((*name.parts[1:-1], name.stem))
    return inner if name.suffix.lower() == ".jpg" else f"{inner}-{name.suffix[1:].lower()}"


def _full(face: FaceRecord) -> str:
    return f"{face.identity}-{_stem(face)}"
