"""A worker with the demo model beside the service, and what the tests of drawing say to both."""

from collections.abc import Callable
from typing import Any

import pytest

from app.core.settings import Settings
from app.services import Services
from tests.support.base_models import DEMO
from tests.support.worker import run_all
from worker.context import WorkerContext
from worker.engine.base_models import BaseModel, load


@pytest.fixture
def settings(tmp_path: Any) -> Settings:
    return Settings(data_dir=tmp_path / "data", orphan_seconds=0)


@pytest.fixture(scope="session")
def model() -> BaseModel:
    return load(DEMO, device="cpu")


@pytest.fixture
def context(services: Services, model: BaseModel, monkeypatch: pytest.MonkeyPatch) -> WorkerContext:
    """A worker's studio with a warm model."""
    monkeypatch.setattr(WorkerContext, "base_model", lambda _self, _name: model)
    return WorkerContext(services.settings, services.database, services.storage)


@pytest.fixture
def work(context: WorkerContext) -> Callable[[], None]:
    """Draws everything that waits."""

    return lambda: run_all(context, "generation")
