"""Figures of the network on people it was not trained on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from . import faces
from .drawing import Drawer, Seen
from .layout import AREAS, MARGIN, SIDE
from .network import Occlusion
from .occluders import CLEAR, HIDING, UNSEEN
from .pool import Pool, photographs
from .train import pixels

Array = NDArray[np.float32]
#: An area counts as covered in truth from this share on, and as uncovered up to the other.
COVERED, OPEN = 0.7, 0.1
#: The answer from which on the service takes an area as covered (`THRESHOLD` in src/face/occlusion.rs).
THRESHOLD = 0.5
#: Faces per kind.
MOST = 400


def read(network: Occlusion, crops: Iterable[NDArray[np.uint8]]) -> Array:
    """The network's shares, N x 8."""
    found, batch = [], []
    with torch.no_grad():
        for crop in crops:
            batch.append(pixels(crop))
            if len(batch) == 64:
                found.append(network(torch.stack(batch))[0].sigmoid().numpy())
                batch = []
        if batch:
            found.append(network(torch.stack(batch))[0].sigmoid().numpy())
    return np.concatenate(found)


def auc(above: Array, below: Array) -> float:
    """The share of pairs in which the first is greater; ties count half."""
    if not len(above) or not len(below):
        return float("nan")
    order = np.sort(below)
    left, right = np.searchsorted(order, above, "left"), np.searchsorted(order, above, "right")
    return float((left + right).mean() / 2 / len(below))


def draw(drawer: Drawer, kinds: list[str], seed: int, wear: float) -> list[Seen]:
    """Faces of the drawer with these kinds of things on them."""
    chosen = drawer.chosen
    picks = [chosen[i * len(chosen) // MOST] for i in range(MOST)] if len(chosen) > MOST else chosen
    return [drawer.one(np.random.default_rng([seed, i]), i, kinds, wear=wear) for i in picks]


def report(network: Occlusion, pool: Pool, models: Path, seed: int) -> dict:
    """For people held out, clean and worn: the false alarms of every area with nothing on the face and with every kind of thing
    that hides nothing; for every kind that hides something, the AUC of covered against uncovered areas and the share of covered
    ones found."""
    drawer = Drawer(pool, models, held_out=True)
    out: dict = {}
    for name, wear in (("clean", 0.0), ("worn", 1.0)):
        figures: dict = {"open": {}, "hiding": {}}
        plain = None
        for kind in (None, *CLEAR):
            seen = draw(drawer, [kind] if kind else [], seed, wear)
            answers, truth = read(network, (s.crop for s in seen)), np.stack([s.shares for s in seen])
            plain = answers if plain is None else plain
            alarms = {a: rate(answers[:, i] >= THRESHOLD, truth[:, i] <= OPEN) for i, a in enumerate(AREAS)}
            figures["open"][kind or "nothing"] = alarms
        for kind in (*HIDING, *UNSEEN):
            seen = draw(drawer, [kind], seed, wear)
            answers, truth = read(network, (s.crop for s in seen)), np.stack([s.shares for s in seen])
            each = {}
            for i, area in enumerate(AREAS):
                covered, uncovered = truth[:, i] >= COVERED, truth[:, i] <= OPEN
                if covered.sum() < 10:
                    continue
                each[area] = {
                    "covered": int(covered.sum()),
                    "auc": round(auc(answers[covered, i], np.concatenate([plain[:, i], answers[uncovered, i]])), 4),
                    "found": rate(answers[:, i] >= THRESHOLD, covered),
                    "others_called": rate(answers[:, i] >= THRESHOLD, uncovered),
                }
            figures["hiding"][kind] = each
        out[name] = figures
    return out


def rate(called: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
    """The share of those called."""
    return round(float(called[among].mean()), 4) if among.any() else float("nan")


def alarms(network: Occlusion, folder: Path, models: Path) -> tuple[list[str], Array]:
    """The answers on the largest face of every photograph of a folder, which is only read."""
    import cv2

    networks = faces.Networks(models)
    names, crops = [], []
    for name, path in photographs(folder):
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        box = None if image is None else networks.detect(image)
        if box is None:
            continue
        own = faces.square(networks.mesh(image, box))
        names.append(name)
        crops.append(faces.cut(image, faces.crop_map(own.centre, own.side * MARGIN, own.roll, SIDE), SIDE))
    return names, read(network, crops)
