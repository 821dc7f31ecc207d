"""Prompts with concepts -> pictures. Tensors and pictures only; no database, no files."""

from worker.engine.errors import DrawingError
from worker.engine.generation.draw import DenoisingStep, draw
from worker.engine.generation.memory import give_back, pictures_that_fit, ran_out
from worker.engine.generation.parameters import parameters_text
from worker.engine.generation.request import Request, SamplerSettings
from worker.engine.generation.schedulers import SCHEDULERS

__all__ = [
    "SCHEDULERS",
    "DenoisingStep",
    "DrawingError",
    "Request",
    "SamplerSettings",
    "draw",
    "give_back",
    "parameters_text",
    "pictures_that_fit",
    "ran_out",
]
