"""Dark glasses, which hide the eyes, and clear ones, which do not."""

from __future__ import annotations

import cv2
import numpy as np

from forge import topology

from . import textures
from .scene import Alpha, Cover, Scene, box, polygon, smooth

ORBITS = (topology.RIGHT_ORBIT, topology.LEFT_ORBIT)
#: Corners of a lens in radii, clockwise from the upper inner one: round, square, of an aviator, of a cat's eye.
SHAPES = (
    [(-0.7, -0.7), (0, -1), (0.7, -0.7), (1, 0), (0.7, 0.7), (0, 1), (-0.7, 0.7), (-1, 0)],
    [(-0.95, -0.85), (0, -0.95), (0.95, -0.85), (1, 0), (0.85, 0.85), (0, 0.95), (-0.85, 0.85), (-1, 0)],
    [(-0.9, -0.8), (0, -0.9), (1, -0.8), (1, 0), (0.7, 1), (0, 1.15), (-0.6, 0.7), (-0.9, 0)],
    [(-0.8, -0.6), (0, -0.8), (1.1, -1), (1.05, -0.2), (0.7, 0.7), (0, 0.85), (-0.7, 0.6), (-0.9, 0)],
)


def _lenses(scene: Scene) -> list[np.ndarray]:
    """The outlines of two lenses, the person's right first."""
    eyes = [scene.at(*orbit) for orbit in ORBITS]
    across = (eyes[1] - eyes[0]) / max(float(np.linalg.norm(eyes[1] - eyes[0])), 1e-3)
    down = np.array([-across[1], across[0]])
    apart = float(np.linalg.norm(eyes[1] - eyes[0]))
    wide, high = apart * scene.between(0.33, 0.5), apart * scene.between(0.22, 0.5)
    shape = np.array(SHAPES[int(scene.rng.integers(len(SHAPES)))], np.float32)
    drop = down * apart * scene.between(-0.06, 0.12)
    found = []
    for side, eye in zip((-1, 1), eyes, strict=True):
        # The inner side of the shape lies towards the nose.
        corners = shape[:, :1] * side * wide * across + shape[:, 1:] * high * down
        found.append(smooth(eye + drop + corners, 36))
    return found


def _frame(scene: Scene, lenses: list[np.ndarray], width: int) -> Alpha:
    """The rims, the bridge and the temples."""
    out = np.zeros((scene.side, scene.side), np.uint8)
    for lens in lenses:
        cv2.polylines(out, [np.rint(lens * 16).astype(np.int32)], True, 255, width, cv2.LINE_AA, 4)
    middles = [lens.mean(0) for lens in lenses]
    inner = [lens[np.argmin(np.linalg.norm(lens - other, axis=1))] for lens, other in zip(lenses, middles[::-1], strict=True)]
    outer = [lens[np.argmax(np.linalg.norm(lens - other, axis=1))] for lens, other in zip(lenses, middles[::-1], strict=True)]
    lines = [(inner[0], inner[1]), (outer[0], scene.points[127]), (outer[1], scene.points[356])]
    for start, end in lines:
        ends = [tuple(int(v) for v in np.rint(p * 16)) for p in (start, end)]
        cv2.line(out, *ends, 255, width, cv2.LINE_AA, 4)
    return out.astype(np.float32) / 255


def _reflections(scene: Scene) -> np.ndarray:
    """What a shiny lens shows: another picture, blurred and stretched, or a bright slope."""
    shown = textures.piece(scene)
    return cv2.GaussianBlur(shown, (0, 0), scene.between(0.5, 6))


def dark(scene: Scene) -> Cover:
    """Sunglasses: black, tinted, graded or mirrored."""
    rng = scene.rng
    lenses = _lenses(scene)
    glass = np.maximum(*(polygon(scene.side, lens) for lens in lenses))
    frame = _frame(scene, lenses, int(rng.integers(1, 6)))
    pick = rng.random()
    tint = rng.uniform(0, 70, 3).astype(np.float32) * scene.between(0.2, 1)
    colour = textures.plain(scene, tint, 0.3, 1.5)
    strength = np.float32(scene.between(0.82, 1))
    if pick < 0.25:
        # Mirrored.
        bright = rng.uniform(40, 255, 3).astype(np.float32)
        colour = 0.5 * _reflections(scene) * (bright / 160) + 0.5 * bright * scene.between(0.3, 1)
        strength = np.float32(1)
    elif pick < 0.45:
        # A reflection on dark glass.
        colour = colour + _reflections(scene) * scene.between(0.1, 0.5)
    elif pick < 0.6:
        # Darker above than below.
        ys = [lens[:, 1] for lens in lenses]
        low, high = min(y.min() for y in ys), max(y.max() for y in ys)
        grade = np.clip((np.arange(scene.side) - low) / max(high - low, 1), 0, 1).astype(np.float32)
        strength = (1 - scene.between(0, 0.25) * grade)[:, None]
    rim = np.broadcast_to(rng.uniform(0, 140, 3).astype(np.float32), scene.image.shape)
    colour = colour + (rim - colour) * frame[..., None]
    alpha = np.maximum(glass * strength, frame)
    return Cover(alpha, colour, glass)


def bar(scene: Scene) -> Cover:
    """A bar over the eyes, or the band of a headset or of ski goggles."""
    right, left = scene.at(*ORBITS[0]), scene.at(*ORBITS[1])
    across = left - right
    apart = float(np.linalg.norm(across))
    size = (apart * scene.between(1.9, 2.6), apart * scene.between(0.45, 1.1))
    centre = (right + left) / 2 + scene.rng.normal(0, 0.03, 2) * apart
    alpha = box(scene.side, centre, size, float(np.arctan2(across[1], across[0])), size[1] * scene.between(0, 0.5))
    flat = np.broadcast_to(scene.rng.uniform(0, 60, 3).astype(np.float32), scene.image.shape)
    return Cover.opaque(alpha, flat if scene.rng.random() < 0.5 else textures.material(scene))


def clear(scene: Scene) -> Cover:
    """Ordinary glasses: a frame, hardly tinted glass, at times a small reflection."""
    rng = scene.rng
    lenses = _lenses(scene)
    glass = np.maximum(*(polygon(scene.side, lens) for lens in lenses))
    width = int(rng.integers(1, 6))
    frame = _frame(scene, lenses, width) * np.float32(scene.between(0.6, 1))
    colour = np.broadcast_to(rng.uniform(0, 255, 3).astype(np.float32), scene.image.shape).copy()
    rim = np.broadcast_to((rng.uniform(0, 90, 3) * rng.choice([0.3, 1, 2])).astype(np.float32), scene.image.shape)
    spots = np.clip(textures.noise(rng, scene.side, scene.between(6, 20)) - scene.between(1.3, 3), 0, 1)
    alpha = glass * (np.float32(scene.between(0, 0.22)) + spots * np.float32(scene.between(0, 0.8)))
    colour = np.where(spots[..., None] > 0.05, scene.between(180, 255), colour)
    colour = colour + (rim - colour) * frame[..., None]
    return Cover.clear(np.maximum(np.clip(alpha, 0, 0.9), frame).astype(np.float32), colour.astype(np.float32))
