"""Prompts with concepts -> pictures. Tensors and pictures only; no rows, no files."""

from worker.generation.draw import draw
from worker.generation.parameters import parameters_text
from worker.generation.request import Request, Settings
from worker.generation.schedulers import SCHEDULERS
from worker.sentences import DrawingError

__all__ = ["SCHEDULERS", "DrawingError", "Request", "Settings", "draw", "parameters_text"]
