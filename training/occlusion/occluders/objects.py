"""Things that are held before a face, and what is drawn over a picture."""

from __future__ import annotations

import cv2
import numpy as np

from . import textures
from .scene import Cover, Scene, box, capsule, ellipse, polygon, smooth

#: Middles of the areas that matter.
PLACES = (13, 17, 152, 4, 2, 159, 386, 168, 205, 425, 9)


def microphone(scene: Scene) -> Cover:
    """A round or long head on a handle that comes from below."""
    rng, side, height = scene.rng, scene.side, scene.height
    head = scene.at(int(rng.choice([17, 18, 152, 13, 200, 2, 61, 291]))) + rng.normal(0, 0.05, 2) * height
    radius = height * scene.between(0.08, 0.2)
    angle = rng.normal(np.pi / 2, 0.6)
    way = np.array([np.cos(angle), np.sin(angle)])
    ball = ellipse(side, head, (radius * scene.between(1, 1.6), radius), angle)
    handle = capsule(side, head + way * radius, head + way * height * 1.5, radius * scene.between(0.6, 1.4))
    colour = textures.plain(scene, (rng.uniform(0, 255, 3) * rng.choice([0.2, 0.5, 1])).astype(np.float32), 0.4, 8)
    if rng.random() < 0.5:
        grid = (np.indices((side, side)).sum(0) // max(1, int(rng.integers(1, 4))) % 2)[..., None]
        colour = colour * (1 - scene.between(0, 0.5) * grid * ball[..., None])
    return Cover.opaque(np.maximum(ball, handle), colour)


def phone(scene: Scene) -> Cover:
    """A phone or a camera before the face, as in a mirror."""
    rng, height = scene.rng, scene.height
    centre = scene.at(int(rng.choice(PLACES))) + rng.normal(0, 0.1, 2) * height
    size = (height * scene.between(0.35, 0.6), height * scene.between(0.6, 1.1))
    angle = rng.normal(0, 0.25) + (np.pi / 2 if rng.random() < 0.3 else 0)
    alpha = box(scene.side, centre, size, angle, size[0] * 0.12)
    colour = textures.plain(scene, rng.uniform(0, 230, 3).astype(np.float32), 0.25)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    for row in range(int(rng.integers(0, 4))):
        lens = centre + np.array([-size[0] * 0.3, -size[1] * 0.38 + row * size[0] * 0.22]) @ turn
        colour = colour * (1 - 0.85 * ellipse(scene.side, lens, (size[0] * 0.09,) * 2, 0)[..., None])
    return Cover.opaque(alpha, colour)


def cup(scene: Scene) -> Cover:
    """A cup or a glass at the mouth."""
    rng, height = scene.rng, scene.height
    rim = scene.at(int(rng.choice([13, 2, 17, 4]))) + rng.normal(0, 0.04, 2) * height
    wide, high = height * scene.between(0.25, 0.45), height * scene.between(0.4, 0.7)
    corners = np.array([[-wide, -0.1 * high], [wide, -0.1 * high], [wide * 0.8, high], [-wide * 0.8, high]]) * [0.5, 1]
    angle = rng.normal(0, 0.2)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return Cover.opaque(polygon(scene.side, rim + corners @ turn), textures.material(scene))


def blob(scene: Scene) -> Cover:
    """Any shape of any material anywhere."""
    rng, height = scene.rng, scene.height
    centre = scene.at(int(rng.choice(PLACES))) + rng.normal(0, 0.15, 2) * height
    count = int(rng.integers(4, 9))
    turn = np.sort(rng.uniform(0, 2 * np.pi, count))
    radius = height * rng.uniform(0.1, 0.42, count) * scene.between(0.6, 1.2)
    corners = centre + np.stack([np.cos(turn), np.sin(turn)], 1) * radius[:, None]
    outline = corners if rng.random() < 0.5 else smooth(corners, 36)
    return Cover.opaque(polygon(scene.side, outline), textures.material(scene))


def panel(scene: Scene) -> Cover:
    """A rectangle over a part of the picture: a caption, a bar, a news ticker."""
    rng, side, height = scene.rng, scene.side, scene.height
    centre = scene.at(int(rng.choice(PLACES))) + rng.normal(0, 0.12, 2) * height
    wide = height * (scene.between(0.2, 0.9) if rng.random() < 0.6 else 4)
    alpha = box(side, centre, (wide, height * scene.between(0.12, 0.5)), rng.normal(0, 0.08), 0)
    colour = np.broadcast_to((rng.uniform(0, 255, 3) * rng.choice([0, 1, 1])).astype(np.float32), scene.image.shape).copy()
    if rng.random() < 0.6:
        letters = _letters(scene, centre - [wide / 2 if wide < side else side * 0.4, 0], scene.between(0.25, 0.8))
        colour += (rng.uniform(0, 255, 3).astype(np.float32) - colour) * letters[..., None]
    return Cover.opaque(alpha, colour)


def _letters(scene: Scene, at: np.ndarray, scale: float) -> np.ndarray:
    """A line of letters from `at` on."""
    canvas = np.zeros((scene.side, scene.side), np.uint8)
    text = "".join(chr(int(c)) for c in scene.rng.integers(48, 123, int(scene.rng.integers(3, 14))))
    place = tuple(int(v) for v in np.rint(at))
    thick = int(scene.rng.integers(1, 3))
    cv2.putText(canvas, text, place, int(scene.rng.integers(0, 4)), scale, 255, thick, cv2.LINE_AA)
    return canvas.astype(np.float32) / 255


def sticker(scene: Scene) -> Cover:
    """A drawn face or a disc over the face or a part of it."""
    rng, side, height = scene.rng, scene.side, scene.height
    centre = scene.at(int(rng.choice(PLACES))) + rng.normal(0, 0.1, 2) * height
    radius = height * scene.between(0.14, 0.5)
    alpha = ellipse(side, centre, (radius, radius * scene.between(0.8, 1.2)), 0)
    colour = np.broadcast_to(rng.uniform(0, 255, 3).astype(np.float32), scene.image.shape).copy()
    for x in (-0.35, 0.35):
        colour *= 1 - ellipse(side, centre + radius * np.array([x, -0.25]), (radius * 0.12, radius * 0.18), 0)[..., None]
    grin = ellipse(side, centre + np.array([0, radius * 0.3]), (radius * 0.5, radius * 0.2), 0)
    return Cover.opaque(alpha, colour * (1 - grin[..., None]))


def mosaic(scene: Scene) -> Cover:
    """Coarse pixels or a strong blur over a part, as pictures are made anonymous."""
    rng, side, height = scene.rng, scene.side, scene.height
    centre = scene.at(int(rng.choice(PLACES)))
    size = (height * scene.between(0.35, 1.0), height * scene.between(0.2, 0.6))
    alpha = box(side, centre, size, 0, 0)
    cells = max(3, round(side / (height * scene.between(0.09, 0.2))))
    small = cv2.resize(scene.image, (cells, cells), interpolation=cv2.INTER_AREA)
    if rng.random() < 0.7:
        colour = cv2.resize(small, (side, side), interpolation=cv2.INTER_NEAREST)
    else:
        colour = cv2.GaussianBlur(scene.image, (0, 0), height * scene.between(0.09, 0.15))
    return Cover.opaque(alpha, colour)


def lettering(scene: Scene) -> Cover:
    """Thin letters or lines over the picture, as of a watermark: they hide nothing."""
    canvas = np.zeros((scene.side, scene.side), np.float32)
    for _ in range(int(scene.rng.integers(1, 5))):
        place = scene.rng.uniform(0, 0.8, 2) * scene.side
        canvas = np.maximum(canvas, _letters(scene, place, scene.between(0.3, 0.9)))
    alpha = canvas * np.float32(scene.between(0.3, 1))
    return Cover.clear(alpha, np.broadcast_to(scene.rng.uniform(0, 255, 3).astype(np.float32), scene.image.shape))
