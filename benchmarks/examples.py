"""Concepts to compare training methods on: some to choose a method by, and the held-out concepts of `examples/`."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageFilter, ImageOps

from app.core.settings import REPOSITORY
from models.recipe.world import individual, plain, portrait, scene

PLACES = ("on the grass", "yellow", "in the snow", "pink")


@dataclass(frozen=True, eq=False)
class Example:
    """A concept as a user would upload it."""

    name: str
    kind: str
    initializer: str
    pictures: tuple[Image.Image, ...]


OBJECTS = ("monster", "cat", "robot", "octopus", "owl", "mug", "car", "mushroom", "boat")
SUBJECTS = ("boat", "cat", "mug", "tree")


def to_choose_by() -> list[Example]:
    """Nine things and three styles, drawn from seeds that the demo model was not trained on."""
    things = [Example(kind, "object", kind, _thing(kind)) for kind in OBJECTS]
    return things + [Example(name, "style", "drawing", _styled(restyle)) for name, restyle in STYLES.items()]


def held_out() -> list[Example]:
    """The concepts of `examples/`."""
    examples = []
    for folder in sorted((REPOSITORY / "examples").iterdir()):
        said = json.loads((folder / "concept.json").read_text())
        pictures = tuple(Image.open(path).convert("RGB") for path in sorted(folder.glob("*.jpg")))
        examples.append(Example(folder.name, said["kind"], said["initializer"], pictures))
    return examples


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
