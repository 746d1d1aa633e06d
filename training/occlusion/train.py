"""Training. Resumable; the same seed, pool and packages give the same network."""

from __future__ import annotations

import math
import time
from collections import deque
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from .drawing import MIRRORED, Drawer
from .network import Occlusion
from .pool import Pool

#: Crops per step, how many of them are drawn anew, and how many of those drawn before are kept to draw the others from: drawing
#: costs twice what a step does (Choi et al., "Faster neural network training with data echoing", 2019).
BATCH, FRESH, KEPT = 64, 16, 4096
#: The highest learning rate, and the steps of its rise.
RATE, WARM_STEPS = 3e-3, 50
#: The weight of the map beside that of the areas.
WHERE = 0.5
SAVE_EACH = 50


class Draws(Dataset):
    """Item i is a crop with what is hidden in it; determined by `seed` and i."""

    def __init__(self, pool: Pool, models: Path, seed: int, first: int, count: int) -> None:
        self.pool, self.models, self.seed, self.first, self.count = pool, models, seed, first, count
        self.drawer: Drawer | None = None

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, number: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The crop (3 x SIDE x SIDE, 0..=1), the hidden shares of areas and of fields."""
        # Each process has networks of its own.
        self.drawer = self.drawer or Drawer(self.pool, self.models, held_out=False)
        seen = self.drawer.any(np.random.default_rng([self.seed, self.first + number]))
        return pixels(seen.crop), torch.from_numpy(seen.shares), torch.from_numpy(seen.fields)


def pixels(crop: np.ndarray) -> torch.Tensor:
    """A crop as the network takes it."""
    return torch.from_numpy(crop[..., ::-1].transpose(2, 0, 1).astype(np.float32) / 255)


class Before:
    """The latest draws, to be seen again."""

    def __init__(self) -> None:
        self.draws: deque[tuple[torch.Tensor, ...]] = deque(maxlen=KEPT)

    def with_others(self, fresh: list[torch.Tensor], rng: np.random.Generator) -> list[torch.Tensor]:
        """A batch of the fresh draws and others from before, half of these mirrored."""
        self.draws.extend(zip(*fresh, strict=True))
        again = [self.draws[int(i)] for i in rng.integers(0, len(self.draws), BATCH - len(fresh[0]))]
        again = [mirrored(draw) if rng.random() < 0.5 else draw for draw in again]
        return [torch.cat([new, torch.stack(old)]) for new, old in zip(fresh, zip(*again, strict=True), strict=True)]


def mirrored(draw: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """The mirror image of a draw."""
    crop, shares, fields = draw
    return crop.flip(-1), shares[MIRRORED], fields.flip(-1)


def rate(step: int, steps: int) -> float:
    """The factor of the learning rate: a linear rise, then half a cosine down."""
    if step < WARM_STEPS:
        return (step + 1) / WARM_STEPS
    return 0.5 * (1 + math.cos(math.pi * (step - WARM_STEPS) / max(1, steps - WARM_STEPS)))


def train(pool: Pool, models: Path, out: Path, steps: int, seed: int, jobs: int) -> Occlusion:
    """Trains for `steps` steps, continuing an interrupted run in `out`."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    network = Occlusion()
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: rate(step, steps))
    kept, done = out / "checkpoint.pt", 0
    if kept.exists():
        state = torch.load(kept, weights_only=True)
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        done = state["done"]
    network.train()
    draws = Draws(pool, models, seed, done * FRESH, (steps - done) * FRESH)
    before, rng = Before(), np.random.default_rng([seed, done])
    began, smooth = time.monotonic(), {}
    for step, fresh in enumerate(DataLoader(draws, FRESH, num_workers=jobs), start=done + 1):
        crops, shares, fields = before.with_others(fresh, rng)
        areas, where = network(crops)
        parts = {
            "areas": functional.binary_cross_entropy_with_logits(areas, shares),
            "where": functional.binary_cross_entropy_with_logits(where, fields),
        }
        loss = parts["areas"] + WHERE * parts["where"]
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        now = {k: float(v.detach()) for k, v in parts.items()}
        smooth = {k: v if not smooth else 0.98 * smooth[k] + 0.02 * v for k, v in now.items()}
        if step % 20 == 0:
            each = (time.monotonic() - began) / (step - done)
            print(f"{step} of {steps}, {each:.2f} s each: " + ", ".join(f"{k} {v:.3f}" for k, v in smooth.items()), flush=True)
        if step % SAVE_EACH == 0 or step == steps:
            saved = {"network": network, "optimiser": optimiser, "schedule": schedule}
            state = {name: part.state_dict() for name, part in saved.items()} | {"done": step}
            torch.save(state, kept.with_suffix(".new"))
            kept.with_suffix(".new").rename(kept)
    return network.eval()
