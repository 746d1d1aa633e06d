"""Stand-ins for generators that get the likeness nearly right: identity drift.

Imitates the face of a personalised generator or a weak swap: a person whose proportions, and in `morph` whose texture
too, have slid some way towards somebody else's. `drift` only bends the geometry, `morph` averages two faces in an
intermediate shape, as in face morphing attacks (Ferrara et al., "The Magic Passport", IJCB 2014). The share of the
other person is recorded. Some results are finished with the texture of `resynth`, over the face or the whole
photograph, as a generator would have drawn all of it.
"""

from __future__ import annotations

import numpy as np

from . import blend, geometry, masks, resynth, topology
from .forgery import Forgery, Photo, Recipe, Unforgeable, compose
from .swap import LEAST_SIZE

METHODS = ("drift", "morph")
SHARES = (0.3, 0.4, 0.5)


def choose(rng: np.random.Generator, method: str) -> Recipe:
    """Share and finish; a drift without any texture changes goes further, or nothing would be left to see."""
    share = rng.uniform(0.3, 0.6) if method == "drift" else rng.choice(SHARES)
    recipe: Recipe = {
        "share": round(float(share), 3),
        "texture_share": 0.0 if method == "drift" else round(float(share), 3),
        "mask": str(rng.choice(["oval", "inner"])),
        "blender": "" if method == "drift" else str(rng.choice(["lab", "poisson", "multiband"])),
        "feather": round(float(rng.uniform(0.1, 0.22)), 4),
        "finish": str(rng.choice(["none", "face", "photo"], p=[0.45, 0.3, 0.25])),
    }
    texture = resynth.choose(rng)
    return recipe | {k: texture[k] for k in ("texture", "strength", "detail")}


def forge(photo: Photo, donor: Photo | None, recipe: Recipe, rng: np.random.Generator) -> Forgery:
    """`photo` with its face on the way to the donor's."""
    if donor is None:
        raise ValueError("a morph needs a donor")
    textured = recipe["texture_share"] > 0
    if textured and donor.face_size < LEAST_SIZE * photo.face_size:
        raise Unforgeable("the donor's face is too small")
    between = halfway(photo, donor, recipe["share"])
    moved = geometry.warp(photo.image, photo.flat, between, photo.size)
    # The warp fades out between outline and ring; half of the way, so that nothing outside of the mask has moved.
    reach = np.maximum(masks.outline(geometry.ring(photo.flat), photo.size), masks.hull(between, photo.size))
    wide = masks.feather(reach, 0.12 * photo.face_size)
    image, mask = compose(photo.image, moved, wide), wide
    if textured:
        hard = masks.face(between, photo.size, recipe["mask"])
        soft = masks.feather(hard, recipe["feather"] * photo.face_size)
        painted = geometry.warp(donor.image, donor.flat, between, photo.size)
        skin = masks.skin(between, photo.size)
        other = blend.paint(painted, image, hard, soft, skin, recipe["blender"])
        image = compose(image, other, (np.ones(photo.size) * recipe["texture_share"]).astype(np.float32))
    if recipe["finish"] != "none":
        plain = resynth.texture(image, recipe["texture"], recipe["strength"], photo.face_size)
        drawn = resynth.detail(plain, recipe["detail"], recipe["strength"], rng)
        where = np.ones(photo.size, np.float32) if recipe["finish"] == "photo" else wide
        image, mask = compose(image, drawn, where), np.maximum(mask, where)
    return Forgery(image, mask, photo.image)


def halfway(photo: Photo, donor: Photo, share: float) -> np.ndarray:
    """The person's mesh, `share` of the way to the donor's in the same pose. Lips and lids keep to the person's own
    opening: an expression is no likeness."""
    other = geometry.posed_like(donor.mesh, photo.mesh)[:, :2]
    step = share * (other - photo.flat)
    for part in (topology.LIPS + topology.INNER_LIPS, topology.RIGHT_EYE, topology.LEFT_EYE):
        i = list(part)
        # A part moves and is resized as a whole.
        similar = geometry.fit_similarity(photo.flat[i], (photo.flat + step)[i])
        step[i] = similar.apply(photo.flat[i]) - photo.flat[i]
    jaw = list(topology.JAW)
    open_mouth = np.linalg.norm(photo.flat[topology.UPPER_LIP_BOTTOM] - photo.flat[topology.LOWER_LIP_TOP])
    if open_mouth > 0.08 * photo.face_size:
        step[jaw] *= 0.5  # the jaw of an open mouth is lower without being longer
    return (photo.flat + step).astype(np.float32)
