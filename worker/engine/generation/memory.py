"""Reckons how many pictures fit into memory together, from the model's shapes (`base_models/footprint.py`).

The number may be too high. A batch that does not fit after all raises an error, and `halving` halves it.
"""

from typing import Final

from worker.engine.base_models import BaseModel
from worker.engine.base_models.footprint import UNetShape, decoding
from worker.engine.free_memory import SHARE, free_bytes

SIDES: Final = 2  # of guidance, both in one pass
DECODED_PIXELS: Final = 512 * 512 * 4  # decoded together at most: more at once is no faster
UNKNOWN: Final = 2**63  # where free memory cannot be read, only the number of pictures is limited


def pictures_that_fit(model: BaseModel, width: int, height: int) -> int:
    """How many pictures of this size can probably be drawn together, at least 1."""
    shape = UNetShape.of(model.unet.config, height // model.scale, width // model.scale)  # type: ignore[arg-type]
    return max(1, _room(model) // (SIDES * shape.drawing() * model.precision.model.itemsize))


def decoded_together(model: BaseModel, width: int, height: int) -> int:
    """How many pictures of this size are decoded at once, at least 1; on a CPU 1, so that batches are the same."""
    if model.device.type == "cpu":
        return 1
    fitting = _room(model) // decoding(model.vae.config, height, width)  # type: ignore[arg-type]
    return max(1, min(fitting, DECODED_PIXELS // (width * height)))


def _room(model: BaseModel) -> int:
    free = free_bytes(model.device)
    return int((UNKNOWN if free is None else free) * SHARE)
