"""The picture world draws what the recipe's runs are trained on: the constants were computed by the program that
rendered their pictures, so a change here means that weights trained on from there no longer see the same world."""

import hashlib
from collections import Counter
from random import Random

import numpy as np
import pytest

from models.recipe.world import (
    FAMILIES,
    KINDS,
    QUALITIES,
    SCENES,
    SIDE,
    STYLES,
    Creature,
    held_out,
    individual,
    pair,
    pair_held_out,
    plain,
    portrait,
    sample,
    scene,
)  # fmt: skip
from models.recipe.world.canvas import PatternName, pattern_mask
from models.recipe.world.captions import NAMES
from models.recipe.world.colours import COLOURS, TOLD_APART, lightness
from models.recipe.world.individuals import PATTERNS, PERIODS, SPECIES
from models.recipe.world.qualities import SIZES
from models.recipe.world.things import DRAW

GOLDEN = {
    1000: "e69904fddf4aa2bd16cabeab3a3b59d7b97c23e6cbfdc05c0fbc093576677cbf",
    1095: "a04ab2471e87613fcac3339f1179ea3086dbb1a7f6f49df52930b805af152ba7",
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


def test_the_world_is_as_rich_as_its_documentation_says() -> None:
    assert (len(KINDS), len(COLOURS), len(SCENES), len(STYLES) - 1) == (47, 18, 11, 8)
    assert set(FAMILIES) == {"animal", "creature", "vehicle", "plant", "food", "building", "object"}
    assert set(KINDS) == {*SPECIES, *DRAW}


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


def test_a_pattern_can_be_told_from_what_it_lies_on_and_is_mostly_the_lighter() -> None:
    patterned = [it for it in map(individual, map(Random, range(400))) if it.pattern]
    contrast = [lightness(COLOURS[it.second_colour]) - lightness(COLOURS[it.colour]) for it in patterned]
    assert min(map(abs, contrast)) >= TOLD_APART
    assert 0.7 < sum(more > 0 for more in contrast) / len(contrast) < 0.9


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_lies_the_same_way_in_the_middle_of_every_figure(pattern: PatternName) -> None:
    """Or the average striped thing has no stripes, and a model that begins with averages never learns them."""
    masks = [np.asarray(pattern_mask(pattern, period), float) / 255 for period in PERIODS]
    middle = np.mean(masks, axis=0)[100:180, 88:168]
    assert ((middle < 0.1) | (middle > 0.9)).mean() > 0.8


def test_a_larger_scale_draws_the_same_picture_with_more_pixels() -> None:
    it = individual(Random(4), "car")
    small = portrait(it, Random(1), plain("cyan", Random(0)))
    large = portrait(it, Random(1), plain("cyan", Random(0), 4), scale=4)
    assert large.size == (4 * SIDE, 4 * SIDE)
    difference = np.asarray(large.resize(small.size), float) - np.asarray(small, float)
    assert np.abs(difference).mean() < 2.5


@pytest.mark.parametrize("quality", [quality for quality in QUALITIES if quality != "good"])
def test_an_adjective_can_be_seen(quality: str) -> None:
    it = individual(Random(3), "cat", pattern=None)

    def drawn(quality: str) -> np.ndarray:
        size = SIZES[quality][0] if quality in SIZES else 1.0
        return np.asarray(portrait(it, Random(1), plain("lime", Random(0)), "photo", quality, size), float)

    assert np.abs(drawn(quality) - drawn("")).mean() > 1.0


@pytest.mark.parametrize("style", [style for style in STYLES if style != "photo"])
def test_a_style_changes_the_whole_picture(style: str) -> None:
    it = individual(Random(3), "house")
    background = scene("on the beach", Random(0))
    styled, photo = (np.asarray(portrait(it, Random(1), background, name), float) for name in (style, "photo"))
    assert styled.shape == (SIDE, SIDE, 3)
    assert np.abs(styled - photo).mean() > 8


def test_of_two_side_by_side_the_first_stands_at_the_left() -> None:
    red, blue = (individual(Random(1), "ball", pattern=None, rgb=rgb) for rgb in ((220, 20, 20), (20, 20, 220)))
    picture = np.asarray(pair(red, blue, Random(1), plain("white", Random(0))), float)
    left, right = picture[:, : SIDE // 2].mean((0, 1)), picture[:, SIDE // 2 :].mean((0, 1))
    assert left[0] > left[2]
    assert right[2] > right[0]


def test_a_caption_never_says_what_the_species_already_says() -> None:
    for seed in range(150):
        drawn = sample(Random(seed), individual(Random(seed), "owl"))
        assert isinstance(drawn.individual, Creature)
        assert "wings" not in drawn.caption
        assert "pointy ears" not in drawn.caption


def test_captions_name_scenes_styles_adjectives_and_other_names() -> None:
    random = Random(5)
    captions = " / ".join(sample(random).caption for _ in range(800))
    assert all(scene in captions for scene in SCENES)
    assert all(style in captions for style in STYLES)
    assert all(quality in captions for quality in QUALITIES)
    assert all(place in captions for place in ("next to", "beside", "in the style of"))
    assert sum(name in captions for names in NAMES.values() for name in names) >= 3


def test_no_training_picture_shows_a_held_out_combination() -> None:
    random = Random(8)
    for _ in range(300):
        drawn = sample(random)
        assert not held_out(drawn.individual.kind, drawn.individual.colour, drawn.place)
        if drawn.partner:
            assert not pair_held_out(drawn.individual.kind, drawn.partner.kind)


def test_every_kind_has_held_out_combinations_and_each_two_of_a_combinations_parts_are_seen_together() -> None:
    out = [
        (kind, colour, place)
        for kind in KINDS
        for colour in COLOURS
        for place in SCENES
        if held_out(kind, colour, place)
    ]
    assert Counter(kind for kind, _, _ in out).keys() == set(KINDS)
    assert max(Counter((kind, colour) for kind, colour, _ in out).values()) < len(SCENES)
    assert max(Counter((kind, place) for kind, _, place in out).values()) < len(COLOURS)
