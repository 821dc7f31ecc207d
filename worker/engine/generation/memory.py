"""Estimates how many pictures fit into memory together.

The estimate is rough and rather too low. A batch that does not fit after all raises an error, and `halving` halves it.
"""

from typing import Final

from worker.engine.base_models import BaseModel
from worker.engine.free_memory import free_bytes

# Feature maps of the UNet's first width that exist at the same time while it computes, both sides of guidance included:
# measured as 34 to 50 on the demo model, at one to four times its own resolution.
MAPS_ALIVE: Final = 64
SHARE: Final = 0.8  # of the free memory
UNKNOWN: Final = 2**63  # where free memory cannot be read, only the number of pictures is limited


def pictures_that_fit(model: BaseModel, width: int, height: int) -> int:
    """How many pictures of this size can probably be drawn together, at least 1."""
    channels = model.unet.config.block_out_channels[0]  # type: ignore[union-attr, index]
    latents = (width // model.scale) * (height // model.scale)
    each = int(channels) * latents * model.precision.model.itemsize * MAPS_ALIVE
    free = free_bytes(model.device)
    return max(1, int((UNKNOWN if free is None else free) * SHARE) // each)
