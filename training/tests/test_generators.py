"""Properties of every generator."""

from __future__ import annotations

import numpy as np
import pytest

from forge import autoencoder, blend, masks, morph, partial, resynth, self_blend, swap
from forge.forgery import Forgery, Photo, Unforgeable

KINDS = {
    "self-blend": (self_blend.choose, self_blend.forge),
    "swap": (swap.choose, swap.forge),
    "partial": (partial.choose, partial.forge),
    "resynth": (resynth.choose, resynth.forge),
    "drift": (lambda rng: morph.choose(rng, "drift"), morph.forge),
    "morph": (lambda rng: morph.choose(rng, "morph"), morph.forge),
}


def make(kind: str, people: tuple[Photo, Photo], seed: int) -> Forgery:
    choose, forge = KINDS[kind]
    rng = np.random.default_rng(seed)
    return forge(people[0], people[1], choose(rng), rng)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", KINDS)
def test_changes_inside_of_the_mask_and_nothing_outside(kind: str, people: tuple[Photo, Photo], seed: int) -> None:
    forgery = make(kind, people, seed)
    changed = (forgery.image != forgery.base).any(-1)
    assert forgery.image.shape == people[0].image.shape
    assert forgery.image.dtype == np.uint8
    assert not changed[forgery.mask == 0].any()
    assert changed[forgery.mask > 0.4].mean() > 0.3


@pytest.mark.parametrize("kind", KINDS)
def test_is_the_same_for_the_same_seed(kind: str, people: tuple[Photo, Photo]) -> None:
    once, again, other = make(kind, people, 3), make(kind, people, 3), make(kind, people, 4)
    assert np.array_equal(once.image, again.image)
    assert np.array_equal(once.mask, again.mask)
    assert not np.array_equal(once.image, other.image)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", KINDS)
def test_is_a_picture_without_holes(kind: str, people: tuple[Photo, Photo], seed: int) -> None:
    forgery = make(kind, people, seed)
    assert np.isfinite(forgery.mask).all()
    assert forgery.mask.min() >= 0
    assert forgery.mask.max() <= 1
    inside = forgery.image[forgery.mask > 0.4]
    assert inside.mean() > 30
    # The drawn faces hold no black; where many such pixels are, a triangle was left empty.
    assert (inside.max(-1) < 4).mean() < 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_leaves_its_input_alone(kind: str, people: tuple[Photo, Photo]) -> None:
    before = [photo.image.copy() for photo in people], [photo.mesh.copy() for photo in people]
    make(kind, people, 5)
    for photo, image, mesh in zip(people, *before, strict=True):
        assert np.array_equal(photo.image, image)
        assert np.array_equal(photo.mesh, mesh)


@pytest.mark.parametrize("name", sorted(masks.REGIONS))
def test_a_partial_swap_records_its_region_and_stays_in_it(name: str, people: tuple[Photo, Photo]) -> None:
    rng = np.random.default_rng(1)
    recipe = partial.choose(rng) | {"regions": [name]}
    forgery = partial.forge(*people, recipe, rng)
    assert forgery.regions == (name,)
    allowed = masks.region(people[0].flat, people[0].size, name) > 0
    changed = (forgery.image != people[0].image).any(-1)
    assert changed.any()
    assert not changed[~allowed].any()


@pytest.mark.parametrize("blender", blend.BLENDERS)
@pytest.mark.parametrize("warp", ["triangles", "spline"])
def test_a_swap_moves_towards_the_donor(blender: str, warp: str, people: tuple[Photo, Photo]) -> None:
    rng = np.random.default_rng(2)
    recipe = swap.choose(rng) | {"blender": blender, "warp": warp, "mask": "inner", "keep": 0.0}
    forgery = swap.forge(*people, recipe, rng)
    assert (forgery.image != people[0].image).any()


def test_a_swap_with_oneself_changes_next_to_nothing(people: tuple[Photo, Photo]) -> None:
    photo = people[0]
    for blender in blend.BLENDERS:
        recipe = {"warp": "triangles", "mask": "inner", "blender": blender, "feather": 0.1, "wobble": 0.0, "keep": 0.0}
        forgery = swap.forge(photo, photo, recipe, np.random.default_rng(0))
        off = np.abs(forgery.image.astype(int) - photo.image).mean()
        assert off < 1.0, f"{blender} moves or recolours a face that needs neither: {off}"


def test_the_share_of_a_morph_decides_how_far_it_goes(people: tuple[Photo, Photo]) -> None:
    moved = [np.abs(morph.halfway(*people, share) - people[0].flat).mean() for share in (0.0, 0.3, 0.5)]
    assert moved[0] == pytest.approx(0, abs=1e-3)
    assert moved[0] < moved[1] < moved[2]


def test_refuses_a_donor_that_is_far_too_small(people: tuple[Photo, Photo]) -> None:
    tiny = Photo(people[1].image, people[1].mesh * np.float32(0.2))
    for kind in ("swap", "partial", "morph"):
        with pytest.raises(Unforgeable):
            make(kind, (people[0], tiny), 1)


def test_refuses_a_face_outside_of_the_picture(people: tuple[Photo, Photo]) -> None:
    away = Photo(people[0].image, people[0].mesh + np.float32(1000))
    for kind in ("self-blend", "swap", "partial"):
        with pytest.raises(Unforgeable):
            make(kind, (away, people[1]), 1)


def test_an_autoencoder_keeps_shapes_and_loses_texture(people: tuple[Photo, Photo]) -> None:
    image = people[0].image
    grain = np.random.default_rng(4).normal(0, 6, image.shape)
    noisy = np.clip(np.rint(image + grain), 0, 255).astype(np.uint8)
    rebuilt = [autoencoder.rebuilt(noisy, 8, kept).astype(float) for kept in (4, 16, 192)]
    off = [np.abs(r - image).mean() for r in rebuilt]
    assert rebuilt[0].shape == image.shape
    assert np.abs(rebuilt[2] - noisy).max() <= 1, "all components together lose nothing"
    assert off[1] < np.abs(noisy.astype(float) - image).mean(), "few components do not hold the grain"
    assert off[1] < off[0], "the fewer, the less is left of the shapes"
