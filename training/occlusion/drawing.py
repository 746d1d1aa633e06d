"""Faces as the network sees them: with something drawn on them, worn as uploads are, and cropped by the mesh that the service
would fit to the result."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from forge import degrade

from . import areas, faces
from .layout import AREAS, GRID, MARGIN, SIDE
from .occluders import CLEAR, HIDING, UNSEEN
from .occluders.scene import Cover, Scene
from .pool import KEPT, ROOM, Pool

#: The share of faces with something that hides a part of them, of those a second such thing, and of all faces something that
#: hides nothing and a picture that ends within the face.
HIDDEN, TWICE, WITH_CLEAR, CUT = 0.55, 0.12, 0.45, 0.07
#: The share worn as uploads are.
WORN = 0.6
#: The output that each becomes in a mirrored face.
MIRRORED = [AREAS.index(a.replace("right", "?").replace("left", "right").replace("?", "left")) for a in AREAS]
#: A face is this many pixels high in a stored crop.
FACE = KEPT / ROOM


@dataclass(frozen=True)
class Seen:
    """One input with what is right."""

    crop: NDArray[np.uint8]
    """SIDE x SIDE x 3, blue first."""
    shares: NDArray[np.float32]
    """The hidden share of every area, in the order of AREAS."""
    fields: NDArray[np.float32]
    """The hidden share of every field, GRID x GRID."""


def compose(image: NDArray[np.float32], cover: Cover, rng: np.random.Generator) -> NDArray[np.float32]:
    """The picture with the cover over it, at times with the shadow that it throws."""
    if cover.hides.any() and rng.random() < 0.4:
        thrown = cv2.GaussianBlur(cover.hides, (0, 0), rng.uniform(1.5, 8))
        image = image * (1 - rng.uniform(0, 0.5) * (thrown * (1 - cover.alpha))[..., None])
    alpha = cover.alpha
    if rng.random() < 0.5:
        alpha = cv2.GaussianBlur(alpha, (0, 0), rng.uniform(0.4, 1.4))
    return np.clip(image + (cover.colour - image) * alpha[..., None], 0, 255).astype(np.float32)


class Drawer:
    """Draws on the faces of a pool."""

    def __init__(self, pool: Pool, models: Path, held_out: bool) -> None:
        self.pool, self.chosen = pool, pool.of(held_out)
        # One photograph of a person is drawn as often as one of anybody else.
        self.networks = faces.Networks(models)

    def scene(self, rng: np.random.Generator, index: int) -> Scene:
        """The face with this index in the pool."""
        other = int(rng.choice(self.chosen))
        images = self.pool.images
        return Scene(images[index].astype(np.float32), self.pool.meshes[index], images[other].astype(np.float32), rng)

    def any(self, rng: np.random.Generator) -> Seen:
        """A face with whatever training draws."""
        kinds: list[str] = []
        if rng.random() < WITH_CLEAR:
            kinds.append(str(rng.choice(list(CLEAR))))
        if rng.random() < HIDDEN:
            names, odds = list(HIDING), [odds for _, odds in HIDING.values()]
            for _ in range(2 if rng.random() < TWICE else 1):
                kinds.append(str(rng.choice(names, p=np.array(odds) / sum(odds))))
        seen = self.one(rng, int(rng.choice(self.chosen)), kinds, cut=rng.random() < CUT, wear=WORN, light=True)
        return mirrored(seen) if rng.random() < 0.5 else seen

    def one(
        self,
        rng: np.random.Generator,
        index: int,
        kinds: list[str],
        *,
        cut: bool = False,
        wear: float = 0.0,
        light: bool = False,
    ) -> Seen:
        """The face with this index and these kinds of things on it."""
        scene = self.scene(rng, index)
        image, hidden = scene.image, np.zeros((KEPT, KEPT), np.float32)
        if light:
            image = lit(image, rng)
        for kind in kinds:
            draw = CLEAR.get(kind) or UNSEEN.get(kind) or HIDING[kind][0]
            cover = draw(Scene(image, scene.points, scene.other, rng))
            image, hidden = compose(image, cover, rng), np.maximum(hidden, cover.hides)
        inside = self.pool.inside[index].astype(np.float32) / 255
        if cut:
            inside = inside * edge(scene)
        image, hidden = image * inside[..., None], np.maximum(hidden, 1 - inside)
        picture = np.clip(np.rint(image), 0, 255).astype(np.uint8)
        worn = degrade.apply(picture, degrade.choose(rng, wear), FACE, rng)
        if worn.shape != picture.shape:
            worn = cv2.resize(worn, (KEPT, KEPT), interpolation=cv2.INTER_LINEAR)
        return self.seen(worn, scene.points, hidden, rng)

    def seen(
        self, picture: NDArray[np.uint8], points: NDArray[np.float32], hidden: NDArray[np.float32], rng: np.random.Generator
    ) -> Seen:
        """The crop that the service would take: its detector is not run, but a box near the face's is drawn."""
        own = faces.square(points)
        loose = rng.normal(0, 1, 4) * [0.03, 0.04, 0.06, 0.05]
        box = faces.Box(own.centre + loose[:2] * own.side, own.side * float(np.exp(loose[2])), own.roll + float(loose[3]))
        found = faces.square(self.networks.mesh(picture, box))
        to_picture = faces.crop_map(found.centre, found.side * MARGIN, found.roll, SIDE)
        there = faces.cut(hidden, to_picture, SIDE)
        shares = areas.covered(faces.into(to_picture, points), there)
        fields = cv2.resize(there, (GRID, GRID), interpolation=cv2.INTER_AREA)
        return Seen(faces.cut(picture, to_picture, SIDE), shares, fields)


def lit(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """In other light: brighter or darker, tinted, flat or hard, grey."""
    out = image / 255
    if rng.random() < 0.15:
        grey = out @ np.array([0.114, 0.587, 0.299], np.float32)
        out = grey[..., None] * rng.uniform(0.9, 1.1, 3).astype(np.float32)
    if rng.random() < 0.6:
        out = np.clip(out, 1e-4, None) ** np.float32(np.exp(rng.normal(0, 0.3)))
    if rng.random() < 0.6:
        out = out * (rng.uniform(0.7, 1.3) * rng.uniform(0.85, 1.15, 3)).astype(np.float32)
    if rng.random() < 0.3:
        out = (out - 0.5) * np.float32(rng.uniform(0.5, 1.6)) + np.float32(0.5)
    return np.clip(out * 255, 0, 255).astype(np.float32)


def edge(scene: Scene) -> NDArray[np.float32]:
    """1 in a picture that ends at a straight edge through the face, 0 beyond."""
    rng, side = scene.rng, scene.side
    place = scene.at(int(rng.choice([10, 9, 4, 13, 18, 33, 263, 205, 425]))) + rng.normal(0, 0.08, 2) * scene.height
    from_ = int(rng.integers(4))
    y, x = np.mgrid[:side, :side]
    kept = (x > place[0], x < place[0], y > place[1], y < place[1])[from_]
    return kept.astype(np.float32)


def mirrored(seen: Seen) -> Seen:
    """The mirror image."""
    return Seen(seen.crop[:, ::-1].copy(), seen.shares[MIRRORED], seen.fields[:, ::-1].copy())
