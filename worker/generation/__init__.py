"""Prompts with concepts -> pictures. Tensors and pictures only; no rows, no files."""

from worker.generation.draw import Step, draw
from worker.generation.memory import give_back, pictures_that_fit, ran_out
from worker.generation.parameters import parameters_text
from worker.generation.request import Request, Settings
from worker.generation.schedulers import SCHEDULERS
from worker.sentences import DrawingError

__all__ = [
    "SCHEDULERS",
    "DrawingError",
    "Request",
    "Settings",
    "Step",
    "draw",
    "give_back",
    "parameters_text",
    "pictures_that_fit",
    "ran_out",
]
