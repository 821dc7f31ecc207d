"""What grows out of a creature's sides and underneath: wings, tail, tentacles, legs, arms."""

from models.recipe.world.canvas import Pen
from models.recipe.world.colours import darker, lighter
from models.recipe.world.creatures.body import Frame
from models.recipe.world.individuals import Creature
from models.recipe.world.pose import Pose

SIDES = (-1, 1)


def draw_wings(pen: Pen, it: Creature, frame: Frame, pose: Pose) -> None:
    x, y, w = frame.x, frame.y, frame.width
    for side in SIDES:
        tip = (x + side * (w + 52), y - 50 + pose.arms * 12)
        corners = [(x + side * w * 0.7, y - 10), tip, (x + side * (w + 40), y + 6), (x + side * (w + 14), y + 24)]
        pen.polygon(corners, lighter(it.rgb, 0.35), darker(it.rgb))


def draw_tail(pen: Pen, it: Creature, frame: Frame) -> None:
    root, y, h = frame.x + frame.width, frame.y, frame.height
    pen.arc((root - 28, y - 6, root + 46, y + h), -60, 150, darker(it.rgb), 16)
    pen.arc((root - 26, y - 4, root + 44, y + h - 2), -60, 150, it.rgb, 9)


def draw_tentacles(pen: Pen, it: Creature, frame: Frame, pose: Pose) -> None:
    x, y, w, h = frame.x, frame.y, frame.width, frame.height
    for i in range(-2, 3):
        root, foot = (x + i * w * 0.42, y + h * 0.5), x + i * w * 0.62 + pose.legs * 6
        pen.line(root, (foot, y + h + 30), darker(it.rgb), 24)
        pen.line(root, (foot, y + h + 27), it.rgb, 14)


def draw_legs(pen: Pen, it: Creature, frame: Frame, pose: Pose) -> None:
    for side in SIDES:
        x = frame.x + side * (frame.width * 0.45 + pose.legs * 4)
        pen.disc(x, frame.y + frame.height + 4, 20, 13, it.rgb, darker(it.rgb))


def draw_arms(pen: Pen, it: Creature, frame: Frame, pose: Pose) -> None:
    x, y, w = frame.x, frame.y, frame.width
    hand_y = y + 14 - pose.arms * 34
    for side in SIDES:
        shoulder = (x + side * w * 0.8, y + 8)
        pen.line(shoulder, (x + side * (w + 30), hand_y), darker(it.rgb), 24)
        pen.line(shoulder, (x + side * (w + 29), hand_y), it.rgb, 14)
