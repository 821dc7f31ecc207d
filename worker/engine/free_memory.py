"""How much memory is free on a device, and its release. The only reader of the machine's and the container's limits.

Knows no model and no picture.
"""

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import torch

SHARE: Final = 0.8  # of the free memory that is planned with: kernels need room too, and memory is cut into pieces
_MACHINE: Final = Path("/proc/meminfo")
_CONTAINER: Final = Path("/sys/fs/cgroup")  # of control groups, version 2


def free_bytes(device: torch.device) -> int | None:
    """Bytes that can be allocated now, or None where that is unknown (a CPU elsewhere than on Linux)."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        # PyTorch keeps freed memory for itself; it is free for us too.
        return int(free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device))
    return min((*_free_on_this_machine(), *_free_in_this_container()), default=None)


def release_memory() -> None:
    """Return unused memory to the machine and to the device."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _free_on_this_machine() -> Iterator[int]:
    try:
        lines = dict(line.split(":", 1) for line in _MACHINE.read_text().splitlines())
        yield int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return


def _free_in_this_container() -> Iterator[int]:
    try:
        yield int((_CONTAINER / "memory.max").read_text()) - int((_CONTAINER / "memory.current").read_text())
    except (OSError, ValueError):
        return  # "max" means no limit; no file means no control group
