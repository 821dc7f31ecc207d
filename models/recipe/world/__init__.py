"""The picture world that the demo model is trained on: creatures and things composed from parts, in scenes and styles,
each with a caption. Drawing needs only Pillow and numpy; the same seed gives the same pixels."""

from models.recipe.world.individuals import KINDS, Creature, Individual, Thing, individual
from models.recipe.world.picture import SIDE, Sample, portrait, sample
from models.recipe.world.scenes import SCENES, Background, any_background, plain, scene
from models.recipe.world.styles import STYLES

__all__ = [
    "KINDS", "SCENES", "SIDE", "STYLES", "Background", "Creature", "Individual", "Sample", "Thing",
    "any_background", "individual", "plain", "portrait", "sample", "scene",
]  # fmt: skip
