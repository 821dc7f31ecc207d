"""The things of the world, each room by what they are. To add a kind, write its function in its room and name it in the
room's DRAW and in `individuals.THINGS`."""

from models.recipe.world.things import animals, buildings, food, objects, plants, vehicles

DRAW = {**objects.DRAW, **vehicles.DRAW, **plants.DRAW, **food.DRAW, **buildings.DRAW, **animals.DRAW}
