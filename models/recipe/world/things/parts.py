"""What several things are built from. `form` and `detail` are an individual's two free numbers; each kind of thing says
what they shape."""

from models.recipe.world.canvas import CENTRE, Box, Figure, Shape
from models.recipe.world.colours import Rgb
from models.recipe.world.individuals import Thing

X, Y = CENTRE
SIDES = (-1, 1)
WOOD: Rgb = (110, 75, 45)
INK: Rgb = (45, 40, 50)
GLASS: Rgb = (190, 228, 245)


def disc(x: float, y: float, radius: float) -> Shape:
    return lambda pen, fill, outline: pen.disc(x, y, radius, radius, fill, outline, 6)


def oval(x: float, y: float, radius_x: float, radius_y: float) -> Shape:
    return lambda pen, fill, outline: pen.disc(x, y, radius_x, radius_y, fill, outline)


def rounded(box: Box, radius: float) -> Shape:
    return lambda pen, fill, outline: pen.rounded(box, radius, fill, outline)


def rectangle(box: Box) -> Shape:
    return lambda pen, fill, outline: pen.rectangle(box, fill, outline)


def cover(figure: Figure, it: Thing) -> None:
    figure.cover(it.pattern, it.period, it.second_rgb)


def wheels(figure: Figure, y: float, apart: float, radius: float) -> None:
    for side in SIDES:
        figure.pen.disc(X + side * apart, y, radius, radius, (45, 45, 50), (20, 20, 20))
        figure.pen.disc(X + side * apart, y, radius * 0.43, radius * 0.43, (200, 200, 205))
