"""Drawing from a picture, into a mask, in mixed batches; latent previews; and memory that runs out."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from worker.engine.base_models import BaseModel
from worker.engine.errors import DrawingError
from worker.engine.generation import DenoisingStep, Request, SamplerSettings, draw, pictures_that_fit
from worker.engine.generation import memory as memory_module
from worker.engine.generation.latent_preview import latent_previews

Tiny = Callable[[str], BaseModel]
SIDE = 32


def levels(picture: Image.Image) -> np.ndarray[Any, Any]:
    return np.asarray(picture, dtype=int)


def far(one: Image.Image, other: Image.Image) -> int:
    return int(np.abs(levels(one) - levels(other)).max())


def photo(size: tuple[int, int] = (SIDE, SIDE)) -> Image.Image:
    picture = Image.new("RGB", size, "skyblue")
    ImageDraw.Draw(picture).ellipse((4, 4, size[0] - 6, size[1] - 8), fill="brown")
    return picture


def mask(size: tuple[int, int] = (SIDE, SIDE), box: tuple[int, int, int, int] = (9, 7, 20, 25)) -> Image.Image:
    white = Image.new("L", size)
    white.paste(255, box)
    return white


def settings(**asked: Any) -> SamplerSettings:
    return SamplerSettings(**{"steps": 4, "scheduler": "ddim", "width": SIDE, "height": SIDE, **asked})


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl"])
def test_text_pictures_and_masks_in_one_batch_are_drawn_as_one_by_one(tiny: Tiny, family: str) -> None:
    model = tiny(family)
    long = "cat " * 40  # two windows of the tiny models
    requests = [
        Request("a mug", seed=1),
        Request("a mug", seed=1, init_image=photo(), strength=0.5),
        Request("a mug", "dark", seed=2, init_image=photo(), strength=0.75, guidance=3.0),
        Request(long, seed=3, init_image=photo(), mask=mask(), strength=1.0),
        Request("a (mug:1.4) BREAK blue", long, seed=4, init_image=photo(), mask=mask(), strength=0.5),
    ]
    for picture, request in zip(draw(model, requests, settings()), requests, strict=True):
        (alone,) = draw(model, [request], settings())
        assert far(picture, alone) <= 1


def test_on_a_cpu_a_picture_is_the_same_to_the_bit_in_any_batch(demo: BaseModel) -> None:
    requests = [Request("a photo of a cat", seed=seed) for seed in range(8)]
    chosen = settings(steps=3, width=64, height=64)
    together = draw(demo, requests, chosen)
    for seed in (0, 3, 7):
        assert far(together[seed], draw(demo, [requests[seed]], chosen)[0]) == 0


def test_strength_says_how_much_of_the_picture_is_given_up(demo: BaseModel) -> None:
    before = photo((64, 64))
    request = Request("a photo of a cat", seed=1, init_image=before)
    chosen = settings(steps=10, width=64, height=64)
    asked = [replace(request, strength=strength) for strength in (0.1, 0.5, 0.95)]
    changed = [np.abs(levels(picture) - levels(before)).mean() for picture in draw(demo, asked, chosen)]
    assert changed == sorted(changed)
    assert changed[0] * 2 < changed[-1]


def test_what_the_mask_keeps_stays_to_the_bit_and_the_rest_is_drawn(tiny: Tiny) -> None:
    request = Request("a mug", seed=1, init_image=photo(), mask=mask(), strength=1.0)
    (picture,) = draw(tiny("sd1"), [request], settings(scheduler="dpm++2m-karras"))
    kept = levels(mask()) == 0
    assert np.array_equal(levels(picture)[kept], levels(photo())[kept])
    assert np.abs(levels(picture) - levels(photo()))[~kept].mean() > 1


def test_the_middle_of_a_picture_of_another_shape_is_used_and_not_a_stretched_one(tiny: Tiny) -> None:
    wide = Image.new("RGB", (96, SIDE), "red")
    wide.paste(photo(), (SIDE, 0))
    asked = [
        Request("a mug", seed=1, init_image=wide, mask=mask((96, SIDE), (42, 7, 52, 25)), strength=0.5),
        Request("a mug", seed=1, init_image=photo(), mask=mask(box=(10, 7, 20, 25)), strength=0.5),
    ]
    one, other = draw(tiny("sd1"), asked, settings())
    assert far(one, other) == 0


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"mask": mask()}, "no picture that it belongs to"),
        ({"init_image": photo(), "mask": mask((16, 16), (0, 0, 9, 9))}, "mask is 16×16 pixels and its picture 32×32"),
        ({"init_image": photo(), "mask": Image.new("L", (SIDE, SIDE))}, "black everywhere"),
        ({"init_image": photo(), "strength": 0.0}, "none of 4 steps is taken"),
        ({"init_image": photo(), "strength": 0.2}, "at least 0.25"),
        ({"init_image": photo(), "strength": 1.0}, "nothing of the picture would be left"),
        ({"init_image": photo(), "strength": 1.5}, "from 0 to 1"),
    ],
)
def test_what_cannot_be_drawn_from_a_picture_is_a_sentence(tiny: Tiny, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(DrawingError, match=said):
        draw(tiny("sd1"), [Request("a mug", **asked)], settings())


def test_a_latent_preview_is_nearly_the_picture_made_small(demo: BaseModel) -> None:
    seen: list[DenoisingStep] = []
    previews: list[Image.Image] = []

    def look(step: DenoisingStep) -> None:
        seen.append(step)
        previews[:] = step.latent_previews()

    requests = [Request("a photo of a red cat on the beach", seed=seed) for seed in (1, 2)]
    pictures = draw(demo, requests, settings(steps=6, width=64, height=64), on_step=look)
    assert [step.indices for step in seen] == [(0, 1)] * 6
    for picture, preview in zip(pictures, previews, strict=True):
        assert preview.size == (16, 16)
        small = picture.resize(preview.size, Image.Resampling.BOX)
        assert np.abs(levels(small) - levels(preview)).mean() < 12


def test_latent_previews_of_large_pictures_stay_small(tiny: Tiny) -> None:
    (preview,) = latent_previews(tiny("sd1"), torch.zeros(1, 4, 130, 200))
    assert max(preview.size) <= 64


def test_emphasis_changes_the_picture_and_a_weight_of_one_does_not(tiny: Tiny) -> None:
    prompts = ("a red mug", "a (red:1.0) mug", "a (red:1.6) mug", r"a \(red\) mug")
    plain, one, strong, escaped = draw(tiny("sd1"), [Request(prompt, seed=1) for prompt in prompts], settings())
    assert far(plain, one) == 0
    assert far(plain, strong) > 0
    assert far(plain, escaped) > 0


def test_fewer_pictures_fit_when_they_are_larger_or_memory_is_short(
    demo: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_module, "free_bytes", lambda _: 2**28)
    small, large = pictures_that_fit(demo, 64, 64), pictures_that_fit(demo, 128, 128)
    assert small >= 4 * large >= 4
    monkeypatch.setattr(memory_module, "free_bytes", lambda _: 1)
    assert pictures_that_fit(demo, 64, 64) == 1
