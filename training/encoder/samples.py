"""The pictures that the probes learn from and are read on: crops of genuine, generated and blended faces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from forensics.pool import part_blend
from forge import self_blend, swap
from forge.forgery import Image, Photo, Unforgeable
from forge.plan import seed_of

from . import wear
from .faces import Face, Square, crop, shrunk, surroundings

#: A picture at a drawn size with drawn wear.
DRAWN = "drawn"
SELF_BLEND, PART_BLEND, SWAP = self_blend.METHOD, "part-blend", "swap"
#: The odds of each kind of blend.
BLENDS = {SELF_BLEND: 0.5, PART_BLEND: 0.15, SWAP: 0.35}


@dataclass(frozen=True)
class Sample:
    """One crop."""

    crop: Image
    """Blue first."""
    group: str
    """A generator, a source of genuine photographs or a kind of blend."""
    path: str
    version: str
    """A condition of `wear`, or `DRAWN` with its number."""
    forged: bool
    pair: str = ""
    """The same for a blend and the picture it was painted into; empty elsewhere."""


def of_face(face: Face, group: str, forged: bool, pixels: int, draws: int, seed: int) -> Iterator[Sample]:
    """The face at a drawn size under each condition, then `draws` times at drawn sizes with drawn wear."""
    rng = np.random.default_rng(seed_of(seed, face.folder.name, face.path))
    picture, square = face.picture(), Square.around(face.mesh)
    most = wear.side(rng)
    for name, recipe in wear.CONDITIONS.items():
        yield Sample(crop(*wear.worn(picture, square, most, recipe), pixels), group, face.path, name, forged)
    for number in range(draws):
        shown = crop(*wear.worn(picture, square, wear.side(rng), wear.steps(rng)), pixels)
        yield Sample(shown, group, face.path, f"{DRAWN}{number}", forged)


def as_found(face: Face, group: str, forged: bool, pixels: int, conditions: tuple[str, ...]) -> Iterator[Sample]:
    """The face at its own size, the whole picture under each of the conditions."""
    picture, square = face.picture(), Square.around(face.mesh)
    for name in conditions:
        yield Sample(crop(*wear.whole(picture, square, name), pixels), group, face.path, name, forged)


def blends(face: Face, donors: list[Face], group: str, pixels: int, times: int, seed: int) -> Iterator[Sample]:
    """Pairs of a blend and the picture it was painted into, at the same size and with the same wear."""
    rng = np.random.default_rng(seed_of(seed, "blends", face.folder.name, face.path))
    photo, square = _near(face)
    for number in range(times):
        method = str(rng.choice(list(BLENDS), p=list(BLENDS.values())))
        donor = donors[int(rng.integers(len(donors)))] if method == SWAP else None
        try:
            if method == PART_BLEND:
                forgery = part_blend(photo, rng)
            elif donor is None:
                forgery = self_blend.forge(photo, None, self_blend.choose(rng), rng)
            else:
                forgery = swap.forge(photo, _near(donor)[0], swap.choose(rng), rng)
        except Unforgeable:
            continue
        most = wear.side(rng)
        recipe = wear.steps(rng) if number else []
        for image, forged in ((forgery.base, False), (forgery.image, True)):
            shown = crop(*wear.worn(image, square, most, recipe), pixels)
            pair = f"{group}/{face.path}/{number}"
            yield Sample(shown, method if forged else group, face.path, f"{DRAWN}{number}", forged, pair)


def swapped(swap_of: Face, base: Face, group: str, times: int, seed: int, pixels: int) -> Iterator[Sample]:
    """Pairs of a swapper's output and the photograph that it was painted into, at the same size and with the same wear."""
    rng = np.random.default_rng(seed_of(seed, "swapped", swap_of.path))
    square, genuine, forged = Square.around(base.mesh), base.picture(), swap_of.picture()
    if forged.shape != genuine.shape:
        forged = cv2.resize(forged, genuine.shape[1::-1], interpolation=cv2.INTER_AREA)
    for number in range(times):
        most, recipe = wear.side(rng), wear.steps(rng) if number else []
        for image, is_forged in ((genuine, False), (forged, True)):
            shown = crop(*wear.worn(image, square, most, recipe), pixels)
            name = swap_of.group if is_forged else group
            yield Sample(shown, name, swap_of.path, f"{DRAWN}{number}", is_forged, f"{swap_of.path}/{number}")


def _near(face: Face, side: float = 240.0) -> tuple[Photo, Square]:
    """The surroundings of a face as a photograph of their own, not larger than they need to be."""
    square = Square.around(face.mesh)
    picture, inside = surroundings(face.picture(), square)
    shift = inside.centre - square.centre
    picture, small = shrunk(picture, inside, side)
    factor = small.side / inside.side
    mesh = face.mesh.copy()
    mesh[:, :2] += shift.astype(np.float32)
    return Photo(picture, mesh * np.float32(factor)), small
