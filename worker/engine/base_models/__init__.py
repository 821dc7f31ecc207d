"""Base models: loaded once and kept in memory. A `Family` implements what differs between SD 1, SD 2 and SD XL."""

from app.contracts.model_card import Card
from worker.engine.base_models.encoders import Encoded, TextEncoder
from worker.engine.base_models.families import FAMILIES, Conditioning, Family, joined
from worker.engine.base_models.loading import load
from worker.engine.base_models.model import BaseModel, NoiseSchedule
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
