"""A ledger that a test fills and claims from directly, without a web service or a worker."""

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from app.accounts.models import Team, User
from app.core.database import Database, now
from app.jobs import ledger
from app.jobs.ledger import Lease
from app.jobs.models import Job

LEASE = 30.0


def add_team(database: Database, name: str) -> str:
    with database.transaction() as session:
        session.add_all([Team(id=name, name=name), User(id=name, name=name)])
    return name


def submit(database: Database, team: str, *, cost: int = 1, **values: Any) -> str:
    with database.transaction() as session:
        values = {"title": "t", "spec": {"count": 1}, "attempts_max": 3, "batch_key": "k"} | values
        job = Job(team_id=team, **{"user_id": team} | values)
        ledger.submit(session, job, values.get("kind", "generation"), cost)
        return job.id


def claim(database: Database, worker: str = "w") -> Job | None:
    with database.transaction() as session:
        return ledger.claim(session, "generation", worker, LEASE)


def load(database: Database, job_id: str) -> Job:
    with database.reading() as session:
        return session.get_one(Job, job_id)


def expire(database: Database, job_id: str) -> None:
    with database.transaction() as session:
        past = now(session) - timedelta(seconds=1)
        session.execute(update(Job).where(Job.id == job_id).values(lease_until=past))


def finish(database: Database, lease: Lease, state: Any = "succeeded") -> None:
    with database.transaction() as session:
        ledger.finish(session, lease, state)


def cancel(database: Database, job_id: str) -> None:
    with database.transaction() as session:
        ledger.cancel(session, session.get_one(Job, job_id), keep=False)


class Lane:
    """A worker that draws one pass after the other, of a cost of `PASS` at most, and remembers whose passes they were.

    A test submits jobs between `begin` and `end`, while a pass is drawn.
    """

    PASS = 4

    def __init__(self, database: Database) -> None:
        self.database = database
        self.passes: list[str] = []
        self._job: Job | None = None
        self._left = 0

    def begin(self) -> str:
        """Begin a pass: the next of the job that goes on, or the first of a job that is claimed."""
        if self._job is None:
            self._job = claim(self.database)
            assert self._job is not None, "nothing waits"
            self._left = self._job.cost
        self.passes.append(self._job.id)
        return self._job.id

    def end(self) -> None:
        """End the pass, and with it the job, or its turn if a waiting job goes first."""
        assert self._job is not None
        lease, self._left = Lease(self._job.id, self._job.attempt), self._left - min(self._left, self.PASS)
        if self._left == 0:
            finish(self.database, lease)
            self._job = None
            return
        with self.database.transaction() as session:
            if ledger.end_pass(session, lease, self._left):
                ledger.hand_back(session, lease)
                self._job = None

    def stop(self) -> None:
        """Stop in the middle of the job that goes on, as a cancellation asks for."""
        assert self._job is not None
        finish(self.database, Lease(self._job.id, self._job.attempt), "cancelled")
        self._job = None

    def run(self, passes: int) -> list[str]:
        """Draw so many passes; whose they were."""
        for _ in range(passes):
            self.begin()
            self.end()
        return self.passes[-passes:]
