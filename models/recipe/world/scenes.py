"""Where a figure stands: a plain colour, or one of the scenes. To add a scene, add its four colours to SCENES; what
stands in it besides, if anything, is one function in DECORATE."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import numpy as np
from PIL import Image

from models.recipe.world.canvas import UNITS, Pen
from models.recipe.world.colours import COLOURS, Rgb, varied
from models.recipe.world.words import article

# Sky above, sky at the horizon, ground at the horizon, ground below.
SCENES: dict[str, tuple[Rgb, Rgb, Rgb, Rgb]] = {
    "on the grass": ((150, 205, 245), (205, 232, 250), (85, 170, 70), (55, 135, 50)),
    "on the beach": ((110, 190, 240), (185, 228, 250), (240, 216, 155), (225, 196, 128)),
    "in the snow": ((185, 208, 230), (215, 228, 240), (246, 249, 253), (228, 237, 246)),
    "at night": ((14, 16, 50), (34, 38, 92), (26, 32, 48), (16, 20, 34)),
    "in the sea": ((165, 220, 245), (195, 232, 248), (40, 125, 205), (25, 92, 172)),
    "at sunset": ((120, 62, 145), (252, 155, 85), (92, 54, 62), (62, 36, 52)),
    "on the road": ((170, 205, 235), (212, 226, 240), (98, 98, 104), (80, 80, 86)),
    "in the desert": ((120, 190, 235), (250, 225, 180), (225, 165, 95), (200, 135, 75)),
    "in the forest": ((150, 195, 190), (205, 225, 190), (88, 120, 62), (58, 84, 44)),
    "in the city": ((185, 200, 225), (232, 226, 220), (150, 148, 150), (122, 120, 126)),
    "in space": ((22, 8, 42), (48, 20, 84), (52, 24, 92), (88, 44, 130)),
}
PLAIN, IN_A_SCENE = 0.42, 0.46  # shares of pictures; the rest are gray and unnamed


@dataclass(frozen=True)
class Background:
    name: str  # as a caption says it; empty for the gray ones
    picture: Image.Image


def any_background(random: Random, scale: int = 1) -> Background:
    draw = random.random()
    if draw < PLAIN:
        return plain(random.choice(list(COLOURS)), random, scale)
    if draw < PLAIN + IN_A_SCENE:
        return scene(random.choice(list(SCENES)), random, scale)
    level = random.randint(110, 250)
    return Background("", _filled((level, level, level), scale))


def plain(colour: str, random: Random, scale: int = 1) -> Background:
    return Background(f"on {article(colour)} background", _filled(varied(COLOURS[colour], random, 6), scale))


def scene(name: str, random: Random, scale: int = 1) -> Background:
    colours = [np.array(varied(colour, random, 5), float) for colour in SCENES[name]]
    horizon = int(random.uniform(0.58, 0.62) * UNITS)
    picture = _gradients(colours, horizon, scale)
    if name in DECORATE:
        ground = tuple(int(level) for level in colours[2])
        DECORATE[name](Pen(picture, scale), horizon, ground)  # type: ignore[arg-type]
    return Background(name, picture)


def _filled(colour: Rgb, scale: int) -> Image.Image:
    return Image.new("RGB", (UNITS * scale, UNITS * scale), colour)


def _gradients(colours: list[np.ndarray], horizon: int, scale: int) -> Image.Image:
    """Sky fades towards the horizon, ground away from it."""
    above, far, near, below = colours
    rows = UNITS * scale
    y = np.linspace(0, 1, rows)[:, None, None] * UNITS
    sky_share, ground_share = y / horizon, (y - horizon) / (UNITS - horizon)
    sky = above * (1 - sky_share) + far * sky_share
    ground = near * (1 - ground_share) + below * ground_share
    is_sky = np.arange(rows)[:, None, None] < horizon * scale
    column = np.where(is_sky, sky, ground) * np.ones((rows, rows, 1))
    return Image.fromarray(column.clip(0, 255).astype("uint8"))


def stars(pen: Pen, horizon: int, ground: Rgb) -> None:
    always_the_same = Random(3)
    for _ in range(14):
        x, y = always_the_same.randint(0, UNITS), always_the_same.randint(0, horizon - 20)
        pen.disc(x, y, 3, 3, (240, 240, 210))


def sun(pen: Pen, horizon: int, ground: Rgb) -> None:
    pen.disc(198, horizon - 16, 28, 28, (255, 225, 120))
    pen.rectangle((0, horizon, UNITS, horizon + 14), ground)


def lane_marks(pen: Pen, horizon: int, ground: Rgb) -> None:
    for left in range(10, UNITS, 72):
        pen.rectangle((left, horizon + 44, left + 34, horizon + 54), (235, 230, 200))


def firs(pen: Pen, horizon: int, ground: Rgb) -> None:
    for i, left in enumerate(range(-14, UNITS, 34)):
        height = 92 if i % 2 else 122
        fir = [(left, horizon + 2), (left + 24, horizon - height), (left + 48, horizon + 2)]
        pen.polygon(fir, (46, 98, 70) if i % 2 else (34, 80, 60))
    pen.rectangle((0, horizon, UNITS, horizon + 6), ground)


def skyline(pen: Pen, horizon: int, ground: Rgb) -> None:
    for i, height in enumerate((70, 112, 56, 92, 128, 64, 100)):
        left = i * 38 - 6
        pen.rectangle((left, horizon - height, left + 34, horizon), (128, 140, 168) if i % 2 else (148, 158, 182))
        for y in range(horizon - height + 10, horizon - 8, 22):
            for x in (left + 7, left + 20):
                pen.rectangle((x, y, x + 7, y + 9), (245, 230, 170))


def planet(pen: Pen, horizon: int, ground: Rgb) -> None:
    always_the_same = Random(5)
    for _ in range(18):
        x, y = always_the_same.randint(0, UNITS), always_the_same.randint(0, UNITS)
        pen.disc(x, y, 3, 3, (245, 240, 255))
    pen.disc(40, 46, 25, 25, (236, 150, 96), (180, 96, 66), 5)
    pen.arc((-2, 32, 82, 60), 0, 360, (250, 220, 170), 6)


DECORATE: dict[str, Callable[[Pen, int, Rgb], None]] = {
    "at night": stars,
    "at sunset": sun,
    "on the road": lane_marks,
    "in the forest": firs,
    "in the city": skyline,
    "in space": planet,
}
