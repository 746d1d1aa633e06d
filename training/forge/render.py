"""Carries out a plan: writes pictures and their ground truth to disk, on several processes, resumable."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from . import degrade, morph, partial, resynth, self_blend, swap
from .forgery import Forgery, Photo, Recipe, Unforgeable
from .plan import GENUINE, Job
from .records import load_photo

Generator = Callable[[Photo, Photo | None, Recipe, np.random.Generator], Forgery]

GENERATORS: dict[str, Generator] = {
    self_blend.METHOD: self_blend.forge,
    partial.METHOD: partial.forge,
    resynth.METHOD: resynth.forge,
    **dict.fromkeys(swap.METHODS, swap.forge),
    **dict.fromkeys(morph.METHODS, morph.forge),
}
LIST = "forgeries.jsonl"
RUN = "run.json"


def render(job: Job, images: Path) -> bytes:
    """The JPEG of one job.

    Raises:
        Unforgeable: when this photograph cannot be forged in this way.
    """
    photo = load_photo(images, job.photo)
    image = photo.image
    rng = np.random.default_rng(job.seed)
    if job.method != GENUINE:
        donor = load_photo(images, job.donor) if job.donor else None
        forgery = GENERATORS[job.method](photo, donor, job.recipe, rng)
        if float(np.abs(forgery.image.astype(np.int16) - photo.image).mean()) < 0.02:
            raise Unforgeable("nothing changed")  # labelled as a forgery it would be a lie
        image = forgery.image
    image = degrade.apply(image, job.wear, photo.face_size, rng)
    return degrade.encode(image, job.quality)


def describe(job: Job) -> Recipe:
    """The ground truth of one picture, for its line in the list."""
    return {
        "path": job.path,
        "method": job.method,
        "label": "real" if job.method == GENUINE else "fake",
        "identity": job.identity,
        "photo": job.photo.path,
        "donor": job.donor.path if job.donor else None,
        "donor_identity": job.donor.identity if job.donor else None,
        "regions": [] if job.method == GENUINE else job.recipe.get("regions", ["face"]),
        "blender": job.recipe.get("blender"),
        "share": job.recipe.get("share"),
        "seed": job.seed,
        "quality": job.quality,
        "wear": job.wear,
        "recipe": job.recipe,
    }


def claim(out: Path, seed: int, wear_share: float, faces: Path) -> None:
    """Marks `out` as this run's. A folder of another seed or of other faces is refused: its files would be taken for
    this run's by their names.

    Raises:
        ValueError: when the folder belongs to another run.
    """
    digest = hashlib.sha256(faces.read_bytes()).hexdigest()
    mine = {"seed": seed, "wear_share": wear_share, "faces_sha256": digest}
    mark = out / RUN
    if mark.exists():
        if json.loads(mark.read_text(encoding="utf-8")) != mine:
            raise ValueError(f"{out} holds another run (see {RUN} in it); choose an empty folder")
    else:
        out.mkdir(parents=True, exist_ok=True)
        mark.write_text(json.dumps(mine, indent=1) + "\n", encoding="utf-8")


def _work(task: tuple[Job, str, str]) -> str | None:
    """One job in a worker; returns why it failed."""
    job, images, out = task
    target = Path(out) / job.path
    if target.exists():
        return None
    try:
        data = render(job, Path(images))
    except (Unforgeable, OSError, ValueError, cv2.error, np.linalg.LinAlgError) as problem:
        return f"{type(problem).__name__}: {problem}"
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(f".{os.getpid()}.part")
    unfinished.write_bytes(data)
    unfinished.replace(target)  # a run that is cut off leaves no half pictures that the next would skip
    return None


def run(jobs: list[Job], images: Path, out: Path, processes: int) -> list[tuple[Job, str]]:
    """Makes what is missing, writes the list and returns the jobs that failed."""
    tasks = [(job, str(images), str(out)) for job in jobs]
    failed: list[tuple[Job, str]] = []
    with (out / (LIST + ".part")).open("w", encoding="utf-8") as listing:
        for job, problem in zip(jobs, _progress(_results(tasks, processes), len(jobs)), strict=True):
            if problem is None:
                listing.write(json.dumps(describe(job), ensure_ascii=False) + "\n")
            else:
                failed.append((job, problem))
    (out / (LIST + ".part")).replace(out / LIST)
    return failed


def _results(tasks: list[tuple[Job, str, str]], processes: int) -> Iterator[str | None]:
    if processes <= 1:
        _calm()
        yield from map(_work, tasks)
        return
    with ProcessPoolExecutor(processes, initializer=_calm) as pool:
        yield from pool.map(_work, tasks, chunksize=8)


def _calm() -> None:
    cv2.setNumThreads(1)  # the processes share the cores already


def _progress(results: Iterator[Any], total: int) -> Iterator[Any]:
    started, shown = time.monotonic(), 0.0
    for done, result in enumerate(results, 1):
        now = time.monotonic()
        if now - shown > 1.0 or done == total:
            shown = now
            left = (now - started) / done * (total - done)
            end = "\n" if done == total else ""
            print(f"\r{done}/{total} pictures, {left:.0f} s left   ", end=end, file=sys.stderr, flush=True)
        yield result
