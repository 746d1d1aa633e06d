"""A picture after an autoencoder: squeezed through a few numbers a patch, and rebuilt from them.

Latent diffusion models and many face-swapping networks end in such a decoder, which keeps shapes and loses what its few
numbers cannot hold. The best linear autoencoder of patches is their principal components (Baldi and Hornik, "Neural
networks and principal component analysis", Neural Networks 1989), so that no training is needed: each picture's own.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from .forgery import Image

#: Patches that the components are computed from.
LEARN_FROM = 4000


def rebuilt(image: Image, side: int, kept: int) -> Image:
    """The picture of patches of `side` pixels (even), each reduced to `kept` numbers; patches overlap by half, and weigh
    most in their middles, so that no edges between them remain."""
    step = side // 2
    height, width = image.shape[:2]
    after = [side + (-size) % step for size in (height, width)]
    room = np.pad(image, [(step, after[0]), (step, after[1]), (0, 0)], mode="reflect").astype(np.float32)
    views = sliding_window_view(room, (side, side), (0, 1))[::step, ::step]
    rows, columns = views.shape[:2]
    patches = views.reshape(rows * columns, -1)
    mean, basis = components(patches, kept)
    patches = (patches - mean) @ basis @ basis.T + mean
    patches = patches.reshape(rows, columns, 3, side, side).transpose(0, 3, 1, 4, 2)
    window = np.hanning(side + 2)[1:-1].astype(np.float32)
    total, count = np.zeros_like(room), np.zeros(room.shape[:2], np.float32)
    for y, x in product((0, 1), (0, 1)):  # every second patch, both ways: these lie side by side
        some = patches[y::2, :, x::2]
        down, across = some.shape[0], some.shape[2]
        place = np.s_[y * step : y * step + down * side, x * step : x * step + across * side]
        weight = np.tile(window[:, None] * window, (down, across))
        total[place] += some.reshape(down * side, across * side, 3) * weight[..., None]
        count[place] += weight
    inside = np.s_[step : step + height, step : step + width]
    return np.clip(np.rint(total[inside] / count[inside][..., None]), 0, 255).astype(np.uint8)


def components(patches: NDArray[np.float32], kept: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The mean patch and the `kept` directions in which patches differ most, as columns."""
    some = patches[:: max(1, len(patches) // LEARN_FROM)]
    mean = some.mean(0)
    _, directions = np.linalg.eigh(np.cov(some - mean, rowvar=False))
    return mean, directions[:, -kept:].astype(np.float32)
