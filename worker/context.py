"""The context of every handler: settings, database, storage, and the warm base models of this process.

The process that computes creates it once, after the fork. torch is imported when the first model is loaded.
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
    """Everything a job needs from its worker process."""

    settings: Settings
    database: Database
    storage: Storage
    metrics: Metrics = field(default_factory=Metrics)

    @classmethod
    def from_settings(cls, settings: Settings) -> "WorkerContext":
        """Open the database and the storage that the settings name."""
        return cls(settings, Database(settings.resolved_database_url), open_storage(settings.resolved_storage_url))

    @cached_property
    def name(self) -> str:
        """The name of this process in job rows: host and process id."""
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
        """A base model of the allowlist, loaded or kept from before. Raises BaseModelError with a sentence."""
        return self._warm.get(source_of(self.settings, name))

    def scorer(self, model: "BaseModel") -> "Scorer | None":
        """The scorer for concepts of a base model: the one in its folder, else the one in the settings, else None.

        Raises BaseModelError.
        """
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
