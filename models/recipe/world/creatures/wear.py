"""What a creature may wear. One function each, found by name in WEAR."""

from collections.abc import Callable

from models.recipe.world.canvas import Pen
from models.recipe.world.creatures.body import Frame
from models.recipe.world.individuals import Creature, Wear

FELT, BAND, GREEN, GREEN_EDGE = (35, 35, 42), (200, 50, 60), (60, 160, 90), (25, 90, 45)


def nothing(pen: Pen, it: Creature, frame: Frame) -> None:
    pass


def crown(pen: Pen, it: Creature, frame: Frame) -> None:
    x, top = frame.x, frame.top
    left = [(x - 34, top + 12), (x - 40, top - 32), (x - 17, top - 12)]
    right = [(x + 17, top - 12), (x + 40, top - 32), (x + 34, top + 12)]
    pen.polygon([*left, (x, top - 40), *right], (252, 205, 60), (165, 115, 10), 5)


def top_hat(pen: Pen, it: Creature, frame: Frame) -> None:
    x, top = frame.x, frame.top
    pen.rectangle((x - 50, top - 2, x + 50, top + 12), FELT)
    pen.rectangle((x - 32, top - 54, x + 32, top + 4), FELT)
    pen.rectangle((x - 32, top - 14, x + 32, top - 4), BAND)


def party_hat(pen: Pen, it: Creature, frame: Frame) -> None:
    x, top = frame.x, frame.top
    pen.polygon([(x - 32, top + 12), (x, top - 58), (x + 32, top + 12)], (80, 190, 235), (30, 90, 140), 5)
    pen.disc(x, top - 58, 10, 10, (250, 220, 70))


def bow_tie(pen: Pen, it: Creature, frame: Frame) -> None:
    x, y = frame.x, frame.mouth_y
    red, edge = (225, 50, 70), (120, 15, 30)
    pen.polygon([(x - 34, y + 22), (x - 34, y + 52), (x + 34, y + 22), (x + 34, y + 52)], red, edge, 4)
    pen.disc(x, y + 37, 8, 9, red, edge, 4)


def glasses(pen: Pen, it: Creature, frame: Frame) -> None:
    x, y, radius, frame_colour = frame.x, frame.eye_y, frame.eye_radius, (20, 20, 25)
    for spot in frame.eye_spots:
        pen.disc(x + spot, y, radius + 9, radius + 9, None, frame_colour, 8)
    pen.line((x + frame.eye_spots[0] + radius, y), (x + frame.eye_spots[-1] - radius, y), frame_colour, 7)


def scarf(pen: Pen, it: Creature, frame: Frame) -> None:
    x, y, w = frame.x, frame.mouth_y, frame.width
    pen.rounded((x - w * 0.82, y + 20, x + w * 0.82, y + 44), 10, GREEN, GREEN_EDGE, 5)
    pen.rectangle((x + 18, y + 38, x + 40, y + 78), GREEN, GREEN_EDGE, 5)


WEAR: dict[Wear, Callable[[Pen, Creature, Frame], None]] = {
    "none": nothing,
    "crown": crown,
    "top hat": top_hat,
    "bow tie": bow_tie,
    "glasses": glasses,
    "scarf": scarf,
    "party hat": party_hat,
}
