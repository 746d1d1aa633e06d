"""Training: which of a pair is forged, and where. Resumable; the same seed and packages give the same network."""

from __future__ import annotations

import math
import time
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torch.utils.data import DataLoader

from .drawing import Pairs, Pool
from .network import Block, Forensics

#: Pairs of crops per step.
BATCH = 20
#: The highest learning rates: of the head, which starts untrained, and of the trunk, which is pretrained.
HEAD_RATE, TRUNK_RATE = 2e-3, 4e-4
WARM_STEPS = 100
#: The weights of the loss per field, the loss of the totals, the ranking of a pair and the pointing at a part.
WHERE, TOTAL, RANK, POINT = 1.0, 1.0, 0.5, 0.25
#: If less than this share of the fields is forged, the map has to point to them.
PART = 0.35
#: The weight of a forged field, which is rarer than others.
FORGED_WEIGHT = 3.0
SAVE_EACH = 100


def plain(network: Forensics) -> Forensics:
    """The same function with normalisation folded into the convolutions: faster on a CPU, and independent of the other crops
    of a batch."""
    network.eval()
    network.trunk = _fused(network.trunk)
    return network.to(memory_format=torch.channels_last)


def _fused(layers: nn.Sequential) -> nn.Sequential:
    out: list[nn.Module] = []
    for layer in layers:
        if isinstance(layer, nn.BatchNorm2d):
            out[-1] = fuse_conv_bn_eval(out[-1], layer)
            continue
        if isinstance(layer, Block):
            layer.layers = _fused(layer.layers)
        out.append(layer)
    return nn.Sequential(*out)


def loss_of(
    totals: torch.Tensor, found: torch.Tensor, speaks: torch.Tensor, where: torch.Tensor
) -> tuple[torch.Tensor, dict[str, float]]:
    """The loss of pairs: totals and `speaks` are pairs x 2 x heads, `found` and `where` are pairs x 2 x heads x fields.

    Ranking after Burges et al. ("Learning to Rank using Gradient Descent", ICML 2005): the forged one above what it was
    painted into, whatever photograph that is. Pointing is a cross-entropy over the fields: of a forged part, the map is
    to be higher there than elsewhere, however loud the photograph speaks as a whole.
    """
    weights = 1 + (FORGED_WEIGHT - 1) * where
    fields = functional.binary_cross_entropy_with_logits(found, where, weights)
    whole = functional.binary_cross_entropy_with_logits(totals, speaks)
    above = speaks[:, 0] - speaks[:, 1]
    rank = (functional.softplus(-(totals[:, 0] - totals[:, 1])) * above).sum() / above.sum().clamp(min=1)
    point = pointing(found, where)
    parts = {"where": float(fields), "total": float(whole), "rank": float(rank), "point": float(point)}
    return WHERE * fields + TOTAL * whole + RANK * rank + POINT * point, parts


def pointing(found: torch.Tensor, where: torch.Tensor) -> torch.Tensor:
    """The cross-entropy between where one part is forged and what the map says of where, as shares of the whole map."""
    found, where = found.flatten(-2).flatten(0, -2), where.flatten(-2).flatten(0, -2)
    forged = where.sum(-1)
    one = (forged > 0.5) & (forged < PART * where.shape[-1])
    if not one.any():
        return found.sum() * 0
    shares = where[one] / forged[one, None]
    # Less the entropy of where it is: nothing is left where the map says exactly that.
    least = -(shares * shares.clamp(min=1e-6).log()).sum(-1).mean()
    return functional.cross_entropy(found[one], shares) - least


def rate(step: int, steps: int) -> float:
    """The factor of the learning rate: a linear rise, then half a cosine down."""
    if step < WARM_STEPS:
        return (step + 1) / WARM_STEPS
    return 0.5 * (1 + math.cos(math.pi * (step - WARM_STEPS) / max(1, steps - WARM_STEPS)))


def train(network: Forensics, pool: Pool, out: Path, steps: int, seed: int, jobs: int) -> Forensics:
    """Trains for `steps` steps, continuing an interrupted run in `out`."""
    torch.manual_seed(seed)
    network = plain(network)
    trunk = {id(p) for p in network.trunk.parameters()}
    head = [p for p in network.parameters() if id(p) not in trunk]
    groups = [{"params": head, "lr": HEAD_RATE}, {"params": list(network.trunk.parameters()), "lr": TRUNK_RATE}]
    optimiser = torch.optim.AdamW(groups, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: rate(step, steps))
    kept, done = out / "checkpoint.pt", 0
    if kept.exists():
        state = torch.load(kept, weights_only=True)
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        done = state["done"]
    pairs = Pairs(pool, seed, done * BATCH, (steps - done) * BATCH)
    began, smooth = time.monotonic(), {}
    for step, (pixels, speaks, where) in enumerate(DataLoader(pairs, BATCH, num_workers=jobs), start=done + 1):
        crops = pixels.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        totals, found = network(crops)
        shape = (len(pixels), 2)
        loss, parts = loss_of(totals.unflatten(0, shape), found.unflatten(0, shape), speaks, where)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        smooth = {k: v if not smooth else 0.98 * smooth[k] + 0.02 * v for k, v in parts.items()}
        if step % 20 == 0:
            each = (time.monotonic() - began) / (step - done)
            print(f"{step} of {steps}, {each:.2f} s each: " + ", ".join(f"{k} {v:.3f}" for k, v in smooth.items()), flush=True)
        if step % SAVE_EACH == 0 or step == steps:
            saved = {"network": network, "optimiser": optimiser, "schedule": schedule}
            state = {name: part.state_dict() for name, part in saved.items()} | {"done": step}
            torch.save(state, kept.with_suffix(".new"))
            kept.with_suffix(".new").rename(kept)
    return network
