"""Textual inversion: the method, readable beside the paper. Tensors and pictures in, steps out."""

from worker.inversion.checkpoint import Checkpoint
from worker.inversion.invert import LEARNED, OUT_OF_STEPS, Inversion, advance, invert
from worker.inversion.options import Options
from worker.inversion.step import Step
from worker.sentences import InversionError

__all__ = [
    "LEARNED",
    "OUT_OF_STEPS",
    "Checkpoint",
    "Inversion",
    "InversionError",
    "Options",
    "Step",
    "advance",
    "invert",
]
