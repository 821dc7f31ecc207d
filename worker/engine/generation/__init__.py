"""Prompts with concepts -> pictures. Tensors and pictures only; no database, no files."""

from worker.engine.errors import DrawingError
from worker.engine.generation.draw import DenoisingStep, denoise, draw
from worker.engine.generation.in_parts import denoise_in_parts
from worker.engine.generation.memory import pictures_that_fit
from worker.engine.generation.request import Request, SamplerSettings
from worker.engine.generation.schedulers import SCHEDULERS

__all__ = [
    "SCHEDULERS",
    "DenoisingStep",
    "DrawingError",
    "Request",
    "SamplerSettings",
    "denoise",
    "denoise_in_parts",
    "draw",
    "pictures_that_fit",
]
