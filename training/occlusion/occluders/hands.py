"""Hands, and bare skin."""

from __future__ import annotations

import cv2
import numpy as np

from . import textures
from .scene import Alpha, Cover, Scene, capsule, ellipse

#: Where a hand is held: mouth, chin, cheeks, eyes, nose, brow.
PLACES = (13, 13, 17, 152, 152, 205, 425, 159, 386, 4, 9)


def hand(scene: Scene) -> Cover:
    """A palm with fingers, or some fingers alone, from any side but mostly from below."""
    rng, side, height = scene.rng, scene.side, scene.height
    target = scene.at(int(rng.choice(PLACES))) + rng.normal(0, 0.06, 2) * height
    angle = rng.normal(-np.pi / 2, 0.9)
    forward = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-forward[1], forward[0]])
    width = height * scene.between(0.085, 0.14)
    count = int(rng.integers(1, 6))
    spread = rng.uniform(0, 0.25)
    colour = textures.plain(scene, textures.skin_colour(scene), 0.2)
    alpha, gaps = np.zeros((side, side), np.float32), np.zeros((side, side), np.float32)
    base = target - forward * height * scene.between(0.1, 0.3)
    for finger in range(count):
        offset = (finger - (count - 1) / 2) * width * scene.between(0.95, 1.15)
        length = height * scene.between(0.3, 0.5)
        turned = angle + (finger - (count - 1) / 2) * spread + rng.normal(0, 0.05)
        start = base + across * offset
        bent = start + np.array([np.cos(turned), np.sin(turned)]) * length / 2
        turned += rng.normal(0, 0.25)
        end = bent + np.array([np.cos(turned), np.sin(turned)]) * length / 2
        one = np.maximum(capsule(side, start, bent, width), capsule(side, bent, end, width * 0.92))
        # A shadow between a finger and those before it.
        edge = cv2.GaussianBlur(one, (0, 0), width * 0.18) - one * 0.9
        gaps = np.maximum(gaps * (1 - one), np.clip(edge, 0, 1) * alpha)
        alpha = np.maximum(alpha, one)
        colour = _nail(scene, colour, end, turned, width) if rng.random() < 0.5 else colour
    if rng.random() < 0.7:
        palm = base - forward * height * 0.2
        alpha = np.maximum(alpha, ellipse(side, palm, (height * scene.between(0.22, 0.36), width * count * 0.6 + 4), angle))
    colour = colour * (1 - scene.between(0.3, 1.2) * gaps[..., None])
    return Cover.opaque(alpha, _rounded(scene, colour, alpha))


def _nail(scene: Scene, colour: np.ndarray, tip: np.ndarray, angle: float, width: float) -> np.ndarray:
    shape = ellipse(scene.side, tip, (width * 0.35, width * 0.27), angle)
    tone = scene.rng.uniform(0, 255, 3) if scene.rng.random() < 0.3 else textures.skin_colour(scene) * 1.1
    return colour + (tone.astype(np.float32) - colour) * shape[..., None] * np.float32(0.8)


def _rounded(scene: Scene, colour: np.ndarray, alpha: Alpha) -> np.ndarray:
    """Darker towards the edges, as round things are."""
    inner = cv2.GaussianBlur(alpha, (0, 0), scene.height * 0.03)
    return colour * (1 - scene.between(0, 0.35) * (1 - inner[..., None]))


def skin(scene: Scene) -> Cover:
    """A smooth patch of skin, as of an arm, a shoulder or another head."""
    target = scene.at(int(scene.rng.choice(PLACES))) + scene.rng.normal(0, 0.25, 2) * scene.height
    radii = (scene.height * scene.between(0.12, 0.5), scene.height * scene.between(0.08, 0.35))
    alpha = ellipse(scene.side, target, radii, scene.between(0, np.pi))
    return Cover.opaque(alpha, _rounded(scene, textures.plain(scene, textures.skin_colour(scene), 0.25), alpha))
