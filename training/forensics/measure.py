"""Figures of the network on people it was not trained on."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import torch
from numpy.typing import NDArray

from forge import masks, plan

from . import augment
from .drawing import Pool
from .layout import HEADS
from .network import Forensics
from .pool import HEAD, SYNTHETIC

Array = NDArray[np.float32]
#: Most crops per method; enough for two decimals.
MOST = 300


def logits(network: Forensics, pool: Pool, places: list[int], steps: list[dict] | None = None) -> tuple[Array, Array]:
    """Totals and maps of the middles of the crops, each worn by `steps`."""
    totals, found = [], []
    with torch.no_grad():
        for start in range(0, len(places), 32):
            part = places[start : start + 32]
            pixels = [augment.worn(augment.crop(pool.images[i], augment.central()), steps or [], i) for i in part]
            x = np.stack(pixels)[..., ::-1].astype(np.float32).transpose(0, 3, 1, 2) / 255
            t, m = network(torch.from_numpy(x.copy()).contiguous(memory_format=torch.channels_last))
            totals.append(t.numpy())
            found.append(m.numpy())
    return np.concatenate(totals), np.concatenate(found)


def auc(above: Array, below: Array) -> float:
    """The share of pairs in which the first is greater; ties count half."""
    return float(((above[:, None] > below[None]) + 0.5 * (above[:, None] == below[None])).mean())


def spread(places: list[int]) -> list[int]:
    """At most MOST of the indices, evenly spaced."""
    return [places[i * len(places) // MOST] for i in range(MOST)] if len(places) > MOST else places


def report(network: Forensics, pool: Pool) -> dict:
    """For held-out people: the AUC of each method against genuine photographs, how often a forgery scores above its base,
    clean and as JPEG of quality 50, and how often the strongest part is the exchanged one."""
    network.eval()
    genuine = spread(pool.of(plan.GENUINE, held_out=True))
    methods = {m: spread(pool.of(m, held_out=True)) for m in (*HEAD, SYNTHETIC)}
    people = Counter(pool.rows[i]["person"] for i in genuine if pool.rows[i]["person"])
    figures: dict = {"people": len(people), "genuine": len(genuine), "methods": {}}
    for name, steps in (("clean", []), ("jpeg50", [{"step": "jpeg", "value": 50}])):
        real, _ = logits(network, pool, genuine, steps)
        for method, places in methods.items():
            if not places:
                continue
            head = HEAD.get(method, HEADS.index("synthesis"))
            fake, found = logits(network, pool, places, steps)
            row = figures["methods"].setdefault(method, {"crops": len(places)})
            row[name] = round(auc(fake[:, head], real[:, head]), 4)
            if method in HEAD:
                under, _ = logits(network, pool, [pool.rows[i]["base"] for i in places], steps)
                row[f"{name}_above_base"] = round(float((fake[:, head] > under[:, head]).mean()), 4)
            right = located(pool, places, found[:, head])
            if right is not None:
                row[f"{name}_located"] = round(right, 4)
    return figures


def located(pool: Pool, places: list[int], found: Array) -> float | None:
    """The share of forgeries of parts whose strongest part was exchanged; `None` without such forgeries."""
    names = sorted(masks.REGIONS)
    right: dict[bool, int] = defaultdict(int)
    for i, fields in zip(places, found, strict=True):
        regions = pool.rows[i]["regions"]
        if regions and set(regions) <= set(names):
            strength = [(fields * part).sum() / max(part.sum(), 1) for part in pool.parts[i].astype(np.float32)]
            right[names[int(np.argmax(strength))] in regions] += 1
    return right[True] / sum(right.values()) if right else None
