"""The trained network as ONNX."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from .layout import SIDE
from .network import Occlusion


class Shares(nn.Module):
    """RGB crops, 0..=1, to the hidden share of every area, 0..=1; the map is left out."""

    def __init__(self, network: Occlusion) -> None:
        super().__init__()
        self.layers = nn.Sequential(_plain(network.trunk), _plain(network.neck), network.areas)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """N x 8."""
        return torch.sigmoid(self.layers(x * 2 - 1))


def _plain(layers: nn.Sequential) -> nn.Sequential:
    """The same function with normalisation folded into the convolutions."""
    out: list[nn.Module] = []
    for part in layers:
        if isinstance(part, nn.Sequential):
            convolution, normalisation, rectifier = part
            out += [fuse_conv_bn_eval(convolution, normalisation), rectifier]
        else:
            out.append(part)
    return nn.Sequential(*out)


def export(network: Occlusion, path: Path) -> None:
    """Writes the graph: `input` 1 x 3 x SIDE x SIDE to `covered` 1 x 8."""
    shares = Shares(network.eval()).eval()
    torch.onnx.export(
        shares, (torch.zeros(1, 3, SIDE, SIDE),), str(path),
        input_names=["input"], output_names=["covered"], opset_version=13, dynamo=False,
    )  # fmt: skip
