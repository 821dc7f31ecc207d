"""Keeps base models in memory between jobs: as many as fit, the least recently used out first."""

import gc
from collections import OrderedDict

import torch

from worker.engine.base_models import memory
from worker.engine.base_models.loading import device_of, folder_of, load
from worker.engine.base_models.model import BaseModel
from worker.engine.errors import BaseModelError


class WarmModels:
    """At most `capacity` base models on one device, and fewer where they do not fit."""

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
        """A loaded base model. Raises BaseModelError, also for one that does not fit even alone."""
        if source not in self._models:
            self._make_room(source)
            self._models[source] = self._load(source)
        self._models.move_to_end(source)
        return self._models[source]

    def _make_room(self, source: str) -> None:
        """Before loading, since two models at once may not fit."""
        device = device_of(self.device)
        needed = memory.needed(folder_of(source, self.offline), device)
        while self._models and (len(self._models) >= self.capacity or not _fits(needed, device)):
            self._models.popitem(last=False)
            _give_memory_back()

    def _load(self, source: str) -> BaseModel:
        try:
            return load(source, device=self.device, offline=self.offline, compiled=self.compiled)
        except torch.OutOfMemoryError:
            self._models.clear()  # the estimate was too low
        _give_memory_back()
        try:
            return load(source, device=self.device, offline=self.offline, compiled=self.compiled)
        except torch.OutOfMemoryError as error:
            raise BaseModelError(
                f"Base model {source.rstrip('/').rpartition('/')[2]} does not fit into the memory of this worker's "
                "GPU, even alone. Use a smaller one, or a GPU with more memory."
            ) from error


def _fits(needed: int, device: torch.device) -> bool:
    free = memory.available(device)
    return free is None or free >= needed


def _give_memory_back() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
