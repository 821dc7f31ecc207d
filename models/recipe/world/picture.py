"""Putting a picture together: one figure or two in a pose, on a background, made smaller, in a style. This is the
world's front door: `sample` gives a picture and its caption, `portrait` draws a given individual."""

from dataclasses import dataclass
from random import Random

from PIL import Image

from models.recipe.world.canvas import CENTRE, UNITS, Figure
from models.recipe.world.captions import caption
from models.recipe.world.creatures import draw_creature
from models.recipe.world.held_out import held_out, pair_held_out
from models.recipe.world.individuals import Creature, Individual, Thing, individual
from models.recipe.world.pose import Pose, any_pose
from models.recipe.world.qualities import SIZES, TILTS, USUAL_SIZE, any_quality, dress, lit
from models.recipe.world.scenes import Background, any_background
from models.recipe.world.styles import STYLES, WEIGHTED
from models.recipe.world.things import DRAW

SIDE = 64  # pixels of the pictures that the model learns from
SMOOTHING = UNITS // SIDE
PAIRS = 0.14  # share of pictures with two things side by side
PAIR_SIZE, PAIR_APART, PAIR_DOWN = 0.62, 0.24, 0.05  # of the picture's width: each from the middle, and lower


@dataclass(frozen=True)
class Sample:
    picture: Image.Image
    caption: str
    individual: Individual
    partner: Individual | None  # who stands to the right of it
    style: str
    quality: str
    place: str  # the background's name


def sample(random: Random, it: Individual | None = None, style: str | None = None) -> Sample:
    """A picture of anybody, or of `it`, with what a person would write under it. Never a held-out combination."""
    alone = it is not None or random.random() >= PAIRS
    it = it or individual(random)
    style = style or random.choice(WEIGHTED)
    partner, quality = (None, any_quality(random)) if alone else (_partner(it, random), "")
    background = any_background(random)
    while held_out(it.kind, it.colour, background.name):
        background = any_background(random)
    if partner is None:
        size = random.uniform(*SIZES[quality]) if quality in SIZES else None
        picture = portrait(it, random, background, style, quality, size)
    else:
        picture = pair(it, partner, random, background, style)
    written = caption(it, random, style, quality, background.name, partner)
    return Sample(picture, written, it, partner, style, quality, background.name)


def _partner(it: Individual, random: Random) -> Individual:
    while pair_held_out(it.kind, (other := individual(random)).kind):
        pass
    return other


def portrait(
    it: Individual,
    random: Random,
    background: Background,
    style: str = "photo",
    quality: str = "",
    size: float | None = None,
    shift: tuple[float, float] = (0, 0),
    scale: int = 1,
) -> Image.Image:
    """The individual before the background, 64·scale pixels wide. The background is drawn at the same scale. shift: to
    the right and down from the middle, of the picture's width."""
    picture = background.picture.copy()
    size = size or random.uniform(*USUAL_SIZE)
    _place(picture, _figure(it, random, quality, scale), size, shift, random)
    return _finished(picture, style, quality)


def pair(
    left: Individual, right: Individual, random: Random, background: Background, style: str = "photo", scale: int = 1
) -> Image.Image:
    """Two individuals side by side."""
    picture = background.picture.copy()
    for it, side in ((left, -1), (right, 1)):
        size = PAIR_SIZE * random.uniform(*USUAL_SIZE)
        _place(picture, _figure(it, random, "", scale), size, (side * PAIR_APART, PAIR_DOWN), random)
    return _finished(picture, style, "")


def _figure(it: Individual, random: Random, quality: str, scale: int) -> Image.Image:
    figure = figure_of(it, any_pose(random), scale)
    dress(figure, quality)
    centre = (CENTRE[0] * scale, CENTRE[1] * scale)
    tilt = random.uniform(-2, 2) + TILTS.get(quality, 0.0)
    return figure.layer.rotate(tilt, Image.Resampling.BILINEAR, center=centre)


def _place(picture: Image.Image, layer: Image.Image, size: float, shift: tuple[float, float], random: Random) -> None:
    side = int(picture.width * size)
    layer = layer.resize((side, side), Image.Resampling.LANCZOS)
    left, top = (int((picture.width - side) / 2 + (by + random.uniform(-0.012, 0.012)) * picture.width) for by in shift)
    picture.paste(layer, (left, top), layer)


def _finished(picture: Image.Image, style: str, quality: str) -> Image.Image:
    """Styles draw their lines at twice the final size, so that they are fine enough for faces."""
    side = picture.width // SMOOTHING
    if style == "photo":
        return lit(picture.resize((side, side), Image.Resampling.BOX), quality)
    large = picture.resize((2 * side, 2 * side), Image.Resampling.BOX)
    return STYLES[style](lit(large, quality)).resize((side, side), Image.Resampling.BOX)


def figure_of(it: Individual, pose: Pose, scale: int = 1) -> Figure:
    figure = Figure(scale)
    if isinstance(it, Creature):
        draw_creature(figure, it, pose)
    elif isinstance(it, Thing):
        DRAW[it.kind](figure, it)
    return figure
