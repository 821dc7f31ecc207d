"""A concept that is trained is stored before anything is drawn with it, and nothing that follows can lose it."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from app.concepts.models import Version
from app.jobs import ledger
from app.jobs.models import Job
from tests.support.ledger import expire
from tests.support.studio import Stack
from tests.support.worker import run_next
from worker.engine.inversion import Inversion
from worker.handlers.training import training_run

pytestmark = pytest.mark.acceptance


class Killed(BaseException):
    """The process ends here, as if it had been killed: nothing catches this."""


def broken(error: BaseException) -> Callable[..., Any]:
    def denoise(*_: Any, **__: Any) -> Any:
        raise error
        yield

    return denoise


def version_of(stack: Stack, job_id: str) -> Version:
    with stack.database.reading() as session:
        return session.get_one(Version, stack.job(job_id).version_id)


def report_of(stack: Stack, job_id: str) -> dict[str, Any]:
    version = version_of(stack, job_id)
    report = stack.client.get(f"/api/concepts/{version.concept_id}/versions/{version.number}/report")
    found: dict[str, Any] = report.raise_for_status().json()
    return found


def die_while_evaluating(stack: Stack, job_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a waiting training until its report is drawn, and end there as a killed worker does."""
    with monkeypatch.context() as dying:
        dying.setattr("worker.engine.evaluation.report.denoise_in_parts", broken(Killed()))
        with pytest.raises(Killed):
            run_next(stack.studio, "training")
    expire(stack.database, job_id)
    with stack.database.transaction() as session:
        assert [job.id for job in ledger.reclaim(session, stack.settings.lease_seconds)] == [job_id]


def test_a_report_that_fails_costs_the_report(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.engine.evaluation.report.denoise_in_parts", broken(RuntimeError("no kernel image")))
    job_id = stack.teach("<our-zub>", steps_max=2)
    assert run_next(stack.studio, "training")
    assert (stack.job(job_id).state, stack.job(job_id).attempt) == ("succeeded", 1)
    assert "no kernel image" in report_of(stack, job_id)["failed"]
    assert stack.embedding(job_id).vectors == 1


def test_a_sample_that_fails_costs_the_sample(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_run, "denoise", broken(RuntimeError("no kernel image")))
    job_id = stack.teach("<our-zub>", steps_max=2)
    assert run_next(stack.studio, "training")
    assert (stack.job(job_id).state, stack.job(job_id).attempt) == ("succeeded", 1)
    assert report_of(stack, job_id)["failed"] is None


def test_after_a_worker_died_in_the_report_the_next_attempt_finishes_without_training_or_drawing(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = stack.teach("<our-zub>", steps_max=2)
    die_while_evaluating(stack, job_id, monkeypatch)
    stored = version_of(stack, job_id)
    assert stored.state == "training"
    assert stored.files
    monkeypatch.setattr(Inversion, "begin", broken(AssertionError("trained again")))
    monkeypatch.setattr("worker.engine.evaluation.report.denoise_in_parts", broken(AssertionError("drawn again")))
    assert run_next(stack.studio, "training")
    assert (stack.job(job_id).state, stack.job(job_id).attempt) == ("succeeded", 2)
    assert "died" in report_of(stack, job_id)["failed"]
    assert version_of(stack, job_id).files == stored.files
    assert stack.orphans() == 0


@pytest.mark.parametrize("died", [False, True], ids=["first", "after-a-death-in-training"])
def test_an_orderly_shutdown_in_the_report_draws_it_in_the_next_attempt(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, died: bool
) -> None:
    job_id = stack.teach("<our-zub>", steps_max=2)
    if died:
        with stack.database.transaction() as session:
            session.get_one(Job, job_id).error = {"type": ledger.WORKER_LOST}
    began: list[int] = []
    keep = training_run.TrainingRun.keep_trained

    def keep_and_tell(work: training_run.TrainingRun) -> None:
        keep(work)
        began.append(1)

    class AfterKeeping:
        def is_set(self) -> bool:
            return bool(began)

    monkeypatch.setattr(training_run.TrainingRun, "keep_trained", keep_and_tell)
    assert run_next(stack.studio, "training", shutdown=AfterKeeping())
    assert stack.job(job_id).state == "queued"
    rows = stack.studio.embedding_cache.get(version_of(stack, job_id).files["oneword"]["key"]).rows
    monkeypatch.undo()
    assert run_next(stack.studio, "training")
    assert stack.job(job_id).state == "succeeded"
    assert report_of(stack, job_id)["failed"] is None
    assert torch.isfinite(rows["text_encoder"]).all()


def test_a_result_that_is_stored_and_not_ready_is_not_shown_and_goes_when_the_training_is_cancelled(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = stack.teach("<our-zub>", steps_max=2)
    die_while_evaluating(stack, job_id, monkeypatch)
    concept = f"/api/concepts/{stack.job(job_id).concept_id}"
    (version,) = stack.client.get(f"{concept}/versions").raise_for_status().json()["items"]
    assert (version["state"], version["embedding"], version["report"]) == ("training", None, None)
    assert stack.client.get(f"{concept}/versions/1/report").json()["type"] == "/problems/no-report"
    stack.client.post(f"/api/jobs/{job_id}/cancel", json={"keep": False}).raise_for_status()
    assert (version_of(stack, job_id).state, version_of(stack, job_id).files) == ("cancelled", {})


def test_a_training_that_is_cancelled_between_two_attempts_can_keep_what_is_stored(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = stack.teach("<our-zub>", steps_max=2)
    die_while_evaluating(stack, job_id, monkeypatch)
    stack.client.post(f"/api/jobs/{job_id}/cancel", json={"keep": True}).raise_for_status()
    assert (stack.job(job_id).state, version_of(stack, job_id).state) == ("cancelled", "ready")
    assert stack.embedding(job_id).vectors == 1


@pytest.mark.parametrize("content", [None, b"damaged"], ids=["missing", "damaged"])
def test_stored_candidates_that_cannot_be_used_are_trained_again(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    job_id = stack.teach("<our-zub>", steps_max=2)
    die_while_evaluating(stack, job_id, monkeypatch)
    key = version_of(stack, job_id).files["oneword"]["key"]
    stack.studio.storage.delete(key)
    if content is not None:
        stack.studio.storage.put(key, content)
    assert run_next(stack.studio, "training")
    assert (stack.job(job_id).state, stack.job(job_id).attempt) == ("succeeded", 2)
    assert version_of(stack, job_id).files["oneword"]["key"] != key


def test_a_worker_that_died_in_the_last_attempt_leaves_a_ready_concept(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = stack.teach("<our-zub>", steps_max=2)
    with stack.database.transaction() as session:
        session.get_one(Job, job_id).attempts_max = 1
    die_while_evaluating(stack, job_id, monkeypatch)
    assert stack.job(job_id).state == "failed"
    assert version_of(stack, job_id).state == "ready"
    assert stack.embedding(job_id).vectors == 1
