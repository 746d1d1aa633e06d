"""Leave one out: every generator and swapper is read by probes that saw neither it nor the genuine photographs it is
compared with."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from .layout import GENERATORS, READS, SOURCES, SWAPPERS
from .learn import Learner
from .probes import auc
from .table import Table
from .wear import CONDITIONS

#: A folder of drawn faces that widens training and is not in `forged/`.
EXTRA = "stylegan2-unnamed"
#: What is read: each probe alone, and the sum of both, each in standard deviations of genuine photographs.
READINGS = ("generator", "blend", "both")

#: AUC by folder, reading and condition.
Figures = dict[str, dict[str, dict[str, float]]]


def left_out(single: Table, pairs: Table) -> Figures:
    """For each folder of `forged/` the AUC of each reading under each condition, a mean over the held-out sources."""
    learner = Learner(single, pairs)
    rows = {probe: single.rows(looks) for probe, looks in READS.items()}
    read: dict[str, dict[str, dict[str, list[float]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for folders in (*GENERATORS.values(), *SWAPPERS.values()):
        for source in SOURCES:
            without = (*folders, source)
            probes = {"generator": learner.generator(without), "blend": learner.blend(without)}
            values = {name: probe(rows[name]) for name, probe in probes.items()}
            values["both"] = values["generator"] + values["blend"]
            for condition in CONDITIONS:
                shown = single.versions == condition
                genuine = shown & (single.groups == source)
                for folder in folders:
                    forged = shown & (single.groups == folder)
                    if folder != EXTRA and forged.any():
                        for reading in READINGS:
                            found = values[reading]
                            read[folder][reading][condition].append(auc(found[genuine], found[forged]))
    return {
        folder: {reading: {name: float(np.mean(v)) for name, v in found.items()} for reading, found in readings.items()}
        for folder, readings in read.items()
    }


def lines(figures: Figures) -> list[str]:
    """The figures as a table in Markdown, with the mean and the worst."""
    columns = [(reading, condition) for reading in READINGS for condition in CONDITIONS]
    head = [f"| held out | {' | '.join(' '.join(column) for column in columns)} |", f"|---{'|---' * len(columns)}|"]
    rows = [(folder, [found[reading][condition] for reading, condition in columns]) for folder, found in figures.items()]
    every = np.array([values for _, values in rows])
    rows += [("mean", list(every.mean(0))), ("worst", list(every.min(0)))]
    return head + [f"| {name} | {' | '.join(f'{v:.3f}' for v in values)} |" for name, values in rows]
