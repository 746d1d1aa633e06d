"""Linear probes by ridge regression, from sums over groups of pictures, so that groups are left out without fitting anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]


@dataclass(frozen=True)
class Sums:
    """What a fit needs of one group of pictures."""

    second: Rows
    """The mean of the outer products of the features."""
    first: Rows
    """The mean of the features."""
    count: int

    @classmethod
    def of(cls, rows: NDArray) -> Sums:
        wide = np.asarray(rows, np.float32)
        return cls((wide.T @ wide).astype(np.float64) / len(wide), wide.mean(0, dtype=np.float64), len(wide))


@dataclass(frozen=True)
class Probe:
    """A linear probe: above zero speaks for a forgery. Genuine pictures have mean 0 and standard deviation 1."""

    weights: Rows
    offset: float

    def __call__(self, rows: NDArray) -> Rows:
        return np.asarray(rows, np.float64) @ self.weights + self.offset


def fit(
    genuine: Mapping[str, Sums],
    forged: Mapping[str, Sums],
    ridge: float,
    pairs: Iterable[Sums] = (),
    share: float = 0.0,
    nuisance: Sums | None = None,
    weight: float = 0.0,
) -> Probe:
    """The probe between two classes; each class weighs the same, and each group within its class.

    Args:
        ridge: the penalty relative to the mean variance of a feature.
        pairs: differences between a forgery and the picture it was painted into, both worn alike.
        share: how much is learned from `pairs`, 0..=1; with 0 only from the classes.
        nuisance: differences between versions of the same picture, which shall not change the value.
        weight: the penalty on those, relative to the scatter of the classes.
    """
    sides = [list(genuine.values()), list(forged.values())]
    means = [np.mean([s.first for s in side], axis=0) for side in sides]
    middle = (means[0] + means[1]) / 2
    scatter = sum(np.mean([s.second for s in side], axis=0) for side in sides) / 2 - np.outer(middle, middle)
    target = means[1] - means[0]
    differences = list(pairs)
    if differences and share > 0:
        scatter = (1 - share) * scatter + share / 4 * np.mean([s.second for s in differences], axis=0)
        target = (1 - share) * target + share * np.mean([s.first for s in differences], axis=0)
    if nuisance is not None:
        scatter = scatter + weight * nuisance.second
    penalty = ridge * np.trace(scatter) / len(scatter)
    weights = np.linalg.solve(scatter + penalty * np.eye(len(scatter)), target)
    return _scaled(weights, sides[0])


def _scaled(weights: Rows, genuine: list[Sums]) -> Probe:
    mean = np.mean([s.first for s in genuine], axis=0)
    second = np.mean([s.second for s in genuine], axis=0)
    spread = np.sqrt(max(float(weights @ second @ weights - (weights @ mean) ** 2), 1e-12))
    return Probe(weights / spread, -float(weights @ mean) / spread)


def auc(genuine: NDArray, forged: NDArray) -> float:
    """The share of pairs in which the forged picture has the larger value; ties count half."""
    values = np.concatenate([genuine, forged])
    order = np.argsort(values, kind="stable")
    _, inverse, counts = np.unique(values[order], return_inverse=True, return_counts=True)
    ranks = np.empty(len(values))
    ranks[order] = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    n, m = len(genuine), len(forged)
    return float((ranks[n:].sum() - m * (m + 1) / 2) / (n * m))
