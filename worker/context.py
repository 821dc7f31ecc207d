"""What one worker process holds: settings, database, blobs and the warm base models.

Made once in the process that computes, so that torch is never imported before a fork.
"""

import os
import socket
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import app.rooms  # noqa: F401 (every table, so that foreign keys resolve)
from app.base_models.catalog import source_of
from app.core.database import Database
from app.core.settings import Settings
from app.core.storage import Storage, open_storage
from worker.metrics import Metrics

if TYPE_CHECKING:
    from worker.embedding_files import EmbeddingCache
    from worker.engine.base_models import BaseModel, WarmModels
    from worker.engine.evaluation import Scorer


@dataclass
class WorkerContext:
    """Everything a job needs from its surroundings."""

    settings: Settings
    database: Database
    storage: Storage
    metrics: Metrics = field(default_factory=Metrics)

    @classmethod
    def from_settings(cls, settings: Settings) -> "WorkerContext":
        """Connect to what the settings name."""
        return cls(settings, Database(settings.resolved_database_url), open_storage(settings.resolved_storage_url))

    @cached_property
    def name(self) -> str:
        """This process, as operators see it in a job's row."""
        return f"{socket.gethostname()}:{os.getpid()}"[:100]

    @cached_property
    def _warm(self) -> "WarmModels":
        from worker.engine.base_models import WarmModels

        settings = self.settings
        return WarmModels(capacity=settings.warm_models, device=settings.device, compiled=settings.compile)

    @cached_property
    def embedding_cache(self) -> "EmbeddingCache":
        """The embeddings that this process has read lately."""
        from worker.embedding_files import EmbeddingCache

        return EmbeddingCache(self.storage)

    def base_model(self, name: str) -> "BaseModel":
        """A warm base model of the allowlist. Raises BaseModelError with a sentence."""
        return self._warm.get(source_of(self.settings, name))

    def scorer(self, model: "BaseModel") -> "Scorer | None":
        """What judges words of a base model: the scorer it brings, else the settings' one. Raises BaseModelError."""
        from worker.engine.evaluation import load_scorer

        own = model.folder / "scorer"
        source = str(own) if own.is_dir() else self.settings.scorer
        if not source:
            return None
        if source not in self._scorers:
            self._scorers.clear()
            self._scorers[source] = load_scorer(source, model.device)
        return self._scorers[source]

    @cached_property
    def _scorers(self) -> dict[str, "Scorer"]:
        return {}
