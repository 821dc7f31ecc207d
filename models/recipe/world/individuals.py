"""Who is in a picture: an individual is everything about a creature or thing that stays the same between its pictures.
Captions name some of it; the rest is what textual inversion has to learn. Nothing here draws."""

from dataclasses import dataclass
from random import Random
from typing import Literal, get_args

from models.recipe.world.canvas import PatternName
from models.recipe.world.colours import COLOURS, TOLD_APART, Rgb, lightness, varied

Ears = Literal["none", "pointy", "round", "long", "horned", "antennae", "floppy", "mane"]
Body = Literal["round", "tall", "square", "pear", "ghost", "wide"]
Mouth = Literal["smile", "open", "teeth", "flat", "grid"]
Wear = Literal["none", "crown", "top hat", "bow tie", "glasses", "scarf", "party hat"]

PATTERNS: tuple[PatternName, ...] = get_args(PatternName)
WEARS: tuple[Wear, ...] = get_args(Wear)[1:]
PATTERNED = 0.4  # share of individuals
PERIODS = (60, 64, 68)  # world units: stripes of seven pixels, two places of the code
PALE = 0.8  # share of the patterns that are lighter than what they lie on

PLAIN: dict[str, object] = {"tail": False, "wings": False, "tentacles": False, "beak": False, "snout": False}
# What a species fixes. Captions do not name it, for it goes without saying; everything else about a creature is free.
SPECIES: dict[str, dict[str, object]] = {
    "monster": {},
    "cat": {**PLAIN, "ears": "pointy", "eyes": 2, "tail": True, "whiskers": True},
    "rabbit": {**PLAIN, "ears": "long", "eyes": 2},
    "bear": {**PLAIN, "ears": "round", "eyes": 2, "body": "round"},
    "dragon": {**PLAIN, "ears": "horned", "eyes": 2, "body": "tall", "tail": True, "wings": True},
    "alien": {**PLAIN, "ears": "antennae", "eyes": 3, "body": "tall"},
    "robot": {**PLAIN, "ears": "antennae", "eyes": 2, "body": "square", "mouth": "grid"},
    "bird": {**PLAIN, "ears": "none", "eyes": 2, "body": "round", "wings": True, "beak": True},
    "octopus": {**PLAIN, "ears": "none", "eyes": 2, "body": "round", "tentacles": True},
    "ghost": {**PLAIN, "ears": "none", "eyes": 2, "body": "ghost", "mouth": "open"},
    "cyclops": {**PLAIN, "ears": "horned", "eyes": 1},
    "dog": {**PLAIN, "ears": "floppy", "eyes": 2, "body": "pear", "tail": True, "mouth": "smile"},
    "pig": {**PLAIN, "ears": "pointy", "eyes": 2, "body": "round", "snout": True, "arms": False},
    "frog": {**PLAIN, "ears": "none", "eyes": 2, "body": "wide", "high_eyes": True, "big_eyes": True, "mouth": "smile"},
    "lion": {**PLAIN, "ears": "mane", "eyes": 2, "body": "round", "tail": True},
    "owl": {**PLAIN, "ears": "pointy", "eyes": 2, "big_eyes": True, "body": "tall", "wings": True, "beak": True},
}
# Kinds by what they are in general, which a caption says now and then ("a photo of a red vehicle").
FAMILIES: dict[str, tuple[str, ...]] = {
    "animal": ("cat", "rabbit", "bear", "bird", "octopus", "owl", "dog", "pig", "frog", "lion",
               "fish", "turtle", "butterfly", "snail"),
    "creature": ("monster", "dragon", "alien", "robot", "ghost", "cyclops"),
    "vehicle": ("car", "rocket", "boat", "bus", "plane", "balloon"),
    "plant": ("tree", "flower", "mushroom", "cactus"),
    "food": ("cake", "apple", "pizza", "donut"),
    "building": ("house", "castle", "lighthouse", "tent"),
    "object": ("mug", "clock", "ball", "umbrella", "book", "lamp", "chair", "teapot", "gift"),
}  # fmt: skip
KINDS: tuple[str, ...] = tuple(kind for kinds in FAMILIES.values() for kind in kinds)
THINGS: tuple[str, ...] = tuple(kind for kind in KINDS if kind not in SPECIES)
FAMILY: dict[str, str] = {kind: family for family, kinds in FAMILIES.items() for kind in kinds}


