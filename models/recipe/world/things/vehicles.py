"""What one travels in. One function a kind, found by name in DRAW."""

from collections.abc import Callable

from models.recipe.world.canvas import Figure
from models.recipe.world.colours import darker, lighter
from models.recipe.world.individuals import Thing
from models.recipe.world.things.parts import GLASS, SIDES, WOOD, X, Y, cover, wheels


def car(figure: Figure, it: Thing) -> None:
    pen, edge = figure.pen, darker(it.rgb)
    pen.polygon([(X - 44, Y - 4), (X - 28, Y - 44), (X + 30, Y - 44), (X + 52, Y - 4)], lighter(it.rgb, 0.55), edge)
    figure.body(lambda p, fill, line: p.rounded((X - 88, Y - 8, X + 88, Y + 38), 16, fill, line), it.rgb, edge)
    cover(figure, it)
    wheels(figure, Y + 40, 50, 23)
    pen.disc(X + 80, Y + 10, 8, 8, (255, 240, 150))


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


def bus(figure: Figure, it: Thing) -> None:
    """`form`: three or four windows."""
    pen, edge, windows = figure.pen, darker(it.rgb), 3 + int(it.form * 2)
    figure.body(lambda p, fill, line: p.rounded((X - 92, Y - 58, X + 92, Y + 46), 16, fill, line), it.rgb, edge)
    cover(figure, it)
    width = 156 / windows
    for i in range(windows):
        left = X - 78 + i * width
        pen.rectangle((left + 4, Y - 42, left + width - 4, Y - 8), GLASS, edge, 5)
    wheels(figure, Y + 46, 52, 21)
    pen.disc(X + 84, Y + 24, 7, 7, (255, 240, 150))


def plane(figure: Figure, it: Thing) -> None:
    """`form`: how far back the wing reaches."""
    pen, edge, wing = figure.pen, darker(it.rgb), it.second_rgb
    pen.polygon([(X + 56, Y - 8), (X + 92, Y - 62), (X + 94, Y - 2)], wing, darker(wing))
    figure.body(lambda p, fill, line: p.rounded((X - 92, Y - 26, X + 92, Y + 24), 25, fill, line), it.rgb, edge)
    cover(figure, it)
    pen.slice((X - 92, Y - 26, X - 44, Y + 20), 180, 270, GLASS, edge, 5)
    for x in (-30, 2, 34):
        pen.disc(X + x, Y - 8, 9, 9, GLASS, edge, 4)
    tip = X + 34 + 30 * it.form
    pen.polygon([(X - 26, Y + 8), (X + 28, Y + 8), (tip + 14, Y + 66), (tip - 16, Y + 66)], wing, darker(wing))


def balloon(figure: Figure, it: Thing) -> None:
    """`form`: how large the basket is."""
    pen, half = figure.pen, 16 + 10 * it.form
    for side in SIDES:
        pen.line((X + side * 46, Y + 6), (X + side * half, Y + 62), WOOD, 6)
    figure.body(lambda p, fill, line: p.disc(X, Y - 30, 68, 66, fill, line), it.rgb, darker(it.rgb))
    cover(figure, it)
    if it.pattern is None:
        pen.disc(X, Y - 30, 24, 64, it.second_rgb)
    pen.rounded((X - half, Y + 56, X + half, Y + 86), 6, (170, 120, 70), WOOD, 6)


DRAW: dict[str, Callable[[Figure, Thing], None]] = {
    "car": car,
    "rocket": rocket,
    "boat": boat,
    "bus": bus,
    "plane": plane,
    "balloon": balloon,
}
