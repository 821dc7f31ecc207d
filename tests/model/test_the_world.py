"""The picture world draws what the shipped weights were trained on: the constants were computed from the program that
rendered their training pictures, so a change here means that the weights no longer come from this recipe."""

import hashlib
from random import Random

import numpy as np
import pytest

from models.recipe.world import KINDS, SCENES, SIDE, STYLES, Creature, individual, plain, portrait, sample

GOLDEN = {
    1000: "d73575da58bcce6c017ab78ae602e71ff9b1041516b9bc7eb96b381a0d78b6ee",
    1001: "20fa723219ce9c49271ee924d63512bf16db3d33fc9123229e1ac8e596214c0f",
    1119: "102de700b8084dfd2216ee2190693e74b1e4cada123667bbc8e78c79edac2281",
}


def fingerprint(seed: int, count: int = 40) -> str:
    random, digest = Random(seed), hashlib.sha256()
    for _ in range(count):
        drawn = sample(random)
        digest.update(drawn.caption.encode())
        digest.update(np.asarray(drawn.picture.convert("RGB")).tobytes())
    return digest.hexdigest()


@pytest.mark.parametrize("seed", sorted(GOLDEN))
def test_a_seed_draws_the_pictures_and_captions_that_the_weights_were_trained_on(seed: int) -> None:
    assert fingerprint(seed) == GOLDEN[seed]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_drawn_and_leaves_a_mark(kind: str) -> None:
    background = plain("white", Random(0))
    picture = portrait(individual(Random(kind), kind, rgb=(40, 50, 120)), Random(1), background)
    assert picture.size == (SIDE, SIDE)
    assert np.asarray(picture).std() > 20


def test_one_individual_looks_alike_in_two_poses_and_another_does_not() -> None:
    def drawn(who: int, pose: int) -> np.ndarray:
        it = individual(Random(who), "monster")
        return np.asarray(portrait(it, Random(pose), plain("gray", Random(0))), float)

    same = np.abs(drawn(1, 1) - drawn(1, 2)).mean()
    other = np.abs(drawn(1, 1) - drawn(2, 1)).mean()
    assert same * 2 < other


def test_a_larger_scale_draws_the_same_picture_with_more_pixels() -> None:
    it = individual(Random(4), "car")
    small = portrait(it, Random(1), plain("cyan", Random(0)))
    large = portrait(it, Random(1), plain("cyan", Random(0), 4), scale=4)
    assert large.size == (4 * SIDE, 4 * SIDE)
    difference = np.asarray(large.resize(small.size), float) - np.asarray(small, float)
    assert np.abs(difference).mean() < 2.5


def test_a_caption_never_says_what_the_species_already_says() -> None:
    for seed in range(300):
        drawn = sample(Random(seed), individual(Random(seed), "owl"))
        assert isinstance(drawn.individual, Creature)
        assert "wings" not in drawn.caption
        assert "pointy ears" not in drawn.caption


def test_captions_name_scenes_and_styles() -> None:
    random = Random(5)
    captions = " / ".join(sample(random).caption for _ in range(400))
    assert all(scene in captions for scene in SCENES)
    assert all(style in captions for style in STYLES)
