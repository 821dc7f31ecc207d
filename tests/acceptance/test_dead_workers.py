"""Workers that die, hang or are told to stop in the middle of a teaching. The word is learned all the same."""

import signal

import pytest
import torch

from tests.acceptance.stack import Stack, until

pytestmark = pytest.mark.acceptance


def same(stack: Stack, one: str, other: str) -> bool:
    rows = [stack.embedding(job_id).rows["text_encoder"] for job_id in (one, other)]
    return torch.equal(*rows)


def test_a_killed_child_resumes_from_its_checkpoint_with_the_very_same_embedding(stack_on_either: Stack) -> None:
    stack = stack_on_either
    worker = stack.start_worker("training")
    interrupted = stack.teach("<interrupted>", steps_max=12)
    stack.wait_for_checkpoint(interrupted)
    worker.child().kill()
    job = stack.wait_for(interrupted, "succeeded")
    assert job.attempt == 2
    steps = [event["step"] for event in stack.events(interrupted, "progress")]
    assert steps.count(1) <= 1, "it began anew instead of going on"
    undisturbed = stack.teach("<undisturbed>", steps_max=12)
    stack.wait_for(undisturbed, "succeeded")
    assert same(stack, interrupted, undisturbed)
    assert stack.orphans() == 0


def test_when_a_whole_worker_is_switched_off_another_one_takes_its_job_over(stack: Stack) -> None:
    first = stack.start_worker("training")
    job_id = stack.teach("<our-zub>", steps_max=12)
    stack.wait_for_checkpoint(job_id)
    first.kill()
    stack.start_worker("training")
    assert stack.wait_for(job_id, "succeeded").attempt == 2
    assert stack.orphans() == 0


def test_a_worker_that_is_told_to_stop_saves_its_teaching_and_hands_it_over(stack: Stack) -> None:
    first = stack.start_worker("training")
    job_id = stack.teach("<our-zub>", steps_max=12)
    until(lambda: stack.events(job_id, "progress"), "the first step")
    first.parent.send_signal(signal.SIGTERM)
    first.parent.wait(10)
    job = stack.job(job_id)
    assert (job.state, job.checkpoint_key is not None) == ("queued", True)
    stack.start_worker("training")
    job = stack.wait_for(job_id, "succeeded")
    assert job.attempts_max - job.attempt == stack.settings.attempts_max - 1, "an orderly stop cost an attempt"


def test_a_worker_that_slept_past_its_lease_writes_nothing_when_it_wakes(stack: Stack) -> None:
    sleeper = stack.start_worker("training")
    job_id = stack.teach("<our-zub>", steps_max=12)
    stack.wait_for_checkpoint(job_id)
    stack.suspend(sleeper)
    stack.start_worker("training")
    stack.wait_for(job_id, "succeeded")
    before = stack.job(job_id), len(stack.events(job_id, "progress")), stack.embedding(job_id)
    sleeper.parent.resume()
    sleeper.child().resume()
    until(lambda: sleeper.says("lease lost"), "the sleeper to notice")
    after = stack.job(job_id)
    assert (after.attempt, after.finished_at) == (before[0].attempt, before[0].finished_at)
    assert len(stack.events(job_id, "progress")) == before[1]
    assert torch.equal(stack.embedding(job_id).rows["text_encoder"], before[2].rows["text_encoder"])
    assert stack.orphans() == 0


def test_a_job_that_kills_its_workers_ends_failed_and_the_next_one_runs(stack: Stack) -> None:
    worker = stack.start_worker("generation")
    poison = stack.draw("a photo of a cat", count=16, steps=100)
    for attempt in range(1, stack.settings.attempts_max + 1):
        until(lambda attempt=attempt: stack.sweep() or stack.job(poison).attempt == attempt, f"attempt {attempt}")
        worker.child().kill()
    job = stack.wait_for(poison, "failed")
    assert job.error is not None
    assert "tried 2 times" in job.error["detail"]
    stack.wait_for(stack.draw("a photo of a cat"), "succeeded")
