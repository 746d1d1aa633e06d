"""Putting a painted face into a photograph: colour correction, then blending."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .forgery import Image, Mask, compose

#: From the crudest to the most careful.
BLENDERS = ("alpha", "histogram", "lab", "poisson", "multiband")
#: How far colours may be stretched: a face in deep shadow has so little spread that its noise would be blown up.
STRETCH = (0.6, 1.6)
#: Colours further apart than this are always corrected: no forger leaves them.
MOST_DISTANCE = 16.0


def to_lab(image: Image) -> NDArray[np.float32]:
    """CIE Lab as floats."""
    return cv2.cvtColor(image.astype(np.float32) / 255.0, cv2.COLOR_BGR2Lab)


def from_lab(lab: NDArray[np.float32]) -> Image:
    """Back to bytes."""
    return np.clip(np.rint(cv2.cvtColor(lab, cv2.COLOR_Lab2BGR) * 255.0), 0, 255).astype(np.uint8)


def match_lab(painted: Image, base: Image, where: Mask) -> Image:
    """`painted` with the mean and spread of `base` in each channel of Lab (Reinhard et al., "Color Transfer between
    Images", CG&A 2001), measured within `where`."""
    lab, wanted = to_lab(painted), to_lab(base)
    return from_lab(_matched(lab, wanted, where > 0.5))


def match_histogram(painted: Image, base: Image, where: Mask) -> Image:
    """`painted` with the distribution of lightness in `base`, measured within `where`. Colours are only shifted and
    stretched: bending them channel by channel makes a beard purple that the skin beneath `where` does not have."""
    lab, wanted = to_lab(painted), to_lab(base)
    inside = where > 0.5
    levels = np.linspace(0, 1, 33)
    have = np.quantile(lab[..., 0][inside], levels) + np.arange(33) * 1e-3  # interpolation needs them to rise
    want = np.quantile(wanted[..., 0][inside], levels)
    # Values beyond those seen: black stays black and white white.
    have = np.concatenate([[min(0.0, have[0] - 1)], have, [max(100.0, have[-1] + 1)]])
    want = np.concatenate([[0.0], want, [100.0]])
    out = _matched(lab, wanted, inside)
    out[..., 0] = np.interp(lab[..., 0], have, want)
    return from_lab(out)


def _matched(lab: NDArray[np.float32], wanted: NDArray[np.float32], inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    a, b = lab[inside], wanted[inside]
    mean = a.mean(0)
    ratio = np.clip((b.std(0) + 1e-3) / (a.std(0) + 1e-3), *STRETCH)
    change = (lab - mean) * ratio + b.mean(0) - lab
    # What is darker than the skin has less colour to change: beards, brows and pupils would take on the tint.
    change[..., 1:] *= np.clip(lab[..., :1] / max(float(mean[0]), 1.0), 0, 1)
    return (lab + change).astype(np.float32)


def distance(painted: Image, base: Image, where: Mask) -> float:
    """How far the mean colours lie apart within `where` (CIE 1976 difference)."""
    inside = where > 0.5
    return float(np.linalg.norm(to_lab(painted)[inside].mean(0) - to_lab(base)[inside].mean(0)))


def poisson(painted: Image, base: Image, mask: Mask) -> Image:
    """Gradients of `painted`, edge of `base` (Perez et al., "Poisson Image Editing", SIGGRAPH 2003)."""
    pad = 3  # the solver wants base pixels all around
    hard = np.pad((mask > 0).astype(np.uint8) * 255, pad)
    framed = [cv2.copyMakeBorder(i, pad, pad, pad, pad, cv2.BORDER_REFLECT_101) for i in (painted, base)]
    x, y, w, h = cv2.boundingRect(hard)
    solved = cv2.seamlessClone(framed[0], framed[1], hard, (x + w // 2, y + h // 2), cv2.NORMAL_CLONE)
    return solved[pad:-pad, pad:-pad]


def multiband(painted: Image, base: Image, mask: Mask, levels: int = 4) -> Image:
    """Each octave mixed over a seam of its own width (Burt and Adelson, "A Multiresolution Spline", TOG 1983)."""
    levels = max(1, min(levels, int(np.log2(max(min(mask.shape) / 8, 2)))))
    a, b, m = painted.astype(np.float32), base.astype(np.float32), mask
    bands: list[NDArray[np.float32]] = []
    for _ in range(levels):
        small_a, small_b = cv2.pyrDown(a), cv2.pyrDown(b)
        size = (a.shape[1], a.shape[0])
        band_a, band_b = a - cv2.pyrUp(small_a, dstsize=size), b - cv2.pyrUp(small_b, dstsize=size)
        bands.append(band_b + (band_a - band_b) * m[..., None])
        a, b, m = small_a, small_b, cv2.pyrDown(m)
    out = b + (a - b) * m[..., None]
    for band in reversed(bands):
        out = cv2.pyrUp(out, dstsize=(band.shape[1], band.shape[0])) + band
    return np.clip(np.rint(out), 0, 255).astype(np.uint8)


def paint(painted: Image, base: Image, hard: Mask, soft: Mask, skin: Mask, blender: str) -> Image:
    """`painted` into `base`. `hard` is where it may go at all, `soft` the same with a feathered edge; `skin` is where
    the colours of the two are compared."""
    if blender == "histogram":
        painted = match_histogram(painted, base, skin)
    elif blender in ("lab", "multiband"):
        painted = match_lab(painted, base, skin)
    elif blender == "poisson":
        painted = poisson(match_lab(painted, base, skin), base, hard)
    elif blender == "alpha":
        if distance(painted, base, skin) > MOST_DISTANCE:
            painted = match_lab(painted, base, skin)
    else:
        raise ValueError(f"no such blender: {blender}")
    if blender == "multiband":
        painted = multiband(painted, base, soft)
        # The pyramid reaches past the mask, so its outcome is let in over a wide soft edge of the whole mask.
        soft = np.minimum(1, soft * 3).astype(np.float32)
    return compose(base, painted, soft)
