"""Leases when the ledger's clock is set or the machine sleeps: only those of dead workers expire."""

from datetime import UTC, datetime, timedelta

import pytest

from app.core import database
from app.core.database import Database
from app.jobs import ledger
from app.jobs.ledger import Lease
from tests.support.ledger import LEASE, add_team, claim, load, submit
from worker.maintenance.sweep import ClockJump


class Clock:
    """The database's clock, shifted by an offset."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.offset = timedelta()
        monkeypatch.setattr(ledger, "now", lambda session: database.now(session) + self.offset)

    def step(self, **by: float) -> None:
        self.offset += timedelta(**by)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def renew(database: Database, job_id: str) -> None:
    with database.transaction() as session:
        ledger.renew(session, Lease(job_id, 1), LEASE)


def test_after_the_clock_stepped_back_a_dead_workers_job_is_taken_over_within_one_lease(
    database: Database, clock: Clock
) -> None:
    job_id = submit(database, add_team(database, "team"))
    claim(database, "dead")
    clock.step(minutes=-10)
    assert claim(database) is None, "its worker may be alive, and gets a whole lease to renew"
    clock.step(seconds=LEASE + 1)
    again = claim(database, "alive")
    assert again is not None
    assert (again.id, again.attempt) == (job_id, 2)


def test_after_the_clock_stepped_back_a_living_worker_keeps_its_job(database: Database, clock: Clock) -> None:
    job_id = submit(database, add_team(database, "team"))
    claim(database, "alive")
    clock.step(minutes=-10)
    assert claim(database) is None
    clock.step(seconds=LEASE / 2)
    renew(database, job_id)
    clock.step(seconds=LEASE / 2 + 1)
    assert claim(database) is None
    assert load(database, job_id).attempt == 1


def test_a_lease_that_was_renewed_in_time_does_not_change_when_the_clock_is_right(
    database: Database, clock: Clock
) -> None:
    job_id = submit(database, add_team(database, "team"))
    claim(database)
    before = load(database, job_id).lease_until
    with database.transaction() as session:
        assert ledger.reclaim(session, LEASE) == []
    assert load(database, job_id).lease_until == before


def test_a_jump_of_the_clock_is_distinguished_from_time_that_passed() -> None:
    jump, noon = ClockJump(), datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert jump.seconds(noon, 100.0) == 0
    assert jump.seconds(noon + timedelta(seconds=5), 105.0) == 0
    assert jump.seconds(noon + timedelta(seconds=610), 110.0) == 600
    assert jump.seconds(noon + timedelta(seconds=15), 115.0) == -600
