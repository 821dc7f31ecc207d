"""What is practised beside the world's own pictures: one thing at a time, as large as it can be drawn.

Of all that there is to see in a picture, a pattern is little, and which of two things stands at the left is less: after
400 thousand pictures, the denoiser's guess was no worse when the caption named a wrong pattern. On cloth that fills the
picture it is all there is: after twelve thousand, three minutes, a wrong name doubles the error. And what is learned on
cloth holds for cats. So it is with what is worn and small: after a million pictures it made no difference whether a
party hat was named, where a crown made one of 16 %. And so with colours that lie near each other.

What is as large as the picture, and in its middle, teaches nothing about what is small or beside it: when a wrong kind
doubled the error, the same one at 0.85 of the size and a tenth of the picture to the side cost 2 %. So kinds are
practised where one of two stands, until they are known there."""

from dataclasses import dataclass
from random import Random

from PIL import Image

from models.recipe.world.canvas import CENTRE, UNITS, Figure, pattern_mask
from models.recipe.world.captions import BESIDE
from models.recipe.world.colours import COLOURS, varied
from models.recipe.world.creatures import draw_what_it_wears
from models.recipe.world.held_out import held_out, pair_held_out
from models.recipe.world.individuals import (
    PATTERNS,
    PERIODS,
    SPECIES,
    Creature,
    Individual,
    Wear,
    individual,
    pattern_colours,
)
from models.recipe.world.picture import PAIR_APART, PAIR_DOWN, PAIR_SIZE, SIDE, pair, portrait
from models.recipe.world.qualities import SIZES, USUAL_SIZE
from models.recipe.world.scenes import SCENES, Background, plain, scene
from models.recipe.world.words import article

# Of what is worn; the last of all twice.
LEARNED_LAST: tuple[Wear, ...] = ("bow tie", "bow tie", "glasses", "glasses", "scarf", "party hat")
# For yellow, white, cyan and each other, which are as near and were learned sooner; the worst twice.
TAKEN_FOR_ANOTHER = ("gold", "gold", "beige", "beige", "orange", "gray", "pink", "teal")


@dataclass(frozen=True)
class Practice:
    picture: Image.Image  # 64 pixels wide
    caption: str


