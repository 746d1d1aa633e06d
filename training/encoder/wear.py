"""Size and wear, drawn without knowledge of the label, so that neither says anything about it."""

from __future__ import annotations

import cv2
import numpy as np

from forge import degrade
from forge.forgery import Image, Recipe

from .faces import Square, shrunk, surroundings

#: The side of the face's square in pixels. The lower end is where faces can still be judged, the upper end where a crop of
#: 224 pixels shows no more.
SIDES = (96.0, 224.0)
#: The odds of each step and the range of its value.
STEPS = {"rescale": (0.3, (0.4, 1.0)), "screenshot": (0.15, (0.6, 1.3)), "blur": (0.2, (0.4, 1.2)), "jpeg": (0.6, (30, 95))}
#: Degradations under which figures are read.
CONDITIONS: dict[str, list[Recipe]] = {
    "clean": [],
    "jpeg50": [{"step": "jpeg", "value": 50}],
    "half": [{"step": "rescale", "value": 0.5}],
}


def side(rng: np.random.Generator) -> float:
    """The most pixels of the face's square."""
    return float(np.exp(rng.uniform(*np.log(SIDES))))


def steps(rng: np.random.Generator) -> list[Recipe]:
    """Some of the steps, in the order in which uploads meet them."""
    drawn = [(name, rng.random() < odds, float(rng.uniform(*span))) for name, (odds, span) in STEPS.items()]
    return [{"step": name, "value": round(value, 3)} for name, taken, value in drawn if taken]


def worn(picture: Image, square: Square, most: float, recipe: list[Recipe]) -> tuple[Image, Square]:
    """The surroundings of a face at the size `most`, after the steps, and the square in them."""
    picture, square = surroundings(picture, square)
    picture, square = shrunk(picture, square, most)
    width = picture.shape[1]
    out = degrade.apply(picture, recipe, square.side, np.random.default_rng(0))
    return out, square.scaled(out.shape[1] / width)


def whole(picture: Image, square: Square, condition: str) -> tuple[Image, Square]:
    """A whole picture under one of the conditions."""
    if condition == "half":
        height, width = picture.shape[:2]
        small = cv2.resize(picture, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA)
        return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), square
    return degrade.apply(picture, CONDITIONS[condition], square.side, np.random.default_rng(0)), square
