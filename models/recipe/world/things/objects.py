"""Things of the house. One function a kind, found by name in DRAW."""

import math
from collections.abc import Callable

from models.recipe.world.canvas import Figure, around
from models.recipe.world.colours import darker, lighter
from models.recipe.world.individuals import Thing
from models.recipe.world.things.parts import SIDES, WOOD, X, Y, cover


def mug(figure: Figure, it: Thing) -> None:
    """`form`: how round its corners are."""
    w, h, pen, edge = 48 * it.aspect**0.5, 58 / it.aspect**0.5, figure.pen, darker(it.rgb)
    pen.arc((X + w - 18, Y - 36, X + w + 42, Y + 34), -95, 95, edge, 20)
    pen.arc((X + w - 15, Y - 33, X + w + 39, Y + 31), -95, 95, it.rgb, 12)
    corner = int(6 + 18 * it.form)
    figure.body(lambda p, fill, line: p.rounded((X - w, Y - h, X + w, Y + h), corner, fill, line), it.rgb, edge)
    cover(figure, it)
    pen.disc(X, Y - h + 4, w - 3, 11, (70, 45, 35), edge, 5)


def clock(figure: Figure, it: Thing) -> None:
    """`form`: round below .6, square above. `detail`: the time."""
    pen, y, edge = figure.pen, Y - 8, darker(it.rgb)
    if it.form < 0.6:
        figure.body(lambda p, fill, line: p.disc(X, y, 72, 72, fill, line), it.rgb, edge)
    else:
        figure.body(lambda p, fill, line: p.rounded((X - 68, Y - 76, X + 68, Y + 60), 16, fill, line), it.rgb, edge)
    cover(figure, it)
    pen.disc(X, y, 52, 52, (255, 252, 240), edge, 5)
    for hour in range(12):
        pen.line(around(X, y, 46, hour / 12), around(X, y, 40, hour / 12), (60, 60, 60), 5)
    time = it.detail * 2 * math.pi
    pen.line((X, y), (X + 26 * math.sin(time), y - 26 * math.cos(time)), (30, 30, 30), 9)
    pen.line((X, y), (X + 38 * math.sin(time * 3), y - 38 * math.cos(time * 3)), (30, 30, 30), 6)


def ball(figure: Figure, it: Thing) -> None:
    figure.body(lambda p, fill, line: p.disc(X, Y - 6, 66, 66, fill, line), it.rgb, darker(it.rgb))
    cover(figure, it)
    figure.pen.disc(X - 22, Y - 34, 14, 9, lighter(it.rgb, 0.7))


def umbrella(figure: Figure, it: Thing) -> None:
    pen, stick, dome = figure.pen, (90, 70, 60), (X - 84, Y - 86, X + 84, Y + 66)
    pen.line((X, Y - 40), (X, Y + 66), stick, 9)
    pen.arc((X - 30, Y + 46, X + 4, Y + 84), 0, 180, stick, 9)
    figure.body(lambda p, fill, line: p.slice(dome, 180, 360, fill, line), it.rgb, darker(it.rgb))
    cover(figure, it)


def book(figure: Figure, it: Thing) -> None:
    pen, edge = figure.pen, darker(it.rgb)
    left, right, spine = X - 54 * it.aspect**0.5, X + 54 * it.aspect**0.5, X - 36 * it.aspect**0.5
    figure.body(lambda p, fill, line: p.rounded((left, Y - 72, right, Y + 62), 8, fill, line), it.rgb, edge)
    cover(figure, it)
    pen.rectangle((left, Y - 72, spine, Y + 62), darker(it.rgb, 0.75))
    pen.rectangle((X - 16, Y - 46, X + 34, Y - 22), lighter(it.rgb, 0.75), edge, 4)


def lamp(figure: Figure, it: Thing) -> None:
    """`form`: how wide the shade is at its top."""
    pen, metal, top = figure.pen, (120, 110, 100), 34 + 14 * it.form
    pen.rectangle((X - 7, Y - 10, X + 7, Y + 66), metal)
    pen.disc(X, Y + 70, 42, 12, metal, (70, 65, 60), 5)
    shade = [(X - top, Y - 82), (X + top, Y - 82), (X + 66, Y), (X - 66, Y)]
    figure.body(lambda p, fill, line: p.polygon(shade, fill, line), it.rgb, darker(it.rgb))
    cover(figure, it)


def chair(figure: Figure, it: Thing) -> None:
    """`form`: how round its back is."""
    pen, edge, corner = figure.pen, darker(it.rgb), int(4 + 26 * it.form)
    figure.body(lambda p, fill, line: p.rounded((X - 44, Y - 86, X + 44, Y + 4), corner, fill, line), it.rgb, edge)
    cover(figure, it)
    pen.rectangle((X - 56, Y, X + 56, Y + 20), darker(it.rgb, 0.8), edge, 5)
    for side in SIDES:
        pen.rectangle((X + side * 46 - 7, Y + 20, X + side * 46 + 7, Y + 80), WOOD)


def teapot(figure: Figure, it: Thing) -> None:
    """`form`: how flat its belly is."""
    pen, edge, height = figure.pen, darker(it.rgb), 54 - 8 * it.form
    pen.arc((X + 34, Y - 30, X + 92, Y + 34), -110, 110, edge, 18)
    pen.arc((X + 37, Y - 27, X + 89, Y + 31), -110, 110, it.rgb, 10)
    pen.polygon([(X - 40, Y + 24), (X - 92, Y - 38), (X - 72, Y - 44), (X - 36, Y - 12)], it.rgb, edge)
    figure.body(lambda p, fill, line: p.disc(X, Y + 6, 62, height, fill, line), it.rgb, edge)
    cover(figure, it)
    pen.rounded((X - 32, Y - 54, X + 32, Y - 38), 8, it.second_rgb, darker(it.second_rgb), 5)
    pen.disc(X, Y - 62, 10, 10, it.second_rgb, darker(it.second_rgb), 5)


def gift(figure: Figure, it: Thing) -> None:
    """`form`: how tall the box is."""
    pen, edge, top, ribbon = figure.pen, darker(it.rgb), Y - 24 - 18 * it.form, it.second_rgb
    for side in SIDES:
        pen.disc(X + side * 26, top - 22, 27, 16, ribbon, darker(ribbon), 6)
    figure.body(lambda p, fill, line: p.rectangle((X - 60, top + 10, X + 60, Y + 66), fill, line), it.rgb, edge)
    cover(figure, it)
    pen.rounded((X - 68, top - 10, X + 68, top + 18), 6, it.rgb, edge)
    pen.rectangle((X - 11, top - 8, X + 11, Y + 62), ribbon)
    pen.disc(X, top - 18, 12, 12, ribbon, darker(ribbon), 5)


DRAW: dict[str, Callable[[Figure, Thing], None]] = {
    "mug": mug,
    "clock": clock,
    "ball": ball,
    "umbrella": umbrella,
    "book": book,
    "lamp": lamp,
    "chair": chair,
    "teapot": teapot,
    "gift": gift,
}
