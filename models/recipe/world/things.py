"""The things of the world: one function per kind, found by name in DRAW. To add a kind, write its function here and
name it in `individuals.THINGS`. `form` and `detail` are the individual's two free numbers."""

import math
from collections.abc import Callable

from models.recipe.world.canvas import CENTRE, Figure, Shape, around
from models.recipe.world.colours import Rgb, darker, lighter
from models.recipe.world.individuals import Thing

X, Y = CENTRE
SIDES = (-1, 1)
WOOD: Rgb = (110, 75, 45)


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


def house(figure: Figure, it: Thing) -> None:
    """`form`: how steep the roof is."""
    pen = figure.pen
    walls = (X - 56, Y - 20, X + 56, Y + 64)
    figure.body(lambda p, fill, line: p.rectangle(walls, fill, line), it.rgb, darker(it.rgb))
    cover(figure, it)
    roof = [(X - 74, Y - 16), (X, Y - 60 - 24 * it.form), (X + 74, Y - 16)]
    pen.polygon(roof, it.second_rgb, darker(it.second_rgb))
    pen.rectangle((X - 16, Y + 18, X + 16, Y + 62), (110, 70, 45))
    for side in SIDES:
        pen.rectangle((X + side * 36 - 13, Y, X + side * 36 + 13, Y + 24), (255, 240, 170), (70, 60, 50), 4)


def car(figure: Figure, it: Thing) -> None:
    pen, edge = figure.pen, darker(it.rgb)
    pen.polygon([(X - 44, Y - 4), (X - 28, Y - 44), (X + 30, Y - 44), (X + 52, Y - 4)], lighter(it.rgb, 0.55), edge)
    figure.body(lambda p, fill, line: p.rounded((X - 88, Y - 8, X + 88, Y + 38), 16, fill, line), it.rgb, edge)
    cover(figure, it)
    for side in SIDES:
        pen.disc(X + side * 50, Y + 40, 23, 23, (45, 45, 50), (20, 20, 20))
        pen.disc(X + side * 50, Y + 40, 10, 10, (200, 200, 205))
    pen.disc(X + 80, Y + 10, 8, 8, (255, 240, 150))


def tree(figure: Figure, it: Thing) -> None:
    """`form`: a round crown below .5, a pointed one above."""
    figure.pen.rectangle((X - 13, Y + 10, X + 13, Y + 80), (120, 80, 50), (70, 45, 25), 5)
    if it.form < 0.5:
        figure.body(lambda p, fill, line: p.disc(X, Y - 26, 62, 58, fill, line), it.rgb, darker(it.rgb))
    else:
        crown = [(X - 62, Y + 24), (X, Y - 94), (X + 62, Y + 24)]
        figure.body(lambda p, fill, line: p.polygon(crown, fill, line), it.rgb, darker(it.rgb))
    cover(figure, it)


def flower(figure: Figure, it: Thing) -> None:
    """`form`: five, six or seven petals."""
    pen, petals = figure.pen, 5 + int(it.form * 3)
    pen.line((X, Y), (X, Y + 84), (60, 140, 60), 11)
    pen.disc(X + 24, Y + 56, 22, 10, (75, 165, 75), (40, 100, 40), 4)
    for i in range(petals):
        figure.body(_disc(*around(X, Y - 24, 38, i / petals), 27), it.rgb, darker(it.rgb))
    cover(figure, it)
    pen.disc(X, Y - 24, 22, 22, (250, 215, 60) if it.pattern else it.second_rgb, (120, 90, 30), 5)


def cake(figure: Figure, it: Thing) -> None:
    """`form`: one, two or three candles."""
    pen, edge, candles = figure.pen, darker(it.rgb), 1 + int(it.form * 3)
    figure.body(lambda p, fill, line: p.rounded((X - 70, Y - 6, X + 70, Y + 58), 10, fill, line), it.rgb, edge)
    cover(figure, it)
    pen.rounded((X - 72, Y - 22, X + 72, Y + 8), 14, lighter(it.rgb, 0.6), edge, 6)
    for i in range(candles):
        x = X + (i - (candles - 1) / 2) * 40
        pen.rectangle((x - 6, Y - 58, x + 6, Y - 22), (90, 170, 230))
        pen.disc(x, Y - 68, 7, 11, (255, 190, 50))


