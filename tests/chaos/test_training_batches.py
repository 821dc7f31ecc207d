"""Teachings that share a worker: learned together, each as if alone, and none a burden to the others."""

import multiprocessing
from typing import Any

import pytest
import torch

from app.jobs import ledger
from app.jobs.models import Job
from tests.support.studio import Stack
from worker.engine.inversion import Inversion, gradients
from worker.handlers.training import teach, training_batch

pytestmark = pytest.mark.acceptance


@pytest.fixture(autouse=True)
def _newcomers_are_looked_for_between_any_two_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_batch, "LOOK_SECONDS", 0.0)


class AfterLooks:
    """A worker's wish to stop, which comes after some looks at it."""

    def __init__(self, looks: int) -> None:
        self.left = looks

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0


def run_here(stack: Stack, shutdown: Any = None) -> None:
    """Run the waiting trainings in this process."""
    with stack.database.transaction() as session:
        job = ledger.claim(session, "training", "here", 60.0)
    assert job is not None
    teach(stack.studio, job, shutdown or multiprocessing.Event())


def learned(stack: Stack, job_id: str) -> torch.Tensor:
    return stack.embedding(job_id).rows["text_encoder"]


def test_jobs_that_wait_are_learned_together_and_each_as_if_alone(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def counted(model: Any, inversions: Any) -> Any:
        sizes.append(len(inversions))
        return gradients(model, inversions)

    monkeypatch.setattr(training_batch, "gradients", counted)
    jobs = [stack.teach(f"<zub-{seed}>", steps_max=3, seed=seed) for seed in range(3)]
    run_here(stack)
    assert max(sizes) == 3
    alone = stack.teach("<alone>", steps_max=3, seed=2)
    run_here(stack)
    assert [stack.job(job_id).state for job_id in [*jobs, alone]] == ["succeeded"] * 4
    torch.testing.assert_close(learned(stack, jobs[2]), learned(stack, alone), rtol=1e-3, atol=1e-4)
    assert stack.orphans() == 0


def test_one_that_is_cancelled_and_one_that_breaks_leave_the_others_as_they_were(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    healthy, cancelled, broken = (stack.teach(f"<{name}>", steps_max=3) for name in ("healthy", "dropped", "broken"))
    reading = Inversion.next_batch

    def next_batch(inversion: Inversion) -> Any:
        if inversion.number == 1 and inversion.concept is words[2]:
            raise RuntimeError("a word that breaks every pass it is in")
        if inversion.number == 1 and inversion.concept is words[1]:
            stack.client.post(f"/api/jobs/{cancelled}/cancel", json={"keep": False}).raise_for_status()
            beating[0].beat()
        return reading(inversion)

    words: list[Any] = []
    beating: list[Any] = []
    begin = training_batch.TrainingRun.begin

    def remember(teaching: Any) -> None:
        begin(teaching)
        words.append(teaching.inversion.concept)
        beating.append(teaching.heartbeat)

    monkeypatch.setattr(training_batch.TrainingRun, "begin", remember)
    monkeypatch.setattr(Inversion, "next_reading", next_batch)
    run_here(stack)
    assert stack.job(broken).state == "queued", "what went wrong in company is tried again alone"
    run_here(stack)
    rows = [stack.job(job_id) for job_id in (healthy, cancelled, broken)]
    assert [(row.state, row.attempt) for row in rows] == [("succeeded", 1), ("cancelled", 1), ("succeeded", 2)]


def test_a_worker_that_is_told_to_stop_hands_every_one_of_them_back(stack: Stack) -> None:
    jobs = [stack.teach(f"<zub-{seed}>", steps_max=50, seed=seed) for seed in range(2)]
    run_here(stack, AfterLooks(120))
    rows = [stack.job(job_id) for job_id in jobs]
    assert [(row.state, row.checkpoint_key is not None) for row in rows] == [("queued", True)] * 2
    assert [row.attempts_max - row.attempt for row in rows] == [stack.settings.attempts_max] * 2


@pytest.mark.parametrize("kept", [b"from before an update", None], ids=["old", "missing"])
def test_a_checkpoint_that_cannot_be_used_costs_its_steps_and_not_the_word(stack: Stack, kept: bytes | None) -> None:
    job_id = stack.teach("<our-zub>", steps_max=2)
    if kept is not None:
        stack.studio.storage.put("jobs/old/checkpoint.safetensors", kept)
    with stack.database.transaction() as session:
        session.get_one(Job, job_id).checkpoint_key = "jobs/old/checkpoint.safetensors"
    run_here(stack)
    assert stack.job(job_id).state == "succeeded"
    assert any("begins anew" in event["detail"] for event in stack.events(job_id, "warning"))
