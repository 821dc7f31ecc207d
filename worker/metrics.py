"""The speed of a worker process, measured by the handlers and read by `worker.heartbeat`."""

import sys
import threading
from typing import Any


class Metrics:
    """The newest measurements of this process. Any thread may write or read them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[str, float] = {}

    def generated(self, pictures: int, seconds: float) -> None:
        """A denoising loop of so many pictures has ended."""
        with self._lock:
            self._values["batch_pictures"] = pictures
            self._values["pictures_per_second"] = pictures / max(seconds, 1e-6)

    def trained(self, steps_per_second: float) -> None:
        """Optimiser steps per second of all concepts that train together; 0 when the batch has ended."""
        with self._lock:
            self._values["steps_per_second"] = steps_per_second

    def values(self) -> dict[str, float]:
        """All of them, with the memory of the GPU if this process has used one."""
        with self._lock:
            values = dict(self._values)
        torch: Any = sys.modules.get("torch")  # loaded by the first job, never by this module
        if torch is not None and hasattr(torch, "cuda") and torch.cuda.is_initialized():
            values["gpu_memory_bytes"] = float(torch.cuda.memory_reserved())
        return values
