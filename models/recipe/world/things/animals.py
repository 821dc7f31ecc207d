"""Animals of a shape of their own, unlike the creatures'. One function a kind, found by name in DRAW."""

from collections.abc import Callable

from models.recipe.world.canvas import Figure
from models.recipe.world.colours import Rgb, darker, lighter
from models.recipe.world.individuals import Thing
from models.recipe.world.things.parts import INK, SIDES, X, Y, cover, disc

SKIN: Rgb = (150, 190, 110)
SKIN_EDGE: Rgb = (75, 105, 50)
SLIME: Rgb = (225, 195, 150)
SLIME_EDGE: Rgb = (140, 105, 70)


def fish(figure: Figure, it: Thing) -> None:
    pen, edge = figure.pen, darker(it.rgb)
    pen.polygon([(X + 44, Y), (X + 96, Y - 42), (X + 96, Y + 42)], lighter(it.rgb, 0.25), edge)
    figure.body(lambda p, fill, line: p.disc(X - 12, Y, 72, 46 * it.aspect, fill, line), it.rgb, edge)
    cover(figure, it)
    pen.disc(X - 50, Y - 12, 13, 13, (255, 255, 255), (30, 30, 30), 4)
    pen.disc(X - 52, Y - 11, 6, 6, (20, 20, 20))
    pen.arc((X - 92, Y, X - 54, Y + 26), -60, 50, edge, 6)


def turtle(figure: Figure, it: Thing) -> None:
    """`form`: how high the shell is."""
    pen, height = figure.pen, 58 + 22 * it.form
    for side in SIDES:
        pen.rounded((X + side * 44 - 15, Y + 26, X + side * 44 + 15, Y + 66), 10, SKIN, SKIN_EDGE, 6)
    pen.polygon([(X + 66, Y + 24), (X + 98, Y + 34), (X + 66, Y + 42)], SKIN, SKIN_EDGE, 5)
    pen.disc(X - 82, Y + 8, 24, 22, SKIN, SKIN_EDGE, 6)
    pen.disc(X - 88, Y + 2, 6, 6, (25, 25, 30))
    shell = (X - 76, Y + 38 - height * 2, X + 76, Y + 38 + height * 2 - 60)
    figure.body(lambda p, fill, line: p.slice(shell, 180, 360, fill, line), it.rgb, darker(it.rgb))
    cover(figure, it)
    pen.rounded((X - 80, Y + 8, X + 80, Y + 36), 12, lighter(it.rgb, 0.45), darker(it.rgb), 6)


def butterfly(figure: Figure, it: Thing) -> None:
    """`form`: how large the lower wings are."""
    pen, edge, low = figure.pen, darker(it.rgb), 26 + 12 * it.form
    for side in SIDES:
        figure.body(disc(X + side * 40, Y + 30, low), it.rgb, edge)
        figure.body(disc(X + side * 48, Y - 30, 44), it.rgb, edge)
    cover(figure, it)
    for side in SIDES:
        pen.disc(X + side * 52, Y - 30, 15, 15, it.second_rgb)
        pen.line((X, Y - 56), (X + side * 22, Y - 88), INK, 6)
        pen.disc(X + side * 22, Y - 88, 6, 6, INK)
    pen.rounded((X - 10, Y - 60, X + 10, Y + 62), 10, INK)


def snail(figure: Figure, it: Thing) -> None:
    """`form`: how large the shell is."""
    pen, edge, r = figure.pen, darker(it.rgb), 46 + 12 * it.form
    pen.rounded((X - 92, Y + 42, X + 84, Y + 72), 15, SLIME, SLIME_EDGE, 6)
    pen.rounded((X - 92, Y - 8, X - 60, Y + 68), 15, SLIME, SLIME_EDGE, 6)
    pen.rectangle((X - 84, Y + 48, X + 60, Y + 64), SLIME)
    for x in (X - 84, X - 66):
        pen.line((x, Y - 6), (x - 4, Y - 34), SLIME_EDGE, 6)
        pen.disc(x - 4, Y - 36, 7, 7, INK)
    figure.body(disc(X + 14, Y + 4, r), it.rgb, edge)
    cover(figure, it)
    for part in (0.62, 0.3):
        pen.arc((X + 14 - r * part, Y + 4 - r * part, X + 14 + r * part, Y + 4 + r * part), 40, 320, edge, 7)


DRAW: dict[str, Callable[[Figure, Thing], None]] = {
    "fish": fish,
    "turtle": turtle,
    "butterfly": butterfly,
    "snail": snail,
}
