"""Drawing a creature, back to front. Each part is one function, in the module of the part's place on the body."""

from models.recipe.world.canvas import Figure
from models.recipe.world.creatures.body import Frame, draw_belly, draw_body
from models.recipe.world.creatures.face import draw_eyes, draw_mouth, draw_snout, draw_whiskers
from models.recipe.world.creatures.head import EARS
from models.recipe.world.creatures.limbs import draw_arms, draw_legs, draw_tail, draw_tentacles, draw_wings
from models.recipe.world.creatures.wear import WEAR
from models.recipe.world.individuals import Creature
from models.recipe.world.pose import Pose


def draw_creature(figure: Figure, it: Creature, pose: Pose) -> None:
    frame, pen = Frame.of(it), figure.pen
    if it.wings:
        draw_wings(pen, it, frame, pose)
    if it.tail:
        draw_tail(pen, it, frame)
    EARS[it.ears](pen, it, frame)
    if it.tentacles:
        draw_tentacles(pen, it, frame, pose)
    elif it.legs and it.body != "ghost":
        draw_legs(pen, it, frame, pose)
    if it.arms and not it.wings:
        draw_arms(pen, it, frame, pose)
    draw_body(figure, it, frame)
    figure.cover(it.pattern, it.period, it.second_rgb)
    if it.belly and it.pattern is None:
        draw_belly(pen, it, frame)
    draw_eyes(pen, it, frame, pose)
    draw_mouth(pen, it, frame)
    if it.snout and not it.beak:
        draw_snout(pen, it, frame)
    if it.whiskers:
        draw_whiskers(pen, frame)
    WEAR[it.wear](pen, it, frame)


def draw_what_it_wears(figure: Figure, it: Creature) -> None:
    """And nothing of the creature, where it would be on it."""
    WEAR[it.wear](figure.pen, it, Frame.of(it))
