"""The fit of both probes, on all groups or without some of them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from .layout import GENERATORS, PAIRS_SHARE, READS, RIDGE, SOURCES
from .probes import Probe, Sums, fit
from .samples import BLENDS
from .table import Table

#: A source of which half shows frames of webcams: there are no pairs of it, so its single pictures stand among the genuine
#: ones of the blend probe, else that probe would learn what a webcam's picture looks like.
WEBCAMS = "genuine"


class Learner:
    """Both probes from features, whose sums are taken once."""

    def __init__(self, single: Table, pairs: Table) -> None:
        rows = single.rows(READS["generator"])
        self.single = single.sums(rows)
        rows = single.rows(READS["blend"])
        self.webcams = Sums.of(rows[single.groups == WEBCAMS])
        rows = pairs.rows(READS["blend"])
        # Where the picture that a blend was painted into comes from.
        place = {pair: i for i, pair in enumerate(pairs.pairs) if not pairs.forged[i]}
        base = np.array([place[pair] for pair in pairs.pairs])
        self.bases = {source: Sums.of(rows[own]) for source, own in _of(pairs.groups, ~pairs.forged)}
        self.blends: dict[tuple[str, str], tuple[Sums, Sums]] = {}
        for source in self.bases:
            for kind, own in _of(pairs.groups, pairs.forged & (pairs.groups[base] == source)):
                self.blends[source, kind] = (Sums.of(rows[own]), Sums.of(rows[own] - rows[base[own]]))

    def generator(self, without: tuple[str, ...] = ()) -> Probe:
        """The generator probe, without some folders of portraits or sources of genuine photographs."""
        portraits = chain.from_iterable(GENERATORS.values())
        return fit(self._kept(SOURCES, without), self._kept(portraits, without), RIDGE["generator"])

    def blend(self, without: tuple[str, ...] = ()) -> Probe:
        """The blend probe, without some swappers or sources of genuine photographs, and what was painted into those."""
        genuine = {name: sums for name, sums in self.bases.items() if name not in without}
        if WEBCAMS not in without:
            genuine[WEBCAMS] = self.webcams
        kept = {key: sums for key, sums in self.blends.items() if not set(key) & set(without)}
        kinds = sorted({kind for _, kind in kept})
        forged = {kind: _joined([sums for (_, other), (sums, _) in kept.items() if other == kind]) for kind in kinds}
        away = [[away for (_, kind), (_, away) in kept.items() if (kind in BLENDS) is drawn] for drawn in (True, False)]
        differences = [_joined(parts) for parts in away if parts]
        return fit(genuine, forged, RIDGE["blend"], differences, PAIRS_SHARE)

    def _kept(self, names: Iterable[str], without: tuple[str, ...]) -> dict[str, Sums]:
        return {name: self.single[name] for name in names if name in self.single and name not in without}


def _of(groups: NDArray[np.str_], chosen: NDArray[np.bool_]) -> list[tuple[str, NDArray[np.bool_]]]:
    return [(str(name), chosen & (groups == name)) for name in np.unique(groups[chosen])]


def _joined(parts: list[Sums]) -> Sums:
    """The sums of all rows together."""
    counts = np.array([part.count for part in parts], np.float64)
    shares = counts / counts.sum()
    second = sum(share * part.second for share, part in zip(shares, parts, strict=True))
    first = sum(share * part.first for share, part in zip(shares, parts, strict=True))
    return Sums(second, first, int(counts.sum()))
