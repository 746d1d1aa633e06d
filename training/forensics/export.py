"""The trained network as ONNX."""

from __future__ import annotations

from pathlib import Path

import torch

from .layout import SIDE
from .network import Forensics


def export(network: Forensics, path: Path) -> None:
    """Writes the graph: `input` 1 x 3 x SIDE x SIDE to `totals` 1 x 2 and `map` 1 x 2 x GRID x GRID."""
    network.eval()
    example = torch.zeros(1, 3, SIDE, SIDE)
    torch.onnx.export(
        network.to(memory_format=torch.contiguous_format), (example,), str(path),
        input_names=["input"], output_names=["totals", "map"], opset_version=13, dynamo=False,
    )  # fmt: skip
