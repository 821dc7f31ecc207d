"""What a worker process says of its own speed. Written by whatever computes, read by `worker.heartbeat`."""

import sys
import threading
from typing import Any


class Metrics:
    """The newest figures of this process; any thread may write or read them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._noted: dict[str, float] = {}

    def drew(self, pictures: int, seconds: float) -> None:
        """A denoising loop has ended."""
        with self._lock:
            self._noted["batch_pictures"] = pictures
            self._noted["pictures_per_second"] = pictures / max(seconds, 1e-6)

    def taught(self, steps_per_second: float) -> None:
        """A teaching goes on at this rate; 0 when it has ended."""
        with self._lock:
            self._noted["steps_per_second"] = steps_per_second

    def now(self) -> dict[str, float]:
        """All of them, with the memory of the GPU if this process has touched one."""
        with self._lock:
            noted = dict(self._noted)
        torch: Any = sys.modules.get("torch")  # loaded by the first job, never by us
        if torch is not None and hasattr(torch, "cuda") and torch.cuda.is_initialized():
            noted["gpu_memory_bytes"] = float(torch.cuda.memory_reserved())
        return noted
