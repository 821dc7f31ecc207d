"""What sits on a creature's head by nature: ears, horns, antennae, a mane. One function each, found by name in EARS."""

from collections.abc import Callable

from models.recipe.world.canvas import Pen, around
from models.recipe.world.colours import darker, lighter
from models.recipe.world.creatures.body import Frame
from models.recipe.world.individuals import Creature, Ears

SIDES = (-1, 1)


def no_ears(pen: Pen, it: Creature, frame: Frame) -> None:
    pass


def pointy_ears(pen: Pen, it: Creature, frame: Frame) -> None:
    x, w, top = frame.x, frame.width, frame.top
    for side in SIDES:
        corners = [(x + side * w * 0.85, top + 24), (x + side * w * 0.78, top - 34), (x + side * w * 0.2, top + 6)]
        pen.polygon(corners, it.rgb, darker(it.rgb))


def round_ears(pen: Pen, it: Creature, frame: Frame) -> None:
    for side in SIDES:
        x, y = frame.x + side * frame.width * 0.72, frame.top + 8
        pen.disc(x, y, 24, 24, it.rgb, darker(it.rgb))
        pen.disc(x, y, 11, 11, lighter(it.rgb))


def long_ears(pen: Pen, it: Creature, frame: Frame) -> None:
    for side in SIDES:
        x = frame.x + side * frame.width * 0.42
        pen.disc(x, frame.top - 22, 15, 46, it.rgb, darker(it.rgb))
        pen.disc(x, frame.top - 20, 6, 30, (250, 185, 195))


def horns(pen: Pen, it: Creature, frame: Frame) -> None:
    x, w, top = frame.x, frame.width, frame.top
    for side in SIDES:
        corners = [(x + side * w * 0.75, top + 22), (x + side * w * 0.95, top - 30), (x + side * w * 0.32, top + 6)]
        pen.polygon(corners, (245, 230, 190), (130, 110, 70))


def antennae(pen: Pen, it: Creature, frame: Frame) -> None:
    x, w, top = frame.x, frame.width, frame.top
    for side in SIDES:
        pen.line((x + side * w * 0.3, top + 8), (x + side * w * 0.6, top - 34), darker(it.rgb), 7)
        pen.disc(x + side * w * 0.6, top - 38, 10, 10, it.second_rgb, darker(it.rgb), 5)


def floppy_ears(pen: Pen, it: Creature, frame: Frame) -> None:
    for side in SIDES:
        x = frame.x + side * frame.width * 0.92
        pen.disc(x, frame.top + 40, 17, 38, darker(it.rgb, 0.75), darker(it.rgb))


def mane(pen: Pen, it: Creature, frame: Frame) -> None:
    for i in range(12):
        x, y = around(frame.x, frame.y - 8, 1, i / 12)
        x, y = frame.x + (x - frame.x) * (frame.width + 10), frame.y - 8 + (y - frame.y + 8) * (frame.height + 8)
        pen.disc(x, y, 21, 21, it.second_rgb, darker(it.second_rgb), 6)


EARS: dict[Ears, Callable[[Pen, Creature, Frame], None]] = {
    "none": no_ears,
    "pointy": pointy_ears,
    "round": round_ears,
    "long": long_ears,
    "horned": horns,
    "antennae": antennae,
    "floppy": floppy_ears,
    "mane": mane,
}
