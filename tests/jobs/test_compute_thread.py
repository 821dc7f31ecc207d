"""Everything that a worker computes is computed by one thread, one thing after the other."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from worker.compute_thread import ComputeThread


def test_every_caller_gets_the_same_thread_and_it_does_one_thing_at_a_time() -> None:
    device, done, running = ComputeThread("device"), list[int](), threading.Lock()

    def work() -> None:
        assert running.acquire(blocking=False)
        done.append(threading.get_ident())
        running.release()

    with ThreadPoolExecutor(8) as many:
        list(many.map(lambda _: device.run(work), range(100)))
    assert len(done) == 100
    assert len(set(done)) == 1
    assert done[0] != threading.get_ident()


def test_what_goes_wrong_is_raised_where_it_was_asked_for_and_the_next_is_done() -> None:
    device, done = ComputeThread("device"), list[str]()

    def fail() -> None:
        raise ZeroDivisionError("once")

    with pytest.raises(ZeroDivisionError, match="once"):
        device.run(fail)
    device.run(lambda: done.append("next"))
    assert done == ["next"]
