"""The file of the probes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .layout import READS
from .probes import Probe

#: Digits that are kept of a weight: far below what an answer changes by.
DIGITS = 5


def write(path: Path, probes: Mapping[str, Probe]) -> None:
    """Writes one table for each probe: what it reads, its offset and its weights in the order of what it reads."""
    parts = ["# Written by training/encoder; a value above zero speaks for a forgery, and genuine photographs have mean 0 and\n"
             "# standard deviation 1.\n"]  # fmt: skip
    for name, probe in probes.items():
        reads = ", ".join(f'"{look}"' for look in READS[name])
        weights = ", ".join(f"{value:.{DIGITS}g}" for value in probe.weights)
        parts.append(f"[{name}]\nreads = [{reads}]\noffset = {probe.offset:.{DIGITS}g}\nweights = [{weights}]\n")
    path.write_text("\n".join(parts), encoding="utf-8")
