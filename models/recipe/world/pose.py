"""What may differ between two pictures of one individual: where it looks, and how it holds arms, wings and legs."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Pose:
    look: int  # -1 left, 0 straight, 1 right
    arms: float  # 0 hanging .. 1 raised
    legs: int  # -1 together, 1 apart


def any_pose(random: Random) -> Pose:
    return Pose(look=random.choice([-1, 0, 0, 1]), arms=random.random(), legs=random.choice([-1, 0, 1]))
