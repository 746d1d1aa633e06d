"""The file of the probes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .layout import NAMES
from .probes import Probe

#: Digits that are kept of a weight: far below what an answer changes by.
DIGITS = 5


def write(path: Path, probes: Mapping[str, Probe]) -> None:
    """Writes one table for each probe: its offset and its weights in the order of the encoder's channels."""
    parts = ["# Written by training/encoder; the format is documented in src/models/probes.rs.\n"]
    for name, probe in probes.items():
        weights = ", ".join(f"{value:.{DIGITS}g}" for value in probe.weights)
        parts.append(f"[{NAMES[name]}]\noffset = {probe.offset:.{DIGITS}g}\nweights = [{weights}]\n")
    path.write_text("\n".join(parts), encoding="utf-8")
