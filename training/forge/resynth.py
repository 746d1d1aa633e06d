"""Stand-ins for a face redrawn by a network: the likeness is right, the skin is not.

Imitates the texture of whole-face synthesis and of enhancement tools: fine detail is lost or made up while the shapes
stay. Diffusion and GAN decoders leave smooth skin with detail put on top, and traces of upsampling (Frank et al.,
"Leveraging Frequency Analysis for Deep Fake Image Recognition", ICML 2020; Durall et al., "Watch Your Up-Convolution",
CVPR 2020).
"""

from __future__ import annotations

import cv2
import numpy as np

from . import autoencoder, masks
from .forgery import Forgery, Image, Mask, Photo, Recipe, compose

METHOD = "resynth"
TEXTURES = ("bilateral", "denoise", "shrink", "smooth", "autoencoder")
#: How much larger than the face the head is taken to be, as a hull around the mesh.
HEAD = 1.35
#: Pixels around the mask that are redrawn with it, so that filters have a neighbourhood.
ROOM = 16


def choose(rng: np.random.Generator) -> Recipe:
    """How the texture is lost, how much of it comes back, and over which part of the picture."""
    return {
        "texture": str(rng.choice(TEXTURES)),
        "strength": round(float(rng.uniform(0.5, 1.0)), 3),
        "detail": str(rng.choice(["none", "grain", "crisp"], p=[0.3, 0.3, 0.4])),
        "scope": str(rng.choice(["oval", "inner", "head"])),
        "feather": round(float(rng.uniform(0.06, 0.15)), 4),
    }


def texture(image: Image, kind: str, strength: float, extent: float) -> Image:
    """The picture without its fine detail. `extent` is the face's height: pores scale with it."""
    scale = extent / 140.0
    if kind == "bilateral":
        diameter = 2 * round(np.clip(4 * scale, 2, 7)) + 1
        return cv2.bilateralFilter(image, diameter, 20 + 45 * strength, 2.0 + 2.5 * scale)
    if kind == "denoise":
        return cv2.fastNlMeansDenoisingColored(image, None, 4 + 7 * strength, 4 + 7 * strength, 5, 13)
    if kind == "shrink":
        h, w = image.shape[:2]
        factor = float(np.clip(1.3 + 1.2 * strength * scale, 1.3, 4.0))
        small = cv2.resize(image, (max(2, round(w / factor)), max(2, round(h / factor))), interpolation=cv2.INTER_AREA)
        # Cubic or Lanczos: each leaves periodic traces of its own, as transposed convolutions do.
        return cv2.resize(small, (w, h), interpolation=cv2.INTER_LANCZOS4)
    if kind == "smooth":
        # An edge-preserving base layer: large gradients stay, everything between them is levelled.
        base = image
        for _ in range(2):
            base = cv2.bilateralFilter(base, 7, 15 + 30 * strength, 3.0)
        return cv2.medianBlur(base, 3)
    if kind == "autoencoder":
        return autoencoder.rebuilt(image, max(4, 2 * round(extent / 36)), round(16 - 11 * strength))
    raise ValueError(f"no such texture: {kind}")


def detail(image: Image, kind: str, strength: float, rng: np.random.Generator) -> Image:
    """Made-up detail in place of the one lost."""
    if kind == "none":
        return image
    out = image.astype(np.float32)
    if kind == "grain":
        noise = rng.normal(0, 1, image.shape[:2]).astype(np.float32)
        noise = noise - cv2.GaussianBlur(noise, (0, 0), 1.5)  # no blotches
        out += (noise * (1.5 + 3.5 * strength))[..., None]
    elif kind == "crisp":
        out += (0.5 + 0.9 * strength) * (out - cv2.GaussianBlur(out, (0, 0), 1.4))
    else:
        raise ValueError(f"no such detail: {kind}")
    return np.clip(np.rint(out), 0, 255).astype(np.uint8)


def forge(photo: Photo, donor: Photo | None, recipe: Recipe, rng: np.random.Generator) -> Forgery:
    """`photo` with its face redrawn; `donor` is not used."""
    if recipe["scope"] == "head":
        hard = masks.hull(photo.flat, photo.size, HEAD)
    else:
        hard = masks.face(photo.flat, photo.size, recipe["scope"])
    soft = masks.feather(hard, recipe["feather"] * photo.face_size)
    around = surroundings(soft)
    drawn = photo.image.copy()
    drawn[around] = detail(
        texture(photo.image[around], recipe["texture"], recipe["strength"], photo.face_size),
        recipe["detail"],
        recipe["strength"],
        rng,
    )
    return Forgery(compose(photo.image, drawn, soft), soft, photo.image)


def surroundings(mask: Mask) -> tuple[slice, slice]:
    """The part of the picture under the mask, with some room around it: the rest need not be redrawn."""
    touched = mask > 0
    return tuple(
        slice(max(0, int(at[0]) - ROOM), int(at[-1]) + ROOM) if len(at) else slice(0)
        for at in (np.flatnonzero(touched.any(1)), np.flatnonzero(touched.any(0)))
    )
