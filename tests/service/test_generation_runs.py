"""What a worker fetches for a generation: a concept's file once, and whether it may be used every time."""

import pytest
from fastapi.testclient import TestClient

from app.core.errors import NotFound
from app.jobs import ledger
from app.jobs.models import Job
from app.services import Services
from tests.support.worker import opened
from worker.context import WorkerContext
from worker.handlers.generation import GenerationHandler, GenerationInputs


@pytest.fixture
def context(services: Services) -> WorkerContext:
    return WorkerContext(services.settings, services.database, services.storage)


def claimed(member: TestClient, context: WorkerContext) -> Job:
    assert member.post("/api/generations", json={"prompt": "a <my-mug>", "count": 1}).status_code == 202
    with context.database.transaction() as session:
        job = ledger.claim(session, "generation", "test", 60)
    assert job is not None
    return job


def prepared(context: WorkerContext, job: Job) -> GenerationInputs:
    handler = GenerationHandler(context)
    return handler.prepare(opened(context, handler, job))


def test_an_embedding_that_is_drawn_with_again_is_not_read_again(
    member: TestClient, context: WorkerContext, learned: str
) -> None:
    first = prepared(context, claimed(member, context))
    context.storage.delete("jobs/x/embedding")
    second = prepared(context, claimed(member, context))
    assert second.embeddings["<my-mug>"] is first.embeddings["<my-mug>"]


def test_a_concept_that_is_cached_and_was_deleted_is_not_drawn(
    member: TestClient, context: WorkerContext, learned: str
) -> None:
    first, second = claimed(member, context), claimed(member, context)
    prepared(context, first)
    member.delete(f"/api/concepts/{learned}")
    with pytest.raises(NotFound) as refused:
        prepared(context, second)
    assert refused.value.code == "concept-deleted"
