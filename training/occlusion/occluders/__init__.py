"""What is drawn over faces, by kind."""

from __future__ import annotations

from collections.abc import Callable

from . import cloths, glasses, hands, natural, objects
from .scene import Cover, Scene

#: Every kind that hides a part of the face, and how often it is drawn in training.
HIDING: dict[str, tuple[Callable[[Scene], Cover], float]] = {
    "mask": (cloths.mask, 0.2),
    "crude_mask": (cloths.crude_mask, 0.07),
    "scarf": (cloths.scarf, 0.06),
    "hat": (cloths.hat, 0.05),
    "veil": (cloths.veil, 0.02),
    "sunglasses": (glasses.dark, 0.2),
    "bar": (glasses.bar, 0.04),
    "hand": (hands.hand, 0.13),
    "skin": (hands.skin, 0.03),
    "microphone": (objects.microphone, 0.06),
    "blob": (objects.blob, 0.05),
    "panel": (objects.panel, 0.04),
    "hair": (natural.hair, 0.05),
}
#: Kinds that are never trained on: what the network makes of them shows what it makes of anything else.
UNSEEN: dict[str, Callable[[Scene], Cover]] = {
    "phone": objects.phone,
    "cup": objects.cup,
    "sticker": objects.sticker,
    "mosaic": objects.mosaic,
}
#: Kinds that hide nothing.
CLEAR: dict[str, Callable[[Scene], Cover]] = {
    "clear_glasses": glasses.clear,
    "beard": natural.beard,
    "make_up": natural.make_up,
    "shadow": natural.shadow,
    "lettering": objects.lettering,
}
