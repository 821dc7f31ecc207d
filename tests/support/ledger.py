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


def submit(database: Database, team: str, **values: Any) -> str:
    with database.transaction() as session:
        values = {"title": "t", "spec": {"count": 1}, "attempts_max": 3, "batch_key": "k"} | values
        job = Job(team_id=team, **{"user_id": team} | values)
        ledger.submit(session, job, values.get("kind", "generation"))
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
