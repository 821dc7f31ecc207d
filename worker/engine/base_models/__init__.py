"""Base models: load once, keep warm. A `Family` holds all that differs between Stable Diffusion 1, 2 and XL."""

from worker.engine.base_models.encoders import Encoded, TextEncoder
from worker.engine.base_models.families import FAMILIES, Conditioning, Family, joined
from worker.engine.base_models.loading import load
from worker.engine.base_models.model import BaseModel, Card, NoiseSchedule
from worker.engine.base_models.warm import WarmModels
from worker.engine.errors import BaseModelError

__all__ = [
    "FAMILIES",
    "BaseModel",
    "BaseModelError",
    "Card",
    "Conditioning",
    "Encoded",
    "Family",
    "NoiseSchedule",
    "TextEncoder",
    "WarmModels",
    "joined",
    "load",
]
