"""How many pictures fit a machine's memory at once, and whether an error means that there were too many.

The estimate is rough and on the careful side; what it gets wrong shows as an error that halves the batch.
"""

import gc
from pathlib import Path
from typing import Final

import torch

from worker.engine.base_models import BaseModel

# How many feature maps of the UNet's first width live at once while it computes, counted with both sides of guidance:
# measured 34 to 50 on the demo model, at one to four times its own size.
MAPS_ALIVE: Final = 64
SHARE: Final = 0.8  # of what is free
_MEMORY: Final = Path("/proc/meminfo")
_LIMITS: Final = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current"))


def pictures_that_fit(model: BaseModel, width: int, height: int) -> int:
    """How many pictures of this size can probably be drawn together; at least one."""
    channels = model.unet.config.block_out_channels[0]  # type: ignore[union-attr, index]
    latents = (width // model.scale) * (height // model.scale)
    each = int(channels) * latents * model.precision.model.itemsize * MAPS_ALIVE
    return max(1, int(free_bytes(model.device) * SHARE) // each)


def free_bytes(device: torch.device) -> int:
    """Memory that could be used now, in bytes."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return min(_free_on_this_machine(), _free_in_this_container())


def ran_out(error: BaseException) -> bool:
    """Whether an error means that memory was not enough."""
    if isinstance(error, MemoryError | torch.cuda.OutOfMemoryError):
        return True
    # What torch's allocator for the CPU raises has no class of its own.
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)


def give_back() -> None:
    """Return what is not in use, after an attempt that needed too much."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _free_on_this_machine() -> int:
    if _MEMORY.is_file():  # Linux; elsewhere only the number of pictures is a limit
        for line in _MEMORY.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return 2**63


def _free_in_this_container() -> int:
    most, used = (path.read_text().strip() if path.is_file() else "max" for path in _LIMITS)
    return int(most) - int(used) if most.isdigit() and used.isdigit() else 2**63
