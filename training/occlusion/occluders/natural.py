"""What belongs to a face or falls on it: hair, beards, make-up, shadows."""

from __future__ import annotations

import cv2
import numpy as np

from forge import topology

from . import textures
from .cloths import JAW
from .scene import Cover, Scene, hull, polygon


def _strands(scene: Scene, roots: np.ndarray, ways: np.ndarray, lengths: np.ndarray, width: int) -> tuple:
    """Curved lines and their colours."""
    rng, side = scene.rng, scene.side
    tone = (rng.uniform(0, 1) ** 2 * np.array([120, 160, 210]) + rng.uniform(5, 30)).astype(np.float32)
    alpha, colour = np.zeros((side, side), np.uint8), np.zeros((side, side, 3), np.float32)
    colour[:] = tone
    for root, way, length in zip(roots, ways, lengths, strict=True):
        bend = rng.normal(0, 0.25)
        t = np.linspace(0, 1, 7)[:, None]
        side_way = np.array([-way[1], way[0]])
        curve = root + (way * t + side_way * bend * t**2) * length
        line = [np.rint(curve * 16).astype(np.int32)]
        shade = float(rng.uniform(0.7, 1.3))
        cv2.polylines(alpha, line, False, 255, width, cv2.LINE_AA, 4)
        cv2.polylines(colour, line, False, [float(v) for v in np.clip(tone * shade, 0, 255)], width, cv2.LINE_AA, 4)
    return alpha.astype(np.float32) / 255, colour


def hair(scene: Scene) -> Cover:
    """A lock over an eye, a cheek or half of the face."""
    rng, height = scene.rng, scene.height
    side = int(rng.choice([-1, 1]))
    root = scene.at(*((54, 103) if side < 0 else (284, 332))) + rng.normal(0, 0.08, 2) * height
    target = scene.at(int(rng.choice([159, 205, 61] if side < 0 else [386, 425, 291]))) + rng.normal(0, 0.1, 2) * height
    count = int(rng.integers(40, 160))
    spread = height * scene.between(0.05, 0.2)
    roots = root + rng.normal(0, 1, (count, 2)) * spread
    ways = target + rng.normal(0, 1, (count, 2)) * spread * 0.8 - roots
    lengths = rng.uniform(0.9, 1.6, count)
    alpha, colour = _strands(scene, roots, ways, lengths, int(rng.integers(1, 4)))
    # Single strands hide little.
    dense = cv2.GaussianBlur(alpha, (0, 0), height * 0.025)
    return Cover(alpha, colour, np.clip((dense - 0.35) * 3, 0, 1).astype(np.float32))


def beard(scene: Scene) -> Cover:
    """Many short hairs on jaw, chin and upper lip: the face's own."""
    rng, height = scene.rng, scene.height
    grown = hull(scene.side, np.concatenate([scene.points[list(JAW[3:-3])], scene.points[[2]]]))
    grown = grown * (1 - hull(scene.side, scene.points[list(topology.LIPS)]))
    if rng.random() < 0.5:
        grown = grown * (1 - polygon(scene.side, scene.points[[117, 101, 61, 291, 330, 346, 4]]))
    places = np.argwhere(grown > 0.5)
    if len(places) < 10:
        return Cover.clear(np.zeros_like(grown), scene.image)
    count = int(rng.integers(200, 900))
    roots = places[rng.integers(0, len(places), count)][:, ::-1].astype(np.float32)
    down = (scene.at(152) - scene.at(10)) / height
    angles = np.arctan2(down[1], down[0]) + rng.normal(0, 0.5, count)
    ways = np.stack([np.cos(angles), np.sin(angles)], 1)
    lengths = height * rng.uniform(0.01, scene.between(0.02, 0.1), count)
    alpha, colour = _strands(scene, roots, ways, lengths, 1)
    under = cv2.GaussianBlur(grown, (0, 0), height * 0.03) * scene.between(0, 0.5)
    return Cover.clear(np.maximum(alpha * np.float32(scene.between(0.4, 1)), under.astype(np.float32)), colour)


def make_up(scene: Scene) -> Cover:
    """Colour on lips, lids or cheeks, and face paint that the face shows through."""
    rng = scene.rng
    parts = [topology.LIPS, topology.RIGHT_ORBIT, topology.LEFT_ORBIT, (117, 118, 101, 205, 187), (346, 347, 330, 425, 411)]
    alpha = np.zeros((scene.side, scene.side), np.float32)
    for part in rng.choice(len(parts), int(rng.integers(1, 4)), replace=False):
        alpha = np.maximum(alpha, hull(scene.side, scene.points[list(parts[int(part)])]))
    soft = cv2.GaussianBlur(alpha, (0, 0), scene.height * scene.between(0.005, 0.04))
    strength = np.float32(scene.between(0.1, 0.5))
    return Cover.clear(soft * strength, textures.plain(scene, rng.uniform(0, 255, 3).astype(np.float32)))


def shadow(scene: Scene) -> Cover:
    """Half of the face in the dark, or a hard edge of a shadow across it."""
    rng, side = scene.rng, scene.side
    y, x = np.mgrid[:side, :side].astype(np.float32)
    angle = scene.between(0, 2 * np.pi)
    centre = scene.at(4) + rng.normal(0, 0.25, 2) * scene.height
    depth = (x - centre[0]) * np.cos(angle) + (y - centre[1]) * np.sin(angle)
    if rng.random() < 0.3:
        depth = scene.height * scene.between(0.1, 0.35) - np.abs(depth)
    edge = scene.height * (scene.between(0.01, 0.08) if rng.random() < 0.5 else scene.between(0.1, 0.5))
    dark = 1 / (1 + np.exp(-np.clip(depth / edge * 4, -30, 30)))
    return Cover.clear((dark * scene.between(0.3, 0.93)).astype(np.float32), scene.image * np.float32(scene.between(0, 0.12)))
