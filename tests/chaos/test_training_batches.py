"""Trainings that share a worker: trained together, each as if alone, and none of them a burden to the others."""

from typing import Any

import pytest
import torch

from app.jobs.models import Job
from tests.support.studio import Stack
from tests.support.worker import run_next
from worker.engine.inversion import Inversion, gradients
from worker.handlers.training import training_batch
from worker.handlers.training.training_run import TrainingRun
from worker.lease import LeaseRenewal

pytestmark = pytest.mark.acceptance


@pytest.fixture(autouse=True)
def _waiting_jobs_are_admitted_between_any_two_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_batch, "ADMIT_SECONDS", 0.0)


class AfterLooks:
    """A shutdown that comes after it has been asked for some times."""

    def __init__(self, looks: int) -> None:
        self.left = looks

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0


def run_here(stack: Stack, shutdown: Any = None) -> None:
    """Run the waiting trainings in this process."""
    assert run_next(stack.studio, "training", shutdown=shutdown)


def trained(stack: Stack, job_id: str) -> torch.Tensor:
    return stack.embedding(job_id).rows["text_encoder"]


def test_jobs_that_wait_are_trained_together_and_each_as_if_alone(
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
    torch.testing.assert_close(trained(stack, jobs[2]), trained(stack, alone), rtol=1e-3, atol=1e-4)
    assert stack.orphans() == 0


def test_one_that_is_cancelled_and_one_that_breaks_leave_the_others_as_they_were(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    healthy, cancelled, broken = (stack.teach(f"<{name}>", steps_max=3) for name in ("healthy", "dropped", "broken"))
    next_batch, begin = Inversion.next_batch, Inversion.begin
    begun: list[Inversion] = []
    renewals: list[LeaseRenewal] = []
    enter = LeaseRenewal.__enter__

    def counted(inversion: Inversion, *arguments: Any) -> Any:
        begun.append(inversion)
        return begin(inversion, *arguments)

    def breaking(inversion: Inversion) -> Any:
        if inversion.number == 1 and inversion is begun[2]:
            raise RuntimeError("a concept that breaks every pass it is in")
        if inversion.number == 1 and inversion is begun[1]:
            stack.client.post(f"/api/jobs/{cancelled}/cancel", json={"keep": False}).raise_for_status()
            renewals[0].renew_all()
        return next_batch(inversion)

    monkeypatch.setattr(LeaseRenewal, "__enter__", lambda self: renewals.append(self) or enter(self))
    monkeypatch.setattr(Inversion, "begin", counted)
    monkeypatch.setattr(Inversion, "next_batch", breaking)
    run_here(stack)
    assert stack.job(broken).state == "queued", "what went wrong beside others is tried again alone"
    run_here(stack)
    rows = [stack.job(job_id) for job_id in (healthy, cancelled, broken)]
    assert [(row.state, row.attempt) for row in rows] == [("succeeded", 1), ("cancelled", 1), ("succeeded", 2)]


def test_a_word_that_does_not_fit_takes_smaller_passes_and_at_the_end_its_job_says_what_would_fit(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[tuple[int, bool]] = []

    def short(model: Any, inversions: Any) -> Any:
        passes = inversions[0].passes
        tried.append((min(passes.samples, 4), passes.checkpointing))
        if not passes.checkpointing or fits_nowhere:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return gradients(model, inversions)

    monkeypatch.setattr(training_batch, "gradients", short)
    fits_nowhere = False
    fitting = stack.teach("<fits>", steps_max=2, batch=4)
    run_here(stack)
    assert stack.job(fitting).state == "succeeded"
    assert tried == [(4, False), (2, False), (1, False), (1, True), (1, True)], "what was found holds for later steps"
    fits_nowhere = True
    too_large = stack.teach("<my-large>", steps_max=2, batch=4)
    run_here(stack)
    job = stack.job(too_large)
    assert (job.state, job.attempt) == ("failed", 1)
    assert job.error is not None
    assert "even with one sample at a time and gradient checkpointing" in job.error["detail"]


def test_an_evaluation_does_not_stop_the_training_of_the_others(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    short, long = stack.teach("<short-zub>", steps_max=2), stack.teach("<long-zub>", steps_max=12)
    steps: list[int] = []  # how many concepts each pass had

    def counted(model: Any, inversions: Any) -> Any:
        steps.append(len(inversions))
        return gradients(model, inversions)

    monkeypatch.setattr(training_batch, "gradients", counted)
    run_here(stack)
    assert {stack.job(job_id).state for job_id in (short, long)} == {"succeeded"}
    began = [event["step"] for event in stack.events(short, "progress") if event.get("stage") == "report"]
    assert began == [2]
    ended = {job_id: stack.job(job_id).finished_at for job_id in (short, long)}
    while_evaluating = steps.count(1)
    assert while_evaluating >= 10, "the longer one trains on alone while the shorter one is evaluated"
    assert ended[short] < ended[long]


def test_a_training_that_arrives_during_an_evaluation_begins_at_once(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, later = stack.teach("<first-zub>", steps_max=2), list[str]()
    evaluate_step = TrainingRun.evaluate_step

    def submitting(work: TrainingRun) -> None:
        if not later:
            later.append(stack.teach("<later-zub>", steps_max=2))
        evaluate_step(work)

    monkeypatch.setattr(TrainingRun, "evaluate_step", submitting)
    run_here(stack)
    ended, joined = stack.job(first), stack.job(later[0])
    assert (ended.state, joined.state) == ("succeeded", "succeeded")
    assert ended.finished_at is not None
    assert joined.started_at is not None
    assert joined.started_at < ended.finished_at


def test_a_worker_that_is_told_to_stop_hands_every_one_of_them_back(stack: Stack) -> None:
    jobs = [stack.teach(f"<zub-{seed}>", steps_max=50, seed=seed) for seed in range(2)]
    run_here(stack, AfterLooks(120))
    rows = [stack.job(job_id) for job_id in jobs]
    assert [(row.state, row.checkpoint_key is not None) for row in rows] == [("queued", True)] * 2
    assert [row.attempts_max - row.attempt for row in rows] == [stack.settings.attempts_max] * 2


@pytest.mark.parametrize("kept", [b"from before an update", None], ids=["old", "missing"])
def test_a_checkpoint_that_cannot_be_used_costs_its_steps_and_not_the_concept(stack: Stack, kept: bytes | None) -> None:
    job_id = stack.teach("<our-zub>", steps_max=2)
    if kept is not None:
        stack.studio.storage.put("jobs/old/checkpoint.safetensors", kept)
    with stack.database.transaction() as session:
        session.get_one(Job, job_id).checkpoint_key = "jobs/old/checkpoint.safetensors"
    run_here(stack)
    assert stack.job(job_id).state == "succeeded"
    assert any("starts anew" in event["detail"] for event in stack.events(job_id, "warning"))
