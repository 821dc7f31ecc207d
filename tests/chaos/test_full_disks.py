"""A disk that fills up during a teaching. Extras are given up with a warning, and the word is kept."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from app.core.errors import StorageFull
from app.core.storage import Blob, Storage
from tests.support.studio import Stack
from tests.support.worker import run_next

pytestmark = pytest.mark.acceptance


@dataclass
class FullFor:
    """A storage without room for keys that hold one of `words`."""

    inner: Storage
    words: tuple[str, ...]

    def put(self, key: str, content: bytes) -> None:
        if any(word in key for word in self.words):
            raise StorageFull("The disk is full.")
        self.inner.put(key, content)

    def get(self, key: str) -> bytes:
        return self.inner.get(key)

    def delete(self, key: str) -> None:
        self.inner.delete(key)

    def exists(self, key: str) -> bool:
        return self.inner.exists(key)

    def list(self, prefix: str) -> Iterator[Blob]:
        return self.inner.list(prefix)


def run_here(stack: Stack, *words: str) -> None:
    """Run the waiting training in this process, without room for some blobs. It is saved after every step."""
    settings = stack.studio.settings.model_copy(update={"checkpoint_seconds": 0.0})
    studio: Any = replace(stack.studio, settings=settings, storage=FullFor(stack.studio.storage, words))
    assert run_next(studio, "training")


def test_without_room_for_previews_and_checkpoints_the_word_is_learned_and_a_warning_says_so(
    stack: Stack,
) -> None:
    job_id = stack.teach("<our-zub>", steps_max=2)
    run_here(stack, "preview", "checkpoint")
    job = stack.job(job_id)
    assert (job.state, job.error) == ("succeeded", None)
    warnings = [event["detail"] for event in stack.events(job_id, "warning")]
    assert any("preview" in warning for warning in warnings)
    assert any("checkpoint" in warning for warning in warnings)
    assert stack.embedding(job_id).vectors >= 1


def test_without_room_for_the_embedding_the_job_fails_with_a_sentence_and_leaves_nothing_behind(stack: Stack) -> None:
    job_id = stack.teach("<our-zub>", steps_max=1)
    run_here(stack, "embedding")
    job = stack.job(job_id)
    assert job.state == "failed"
    assert job.error is not None
    assert "disk is full" in job.error["detail"]
    assert stack.orphans() == 0
