"""Which combinations no training picture shows, so that a drawing of one is the model's own: of every kind and colour
some scenes, and a pair of kinds now and then. Each kind, colour and scene is seen often, and so is any two of them."""

from models.recipe.world.colours import COLOURS
from models.recipe.world.individuals import KINDS
from models.recipe.world.scenes import SCENES

_PLACE = {name: number for number, name in enumerate(SCENES)}
_COLOUR = {name: number for number, name in enumerate(COLOURS)}
_KIND = {name: number for number, name in enumerate(KINDS)}


def held_out(kind: str, colour: str, place: str) -> bool:
    """About one of 23. Plain backgrounds are never held out."""
    return place in _PLACE and (7 * _KIND[kind] + 5 * _COLOUR[colour] + _PLACE[place]) % 23 == 0


def pair_held_out(left: str, right: str) -> bool:
    """About one of 13, and never a kind beside its own kind."""
    return left != right and (3 * _KIND[left] + 5 * _KIND[right]) % 13 == 0
