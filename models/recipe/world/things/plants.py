"""What grows. One function a kind, found by name in DRAW."""

from collections.abc import Callable

from models.recipe.world.canvas import Figure, around
from models.recipe.world.colours import darker
from models.recipe.world.individuals import Thing
from models.recipe.world.things.parts import X, Y, cover, disc, rounded


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
        figure.body(disc(*around(X, Y - 24, 38, i / petals), 27), it.rgb, darker(it.rgb))
    cover(figure, it)
    pen.disc(X, Y - 24, 22, 22, (250, 215, 60) if it.pattern else it.second_rgb, (120, 90, 30), 5)


def mushroom(figure: Figure, it: Thing) -> None:
    pen, cap = figure.pen, (X - 76, Y - 88, X + 76, Y + 64)
    pen.rounded((X - 26, Y - 6, X + 26, Y + 74), 18, (245, 235, 215), (150, 130, 100), 6)
    figure.body(lambda p, fill, line: p.slice(cap, 180, 360, fill, line), it.rgb, darker(it.rgb))
    cover(figure, it)
    if it.pattern is None:
        for x, y, radius in ((-38, -40, 12), (4, -58, 15), (40, -36, 12)):
            pen.disc(X + x, Y + y, radius, radius, (250, 250, 245))


def cactus(figure: Figure, it: Thing) -> None:
    """`form`: how high its left arm reaches, and how low its right one."""
    pen, edge, pot = figure.pen, darker(it.rgb), it.second_rgb
    left, right = Y - 10 - 36 * it.form, Y - 46 + 36 * it.form
    for side, top in ((-1, left), (1, right)):
        across = sorted((X, X + side * 62))
        figure.body(rounded((across[0], Y + 2, across[1], Y + 30), 14), it.rgb, edge)
        figure.body(rounded((X + side * 50 - 15, top, X + side * 50 + 15, Y + 30), 15), it.rgb, edge)
    figure.body(rounded((X - 26, Y - 88, X + 26, Y + 50), 26), it.rgb, edge)
    cover(figure, it)
    pen.polygon([(X - 48, Y + 40), (X + 48, Y + 40), (X + 36, Y + 82), (X - 36, Y + 82)], pot, darker(pot))


DRAW: dict[str, Callable[[Figure, Thing], None]] = {
    "tree": tree,
    "flower": flower,
    "mushroom": mushroom,
    "cactus": cactus,
}
