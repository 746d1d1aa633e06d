"""The network: plain 3 x 3 convolutions with ReLU."""

from __future__ import annotations

import torch
from torch import nn

from .layout import AREAS, GRID


def layer(inner: int, outer: int, stride: int = 1) -> nn.Sequential:
    """A convolution, normalised while it trains."""
    return nn.Sequential(nn.Conv2d(inner, outer, 3, stride, 1, bias=False), nn.BatchNorm2d(outer), nn.ReLU())


class Occlusion(nn.Module):
    """RGB crops, 0..=1, N x 3 x SIDE x SIDE, to (areas N x 8, map N x GRID x GRID), all logits of hidden shares."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            layer(3, 16, 2), layer(16, 32, 2), layer(32, 32), layer(32, 48, 2), layer(48, 48), layer(48, 48), layer(48, 48),
        )  # fmt: skip
        self.where = nn.Conv2d(48, 1, 1)
        self.neck = nn.Sequential(layer(48, 64, 2), layer(64, 64), nn.Conv2d(64, 24, 1), nn.ReLU(), nn.Flatten())
        self.areas = nn.Linear(24 * (GRID // 2) ** 2, len(AREAS))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Areas and map."""
        features = self.trunk(x * 2 - 1)
        return self.areas(self.neck(features)), self.where(features)[:, 0]