def rocket(figure: Figure, it: Thing) -> None:
    pen = figure.pen
    for side in SIDES:
        fin = [(X + side * 30, Y + 20), (X + side * 62, Y + 70), (X + side * 26, Y + 56)]
        pen.polygon(fin, it.second_rgb, darker(it.second_rgb))
    pen.polygon([(X - 18, Y + 58), (X + 18, Y + 58), (X, Y + 100)], (255, 170, 40))
    hull = [(X - 34, Y + 56), (X - 36, Y - 20), (X, Y - 92), (X + 36, Y - 20), (X + 34, Y + 56)]
    figure.body(lambda p, fill, line: p.polygon(hull, fill, line), it.rgb, darker(it.rgb))
    cover(figure, it)
    pen.disc(X, Y - 14, 17, 17, (180, 225, 250), (50, 60, 80), 6)


def boat(figure: Figure, it: Thing) -> None:
    pen, sail_edge = figure.pen, darker(it.second_rgb)
    pen.line((X, Y - 78), (X, Y + 20), WOOD, 9)
    pen.polygon([(X + 6, Y - 76), (X + 66, Y + 6), (X + 6, Y + 6)], it.second_rgb, sail_edge)
    pen.polygon([(X - 6, Y - 60), (X - 48, Y + 6), (X - 6, Y + 6)], lighter(it.second_rgb, 0.4), sail_edge)
    hull = [(X - 84, Y + 16), (X + 84, Y + 16), (X + 54, Y + 62), (X - 54, Y + 62)]
    figure.body(lambda p, fill, line: p.polygon(hull, fill, line), it.rgb, darker(it.rgb))
    cover(figure, it)


def ball(figure: Figure, it: Thing) -> None:
    figure.body(lambda p, fill, line: p.disc(X, Y - 6, 66, 66, fill, line), it.rgb, darker(it.rgb))
    cover(figure, it)
    figure.pen.disc(X - 22, Y - 34, 14, 9, lighter(it.rgb, 0.7))


def mushroom(figure: Figure, it: Thing) -> None:
    pen, cap = figure.pen, (X - 76, Y - 88, X + 76, Y + 64)
    pen.rounded((X - 26, Y - 6, X + 26, Y + 74), 18, (245, 235, 215), (150, 130, 100), 6)
    figure.body(lambda p, fill, line: p.slice(cap, 180, 360, fill, line), it.rgb, darker(it.rgb))
    cover(figure, it)
    if it.pattern is None:
        for x, y, radius in ((-38, -40, 12), (4, -58, 15), (40, -36, 12)):
            pen.disc(X + x, Y + y, radius, radius, (250, 250, 245))


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


def fish(figure: Figure, it: Thing) -> None:
    pen, edge = figure.pen, darker(it.rgb)
    pen.polygon([(X + 44, Y), (X + 96, Y - 42), (X + 96, Y + 42)], lighter(it.rgb, 0.25), edge)
    figure.body(lambda p, fill, line: p.disc(X - 12, Y, 72, 46 * it.aspect, fill, line), it.rgb, edge)
    cover(figure, it)
    pen.disc(X - 50, Y - 12, 13, 13, (255, 255, 255), (30, 30, 30), 4)
    pen.disc(X - 52, Y - 11, 6, 6, (20, 20, 20))
    pen.arc((X - 92, Y, X - 54, Y + 26), -60, 50, edge, 6)


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


def _disc(x: float, y: float, radius: float) -> Shape:
    return lambda pen, fill, outline: pen.disc(x, y, radius, radius, fill, outline, 6)


def cover(figure: Figure, it: Thing) -> None:
    figure.cover(it.pattern, it.period, it.second_rgb)


DRAW: dict[str, Callable[[Figure, Thing], None]] = {
    "mug": mug,
    "clock": clock,
    "house": house,
    "car": car,
    "tree": tree,
    "flower": flower,
    "cake": cake,
    "rocket": rocket,
    "boat": boat,
    "ball": ball,
    "mushroom": mushroom,
    "umbrella": umbrella,
    "book": book,
    "fish": fish,
    "lamp": lamp,
    "chair": chair,
}
