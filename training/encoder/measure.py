"""Leave one out: every generator is read by a probe that saw neither it nor the genuine photographs it is compared with."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from .layout import GENERATORS, READS, RIDGE, SOURCES
from .probes import auc, fit
from .table import Table
from .wear import CONDITIONS

#: A folder of drawn faces that widens training and is not in `forged/`.
EXTRA = "stylegan2-unnamed"


def left_out(table: Table) -> dict[str, dict[str, float]]:
    """For each folder of `forged/` the AUC under each condition, a mean over the held-out sources."""
    rows = table.rows(READS["generator"])
    sums = table.sums(rows)
    read: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for generator, folders in GENERATORS.items():
        forged = {name: sums[name] for other, names in GENERATORS.items() if other != generator for name in names}
        for source in SOURCES:
            probe = fit({name: sums[name] for name in SOURCES if name != source}, forged, RIDGE["generator"])
            values = probe(rows)
            for condition in CONDITIONS:
                shown = table.versions == condition
                genuine = values[shown & (table.groups == source)]
                for folder in folders:
                    if folder != EXTRA:
                        read[folder][condition].append(auc(genuine, values[shown & (table.groups == folder)]))
    return {folder: {name: float(np.mean(v)) for name, v in found.items()} for folder, found in read.items()}


def lines(figures: dict[str, dict[str, float]]) -> list[str]:
    """The figures as a table in Markdown, with the mean and the worst."""
    head = [f"| held out | {' | '.join(CONDITIONS)} |", f"|---{'|---' * len(CONDITIONS)}|"]
    rows = [(folder, [found[name] for name in CONDITIONS]) for folder, found in figures.items()]
    every = np.array([values for _, values in rows])
    rows += [("mean", list(every.mean(0))), ("worst", list(every.min(0)))]
    return head + [f"| {name} | {' | '.join(f'{v:.3f}' for v in values)} |" for name, values in rows]
