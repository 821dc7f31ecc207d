"""Textual inversion, to be read beside the papers: tensors and pictures in, training steps out.

Read `loss.py` first (equation 2), then `inversion.py` (the run and its loop).
"""

from worker.engine.errors import InversionError
from worker.engine.inversion.checkpoint import Checkpoint
from worker.engine.inversion.inversion import LEARNED, OUT_OF_STEPS, Inversion, advance
from worker.engine.inversion.loss import gradients
from worker.engine.inversion.memory import PIXELS_AT_ONCE, too_large
from worker.engine.inversion.options import Options
from worker.engine.inversion.passes import Passes
from worker.engine.inversion.pictures import masked
from worker.engine.inversion.trainable_concept import EmbeddingCandidate
from worker.engine.inversion.training_step import TrainingStep

__all__ = [
    "LEARNED",
    "OUT_OF_STEPS",
    "PIXELS_AT_ONCE",
    "Checkpoint",
    "EmbeddingCandidate",
    "Inversion",
    "InversionError",
    "Options",
    "Passes",
    "TrainingStep",
    "advance",
    "gradients",
    "masked",
    "too_large",
]
