"""Keeps base models in memory between jobs, as many as fit. The least recently used one is dropped first."""

from collections import OrderedDict
from typing import Any

import torch

from worker.engine.base_models import memory
from worker.engine.base_models.loading import device_of, folder_of, load, title_of
from worker.engine.base_models.model import BaseModel
from worker.engine.errors import BaseModelError
from worker.engine.free_memory import free_bytes, release_memory


class WarmModels:
    """At most `capacity` base models on one device, fewer if memory is short."""

    def __init__(
        self, capacity: int = 4, device: str = "auto", *, offline: bool = True, compiled: bool = False
    ) -> None:
        self.capacity = capacity
        self.device = device
        self.offline = offline
        self.compiled = compiled
        self._models: OrderedDict[str, BaseModel] = OrderedDict()

    def __len__(self) -> int:
        return len(self._models)

    def __contains__(self, source: str) -> bool:
        return source in self._models

    def get(self, source: str) -> BaseModel:
        """A loaded base model. Raises BaseModelError, also if the model alone does not fit into memory."""
        if source not in self._models:
            fits = self._make_room(source)
            self._models[source] = self._load(source, idle_off=not fits)
        self._models.move_to_end(source)
        return self._models[source]

    def _make_room(self, source: str) -> bool:
        """Drop models before the new one is loaded, since all of them together may not fit.

        Returns whether all parts of the new one can stay on the device; on a CPU they always do.
        """
        device = device_of(self.device)
        needed = memory.needed(folder_of(source, self.offline), device)
        while self._models and (len(self._models) >= self.capacity or not _fits(needed, device)):
            self._models.popitem(last=False)
            release_memory()
        return device.type == "cpu" or _fits(needed, device)

    def _load(self, source: str, *, idle_off: bool) -> BaseModel:
        options: dict[str, Any] = {"device": self.device, "offline": self.offline, "compiled": self.compiled}
        try:
            return load(source, **options, idle_off=idle_off)
        except torch.OutOfMemoryError:
            self._models.clear()  # the estimate was too low: retry with the whole memory free
        release_memory()
        try:
            return load(source, **options, idle_off=device_of(self.device).type != "cpu")
        except torch.OutOfMemoryError as error:
            raise BaseModelError(
                f"Base model {title_of(source)} does not fit into the memory of this worker's "
                "GPU, even alone. Use a smaller one, or a GPU with more memory."
            ) from error


def _fits(needed: int, device: torch.device) -> bool:
    free = free_bytes(device)
    return free is None or free >= needed
