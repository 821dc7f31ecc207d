"""Teaching and drawing on one device: the drawing goes first, the teaching goes on, and learns what it would have."""

from collections.abc import Callable
from functools import partial
from itertools import count

import pytest
import torch

from tests.support.studio import Stack
from tests.support.worker import run_next, runner

pytestmark = pytest.mark.acceptance


def test_a_worker_that_takes_both_draws_while_it_teaches_and_finishes_both(stack: Stack) -> None:
    teaching = stack.teach("<zub>", steps_max=3000)
    stack.start_worker("training,generation")
    stack.wait_for(teaching, "running")
    drawing = stack.draw("a monster")
    stack.wait_for(drawing, "succeeded")
    assert stack.job(teaching).state == "running"
    assert stack.job(teaching).attempt == 1
    stack.client.post(f"/api/jobs/{teaching}/cancel", json={"keep": True})
    stack.wait_for(teaching, "succeeded")


def taught(stack: Stack, placeholder: str, yield_to_generation: Callable[[], None]) -> torch.Tensor:
    job_id = stack.teach(placeholder, steps_max=12)
    assert runner(stack.studio, yield_to_generation=yield_to_generation).run_next("training")
    return stack.embedding(job_id).rows["text_encoder"]


def draw_one(stack: Stack, drawn: list[str]) -> None:
    drawn.append(stack.draw("a monster", seed=len(drawn)))
    assert run_next(stack.studio, "generation")


def every_third_time(draw: Callable[[], None]) -> Callable[[], None]:
    times = count()
    return lambda: None if next(times) % 3 else draw()


def test_what_is_drawn_between_two_steps_changes_nothing_of_what_is_learned(stack: Stack) -> None:
    drawn: list[str] = []
    alone = taught(stack, "<zub>", lambda: None)
    beside = taught(stack, "<other-zub>", every_third_time(partial(draw_one, stack, drawn)))
    assert len(drawn) > 12 / 3 + 1  # some of them between two steps of the report
    assert {stack.job(job_id).state for job_id in drawn} == {"succeeded"}
    assert torch.equal(alone, beside)
