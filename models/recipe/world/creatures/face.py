"""A creature's eyes, snout, mouth and whiskers."""

from models.recipe.world.canvas import Pen
from models.recipe.world.colours import darker, lighter
from models.recipe.world.creatures.body import Frame
from models.recipe.world.individuals import Creature
from models.recipe.world.pose import Pose

WHITE, INK, MOUTH = (255, 255, 255), (40, 30, 30), (90, 25, 35)


def draw_eyes(pen: Pen, it: Creature, frame: Frame, pose: Pose) -> None:
    radius = frame.eye_radius
    for spot in frame.eye_spots:
        x, y = frame.x + spot, frame.eye_y - (8 if it.eyes == 3 and spot == 0 else 0)  # a third eye sits higher
        pen.disc(x, y, radius, radius, WHITE, (40, 40, 40), 4)
        pen.disc(x + pose.look * 4, y + 1, radius * 0.48, radius * 0.48, (25, 25, 30))


def draw_snout(pen: Pen, it: Creature, frame: Frame) -> None:
    x, y = frame.x, frame.y + frame.height * 0.06
    pen.disc(x, y, 24, 17, lighter(it.rgb, 0.35), darker(it.rgb), 5)
    for side in (-1, 1):
        pen.disc(x + side * 9, y, 4, 7, darker(it.rgb, 0.4))


def draw_mouth(pen: Pen, it: Creature, frame: Frame) -> None:
    x, y = frame.x, frame.mouth_y
    if it.beak:
        pen.polygon([(x - 16, y - 18), (x + 16, y - 18), (x, y + 8)], (250, 165, 40), (160, 95, 10), 5)
    elif it.mouth == "smile":
        pen.arc((x - 26, y - 26, x + 26, y + 14), 20, 160, INK, 7)
    elif it.mouth == "open":
        pen.disc(x, y, 13, 16, MOUTH, (40, 20, 20), 4)
    elif it.mouth == "teeth":
        pen.rounded((x - 28, y - 12, x + 28, y + 12), 6, MOUTH)
        for left in (x - 28 + i * 14 for i in range(4)):
            pen.polygon([(left, y - 12), (left + 14, y - 12), (left + 7, y + 2)], WHITE)
    elif it.mouth == "grid":
        pen.rectangle((x - 28, y - 10, x + 28, y + 10), (60, 65, 75))
        for bar in (x - 28 + i * 14 for i in range(5)):
            pen.line((bar, y - 10), (bar, y + 10), (200, 205, 210), 4)
    else:
        pen.line((x - 18, y), (x + 18, y), INK, 7)


def draw_whiskers(pen: Pen, frame: Frame) -> None:
    x, y = frame.x, frame.mouth_y
    for side in (-1, 1):
        for row in (-1, 1):
            end = (x + side * (frame.width + 14), y - 10 + row * 14)
            pen.line((x + side * 20, y - 6 + row * 4), end, (40, 40, 40), 4)
