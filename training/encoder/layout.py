"""What the encoder sees and what is read of it; the same as in the service and in `models/build/recipes.py`."""

from __future__ import annotations

from typing import NamedTuple

#: Pixels per side of the input.
SIDE = 160
#: The side of the crop over the side of the square that the service draws around a face.
MARGIN = 1.3
#: The rows of the output `pooled`, in its order: the class token of block 12.
LOOKS = ("class12",)
#: The looks that each probe reads.
READS = {"generator": ("class12",), "blend": ("class12",)}
#: The names of the probes in the service's file.
NAMES = {"blend": "blending", "generator": "synthesis"}
#: The penalty of each probe's fit.
RIDGE = {"generator": 1.0, "blend": 3.0}
#: The share of a blend's difference from its own picture in the fit of the blend probe; the rest is its difference from
#: genuine photographs at large.
PAIRS_SHARE = 0.5

#: The folders of `forged/` by generator; folders of the same generator are held out together.
GENERATORS = {
    "stylegan2": ("stylegan2-generated-photos", "stylegan2-unnamed"),
    "sd21": ("sd21-sdfd",),
    "sdxl": ("sdxl-sfhq",),
    "flux1-schnell": ("flux1-schnell-sfhq", "flux1-schnell"),
}
SWAPPERS = {"dreamid": ("dreamid-swap",), "inswapper": ("inswapper",)}


class Swaps(NamedTuple):
    """A swapper whose output is known with the photographs that it was painted into."""

    folder: str
    genuine: str
    prefix: str
    """What `pairs.csv` puts before the names of the files in `genuine`."""


SWAPS = Swaps("inswapper", "inswapper-genuine", "ffhq256-")
#: The sources of genuine photographs.
SOURCES = ("genuine", "inswapper-genuine", "ffhq-real", "press", "open-set")
