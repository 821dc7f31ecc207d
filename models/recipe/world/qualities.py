"""What the adjectives of the template lists do to a picture: some change how large the figure is, some the light, some
what lies on it. "good" does nothing, as in life."""

from collections.abc import Callable
from random import Random

import numpy as np
from PIL import Image

from models.recipe.world.canvas import CENTRE, Figure, Fill, Pen

Light = Callable[[Image.Image], Image.Image]

SIZES = {"close-up": (1.32, 1.38), "cropped": (1.32, 1.38), "small": (0.58, 0.62), "large": (1.15, 1.18)}
USUAL_SIZE = (0.97, 1.03)
TILTS = {"weird": 24.0}  # degrees
MUD = (104, 78, 48)
# Said of the picture, and said of what is in it.
OF_THE_PICTURE = ("dark", "bright", "close-up", "cropped", "good")
OF_THE_SUBJECT = ("clean", "dirty", "cool", "nice", "weird", "small", "large")
QUALITIES: tuple[str, ...] = (*OF_THE_PICTURE, *OF_THE_SUBJECT)
SHARE = 0.28  # of the pictures have one


def any_quality(random: Random) -> str:
    return random.choice(QUALITIES) if random.random() < SHARE else ""


def dark(picture: Image.Image) -> Image.Image:
    return Image.eval(picture, lambda level: int(level * 0.55))


def bright(picture: Image.Image) -> Image.Image:
    return Image.eval(picture, lambda level: min(255, int(level * 0.8 + 65)))


def cool(picture: Image.Image) -> Image.Image:
    """Blue light."""
    return _tinted(picture, (0.78, 0.94, 1.04), (0, 6, 22))


def nice(picture: Image.Image) -> Image.Image:
    """The warm light of an evening."""
    return _tinted(picture, (1.04, 0.96, 0.8), (16, 8, 0))


LIGHTS: dict[str, Light] = {"dark": dark, "bright": bright, "cool": cool, "nice": nice}


def lit(picture: Image.Image, quality: str) -> Image.Image:
    return LIGHTS[quality](picture) if quality in LIGHTS else picture


def dress(figure: Figure, quality: str) -> None:
    """Put on the figure what is on it: mud where it is dirty, a sparkle where it is clean."""
    if quality == "dirty":
        figure.mark(_mud, MUD)
    elif quality == "clean":
        _sparkles(figure.pen)


def _mud(pen: Pen, fill: Fill, outline: Fill) -> None:
    x, y = CENTRE
    for dx, dy, radius in ((-44, 30, 17), (-20, 50, 12), (30, 40, 19), (52, 12, 11), (4, 62, 14), (-58, -6, 9)):
        pen.disc(x + dx, y + dy, radius, radius * 0.8, fill)


def _sparkles(pen: Pen) -> None:
    x, y = CENTRE
    for dx, dy, size in ((66, -78, 26), (-76, -62, 18), (84, -30, 13)):
        long, thin = size, size * 0.26
        star = [
            (0, -long),
            (thin, -thin),
            (long, 0),
            (thin, thin),
            (0, long),
            (-thin, thin),
            (-long, 0),
            (-thin, -thin),
        ]
        pen.polygon([(x + dx + a, y + dy + b) for a, b in star], (255, 255, 255), (235, 190, 60), 4)


def _tinted(picture: Image.Image, factors: tuple[float, float, float], more: tuple[int, int, int]) -> Image.Image:
    levels = np.array(picture, dtype=float) * np.array(factors) + np.array(more)
    return Image.fromarray(levels.clip(0, 255).astype("uint8"))
