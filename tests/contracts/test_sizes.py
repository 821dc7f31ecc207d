"""The largest picture of a base model, which follows from its own resolution."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.contracts.errors import UnfitModel
from app.contracts.limits import SIDE_MAX, SIDE_MIN, SIDE_MULTIPLE
from app.contracts.model_card import Card
from app.contracts.sizes import SizeLimit, pass_pictures

EVERYTHING = SIDE_MAX**2


@pytest.mark.parametrize(
    ("resolution", "allowed", "refused"),
    [
        (64, [(128, 128), (256, 64), (64, 64)], [(136, 128), (264, 64), (1024, 1024)]),
        (512, [(1024, 1024), (768, 1152), (2048, 512)], [(1032, 1024), (2048, 1024)]),
        (1024, [(1536, 1536), (2048, 2048)], [(2056, 1024)]),
        (16, [(64, 64)], [(72, 64)]),
    ],
)
def test_a_model_draws_four_times_its_own_area_and_side(
    resolution: int, allowed: list[tuple[int, int]], refused: list[tuple[int, int]]
) -> None:
    limit = SizeLimit.of(resolution, Card(), EVERYTHING)
    assert all(limit.allows(*size) for size in allowed)
    assert not any(limit.allows(*size) for size in refused)


def test_a_card_states_its_own_limit_and_the_studio_only_lowers_it() -> None:
    card = Card.of({"pixels_max": 65536, "side_max": 512})
    assert SizeLimit.of(64, card, EVERYTHING).allows(256, 256)
    assert not SizeLimit.of(64, card, 16384).allows(256, 256)
    assert not SizeLimit.of(64, Card(), EVERYTHING).allows(256, 256)
    with pytest.raises(UnfitModel, match="pixels_max is -1"):
        Card.of({"pixels_max": -1})


@pytest.mark.parametrize(
    ("wanted", "nearest"),
    [((1024, 1024), (128, 128)), ((1152, 768), (152, 104)), ((512, 1024), (88, 176)), ((2048, 64), (256, 64))],
)
def test_the_nearest_size_has_the_shape_that_was_asked_for(wanted: tuple[int, int], nearest: tuple[int, int]) -> None:
    assert SizeLimit.of(64, Card(), EVERYTHING).nearest(*wanted) == nearest


SIDES = st.integers(SIDE_MIN // SIDE_MULTIPLE, SIDE_MAX // SIDE_MULTIPLE).map(lambda side: side * SIDE_MULTIPLE)


@given(st.integers(8, 2048), SIDES, SIDES)
def test_the_nearest_size_is_always_allowed(resolution: int, width: int, height: int) -> None:
    limit = SizeLimit.of(resolution, Card(), EVERYTHING)
    size = limit.nearest(width, height)
    assert limit.allows(*size)
    assert all(side >= SIDE_MIN and side % SIDE_MULTIPLE == 0 for side in size)
    assert (size == (width, height)) == limit.allows(width, height)


@pytest.mark.parametrize(
    ("side", "steps", "pictures"), [(64, 20, 16), (128, 20, 4), (64, 40, 8), (128, 200, 1), (64, 1, 16)]
)
def test_a_pass_costs_no_more_than_so_many_ordinary_pictures(side: int, steps: int, pictures: int) -> None:
    assert pass_pictures(64, 20, 16, side * side * steps) == pictures
