"""The `parameters` text: written as AUTOMATIC1111 writes it, and read back."""

import pytest

from app.contracts import recipe_text
from app.contracts.schedulers import SCHEDULER_NAMES

RECIPE = {
    "prompt": "a <mug>",
    "negative_prompt": "dark",
    "base_model": "demo",
    "steps": 20,
    "guidance": 4.0,
    "scheduler": "dpm++2m-karras",
    "seed": 7,
    "width": 64,
    "height": 48,
    "concepts": [],
}


def test_the_text_has_automatic1111s_order_and_spelling() -> None:
    assert recipe_text.write(RECIPE) == (
        "a <mug>\nNegative prompt: dark\n"
        "Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 4, Seed: 7, Size: 64x48, Model: demo"
    )
    assert recipe_text.write({**RECIPE, "negative_prompt": ""}).count("\n") == 1


@pytest.mark.parametrize("scheduler", SCHEDULER_NAMES)
def test_a_written_recipe_is_read_back_whole(scheduler: str) -> None:
    parsed = recipe_text.read(recipe_text.write({**RECIPE, "scheduler": scheduler, "base_model": "a, b: c"}))
    assert parsed is not None
    assert parsed.notes == []
    assert parsed.request == {
        "prompt": "a <mug>",
        "negative_prompt": "dark",
        "count": 1,
        "steps": "20",
        "scheduler": scheduler,
        "guidance": "4",
        "seed": "7",
        "width": "64",
        "height": "48",
    }


def test_a_strength_needs_the_picture_and_is_noted() -> None:
    parsed = recipe_text.read(recipe_text.write({**RECIPE, "strength": 0.5}))
    assert parsed is not None
    assert "strength" not in parsed.request
    assert "at strength 0.5" in parsed.notes[0]


@pytest.mark.parametrize("text", ["", "a photo of a mug", "a mug\nby the sea"])
def test_a_text_without_settings_is_none(text: str) -> None:
    assert recipe_text.read(text) is None
