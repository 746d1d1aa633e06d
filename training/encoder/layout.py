"""What the encoder sees and what is read of it; the same as in the service and in `models/build/recipes.py`."""

from __future__ import annotations

#: Pixels per side of the input.
SIDE = 160
#: The side of the crop over the side of the square that the service draws around a face.
MARGIN = 1.3
#: The rows of the output `pooled`, in its order: the class token and the mean of the patches of block 8, the class token of
#: block 12.
LOOKS = ("class8", "patches8", "class12")
#: The looks that each probe reads.
READS = {"generator": ("class12",), "blend": ("class8", "patches8")}
#: The penalty of each probe's fit.
RIDGE = {"generator": 1.0, "blend": 1.0}

#: The folders of `forged/` by generator; folders of the same generator are held out together.
GENERATORS = {
    "stylegan2": ("stylegan2-generated-photos", "stylegan2-unnamed"),
    "sd21": ("sd21-sdfd",),
    "sdxl": ("sdxl-sfhq",),
    "flux1-schnell": ("flux1-schnell-sfhq", "flux1-schnell"),
}
SWAPPERS = {"dreamid": ("dreamid-swap",), "inswapper": ("inswapper",)}
#: The sources of genuine photographs.
SOURCES = ("genuine", "inswapper-genuine", "ffhq-real", "press", "open-set")
