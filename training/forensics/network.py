"""The network: the first eleven blocks of EfficientNet-Lite0, and a small head with a map.

Lite variants (Tan and Le, "EfficientNet", ICML 2019; the Lite ones are the authors' own, without squeeze-and-excite and
with ReLU6) consist of operations that are fast on a CPU. The blocks after the eleventh see whole objects; they are left
out, because traces of manipulation are small.
"""

from __future__ import annotations

import torch
from torch import nn

from .layout import HEADS

#: For each block: expansion factor, kernel, stride, channels. As published, up to the stage of 112 channels.
BLOCKS = (
    (1, 3, 1, 16),
    (6, 3, 2, 24), (6, 3, 1, 24),
    (6, 5, 2, 40), (6, 5, 1, 40),
    (6, 3, 2, 80), (6, 3, 1, 80), (6, 3, 1, 80),
    (6, 5, 1, 112), (6, 5, 1, 112), (6, 5, 1, 112),
)  # fmt: skip
EPSILON = 1e-3


class Block(nn.Module):
    """An inverted residual: expand, depthwise convolution, project; with a shortcut if the shape stays the same."""

    def __init__(self, inner: int, factor: int, kernel: int, stride: int, outer: int) -> None:
        super().__init__()
        wide = inner * factor
        layers: list[nn.Module] = []
        if factor > 1:
            layers += [nn.Conv2d(inner, wide, 1, bias=False), nn.BatchNorm2d(wide, EPSILON), nn.ReLU6()]
        layers += [nn.Conv2d(wide, wide, kernel, stride, kernel // 2, groups=wide, bias=False)]
        layers += [nn.BatchNorm2d(wide, EPSILON), nn.ReLU6()]
        layers += [nn.Conv2d(wide, outer, 1, bias=False), nn.BatchNorm2d(outer, EPSILON)]
        self.layers = nn.Sequential(*layers)
        self.shortcut = stride == 1 and inner == outer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The block's output."""
        y = self.layers(x)
        return x + y if self.shortcut else y


class Forensics(nn.Module):
    """RGB crops, 0..=1, N x 3 x SIDE x SIDE, to (totals N x 2, map N x 2 x GRID x GRID), all logits."""

    def __init__(self) -> None:
        super().__init__()
        stem = [nn.Conv2d(3, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32, EPSILON), nn.ReLU6()]
        channels = [32, *(block[3] for block in BLOCKS)]
        blocks = [Block(inner, *block) for inner, block in zip(channels[:-1], BLOCKS, strict=True)]
        self.trunk = nn.Sequential(*stem, *blocks)
        self.neck = nn.Sequential(nn.Conv2d(112, 96, 1), nn.ReLU6(), nn.Conv2d(96, 96, 3, 1, 1), nn.ReLU6())
        self.where = nn.Conv2d(96, len(HEADS), 1)
        self.total = nn.Linear(96, len(HEADS))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Totals and map."""
        features = self.neck(self.trunk(x * 2 - 1))
        return self.total(features.mean((2, 3))), self.where(features)


def load_imagenet(network: Forensics, published: dict[str, torch.Tensor]) -> int:
    """Loads the trunk of the published weights layer by layer, in their order; returns the number of tensors."""
    order = [k for k in published if k.startswith(("_conv_stem", "_bn0")) or _block_of(k) in range(len(BLOCKS))]
    own = network.trunk.state_dict()
    if len(own) != len(order):
        raise ValueError(f"the published weights have {len(order)} tensors for the trunk's {len(own)}")
    taken = {name: published[theirs].contiguous() for name, theirs in zip(own, order, strict=True)}
    network.trunk.load_state_dict(taken)
    return len(order)


def _block_of(name: str) -> int:
    return int(name.split(".")[1]) if name.startswith("_blocks.") else -1
