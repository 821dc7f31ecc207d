"""What drawings are made on: a pen in world units (the picture is 256 units wide, whatever its pixels), and a figure
whose body can carry a pattern. Knows nothing of what is drawn."""

import math
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageDraw

from models.recipe.world.colours import Rgb

UNITS = 256  # a picture's side; drawn at least this large and then made smaller, which smooths the edges
CENTRE = (128, 140)  # where a figure stands

Point = tuple[float, float]
Box = tuple[float, float, float, float]
Fill = Rgb | tuple[int, int, int, int] | int | None
Floats = npt.NDArray[np.floating]
PatternName = Literal["striped", "dotted", "checkered", "banded"]


class Pen:
    """Pillow's drawing calls, scaled from world units to pixels. `scale` is a whole number of pixels per unit."""

    def __init__(self, image: Image.Image, scale: int = 1) -> None:
        self._draw = ImageDraw.Draw(image)
        self._scale = scale

    def _points(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self._scale, y * self._scale) for x, y in points]

    def _box(self, box: Box) -> Box:
        left, top, right, bottom = box
        return left * self._scale, top * self._scale, right * self._scale, bottom * self._scale

    def _width(self, width: int, outline: Fill) -> int:
        return 0 if outline is None else width * self._scale

    def disc(
        self, x: float, y: float, radius_x: float, radius_y: float, fill: Fill, outline: Fill = None, width: int = 7
    ) -> None:
        """An ellipse by its centre and its two radii."""
        box = self._box((x - radius_x, y - radius_y, x + radius_x, y + radius_y))
        self._draw.ellipse(box, fill=fill, outline=outline, width=self._width(width, outline))

    def polygon(self, points: Sequence[Point], fill: Fill, outline: Fill = None, width: int = 7) -> None:
        corners = self._points(points)
        self._draw.polygon(corners, fill=fill)
        if outline is not None:
            closed = [*corners, corners[0], corners[1]]
            self._draw.line(closed, fill=outline, width=width * self._scale, joint="curve")

    def line(self, start: Point, end: Point, fill: Fill, width: int) -> None:
        self._draw.line(self._points([start, end]), fill=fill, width=width * self._scale)

    def arc(self, box: Box, start: float, end: float, fill: Fill, width: int) -> None:
        """Part of an ellipse's rim, clockwise from `start` to `end` degrees; 0 is three o'clock."""
        self._draw.arc(self._box(box), start, end, fill=fill, width=width * self._scale)

    def slice(self, box: Box, start: float, end: float, fill: Fill, outline: Fill = None, width: int = 7) -> None:
        self._draw.pieslice(self._box(box), start, end, fill=fill, outline=outline, width=self._width(width, outline))

    def rectangle(self, box: Box, fill: Fill, outline: Fill = None, width: int = 7) -> None:
        self._draw.rectangle(self._box(box), fill=fill, outline=outline, width=self._width(width, outline))

    def rounded(self, box: Box, radius: float, fill: Fill, outline: Fill = None, width: int = 7) -> None:
        """A rectangle with round corners."""
        self._draw.rounded_rectangle(
            self._box(box), radius * self._scale, fill=fill, outline=outline, width=self._width(width, outline)
        )


Shape = Callable[[Pen, Fill, Fill], None]  # draws itself with (pen, fill, outline)


class Figure:
    """A transparent layer with a pen, and a mask that remembers which part of it is body."""

    def __init__(self, scale: int = 1) -> None:
        self.scale = scale
        side = UNITS * scale
        self.layer = Image.new("RGBA", (side, side))
        self.pen = Pen(self.layer, scale)
        self._mask = Image.new("L", (side, side))
        self._mask_pen = Pen(self._mask, scale)

    def body(self, shape: Shape, fill: Rgb, outline: Rgb) -> None:
        """Draw a part that the individual's pattern will cover."""
        shape(self.pen, fill, outline)
        shape(self._mask_pen, 255, None)

    def hole(self, shape: Shape) -> None:
        """Take a part out of all that was drawn so far: the background shows through."""
        shape(self.pen, (0, 0, 0, 0), None)
        shape(self._mask_pen, 0, None)

    def mark(self, shape: Shape, fill: Rgb) -> None:
        """Draw onto the body parts only, as dirt is."""
        marks = Image.new("L", self.layer.size)
        shape(Pen(marks, self.scale), 255, None)
        self.layer.paste(
            Image.new("RGBA", self.layer.size, (*fill, 255)), (0, 0), ImageChops.multiply(marks, self._mask)
        )

    def cover(self, pattern: PatternName | None, period: int, colour: Rgb) -> None:
        """Lay the pattern over all body parts drawn so far."""
        if pattern is None:
            return
        ink = ImageChops.multiply(pattern_mask(pattern, period, self.scale), self._mask)
        self.layer.paste(Image.new("RGBA", self.layer.size, (*colour, 255)), (0, 0), ink)


def pattern_mask(name: PatternName, period: int, scale: int = 1) -> Image.Image:
    """White where the second colour goes; `period` in world units. A pattern begins in the middle of the figure,
    whatever its period: where it lay elsewhere each time, the average striped thing had no stripes, and none of the
    four was ever learned."""
    along = (np.arange(UNITS * scale) + 0.5) / scale - 0.5
    x, y = np.meshgrid(along - CENTRE[0], along - CENTRE[1])
    if name == "striped":
        marked = _from_multiple(x + y, period) < period * 0.22
    elif name == "banded":
        marked = _from_multiple(y, period) < period * 0.22
    elif name == "dotted":
        apart = period * 0.75  # two dots and not one beside a face
        every_other_row = np.round(y / apart) % 2 * apart / 2
        marked = np.hypot(_from_multiple(x + every_other_row, apart), _from_multiple(y, apart)) < apart * 0.3
    else:
        marked = (x // (period // 2) + y // (period // 2)) % 2 == 0
    return Image.fromarray((marked * 255).astype("uint8"))


def _from_multiple(at: Floats, period: float) -> Floats:
    """How far from the nearest multiple of the period."""
    away: Floats = np.abs((at + period / 2) % period - period / 2)
    return away


def around(x: float, y: float, radius: float, turns: float) -> Point:
    """The point of a circle after so many clockwise turns from its top."""
    angle = 2 * math.pi * turns
    return x + radius * math.sin(angle), y - radius * math.cos(angle)
