"""Textual inversion: the method, readable beside the paper. Tensors and pictures in, steps out."""

from worker.inversion.checkpoint import Checkpoint
from worker.inversion.invert import LEARNED, OUT_OF_STEPS, Inversion, advance, gradients, invert
from worker.inversion.options import Options
from worker.inversion.pictures import masked
from worker.inversion.step import Step
from worker.inversion.word import Candidate
from worker.sentences import InversionError

__all__ = [
    "LEARNED",
    "OUT_OF_STEPS",
    "Candidate",
    "Checkpoint",
    "Inversion",
    "InversionError",
    "Options",
    "Step",
    "advance",
    "gradients",
    "invert",
    "masked",
]
