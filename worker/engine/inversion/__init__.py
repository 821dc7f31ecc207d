"""Textual inversion: the method, readable beside the paper. Tensors and pictures in, steps out."""

from worker.engine.errors import InversionError
from worker.engine.inversion.checkpoint import Checkpoint
from worker.engine.inversion.invert import LEARNED, OUT_OF_STEPS, Inversion, advance, gradients, invert
from worker.engine.inversion.options import Options
from worker.engine.inversion.pictures import masked
from worker.engine.inversion.trainable_concept import EmbeddingCandidate
from worker.engine.inversion.training_step import TrainingStep

__all__ = [
    "LEARNED",
    "OUT_OF_STEPS",
    "Checkpoint",
    "EmbeddingCandidate",
    "Inversion",
    "InversionError",
    "Options",
    "TrainingStep",
    "advance",
    "gradients",
    "invert",
    "masked",
]