@dataclass(frozen=True)
class Individual:
    kind: str
    colour: str  # its name; `rgb` is this one's own shade of it
    rgb: Rgb
    pattern: PatternName | None
    second_colour: str
    second_rgb: Rgb
    period: int  # of the pattern, in world units
    aspect: float  # width by height, against what is usual for the kind


@dataclass(frozen=True)
class Creature(Individual):
    ears: Ears
    eyes: int
    body: Body
    tail: bool
    wings: bool
    tentacles: bool
    beak: bool
    mouth: Mouth
    big_eyes: bool
    wear: Wear
    legs: bool
    arms: bool
    belly: bool  # a paler one; no caption says so
    snout: bool
    high_eyes: bool = False
    whiskers: bool = False


@dataclass(frozen=True)
class Thing(Individual):
    form: float  # two free numbers in 0..1; each kind of thing says what they shape
    detail: float


def individual(random: Random, kind: str | None = None, **fixed: object) -> Individual:
    """One of the world's inhabitants, every kind as often as any other; `fixed` overrides any of its fields."""
    kind = kind or random.choice(KINDS)
    colour = random.choice(list(COLOURS))
    traits: dict[str, object] = {"kind": kind, "colour": colour, "rgb": varied(COLOURS[colour], random)}
    traits["pattern"] = random.choice(PATTERNS) if random.random() < PATTERNED else None
    second_colour = random.choice([other for other in COLOURS if other != colour])
    traits |= {"second_colour": second_colour, "second_rgb": varied(COLOURS[second_colour], random)}
    traits["period"] = random.choice(PERIODS)
    if fixed.get("pattern", traits["pattern"]):
        traits |= _two_colours(random)
    traits["aspect"] = random.uniform(0.88, 1.12)
    if kind in SPECIES:
        return Creature(**traits | _free_parts(random) | SPECIES[kind] | fixed)  # type: ignore[arg-type]
    return Thing(**traits | {"form": random.random(), "detail": random.random()} | fixed)  # type: ignore[arg-type]


def pattern_colours(random: Random) -> tuple[str, str]:
    """A body's colour and a pattern's that can be told from it, four times in five the lighter one."""
    while True:
        dark, light = sorted(random.sample(list(COLOURS), 2), key=lambda name: lightness(COLOURS[name]))
        if lightness(COLOURS[light]) - lightness(COLOURS[dark]) >= TOLD_APART:
            return (dark, light) if random.random() < PALE else (light, dark)


def _two_colours(random: Random) -> dict[str, object]:
    colour, second = pattern_colours(random)
    return {
        "colour": colour,
        "rgb": varied(COLOURS[colour], random),
        "second_colour": second,
        "second_rgb": varied(COLOURS[second], random),
    }


def _free_parts(random: Random) -> dict[str, object]:
    """A creature's parts before its species has a say; the order of the draws is part of the world."""
    return {
        "ears": random.choice(get_args(Ears)),
        "eyes": random.choice([1, 2, 2, 3]),
        "body": random.choice(["round", "tall", "square", "pear"]),
        "tail": random.random() < 0.4,
        "wings": random.random() < 0.25,
        "tentacles": random.random() < 0.15,
        "beak": random.random() < 0.15,
        "mouth": random.choice(["smile", "open", "teeth", "flat"]),
        "big_eyes": random.random() < 0.3,
        "wear": random.choice(get_args(Wear)) if random.random() < 0.45 else "none",
        "legs": random.choice([False, True, True, True]),
        "arms": random.random() < 0.5,
        "belly": random.random() < 0.3,
        "snout": random.random() < 0.1,
    }
