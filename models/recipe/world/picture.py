"""Putting a picture together: a figure in a pose, on a background, made smaller, in a style. This is the world's front
door: `sample` gives a picture and its caption, `portrait` draws a given individual."""

from dataclasses import dataclass
from random import Random

from PIL import Image

from models.recipe.world.canvas import CENTRE, UNITS, Figure
from models.recipe.world.captions import QUALITIES, caption
from models.recipe.world.creatures import draw_creature
from models.recipe.world.individuals import Creature, Individual, Thing, individual
from models.recipe.world.pose import Pose, any_pose
from models.recipe.world.scenes import Background, any_background
from models.recipe.world.styles import STYLES, WEIGHTED
from models.recipe.world.things import DRAW

SIDE = 64  # pixels of the pictures that the model learns from
SMOOTHING = UNITS // SIDE

# The adjectives that change how large the figure is; the others that show change the light.
SIZES = {"close-up": (1.32, 1.38), "cropped": (1.32, 1.38), "small": (0.58, 0.62), "large": (1.15, 1.18)}
USUAL_SIZE = (0.97, 1.03)


@dataclass(frozen=True)
class Sample:
    picture: Image.Image
    caption: str
    individual: Individual
    style: str
    quality: str
    place: str  # the background's name


def sample(random: Random, it: Individual | None = None, style: str | None = None) -> Sample:
    """A picture of anybody, or of `it`, with what a person would write under it."""
    it = it or individual(random)
    style = style or random.choice(WEIGHTED)
    quality = random.choice(QUALITIES)
    size = random.uniform(*SIZES[quality]) if quality in SIZES else None
    background = any_background(random)
    picture = portrait(it, random, background, style, quality, size)
    return Sample(picture, caption(it, random, style, quality, background.name), it, style, quality, background.name)


def portrait(
    it: Individual,
    random: Random,
    background: Background,
    style: str = "photo",
    quality: str = "",
    size: float | None = None,
    scale: int = 1,
) -> Image.Image:
    """The individual before the background, 64·scale pixels wide. The background is drawn at the same scale."""
    layer = figure_of(it, any_pose(random), scale).layer
    centre = (CENTRE[0] * scale, CENTRE[1] * scale)
    layer = layer.rotate(random.uniform(-2, 2), Image.Resampling.BICUBIC, center=centre)
    canvas = UNITS * scale
    side = int(canvas * (size or random.uniform(*USUAL_SIZE)))
    layer = layer.resize((side, side), Image.Resampling.LANCZOS)
    left, top = (int((canvas - side) / 2 + random.uniform(-0.012, 0.012) * canvas) for _ in range(2))
    picture = background.picture.copy()
    picture.paste(layer, (left, top), layer)
    picture = picture.resize((canvas // SMOOTHING, canvas // SMOOTHING), Image.Resampling.BOX)
    return STYLES[style](lit(picture, quality))


def figure_of(it: Individual, pose: Pose, scale: int = 1) -> Figure:
    figure = Figure(scale)
    if isinstance(it, Creature):
        draw_creature(figure, it, pose)
    elif isinstance(it, Thing):
        DRAW[it.kind](figure, it)
    return figure


def lit(picture: Image.Image, quality: str) -> Image.Image:
    if quality == "dark":
        return Image.eval(picture, lambda level: int(level * 0.55))
    if quality == "bright":
        return Image.eval(picture, lambda level: min(255, int(level * 0.8 + 65)))
    return picture
