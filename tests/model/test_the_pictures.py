"""The pictures that the recipe draws, those for practice among them, and how often each is shown."""

from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import pytest

from models.recipe import pictures as drawing
from models.recipe.pictures import (
    Label,
    draw_block,
    pictures,
    practice,
    rows_with_the_hard_more_often,
    with_practice,
)
from models.recipe.world import KINDS, STYLES, accessory, cloth, halves, of_a_kind, plain_pair, shade
from models.recipe.world.colours import COLOURS
from models.recipe.world.individuals import PATTERNS, SPECIES


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of two blocks of three pictures."""
    monkeypatch.setattr(drawing, "BLOCK", 3)
    pictures(tmp_path, 6)
    return tmp_path


def test_pictures_are_drawn_on_where_drawing_stopped(few: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pictures(few, 6)
    (few / "1001.json").unlink()  # this block was not finished
    (few / "1001.npy").write_bytes(b"torn")
    untouched = (few / "1000.npy").stat().st_mtime_ns
    again = pictures(few, 6)
    assert (few / "1000.npy").stat().st_mtime_ns == untouched
    assert np.array_equal(again.pixels, whole.pixels)
    assert again.captions == whole.captions


def test_a_label_says_what_the_picture_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "BLOCK", 30)
    pixels, said = draw_block(7)
    labels = [Label(**label) for _, label in said]  # type: ignore[arg-type]
    assert pixels.shape == (30, 64, 64, 3)
    assert {label.kind for label in labels} <= set(KINDS)
    assert any(label.partner for label in labels)
    assert all(label.style in STYLES for label in labels)


def test_what_is_learned_last_is_shown_more_often() -> None:
    def label(pattern: str = "", wear: str = "", style: str = "photo", partner: tuple[str, str] | None = None) -> Label:
        return Label("cat", "red", pattern, wear, "on the beach", style, "", partner)

    labels = [label(), label(style="comic"), label(partner=("lion", "blue")), label(wear="crown"), label("striped")]
    assert rows_with_the_hard_more_often(labels) == [*[0] * 2, *[1] * 8, *[2] * 3, *[3] * 3, *[4] * 5]


def test_practice_is_drawn_beside_the_pictures_and_shown_as_often_as_it_says(
    few: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "PRACTICE", {"cloth": (cloth, 3, 0.06), "pairs": (plain_pair, 3, 0.12)})
    pixels, captions = practice(few, "pairs")
    assert pixels.shape == (3, 64, 64, 3)
    assert all(any(word in caption for word in (" next to ", " beside ", " and ")) for caption in captions)
    rows = with_practice(list(range(100)), 100)
    assert rows[:100] == list(range(100))
    assert Counter(rows[100:]) == {100: 2, 101: 2, 102: 2, 103: 4, 104: 4, 105: 4}


def test_cloth_shows_a_pattern_from_edge_to_edge() -> None:
    for seed in range(20):
        drawn = cloth(Random(seed))
        assert any(pattern in drawn.caption for pattern in PATTERNS)
        levels = np.asarray(drawn.picture, float).mean(-1)
        assert min(levels[:16].std(), levels[-16:].std(), levels[:, :16].std(), levels[:, -16:].std()) > 5


def test_halves_are_in_the_colours_that_are_said_in_their_order() -> None:
    for seed in range(20):
        drawn = halves(Random(seed))
        said = [word for word in drawn.caption.split() if word in COLOURS]
        pixels = np.asarray(drawn.picture, int)
        for side, colour in zip((pixels[:, :24], pixels[:, 40:]), said, strict=True):
            assert np.abs(side - COLOURS[colour]).max() < 16, drawn.caption


def test_one_of_two_is_practised_beside_its_own_kind_or_a_flag_at_the_side_that_is_said() -> None:
    drawn = [of_a_kind(Random(seed)) for seed in range(60)]
    flagged = [one for one in drawn if " flag" in one.caption]
    assert 5 < len(flagged) < 35
    for one in drawn:
        kinds = [word for word in one.caption.split() if word in KINDS]
        assert len(kinds) == (1 if one in flagged else 2), one.caption
        assert len(set(kinds)) == 1, one.caption
    for one in flagged:
        levels = np.asarray(one.picture, int)
        kind = next(f" {kind}" for kind in KINDS if f" {kind}" in one.caption)
        edge = levels[:, :12] if one.caption.index(" flag") < one.caption.index(kind) else levels[:, 52:]
        assert np.ptp(edge, axis=(0, 1)).max() == 0, one.caption


def test_a_shade_is_seen_by_itself_or_on_somebody() -> None:
    captions = [shade(Random(seed)).caption for seed in range(40)]
    assert 5 < sum(caption.endswith(" flag") for caption in captions) < 30
    assert all(any(f" {colour} " in caption for colour in COLOURS) for caption in captions)


def test_what_is_worn_is_practised_by_itself_and_on_somebody() -> None:
    drawn = [accessory(Random(seed)) for seed in range(20)]
    alone = [one for one in drawn if not any(f" {kind} " in one.caption for kind in SPECIES)]
    assert 2 < len(alone) < 12
    for one in alone:
        levels = np.asarray(one.picture, int)
        thing = np.abs(levels - levels[0, 0]).max(-1) > 20
        assert 0.01 < thing.mean() < 0.2, one.caption
