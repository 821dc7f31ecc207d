"""What one eats. One function a kind, found by name in DRAW."""

from collections.abc import Callable

from models.recipe.world.canvas import Figure, around
from models.recipe.world.colours import darker, lighter
from models.recipe.world.individuals import Thing
from models.recipe.world.things.parts import SIDES, WOOD, X, Y, cover, disc, oval


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


def apple(figure: Figure, it: Thing) -> None:
    """`form`: which way its leaf points."""
    pen, edge, side = figure.pen, darker(it.rgb), 1 if it.form < 0.5 else -1
    pen.line((X, Y - 44), (X + side * 6, Y - 80), WOOD, 10)
    pen.disc(X - side * 28, Y - 68, 26, 12, (95, 180, 75), (45, 110, 45), 5)
    for half in SIDES:
        figure.body(oval(X + half * 24, Y + 8, 50, 62), it.rgb, edge)
    figure.body(lambda p, fill, line: p.disc(X, Y + 6, 44, 48, fill, None), it.rgb, edge)
    cover(figure, it)
    pen.disc(X - 40, Y - 14, 9, 15, lighter(it.rgb, 0.7))


def pizza(figure: Figure, it: Thing) -> None:
    """A slice. `form`: three, four or five toppings."""
    pen, edge = figure.pen, darker(it.rgb)
    slice_ = [(X - 72, Y - 52), (X + 72, Y - 52), (X, Y + 86)]
    figure.body(lambda p, fill, line: p.polygon(slice_, fill, line), it.rgb, edge)
    cover(figure, it)
    spots = ((-32, -24), (26, -20), (0, 28), (-4, -34), (-14, 4))
    for x, y in spots[: 3 + int(it.form * 3)]:
        pen.disc(X + x, Y + y, 13, 13, it.second_rgb, darker(it.second_rgb), 4)
    pen.rounded((X - 84, Y - 72, X + 84, Y - 44), 14, (215, 160, 90), (140, 90, 40), 6)


def donut(figure: Figure, it: Thing) -> None:
    """`form`: how large the hole is."""
    pen, hole = figure.pen, 18 + 8 * it.form
    pen.disc(X, Y, 76, 72, (222, 170, 105), (140, 90, 45))
    figure.body(disc(X, Y - 4, 62), it.rgb, darker(it.rgb))
    cover(figure, it)
    if it.pattern is None:
        for i in range(9):
            x, y = around(X, Y - 4, 45, i / 9)
            pen.disc(x, y, 6, 6, it.second_rgb)
    pen.disc(X, Y - 2, hole + 7, hole + 7, (140, 90, 45))
    figure.hole(lambda p, fill, line: p.disc(X, Y - 2, hole, hole, fill))


DRAW: dict[str, Callable[[Figure, Thing], None]] = {
    "cake": cake,
    "apple": apple,
    "pizza": pizza,
    "donut": donut,
}
