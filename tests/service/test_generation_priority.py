"""Generations go before training on a shared device, and neither starves; kinds take turns, in one thread."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from app.core.database import now
from app.jobs import ledger
from app.services import Services
from app.workers.models import Worker
from worker import generation_priority
from worker.context import WorkerContext
from worker.generation_priority import GenerationPriority, neighbours_draw, wait_for_neighbours
from worker.heartbeat import device_of
from worker.shutdown import SharedFlag
from worker.work_loop import WorkLoop


class Clock:
    """Moves only when told to."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(generation_priority, "time", clock)
    return clock


def test_a_teaching_that_rested_works_as_long_before_it_rests_again(clock: Clock) -> None:
    rests: list[float] = []

    def rest() -> None:
        rests.append(clock.seconds)
        clock.seconds += 6

    way = GenerationPriority(rest)
    for _ in range(20):
        way.between_steps()
        clock.seconds += 1
    assert rests == [100, 112, 124, 136]


def test_a_teaching_that_found_nobody_looks_again_soon(clock: Clock) -> None:
    rests: list[float] = []
    way = GenerationPriority(lambda: rests.append(clock.seconds))
    for _ in range(8):
        way.between_steps()
        clock.seconds += 0.25
    assert rests == [100, 100.5, 101, 101.5]


def there(services: Services, device: str, seconds_ago: float = 0) -> None:
    with services.database.transaction() as session:
        moment = now(session) - timedelta(seconds=seconds_ago)
        row = {"name": "painter", "kinds": {"generation": 16}, "device": device, "metrics": {}}
        session.merge(Worker(**row, started_at=moment, seen_at=moment, clock_at=moment))


@pytest.fixture
def drawn_beside(services: Services) -> Callable[[], bool]:
    context = WorkerContext(services.settings, services.database, services.storage)
    return lambda: neighbours_draw(context)


def draw(member: TestClient) -> None:
    assert member.post("/api/generations", json={"prompt": "x", "count": 1}).status_code == 202


def test_a_drawing_on_the_same_device_is_let_pass_while_it_waits_and_while_it_runs(
    member: TestClient, services: Services, drawn_beside: Callable[[], bool]
) -> None:
    there(services, device_of("auto"))
    assert not drawn_beside()
    draw(member)
    assert drawn_beside()
    with services.database.transaction() as session:
        job = ledger.claim(session, "generation", "painter", 60)
        assert job is not None
    assert drawn_beside()
    with services.database.transaction() as session:
        ledger.finish(session, ledger.Lease(job.id, 1), "succeeded")
    assert not drawn_beside()


@pytest.mark.parametrize(("device", "seconds_ago"), [("another GPU", 0), (device_of("auto"), 3600)])
def test_a_drawing_elsewhere_or_for_a_dead_worker_holds_no_teaching_up(
    member: TestClient, services: Services, drawn_beside: Callable[[], bool], device: str, seconds_ago: float
) -> None:
    there(services, device, seconds_ago)
    draw(member)
    assert not drawn_beside()


def test_nobody_rests_while_the_worker_is_to_stop(member: TestClient, services: Services) -> None:
    there(services, device_of("auto"))
    draw(member)
    context = WorkerContext(services.settings, services.database, services.storage)
    wait_for_neighbours(context, lambda: True)()  # returns at once; otherwise only after its longest rest


def test_kinds_take_turns_in_a_worker_that_takes_all() -> None:
    waiting = {"generation": 4, "training": 2, "import": 1}
    ran: list[str] = []

    def run_next(kind: str) -> bool:
        if not waiting[kind]:
            return False
        waiting[kind] -= 1
        ran.append(kind)
        return True

    WorkLoop(["training", "generation", "import"], run_next, SharedFlag()).run_waiting()
    assert ran == ["import", "generation", "training", "generation", "training", "generation", "generation"]


def test_messages_and_the_poller_have_their_work_done_by_the_same_thread() -> None:
    """A second thread that computes would slow both down for good."""
    ran: list[int] = []

    def run_next(_: str) -> bool:
        ran.append(threading.get_ident())
        return False

    loop = WorkLoop(["training"], run_next, SharedFlag())
    poller = threading.Thread(target=loop.run_waiting)
    poller.start()
    poller.join()
    loop.run_waiting()
    assert len(ran) == 2
    assert len(set(ran)) == 1
    assert ran[0] not in (threading.get_ident(), poller.ident)
