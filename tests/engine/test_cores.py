"""As many threads as there are cores to be had, and the same bits with any number of them."""

import os
import threading
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from PIL import Image

from worker.base_models import BaseModel
from worker.cores import RETRY_SECONDS, TASKS, Cores, seconds_put_off
from worker.generation import Request, Settings, draw
from worker.inversion import Options, invert


class Machine:
    """Cores that others want, or do not; its clock moves only when told to."""

    def __init__(self) -> None:
        self.moment = self.put_off = 0.0
        self.cores = Cores(lambda: self.moment, lambda: self.put_off)

    def pass_by(self, seconds: float, *, missing: float) -> int:
        """So much time, while so many threads had no core. Returns how many threads compute then."""
        for _ in range(round(seconds)):
            self.cores.look()
            self.moment += 1
            self.put_off += missing
        self.cores.look()
        return torch.get_num_threads()


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(8)
    yield
    torch.set_num_threads(before)


def test_who_is_alone_keeps_all_threads() -> None:
    assert Machine().pass_by(100, missing=0.01) == 8


def test_threads_that_get_no_core_are_given_up() -> None:
    assert Machine().pass_by(1, missing=3.2) == 5
    assert Machine().pass_by(3, missing=1) == 2
    assert Machine().pass_by(10, missing=9) == 1


def test_all_threads_are_tried_again_once_the_others_are_gone() -> None:
    machine = Machine()
    assert machine.pass_by(1, missing=4) == 4
    assert machine.pass_by(RETRY_SECONDS - 1, missing=0) == 4
    assert machine.pass_by(1, missing=0) == 8


def test_what_was_tried_in_vain_is_tried_less_often() -> None:
    machine, tries = Machine(), 0
    for _ in range(300):
        tries += machine.pass_by(1, missing=4 if torch.get_num_threads() == 8 else 0) == 8
    assert 5 <= tries <= 8
    assert machine.pass_by(60, missing=0) == 8
    machine.pass_by(2, missing=0)
    assert machine.pass_by(1, missing=4) == 4
    assert machine.pass_by(RETRY_SECONDS, missing=0) == 8, "after it went well, the first pause is short again"


def test_a_look_between_two_looks_is_none() -> None:
    machine = Machine()
    machine.cores.look()
    machine.moment, machine.put_off = 0.1, 5.0
    machine.cores.look()
    assert torch.get_num_threads() == 8


@pytest.mark.skipif(not TASKS.is_dir(), reason="only Linux says it")
def test_the_machine_says_how_long_threads_had_no_core() -> None:
    before, done, matrix = seconds_put_off(), threading.Event(), torch.rand(400, 400)

    def compute() -> None:
        while not done.is_set():
            matrix @ matrix

    crowd = [threading.Thread(target=compute) for _ in range(2 * len(os.sched_getaffinity(0)))]
    for each in crowd:
        each.start()
    try:
        assert any(seconds_put_off() > before + 0.1 for _ in range(10_000) if (matrix @ matrix).numel())
    finally:
        done.set()
        for each in crowd:
            each.join()


def test_a_word_is_the_same_to_the_bit_however_many_threads_learn_it(demo: BaseModel) -> None:
    pictures = [Image.effect_noise((64, 64), 60).convert("RGB")]
    learned = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        *_, step = invert(demo, pictures, "mug", Options.for_model(demo, steps_max=3))
        learned.append(step.embedding)
    ((_, one),), ((_, two),) = (each.rows.items() for each in learned)
    assert torch.equal(one, two)


def test_a_picture_is_the_same_to_the_bit_however_many_threads_draw_it(demo: BaseModel) -> None:
    drawn = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        drawn += draw(demo, [Request("a photo of a mug", seed=3)], Settings.for_model(demo, steps=4))
    assert np.array_equal(*(np.asarray(picture) for picture in drawn))
