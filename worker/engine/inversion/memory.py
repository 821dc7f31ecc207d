"""Chooses how a training step fits into memory, and says what would fit where none does.

On a GPU it is reckoned from the model's shapes and the free memory (`base_models/footprint.py`). A reckoning that was
too low ends in an error of the allocator; then the caller takes `Passes.smaller`. On a CPU the division depends on the
size of the pictures alone, so that a run that goes on in another process takes the same steps to the last bit.
"""

from typing import Final

import torch

from app.contracts.limits import SIDE_MULTIPLE, TRAINING_SIDE_RATIO
from worker.engine.base_models import BaseModel
from worker.engine.base_models.footprint import UNetShape
from worker.engine.errors import InversionError
from worker.engine.free_memory import SHARE, free_bytes
from worker.engine.inversion.passes import Passes

PIXELS_AT_ONCE: Final = (
    4 * 512 * 512
)  # of all samples in one pass on a CPU, whose machine would swap instead of failing
PIXELS_EVALUATED: Final = 4 * PIXELS_AT_ONCE  # without gradients
STEP: Final = 64  # pixels between two sides that are suggested
GB: Final = 10**9


def passes_that_fit(model: BaseModel, side: int, samples: int, evaluated: int) -> Passes:
    """How a step of `samples` squares of `side` pixels, and an evaluation of `evaluated`, go through the denoiser."""
    free = None if model.device.type == "cpu" else free_bytes(model.device)
    if free is None:
        return Passes(max(1, PIXELS_AT_ONCE // side**2), max(1, PIXELS_EVALUATED // side**2))
    return passes_within(int(free * SHARE), shape_of(model, side), model.precision.training, samples, evaluated)


def passes_within(room: int, shape: UNetShape, dtype: torch.dtype, samples: int, evaluated: int) -> Passes:
    """The same for `room` bytes.

    As many samples at once as fit; where not even one fits, as many as fit with checkpointing, at least one.
    Checkpointing comes second because it takes a third more time, and fewer samples at once take hardly any.
    """
    each, checkpointed = (shape.training(checkpointing=way) * dtype.itemsize for way in (False, True))
    checkpointing = each > room
    fitting = room // (checkpointed if checkpointing else each)
    return Passes(
        samples=max(1, min(samples, fitting)),
        evaluated=max(1, min(evaluated, room // (shape.drawing() * dtype.itemsize))),
        checkpointing=checkpointing,
    )


def shape_of(model: BaseModel, side: int) -> UNetShape:
    """The shape of the denoiser for a square of `side` pixels."""
    latent = side // model.scale
    return UNetShape.of(model.unet.config, latent, latent)  # type: ignore[arg-type]


def too_large(model: BaseModel, side: int) -> InversionError:
    """The error for a step that does not fit in any way, with the largest side that would."""
    free = free_bytes(model.device)
    needed = _least_bytes(model, side)
    has = "less" if free is None else f"{free / GB:.1f} GB"
    sentence = (
        f"To learn at {side}×{side} pixels, {model.title} needs about {needed / GB:.1f} GB beside its weights, even "
        f"with one sample at a time and gradient checkpointing, and this worker has {has} free."
    )
    fitting = None if free is None else _largest_side(model, side, int(free * SHARE))
    if fitting is None:
        return InversionError(f"{sentence} Use a smaller base model, or a worker with more memory.")
    return InversionError(
        f"{sentence} Teach again with the resolution {fitting}, which needs about "
        f"{_least_bytes(model, fitting) / GB:.1f} GB, or use a worker with more memory."
    )


def _largest_side(model: BaseModel, side: int, room: int) -> int | None:
    """The largest side below `side` that can be asked for and fits into `room` bytes."""
    step = STEP if model.resolution > 4 * STEP else SIDE_MULTIPLE
    smaller = range(-(-side // step) * step - step, model.resolution // TRAINING_SIDE_RATIO - 1, -step)
    return next((each for each in smaller if _least_bytes(model, each) <= room), None)


def _least_bytes(model: BaseModel, side: int) -> int:
    return shape_of(model, side).training(checkpointing=True) * model.precision.training.itemsize
