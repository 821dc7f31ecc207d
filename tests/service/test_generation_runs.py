"""What a worker fetches for a drawing: a word's file once, and whether it may be used every time."""

import pytest
from fastapi.testclient import TestClient

from app.core.errors import NotFound
from app.jobs import ledger
from app.services import Services
from tests.service.test_drawing import learned
from worker.context import WorkerContext
from worker.handlers.generation_run import GenerationRun

__all__ = ["learned"]


@pytest.fixture
def context(services: Services) -> WorkerContext:
    return WorkerContext(services.settings, services.database, services.storage)


def claimed(member: TestClient, context: WorkerContext) -> GenerationRun:
    assert member.post("/api/generations", json={"prompt": "a <my-mug>", "count": 1}).status_code == 202
    with context.database.transaction() as session:
        job = ledger.claim(session, "generation", "test", 60)
    assert job is not None
    return GenerationRun.of(job)


def test_a_word_that_is_drawn_with_again_is_not_read_again(
    member: TestClient, context: WorkerContext, learned: str
) -> None:
    first, second = claimed(member, context), claimed(member, context)
    first.fetch(context)
    context.storage.delete("jobs/x/embedding")
    second.fetch(context)
    assert second.embeddings["<my-mug>"] is first.embeddings["<my-mug>"]


def test_a_word_that_is_remembered_and_was_deleted_is_not_drawn(
    member: TestClient, context: WorkerContext, learned: str
) -> None:
    first, second = claimed(member, context), claimed(member, context)
    first.fetch(context)
    member.delete(f"/api/concepts/{learned}")
    with pytest.raises(NotFound, match="deleted before its turn came"):
        second.fetch(context)
