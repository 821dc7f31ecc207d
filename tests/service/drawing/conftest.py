"""A worker with the demo model beside the service, and what the tests of drawing say to both."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from app.core.settings import Settings
from app.jobs import ledger
from app.web.dependencies import Services
from tests.support.base_models import DEMO
from worker.context import WorkerContext
from worker.engine.base_models import BaseModel, load
from worker.handlers.generation import draw_batch


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

    def run() -> None:
        while True:
            with context.database.transaction() as session:
                leader = ledger.claim(session, "generation", "test", 60)
                mates = [] if leader is None else ledger.claim_mates(session, leader, "test", 60, 16)
                session.expunge_all()
            if leader is None:
                return
            draw_batch(context, [leader, *mates], threading.Event())

    return run
