"""Concepts to compare ways of learning on: some to choose a way by, and the examples, which have no part in that."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageFilter, ImageOps

from app.core.settings import REPOSITORY
from models.recipe.world import individual, plain, portrait, scene

PLACES = ("on the grass", "yellow", "in the snow", "pink")


@dataclass(frozen=True, eq=False)
class Lesson:
    """What somebody would upload."""

    name: str
    kind: str
    initializer: str
    pictures: tuple[Image.Image, ...]


OBJECTS = ("monster", "cat", "robot", "octopus", "owl", "mug", "car", "mushroom", "boat")
SUBJECTS = ("boat", "cat", "mug", "tree")


def to_choose_by() -> list[Lesson]:
    """Nine things and three styles that the demo model never saw; their seeds are not those it was trained on."""
    things = [Lesson(kind, "object", kind, _thing(kind)) for kind in OBJECTS]
    return things + [Lesson(name, "style", "drawing", _styled(restyle)) for name, restyle in STYLES.items()]


def held_out() -> list[Lesson]:
    """The concepts of `examples/`."""
    lessons = []
    for folder in sorted((REPOSITORY / "examples").iterdir()):
        said = json.loads((folder / "concept.json").read_text())
        pictures = tuple(Image.open(path).convert("RGB") for path in sorted(folder.glob("*.jpg")))
        lessons.append(Lesson(folder.name, said["kind"], said["initializer"], pictures))
    return lessons


def _thing(kind: str) -> tuple[Image.Image, ...]:
    random = Random(f"to choose by: {kind}")
    it = individual(random, kind)
    return tuple(portrait(it, random, (scene if " " in place else plain)(place, random)) for place in PLACES)


def _styled(restyle: Callable[[Image.Image], Image.Image]) -> tuple[Image.Image, ...]:
    random = Random("to choose by: a style")
    return tuple(
        restyle(portrait(individual(random, kind), random, (scene if " " in place else plain)(place, random)))
        for kind, place in zip(SUBJECTS, PLACES, strict=True)
    )


def negative(picture: Image.Image) -> Image.Image:
    """As on a developed film."""
    return ImageOps.invert(picture)


def duotone(picture: Image.Image) -> Image.Image:
    """Printed in two inks."""
    return ImageOps.colorize(ImageOps.grayscale(picture), (60, 10, 110), (255, 226, 90))


def embossed(picture: Image.Image) -> Image.Image:
    """Pressed into grey paper."""
    return ImageOps.grayscale(picture.filter(ImageFilter.EMBOSS)).convert("RGB")


STYLES = {"negative": negative, "duotone": duotone, "embossed": embossed}
