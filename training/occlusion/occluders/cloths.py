"""Masks, scarves, veils, hats."""

from __future__ import annotations

import cv2
import numpy as np

from . import textures
from .scene import Cover, Scene, box, ellipse, polygon, smooth

#: From the person's right cheekbone along the jaw to the left one.
JAW = (234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454)
#: Where the upper edge of a mask meets the middle of the face: the bridge of the nose to below it, and the lower lip.
UPPER = (197, 195, 5, 4)
BELOW = (2, 164)


def mask(scene: Scene) -> Cover:
    """A medical or cloth mask, worn over the nose, below it, or below the mouth."""
    rng = scene.rng
    pick = rng.random()
    middle = UPPER if pick < 0.8 else BELOW if pick < 0.93 else (17, 18)
    top = scene.at(int(rng.choice(middle)))
    jaw = list(JAW[int(rng.integers(0, 4)) :])
    jaw = jaw[: len(jaw) - int(rng.integers(0, 4))]
    lower = scene.points[jaw]
    centre = lower.mean(0)
    lower = centre + (lower - centre) * scene.between(0.96, 1.12)
    # The edge runs over the cheeks.
    down = (scene.at(152) - scene.at(168)) / scene.height
    sag = scene.between(-0.02, 0.08) * scene.height * down
    right, left = (lower[0] + top) / 2 + sag, (lower[-1] + top) / 2 + sag
    edge = scene.jitter(np.stack([left, top, right]), 0.012)
    outline = np.concatenate([lower, edge])
    alpha = polygon(scene.side, outline if rng.random() < 0.3 else smooth(outline))
    cover = Cover.opaque(alpha, textures.cloth(scene))
    if rng.random() < 0.5:
        cover = _with_straps(scene, cover, lower[0], lower[-1])
    return cover


def _with_straps(scene: Scene, cover: Cover, right: np.ndarray, left: np.ndarray) -> Cover:
    alpha = (cover.alpha * 255).astype(np.uint8)
    for corner, ear in ((right, scene.points[127]), (left, scene.points[356])):
        ends = [tuple(int(v) for v in np.rint(p)) for p in (corner, ear + (ear - scene.at(168)) * 0.08)]
        cv2.line(alpha, *ends, 255, int(scene.rng.integers(1, 4)), cv2.LINE_AA)
    return Cover(alpha.astype(np.float32) / 255, cover.colour, cover.hides)


def crude_mask(scene: Scene) -> Cover:
    """A flat shape over the lower face, as picture editors draw it."""
    rng, side = scene.rng, scene.side
    down = (scene.at(152) - scene.at(10)) / scene.height
    angle = float(np.arctan2(-down[0], down[1]))
    top, bottom = scene.at(int(rng.choice([6, 197, 5, 4, 2]))), scene.at(152) + down * scene.between(-0.02, 0.15) * scene.height
    centre, high = (top + bottom) / 2, float(np.linalg.norm(bottom - top))
    wide = float(np.linalg.norm(scene.at(234) - scene.at(454))) * scene.between(0.7, 1.15)
    if rng.random() < 0.5:
        alpha = ellipse(side, centre, (wide / 2, high / 2 * 1.1), angle)
    else:
        alpha = box(side, centre, (wide, high), angle, scene.between(0, 0.3) * high)
    flat = np.broadcast_to(textures.cloth_colour(scene), scene.image.shape)
    return Cover.opaque(alpha, flat if rng.random() < 0.6 else textures.cloth(scene))


def scarf(scene: Scene) -> Cover:
    """Cloth from below up to the chin, the mouth or the nose, with a wavy edge."""
    rng, side = scene.rng, scene.side
    level = scene.at(int(rng.choice([152, 18, 17, 13, 164, 2, 4, 5])))
    x = np.linspace(-0.1, 1.1, 14) * side
    tilt = np.tan(scene.between(-0.25, 0.25))
    y = level[1] + (x - level[0]) * tilt + rng.normal(0, 0.02, 14) * scene.height
    y = y + np.abs(x - level[0]) / side * scene.between(-0.3, 0.2) * scene.height
    outline = np.concatenate([np.stack([x, y], 1), [[1.1 * side, 1.2 * side], [-0.1 * side, 1.2 * side]]])
    return Cover.opaque(polygon(side, outline), textures.cloth(scene))


def hat(scene: Scene) -> Cover:
    """A brim or a hood over the forehead, at times down to the brows or over the eyes."""
    rng, side = scene.rng, scene.side
    level = scene.at(int(rng.choice([10, 151, 9, 9, 8, 168])))
    x = np.linspace(-0.1, 1.1, 14) * side
    bend = scene.between(-0.35, 0.35) * scene.height
    y = level[1] + bend * ((x - level[0]) / side) ** 2 * 4 + (x - level[0]) * np.tan(scene.between(-0.15, 0.15))
    outline = np.concatenate([np.stack([x, y], 1), [[1.1 * side, -0.2 * side], [-0.1 * side, -0.2 * side]]])
    return Cover.opaque(polygon(side, outline), textures.cloth(scene))


def veil(scene: Scene) -> Cover:
    """All but a slit for the eyes, or all but the middle of the face."""
    side = scene.side
    if scene.rng.random() < 0.7:
        across = scene.at(33) - scene.at(263)
        centre, wide = scene.at(33, 263, 168), float(np.linalg.norm(across))
        angle = float(np.arctan2(-across[1], -across[0]))
        slit = (wide * scene.between(1.3, 1.9), wide * scene.between(0.35, 0.6))
        hole = box(side, centre, slit, angle, slit[1] * scene.between(0, 0.5))
    else:
        hole = ellipse(side, scene.at(1, 168), (scene.height * scene.between(0.3, 0.42), scene.height * 0.5), 0)
    return Cover.opaque(1 - hole, textures.cloth(scene))
