"""The masked area of a picture: which box is drawn, and how it goes back into the picture."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from worker.engine.base_models import BaseModel
from worker.engine.errors import DrawingError
from worker.engine.generation import Request, SamplerSettings, draw
from worker.engine.generation.masked_area import Box, area_alone, masked_area, put_back

SIDE = 32  # of the tiny models' pictures


def mask(size: tuple[int, int], box: Box) -> Image.Image:
    white = Image.new("L", size)
    white.paste(255, box)
    return white


def gradient(size: tuple[int, int]) -> Image.Image:
    """Smooth, so that a change of its scale changes its levels little."""
    across, down = np.linspace(0, 200, size[0]), np.linspace(0, 55, size[1])
    grey = (across[None, :] + down[:, None]).astype(np.uint8)
    return Image.merge("RGB", [Image.fromarray(grey)] * 3)


@pytest.mark.parametrize(
    ("size", "white", "padding", "drawn", "box"),
    [
        ((100, 100), (40, 40, 60, 60), 0, (64, 64), (40, 40, 60, 60)),
        ((100, 100), (40, 40, 60, 60), 5, (64, 64), (35, 35, 65, 65)),
        ((1024, 1024), (500, 500, 540, 520), 4, (512, 512), (496, 486, 544, 534)),  # the example of the module
        ((100, 100), (40, 40, 60, 60), 0, (128, 64), (30, 40, 70, 60)),  # widened to the aspect ratio that is drawn
        ((100, 100), (40, 40, 60, 60), 0, (64, 128), (40, 30, 60, 70)),
        ((100, 100), (0, 40, 10, 80), 0, (64, 64), (0, 40, 40, 80)),  # moved back into the picture
        ((100, 100), (90, 40, 100, 80), 0, (64, 64), (60, 40, 100, 80)),
        ((100, 100), (2, 3, 98, 99), 32, (64, 64), (0, 0, 100, 100)),  # no padding beyond the picture
        ((100, 40), (0, 0, 100, 40), 0, (64, 64), (0, -30, 100, 70)),  # more than there is: about the middle
        ((40, 100), (0, 0, 40, 100), 0, (64, 64), (-30, 0, 70, 100)),
        ((100, 100), (7, 9, 8, 10), 0, (2048, 64), (0, 9, 32, 10)),
    ],
)
def test_the_area_is_that_of_the_mask_in_the_shape_that_is_drawn(
    size: tuple[int, int], white: Box, padding: int, drawn: tuple[int, int], box: Box
) -> None:
    assert masked_area(mask(size, white), padding, drawn) == box


def test_an_area_that_is_put_back_unchanged_changes_nothing_but_the_scale() -> None:
    for size, white, drawn in [
        ((90, 60), (20, 10, 40, 50), (64, 64)),
        ((90, 60), (0, 0, 90, 60), (64, 64)),  # reaches beyond the picture
        ((90, 60), (80, 50, 90, 60), (128, 64)),
    ]:
        picture, where = gradient(size), mask(size, white)
        part = area_alone(Request("", init_image=picture, mask=where, mask_padding=3), drawn)
        assert part.init_image is not None
        assert part.mask is not None
        assert part.init_image.size == part.mask.size == drawn
        assert part.mask_padding is None
        back = np.asarray(put_back(part.init_image, picture, where, 3), dtype=int)
        assert np.abs(back - np.asarray(picture, dtype=int)).max() <= 8
        red = np.asarray(put_back(Image.new("RGB", drawn, "red"), picture, where, 3))
        assert ((red == (255, 0, 0)).all(axis=2) == (np.asarray(where) > 0)).all()


def test_a_soft_edge_blends_the_area_into_the_picture() -> None:
    picture, where = Image.new("RGB", (40, 40), "black"), mask((40, 40), (10, 10, 30, 30))
    where.paste(51, (10, 10, 30, 12))  # a fifth
    put = put_back(Image.new("RGB", (64, 64), "white"), picture, where, 0)
    assert [put.getpixel((20, y)) for y in (9, 11, 13)] == [(0, 0, 0), (51, 51, 51), (255, 255, 255)]


def test_the_masked_area_alone_is_drawn_and_the_picture_keeps_its_size_and_every_other_pixel(
    tiny: Callable[[str], BaseModel],
) -> None:
    picture, where = gradient((100, 80)), mask((100, 80), (70, 50, 80, 60))
    settings = SamplerSettings(steps=2, scheduler="ddim", width=SIDE, height=SIDE)
    request = Request("a mug", seed=1, init_image=picture, mask=where, strength=1.0, mask_padding=2)
    plain = Request("a mug", seed=1)
    drawn, other = draw(tiny("sd1"), [request, plain], settings)
    assert other.size == (SIDE, SIDE)
    changed = np.asarray(drawn, dtype=int) != np.asarray(picture, dtype=int)
    assert Image.fromarray(changed.any(axis=2)).getbbox() == (70, 50, 80, 60)
    (again,) = draw(tiny("sd1"), [request], settings)
    assert np.abs(np.asarray(again, dtype=int) - np.asarray(drawn, dtype=int)).max() <= 1


def test_a_padding_without_a_mask_is_refused(tiny: Callable[[str], BaseModel]) -> None:
    settings = SamplerSettings(steps=2, scheduler="ddim", width=SIDE, height=SIDE)
    with pytest.raises(DrawingError, match="needs a mask"):
        draw(tiny("sd1"), [Request("a mug", init_image=gradient((40, 40)), strength=0.5, mask_padding=2)], settings)
