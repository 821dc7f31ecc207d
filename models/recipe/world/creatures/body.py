"""A creature's body, and the frame that all its other parts are placed by."""

import math
from dataclasses import dataclass

import numpy as np

from models.recipe.world.canvas import CENTRE, Figure, Fill, Pen, Point, Shape
from models.recipe.world.colours import darker, lighter
from models.recipe.world.individuals import Body, Creature

HALF_SIZES: dict[Body, tuple[int, int]] = {
    "round": (62, 62),
    "tall": (50, 74),
    "square": (58, 58),
    "pear": (60, 66),
    "ghost": (56, 70),
    "wide": (70, 52),
}


@dataclass(frozen=True)
class Frame:
    """The body's centre and half sizes, and where the face sits on it. World units, y down."""

    x: float
    y: float
    width: int  # half of it
    height: int  # half of it
    eye_spots: tuple[float, ...]  # x of each eye, from the centre
    eye_radius: int
    eyes_high: bool  # on top of the head, as a frog's

    @classmethod
    def of(cls, it: Creature) -> "Frame":
        half_width, half_height = HALF_SIZES[it.body]
        width, height = int(half_width * it.aspect**0.5), int(half_height / it.aspect**0.5)
        spots = {1: (0.0,), 2: (-width * 0.38, width * 0.38), 3: (-width * 0.52, 0.0, width * 0.52)}[it.eyes]
        radius = 21 if it.big_eyes else 15
        if it.eyes == 1:
            radius += 6
        elif it.eyes == 3:
            radius = min(radius, 15)
        return cls(*CENTRE, width, height, spots, radius, it.high_eyes)

    @property
    def top(self) -> float:
        return self.y - self.height

    @property
    def eye_y(self) -> float:
        return self.top + 2 if self.eyes_high else self.y - self.height * 0.22

    @property
    def mouth_y(self) -> float:
        return self.y + self.height * 0.28


def draw_body(figure: Figure, it: Creature, frame: Frame) -> None:
    figure.body(outline_of(it.body, frame), it.rgb, darker(it.rgb))


def draw_belly(pen: Pen, it: Creature, frame: Frame) -> None:
    pale = lighter(it.rgb, 0.55)
    pen.disc(frame.x, frame.y + frame.height * 0.5, frame.width * 0.56, frame.height * 0.4, pale)


def outline_of(body: Body, frame: Frame) -> Shape:
    x, y, w, h = frame.x, frame.y, frame.width, frame.height

    def shape(pen: Pen, fill: Fill, outline: Fill) -> None:
        if body in ("round", "tall", "wide"):
            pen.disc(x, y, w, h, fill, outline)
        elif body == "square":
            pen.rounded((x - w, y - h, x + w, y + h), 18, fill, outline)
        else:
            pen.polygon(_pear(frame) if body == "pear" else _sheet(frame), fill, outline)

    return shape


def _pear(frame: Frame) -> list[Point]:
    """Narrow above, wide below."""
    x, y, w, h = frame.x, frame.y, frame.width, frame.height
    return [
        (x + math.sin(t) * (w * (0.78 - 0.22 * math.cos(t + math.pi))), y - math.cos(t) * h)
        for t in np.linspace(0, 2 * math.pi, 40)
    ]


def _sheet(frame: Frame) -> list[Point]:
    """A ghost: a dome with a ragged hem."""
    x, y, w, h = frame.x, frame.y, frame.width, frame.height
    dome = [(x - w * math.cos(t), y - h * 0.25 - h * 0.75 * math.sin(t)) for t in np.linspace(0, math.pi, 24)]
    hem = [(x + w - 2 * w * i / 6, y + h - (14 if i % 2 else 0)) for i in range(1, 6)]
    return [(x - w, y + h), *dome, (x + w, y + h), *hem]
