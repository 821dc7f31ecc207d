"""`Idempotency-Key`: the same request sent twice makes one thing and gets one answer, also when both come at once.

A key belongs to a team. What it was used for is written in the transaction that makes the thing.
"""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.concepts import queries
from app.errors import Conflict
from app.jobs import queries as jobs
from app.jobs.models import Job, Submission

Made = TypeVar("Made")


def earlier(session: Session, team_id: str, key: str | None, mark: str) -> Job | None:
    """The job that the same request made before. `mark` is the request's hash.

    Raises Conflict if the key came with a different request.
    """
    submission = None if key is None else queries.submission(session, team_id, key)
    if submission is None:
        return None
    job = jobs.by_id(session, team_id, submission.made_id)
    if submission.body_hash != mark or job is None:
        raise Conflict(
            "This Idempotency-Key was used for a different request. Send a new key with it.",
            field="Idempotency-Key",
            code="idempotency-key-reused",
        )
    return job


def remember(session: Session, key: str | None, mark: str, job: Job) -> None:
    """Write down what a key was used for."""
    if key is not None:
        session.add(Submission(team_id=job.team_id, key=key, body_hash=mark, made_id=job.id))


def despite_racers(make: Callable[[], Made]) -> Made:
    """Run a transaction. If another writer was first, run it once more: it then sees what that one made."""
    try:
        return make()
    except IntegrityError:
        return make()
