"""Workers that die, hang or are told to stop in the middle of a job. What was asked for is done all the same, once."""

import signal
from collections.abc import Callable

import pytest
import torch

from tests.support.studio import Stack
from tests.support.waiting import PATIENCE_SECONDS, until

pytestmark = pytest.mark.acceptance

LONG = 80  # steps: long enough to be interrupted


def same(stack: Stack, one: str, other: str) -> bool:
    rows = [stack.embedding(job_id).rows["text_encoder"] for job_id in (one, other)]
    return torch.equal(*rows)


def test_a_killed_child_resumes_from_its_checkpoint_with_the_very_same_embedding(stack_on_either: Stack) -> None:
    stack = stack_on_either
    worker = stack.start_worker("training")
    interrupted = stack.teach("<interrupted>", steps_max=LONG)
    stack.wait_for_checkpoint(interrupted)
    worker.child().kill()
    stack.lease_runs_out(interrupted)
    job = stack.wait_for(interrupted, "succeeded")
    assert job.attempt == 2
    steps = [event["step"] for event in stack.events(interrupted, "progress")]
    assert steps.count(1) <= 1, "it began anew instead of going on"
    undisturbed = stack.teach("<undisturbed>", steps_max=LONG)
    stack.wait_for(undisturbed, "succeeded")
    assert same(stack, interrupted, undisturbed)
    assert stack.orphans() == 0


def test_when_a_whole_worker_is_switched_off_another_one_takes_its_job_over_once_its_lease_ran_out(
    build: Callable[..., Stack],
) -> None:
    stack = build(lease_seconds=2.0)  # and nobody says so but time
    first = stack.start_worker("training")
    job_id = stack.teach("<our-zub>", steps_max=LONG)
    stack.wait_for_checkpoint(job_id)
    first.kill()
    stack.start_worker("training")
    assert stack.wait_for(job_id, "succeeded").attempt >= 2
    assert stack.orphans() == 0


def test_a_killed_parent_takes_its_child_along_and_another_worker_goes_on(stack: Stack) -> None:
    first = stack.start_worker("training")
    job_id = stack.teach("<our-zub>", steps_max=LONG)
    stack.wait_for_checkpoint(job_id)
    child = first.child()
    first.parent.kill()
    child.wait(PATIENCE_SECONDS)
    stack.lease_runs_out(job_id)
    stack.start_worker("training")
    assert stack.wait_for(job_id, "succeeded").attempt == 2
    assert stack.orphans() == 0


def test_a_worker_that_is_told_to_stop_saves_its_teaching_and_hands_it_over_within_ten_seconds(stack: Stack) -> None:
    first = stack.start_worker("training")
    job_id = stack.teach("<our-zub>", steps_max=LONG)
    until(lambda: stack.events(job_id, "progress"), "the first step")
    first.parent.send_signal(signal.SIGTERM)
    first.parent.wait(10)
    job = stack.job(job_id)
    assert (job.state, job.checkpoint_key is not None) == ("queued", True)
    stack.start_worker("training")
    job = stack.wait_for(job_id, "succeeded")
    assert job.attempts_max - job.attempt == stack.settings.attempts_max - 1, "an orderly stop cost an attempt"


def test_a_worker_that_nobody_woke_hands_over_what_it_found_by_itself(stack: Stack) -> None:
    stack.stop_broker()
    job_id = stack.teach("<our-zub>", steps_max=1000)
    stack.start_broker()
    worker = stack.start_worker("training")
    until(lambda: stack.events(job_id, "progress"), "the first step")
    worker.parent.send_signal(signal.SIGTERM)
    worker.parent.wait(10)
    job = stack.job(job_id)
    assert (job.state, job.checkpoint_key is not None) == ("queued", True)


def test_a_worker_that_slept_past_its_lease_writes_nothing_when_it_wakes(stack: Stack) -> None:
    sleeper = stack.start_worker("training")
    job_id = stack.teach("<our-zub>", steps_max=LONG)
    stack.wait_for_checkpoint(job_id)
    stack.suspend(sleeper)
    stack.lease_runs_out(job_id)
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


def test_a_job_whose_worker_dies_three_times_ends_failed_alone_and_the_next_one_runs(
    build: Callable[..., Stack],
) -> None:
    stack = build(attempts_max=3, batch_pictures_max=300)  # both in one pass
    poison = stack.draw("a photo of a cat", count=2, steps=100)
    innocent = stack.draw("a photo of a mug", count=1, steps=100)
    worker = stack.start_worker("generation")
    for attempt in (1, 2, 3):
        until(lambda attempt=attempt: stack.job(poison).attempt == attempt, f"attempt {attempt}")
        worker.child().kill()
        for job_id in (poison, innocent):
            stack.lease_runs_out(job_id)
    job = stack.wait_for(poison, "failed")
    assert job.error is not None
    assert "tried 3 times" in job.error["detail"]
    assert stack.wait_for(innocent, "succeeded").attempt == 2, "it died once with the other, and then ran alone"
    assert stack.orphans() == 0
