"""What a worker does while the database is away, and how it hears that it should stop."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from app.core.database import Database
from app.jobs.ledger import Lease
from tests.support.ledger import add_team, claim, load, submit
from worker.lease import LeaseRenewal, write
from worker.shutdown import SharedFlag


@pytest.fixture
def sqlite(migrated: Path, tmp_path: Path) -> Iterator[Database]:
    """One database is enough: what is tested here does not depend on which."""
    database = Database(f"sqlite:///{shutil.copy(migrated, tmp_path / 'test.sqlite3')}")
    yield database
    database.dispose()


def test_a_write_is_tried_again_while_the_database_is_away(sqlite: Database) -> None:
    tries = []

    def change(_: Session) -> int:
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError("UPDATE", {}, Exception("the server went away"))
        return len(tries)

    assert write(sqlite, change) == 3


def test_a_write_that_is_wrong_is_not_tried_again(sqlite: Database) -> None:
    tries = []

    def change(_: Session) -> None:
        tries.append(1)
        raise IntegrityError("INSERT", {}, Exception("twice the same"))

    with pytest.raises(IntegrityError):
        write(sqlite, change)
    assert len(tries) == 1


def test_a_renewal_that_the_database_refuses_is_made_up_for_by_the_next(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = submit(sqlite, add_team(sqlite, "team"))
    claim(sqlite)
    before = load(sqlite, job_id).lease_until
    lease = Lease(job_id, 1)
    renewal = LeaseRenewal(sqlite, 60.0)
    renewal.add(lease)

    def away(*_: object) -> None:
        raise OperationalError("UPDATE", {}, Exception("the server went away"))

    with monkeypatch.context() as outage:
        outage.setattr("app.jobs.ledger.renew", away)
        renewal.renew_all()
    assert (renewal.cancellation(lease), load(sqlite, job_id).lease_until) == (None, before)
    renewal.renew_all()
    after = load(sqlite, job_id).lease_until
    assert before is not None
    assert after is not None
    assert after > before


def test_a_flag_is_heard_across_a_fork_and_survives_a_child_that_is_killed_while_it_looks() -> None:
    flag = SharedFlag()
    child = os.fork()
    if child == 0:
        while not flag.is_set():
            pass
        os._exit(7)
    other = os.fork()
    if other == 0:
        while True:
            flag.is_set()
    os.kill(other, signal.SIGKILL)
    os.waitpid(other, 0)
    flag.set()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
