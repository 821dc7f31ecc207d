"""The picture world that the demo model is trained on: creatures and things composed from parts, in scenes and styles,
each with a caption. Drawing needs only Pillow and numpy; the same seed gives the same pixels."""

from models.recipe.world.held_out import held_out, pair_held_out
from models.recipe.world.individuals import FAMILIES, KINDS, Creature, Individual, Thing, individual
from models.recipe.world.picture import SIDE, Sample, pair, portrait, sample
from models.recipe.world.practice import Practice, accessory, cloth, halves, of_a_kind, plain_pair, shade
from models.recipe.world.qualities import QUALITIES
from models.recipe.world.scenes import SCENES, Background, any_background, plain, scene
from models.recipe.world.styles import STYLES

__all__ = [
    "FAMILIES", "KINDS", "QUALITIES", "SCENES", "SIDE", "STYLES", "Background", "Creature", "Individual", "Practice",
    "Sample", "Thing", "accessory", "any_background", "cloth", "halves", "held_out", "individual", "of_a_kind", "pair",
    "pair_held_out", "plain", "plain_pair", "portrait", "sample", "scene", "shade",
]  # fmt: skip
