"""Colours and textures of what covers a face."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .scene import Colour, Scene

Texture = NDArray[np.float32]

#: Blue first: black, charcoal, navy, white, surgical blue and green, grey, beige, pink, red.
CLOTHS = np.array([
    [18, 18, 18], [45, 42, 40], [70, 40, 25], [238, 238, 238], [215, 190, 130], [190, 200, 140], [130, 130, 130],
    [170, 195, 220], [180, 150, 230], [50, 40, 180],
], np.float32)  # fmt: skip


def noise(rng: np.random.Generator, side: int, grain: float) -> Texture:
    """Smooth noise with a deviation of one, side x side; `grain` in pixels."""
    cells = max(2, round(side / grain))
    rough = rng.normal(0, 1, (cells, cells)).astype(np.float32)
    fine = cv2.resize(rough, (side, side), interpolation=cv2.INTER_CUBIC)
    return fine / max(float(fine.std()), 1e-3)


def plain(scene: Scene, colour: Colour, shade: float = 0.12, grain: float = 3.0) -> Texture:
    """One colour under uneven light, with a little grain."""
    side, rng = scene.side, scene.rng
    light = 1 + scene.between(0, shade) * noise(rng, side, scene.between(20, 90))
    slope = scene.between(-shade, shade) * np.linspace(-1, 1, side, dtype=np.float32)
    light = light + (slope[:, None] if rng.random() < 0.5 else slope[None, :])
    fine = rng.normal(0, scene.between(0, grain), (side, side, 1)).astype(np.float32)
    return colour[None, None] * light[..., None] + fine


def cloth_colour(scene: Scene) -> Colour:
    """Of a mask or a scarf: the usual ones, any, or near that of the skin."""
    pick = scene.rng.random()
    if pick < 0.55:
        base = CLOTHS[int(scene.rng.integers(len(CLOTHS)))] * scene.between(0.8, 1.15)
        return np.clip(base + scene.rng.normal(0, 8, 3), 0, 255).astype(np.float32)
    if pick < 0.8:
        return scene.rng.uniform(0, 255, 3).astype(np.float32)
    return skin_colour(scene)


def skin_colour(scene: Scene) -> Colour:
    """Of a hand, or of cloth like skin: this face's or another's, in other light."""
    own = scene.skin() if scene.rng.random() < 0.6 else scene.skin(scene.other)
    return np.clip(own * scene.between(0.75, 1.2) * scene.rng.uniform(0.94, 1.06, 3), 0, 255).astype(np.float32)


def cloth(scene: Scene) -> Texture:
    """Woven or printed: plain, striped, dotted, checked, folded, or a piece of another photograph."""
    side, rng = scene.side, scene.rng
    pick = rng.random()
    if pick < 0.1:
        return piece(scene)
    base = plain(scene, cloth_colour(scene), scene.between(0, 0.3))
    y, x = np.mgrid[:side, :side].astype(np.float32)
    angle, period = scene.between(0, np.pi), scene.between(4, 24)
    along = (x * np.cos(angle) + y * np.sin(angle)) * (2 * np.pi / period)
    across = (y * np.cos(angle) - x * np.sin(angle)) * (2 * np.pi / period)
    second = cloth_colour(scene)
    if pick < 0.55:
        pattern = np.zeros((side, side), np.float32)
    elif pick < 0.65:
        pattern = (np.sin(along) > scene.between(-0.5, 0.8)).astype(np.float32)
    elif pick < 0.73:
        pattern = (np.sin(along) + np.sin(across) > scene.between(0.5, 1.5)).astype(np.float32)
    elif pick < 0.8:
        pattern = ((np.sin(along) > 0) ^ (np.sin(across) > 0)).astype(np.float32)
    else:
        pattern = (noise(rng, side, scene.between(4, 30)) > scene.between(-0.3, 1.0)).astype(np.float32)
    mixed = base + pattern[..., None] * (second - base.mean((0, 1))) * scene.between(0.2, 1)
    if rng.random() < 0.4:
        # Pleats: soft dark lines across.
        folds = np.abs(np.sin(y / side * np.pi * scene.between(6, 16) + 0.4 * noise(rng, side, 60)))
        mixed = mixed * (1 - scene.between(0.05, 0.3) * (1 - folds[..., None]) ** 4)
    return mixed


def piece(scene: Scene) -> Texture:
    """A piece of another photograph, enlarged and turned: any object at all."""
    side = scene.side
    centre = scene.rng.uniform(0.15, 0.85, 2) * side
    turn = cv2.getRotationMatrix2D(tuple(map(float, centre)), scene.between(0, 360), scene.between(0.8, 3))
    tinted = scene.other * scene.rng.uniform(0.7, 1.3, 3).astype(np.float32)
    return cv2.warpAffine(tinted, turn, (side, side), borderMode=cv2.BORDER_REFLECT_101).astype(np.float32)


def material(scene: Scene) -> Texture:
    """Anything: cloth, skin, a flat colour, a piece of another photograph."""
    pick = scene.rng.random()
    if pick < 0.25:
        return np.broadcast_to(scene.rng.uniform(0, 255, 3).astype(np.float32), scene.image.shape).copy()
    if pick < 0.5:
        return piece(scene)
    return cloth(scene) if pick < 0.75 else plain(scene, skin_colour(scene), 0.25)