def cloth(random: Random) -> Practice:
    """A flag as large as the picture, which lies as a figure's pattern would."""
    colour, second = pattern_colours(random)
    pattern = random.choice(PATTERNS)
    ground, ink = (varied(COLOURS[name], random) for name in (colour, second))
    flag = Image.new("RGB", (UNITS, UNITS), ground)
    flag.paste(ink, (0, 0), pattern_mask(pattern, random.choice(PERIODS)))
    flag = flag.rotate(random.uniform(-2, 2), center=CENTRE, fillcolor=ground)
    side = int(UNITS * random.uniform(*USUAL_SIZE))
    picture = Image.new("RGB", (UNITS, UNITS), ground)
    picture.paste(flag.resize((side, side)), ((UNITS - side) // 2, (UNITS - side) // 2))
    words = [f"{second} {pattern}" if random.random() < 0.8 else pattern]
    words += [colour] if random.random() < 0.9 else []
    said = article(" ".join([*words, "flag"]))
    return Practice(picture.resize((SIDE, SIDE), Image.Resampling.BOX), f"a photo of {said}")


def plain_pair(random: Random) -> Practice:
    """Two things without patterns side by side, before one colour; never a pair that is held out."""
    left = right = individual(random, pattern=None)
    while right is left or pair_held_out(left.kind, right.kind):
        right = individual(random, pattern=None)
    return _side_by_side(left, right, random, plain(random.choice(list(COLOURS)), random))


def halves(random: Random) -> Practice:
    """Two flags that share the picture: all there is to learn is which of them the words are about."""
    left, right = random.sample(list(COLOURS), 2)
    picture = Image.new("RGB", (SIDE, SIDE), varied(COLOURS[left], random))
    picture.paste(varied(COLOURS[right], random), (SIDE // 2 + random.randint(-2, 2), 0, SIDE, SIDE))
    said = random.choice(BESIDE).format(*(article(f"{colour} flag") for colour in (left, right)))
    return Practice(picture, f"a photo of {said}")


def of_a_kind(random: Random) -> Practice:
    """As one of two, a kind that there is no other to be mistaken for: beside another of it, or beside a flag."""
    it, background = individual(random, pattern=None), plain(random.choice(list(COLOURS)), random)
    if random.random() < 0.7:
        return _side_by_side(it, individual(random, it.kind, pattern=None), random, background)
    flag, side = random.choice(list(COLOURS)), random.choice((-1, 1))
    start = UNITS // 2 if side < 0 else 0
    background.picture.paste(varied(COLOURS[flag], random), (start, 0, start + UNITS // 2, UNITS))
    both = [_called(it, random), article(f"{flag} flag")]
    size = PAIR_SIZE * random.uniform(*USUAL_SIZE)
    picture = portrait(it, random, background, size=size, shift=(side * PAIR_APART, PAIR_DOWN))
    return Practice(picture, f"a photo of {random.choice(BESIDE).format(*both[::-side])}")


def shade(random: Random) -> Practice:
    """One colour from edge to edge, or somebody all in it, large, before another or in a scene."""
    colour = random.choice(TAKEN_FOR_ANOTHER if random.random() < 0.7 else list(COLOURS))
    rgb = varied(COLOURS[colour], random)
    if random.random() < 0.35:
        return Practice(Image.new("RGB", (SIDE, SIDE), rgb), f"a photo of {article(colour)} flag")
    it = individual(random, colour=colour, rgb=rgb, pattern=None)
    background = plain(random.choice(list(COLOURS)), random)
    if random.random() < 0.5:
        place = random.choice([place for place in SCENES if not held_out(it.kind, colour, place)])
        background = scene(place, random)
    where = _where(background, random)
    medium, picture = _as_large_or_larger(it, random, background)
    return Practice(picture, f"a {medium} of {article(colour)} {it.kind}{where}")


def accessory(random: Random) -> Practice:
    """One by itself before one colour, or on a creature, as large as ever or larger."""
    wear = random.choice(LEARNED_LAST)
    it = individual(random, random.choice(list(SPECIES)), pattern=None, wear=wear)
    background = plain(random.choice(list(COLOURS)), random)
    where = _where(background, random)
    if random.random() >= 0.3:
        medium, picture = _as_large_or_larger(it, random, background)
        return Practice(picture, f"a {medium} of {_called(it, random)} with {article(wear)}{where}")
    assert isinstance(it, Creature)
    figure, picture = Figure(), background.picture.copy()
    draw_what_it_wears(figure, it)
    side = int(UNITS * random.uniform(1.0, 1.5))
    layer, corner = figure.layer.resize((side, side)), (UNITS - side) // 2
    picture.paste(layer, (corner, corner), layer)
    return Practice(picture.resize((SIDE, SIDE), Image.Resampling.BOX), f"a photo of {article(wear)}{where}")


def _side_by_side(left: Individual, right: Individual, random: Random, background: Background) -> Practice:
    said = random.choice(BESIDE).format(_called(left, random), _called(right, random))
    where = _where(background, random)
    return Practice(pair(left, right, random, background), f"a photo of {said}{where}")


def _called(it: Individual, random: Random) -> str:
    return article(f"{it.colour} {it.kind}" if random.random() < 0.85 else it.kind)


def _where(background: Background, random: Random) -> str:
    return f" {background.name}" if random.random() < 0.5 else ""


def _as_large_or_larger(it: Individual, random: Random, background: Background) -> tuple[str, Image.Image]:
    """What such a picture is called, and the picture."""
    medium, sizes = random.choice((("photo", USUAL_SIZE), ("close-up photo", SIZES["close-up"])))
    return medium, portrait(it, random, background, size=random.uniform(*sizes))
