"""Draws `examples/`: concepts the demo model never saw, four pictures each, as a person would upload them.

    python -m models.recipe.examples examples

Each individual is fixed here and shown in four poses, on plain colours and in scenes. The style is one that no caption
of the training names. The pictures are drawn larger than the model sees them."""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from PIL import Image, ImageChops, ImageFilter, ImageOps

from models.recipe.world import Background, Individual, individual, plain, portrait, scene

SCALE = 8  # 512 pixels
LINE = 9  # pixels of a blueprint's lines; odd, as the filters want it


@dataclass(frozen=True)
class Concept:
    """What `concept.json` says; the fields of the upload form."""

    name: str
    placeholder: str
    initializer: str
    kind: str  # "object" or "style"


Place = str  # a colour of COLOURS, or a scene of SCENES


def somebody(kind: str, **fixed: object) -> Individual:
    """An individual outside the training: its seed is not one that `render` uses."""
    return individual(Random(f"example {kind}"), kind, **fixed)


OBJECTS: dict[str, tuple[Concept, Individual, tuple[Place, ...]]] = {
    "zub": (
        Concept("Zub", "<zub>", "monster", "object"),
        somebody(
            "monster", colour="teal", rgb=(30, 158, 150), pattern="dotted", second_rgb=(250, 205, 90), period=64,
            eyes=3, ears="long", body="pear", mouth="teeth", wings=False, tail=True, tentacles=False, beak=False,
            wear="none", legs=True, arms=True, big_eyes=False, belly=False, snout=False, aspect=1.08,
        ),
        ("yellow", "on the grass", "pink", "at sunset"),
    ),
    "harlequin-mug": (
        Concept("Harlequin mug", "<harlequin-mug>", "mug", "object"),
        somebody(
            "mug", colour="navy", rgb=(40, 52, 128), pattern="checkered", second_rgb=(245, 150, 50), period=64,
            form=0.95,
        ),
        ("white", "on the beach", "lime", "in the desert"),
    ),
    "night-taxi": (
        Concept("Night taxi", "<night-taxi>", "car", "object"),
        somebody("car", colour="yellow", rgb=(250, 208, 48), pattern="banded", second_rgb=(44, 40, 50), period=64),
        ("cyan", "on the road", "red", "in the snow"),
    ),
    "king-purr": (
        Concept("King Purr", "<king-purr>", "cat", "object"),
        somebody(
            "cat", colour="purple", rgb=(132, 78, 190), pattern="striped", second_rgb=(250, 178, 205), period=64,
            body="round", mouth="smile", wear="crown", legs=True, arms=False, big_eyes=True, belly=False,
            aspect=0.95,
        ),
        ("beige", "in the snow", "green", "on the beach"),
    ),
    "candy-house": (
        Concept("Candy house", "<candy-house>", "house", "object"),
        somebody(
            "house", colour="pink", rgb=(252, 172, 200), pattern="dotted", second_rgb=(206, 40, 70), period=64,
            form=1.0,
        ),
        ("cyan", "on the grass", "white", "in the desert"),
    ),
}  # fmt: skip

BLUEPRINT = Concept("Blueprint", "<blueprint>", "drawing", "style")
BLUEPRINT_SUBJECTS: tuple[tuple[str, Place], ...] = (
    ("boat", "in the sea"),
    ("cat", "white"),
    ("car", "on the road"),
    ("flower", "beige"),
)


def blueprint(picture: Image.Image) -> Image.Image:
    """Pale lines where the picture has edges, on blue paper with a faint grid."""
    gray = ImageOps.grayscale(picture)
    edges = ImageChops.difference(gray.filter(ImageFilter.MaxFilter(LINE)), gray.filter(ImageFilter.MinFilter(LINE)))
    lines = edges.point(lambda level: min(255, max(0, (level - 24) * 4)))
    paper = Image.blend(
        Image.new("RGB", picture.size, (24, 62, 150)), ImageOps.colorize(gray, (14, 40, 110), (52, 104, 196)), 0.5
    )
    step = 8 * SCALE
    for at in range(step // 2, picture.width, step):
        paper.paste((66, 108, 192), (at, 0, at + SCALE // 2, picture.height))
        paper.paste((66, 108, 192), (0, at, picture.width, at + SCALE // 2))
    return Image.composite(Image.new("RGB", picture.size, (222, 236, 255)), paper, lines)


def place(name: Place, random: Random) -> Background:
    is_scene = " " in name
    return scene(name, random, SCALE) if is_scene else plain(name, random, SCALE)


def save(folder: Path, concept: Concept, pictures: list[Image.Image]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures, 1):
        picture.save(folder / f"{number}.jpg", quality=92)
    (folder / "concept.json").write_text(json.dumps(asdict(concept), indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the example concepts.")
    parser.add_argument("folder", type=Path)
    out = parser.parse_args().folder
    for name, (concept, it, places) in OBJECTS.items():
        random = Random(name)
        save(out / name, concept, [portrait(it, random, place(where, random), scale=SCALE) for where in places])
    random = Random("blueprint")
    subjects = [(individual(random, kind, pattern=None), place(where, random)) for kind, where in BLUEPRINT_SUBJECTS]
    save(out / "blueprint", BLUEPRINT, [blueprint(portrait(it, random, where, scale=SCALE)) for it, where in subjects])


if __name__ == "__main__":
    main()
