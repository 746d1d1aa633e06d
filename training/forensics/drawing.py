"""Batches of pairs, drawn from the pool."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from forge import plan

from . import augment
from .layout import GRID, HEADS
from .pool import HEAD, SYNTHETIC

#: How often each method is drawn.
WEIGHTS = {
    "self-blend": 0.22, "part-blend": 0.16, "partial": 0.18, "swap-target": 0.16, "morph": 0.04, "resynth": 0.1,
    SYNTHETIC: 0.14,
}  # fmt: skip


@dataclass(frozen=True)
class Pool:
    """What pool.write left on disk."""

    images: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    parts: NDArray[np.uint8]
    rows: list[dict]

    @classmethod
    def open(cls, folder: Path) -> Pool:
        """Memory-maps the arrays."""
        rows = [json.loads(line) for line in (folder / "samples.jsonl").open()]
        arrays = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("images", "masks", "parts"))
        return cls(*arrays, rows)

    def of(self, method: str, held_out: bool) -> list[int]:
        """The indices of one method's samples; of bases only those not altered before they were painted into."""
        return [
            i for i, row in enumerate(self.rows)
            if row["method"] == method and row["held_out"] == held_out and (method in HEAD or row["base"] == i)
        ]  # fmt: skip


class Pairs(Dataset):
    """Item i is a forged crop and its base, worn in the same way; determined by `seed` and i."""

    def __init__(self, pool: Pool, seed: int, first: int, count: int) -> None:
        self.pool, self.seed, self.first, self.count = pool, seed, first, count
        self.genuine = pool.of(plan.GENUINE, held_out=False)
        self.forged = {m: by_photo(pool, pool.of(m, held_out=False)) for m in WEIGHTS}

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, number: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Two crops (2 x 3 x SIDE x SIDE, 0..=1), whether each head should speak (2 x 2), and where (2 x 2 x GRID x GRID)."""
        rng = np.random.default_rng([self.seed, self.first + number])
        method = str(rng.choice(list(WEIGHTS), p=list(WEIGHTS.values())))
        photos = self.forged[method]
        one = int(rng.choice(photos[int(rng.integers(len(photos)))]))
        drawn = method == SYNTHETIC
        other = int(rng.choice(self.genuine)) if drawn else self.pool.rows[one]["base"]
        at, steps, seed, gains = augment.place(rng), augment.wear(rng), int(rng.integers(1 << 31)), augment.tint(rng)
        pixels = [augment.worn(augment.crop(self.pool.images[i], at), steps, seed) for i in (one, other)]
        where = np.zeros((2, len(HEADS), GRID, GRID), np.float32)
        speaks = np.zeros((2, len(HEADS)), np.float32)
        head = HEADS.index("synthesis") if drawn else HEAD[method]
        speaks[0, head] = 1
        where[0, head] = 1 if drawn else augment.target(self.pool.masks[one], at)
        if not drawn and self.pool.rows[other]["method"] == SYNTHETIC:
            speaks[:, 1], where[:, 1] = 1, 1
        stacked = np.stack(pixels)[..., ::-1].astype(np.float32) / 255 * gains
        clipped = np.clip(stacked, 0, 1).transpose(0, 3, 1, 2).copy()
        return torch.from_numpy(clipped), torch.from_numpy(speaks), torch.from_numpy(where)


def by_photo(pool: Pool, places: list[int]) -> list[list[int]]:
    """The indices grouped by photograph, so that every photograph is drawn equally often."""
    groups: dict[str, list[int]] = defaultdict(list)
    for i in places:
        groups[pool.rows[i]["photo"]].append(i)
    return list(groups.values())
