"""What one lives in. One function a kind, found by name in DRAW."""

from collections.abc import Callable

from models.recipe.world.canvas import Figure
from models.recipe.world.colours import darker
from models.recipe.world.individuals import Thing
from models.recipe.world.things.parts import SIDES, WOOD, X, Y, cover, rectangle


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


def castle(figure: Figure, it: Thing) -> None:
    """`form`: how high the towers are."""
    pen, edge, top = figure.pen, darker(it.rgb), Y - 50 - 18 * it.form
    figure.body(rectangle((X - 48, Y - 22, X + 48, Y + 68)), it.rgb, edge)
    for side in SIDES:
        figure.body(rectangle((X + side * 66 - 22, top + 16, X + side * 66 + 22, Y + 68)), it.rgb, edge)
    cover(figure, it)
    for side in SIDES:
        x = X + side * 66
        pen.polygon([(x - 30, top + 18), (x, top - 26), (x + 30, top + 18)], it.second_rgb, darker(it.second_rgb), 6)
        pen.rectangle((x - 7, top + 36, x + 7, top + 58), (60, 55, 70))
    for i in range(3):
        pen.rectangle((X - 42 + i * 32, Y - 38, X - 22 + i * 32, Y - 18), it.rgb, edge, 5)
    pen.slice((X - 24, Y + 14, X + 24, Y + 62), 180, 360, (80, 55, 40))
    pen.rectangle((X - 24, Y + 38, X + 24, Y + 66), (80, 55, 40))


def lighthouse(figure: Figure, it: Thing) -> None:
    """`form`: how slim it is."""
    pen, edge, slim = figure.pen, darker(it.rgb), 6 * it.form
    tower = [(X - 26 + slim, Y - 46), (X + 26 - slim, Y - 46), (X + 44 - slim, Y + 72), (X - 44 + slim, Y + 72)]
    figure.body(lambda p, fill, line: p.polygon(tower, fill, line), it.rgb, edge)
    cover(figure, it)
    if it.pattern is None:
        pen.polygon([(X - 31, Y - 8), (X + 31, Y - 8), (X + 35, Y + 22), (X - 35, Y + 22)], it.second_rgb)
    pen.rectangle((X - 20, Y - 76, X + 20, Y - 48), (255, 238, 140), (70, 60, 50), 6)
    pen.polygon([(X - 32, Y - 74), (X, Y - 102), (X + 32, Y - 74)], it.second_rgb, darker(it.second_rgb), 6)
    pen.rectangle((X - 36, Y - 50, X + 36, Y - 40), (70, 60, 50))
    pen.rectangle((X - 10, Y + 42, X + 10, Y + 70), (90, 60, 45))


def tent(figure: Figure, it: Thing) -> None:
    """`form`: how wide it stands open."""
    pen, gap = figure.pen, 16 + 16 * it.form
    for side in SIDES:
        pen.line((X + side * 86, Y + 64), (X + side * 100, Y + 76), WOOD, 7)
    cloth = [(X - 88, Y + 66), (X, Y - 62), (X + 88, Y + 66)]
    figure.body(lambda p, fill, line: p.polygon(cloth, fill, line), it.rgb, darker(it.rgb))
    cover(figure, it)
    pen.polygon([(X - gap, Y + 64), (X, Y - 36), (X + gap, Y + 64)], (50, 40, 50), darker(it.rgb), 6)
    pen.line((X, Y - 60), (X, Y - 92), WOOD, 7)
    pen.polygon([(X + 2, Y - 94), (X + 32, Y - 82), (X + 2, Y - 70)], it.second_rgb)


DRAW: dict[str, Callable[[Figure, Thing], None]] = {
    "house": house,
    "castle": castle,
    "lighthouse": lighthouse,
    "tent": tent,
}
