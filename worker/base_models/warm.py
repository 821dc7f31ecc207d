"""Keeps base models in memory between jobs, the least recently used out first. Knows nothing of jobs."""

import gc
from collections import OrderedDict

import torch

from worker.base_models.loading import load
from worker.base_models.model import BaseModel


class WarmModels:
    """At most `capacity` base models on one device."""

    def __init__(
        self, capacity: int = 2, device: str = "auto", *, offline: bool = True, compiled: bool = False
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
        """A loaded base model. Raises BaseModelError."""
        if source not in self._models:
            # Room is made first: two models at once may not fit.
            while len(self._models) >= self.capacity:
                self._models.popitem(last=False)
                _give_memory_back()
            self._models[source] = load(source, device=self.device, offline=self.offline, compiled=self.compiled)
        self._models.move_to_end(source)
        return self._models[source]


def _give_memory_back() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
