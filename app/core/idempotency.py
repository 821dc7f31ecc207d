"""`Idempotency-Key`: the same request sent twice makes one thing and gets one answer, also when both come at once.

A key belongs to a team. What it was used for is written in the transaction that makes the thing.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import Header
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.concepts import queries
from app.core.errors import Conflict
from app.jobs import queries as jobs
from app.jobs.models import Job, Submission

Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]
Made = TypeVar("Made")


def earlier(session: Session, team_id: str, key: str | None, mark: str) -> Job | None:
    """The job that the same request made before. `mark` is the request's hash.

    Raises Conflict if the key came with a different request.
    """
    made_id = earlier_id(session, team_id, key, mark)
    if made_id is None:
        return None
    job = jobs.by_id(session, team_id, made_id)
    if job is None:
        raise _reused()
    return job


def earlier_id(session: Session, team_id: str, key: str | None, mark: str) -> str | None:
    """The id of whatever the same request made before. Raises Conflict if the key came with a different request."""
    submission = None if key is None else queries.submission(session, team_id, key)
    if submission is None:
        return None
    if submission.body_hash != mark:
        raise _reused()
    return submission.made_id


def remember(session: Session, key: str | None, mark: str, job: Job) -> None:
    """Write down which job a key was used for."""
    remember_id(session, job.team_id, key, mark, job.id)


def remember_id(session: Session, team_id: str, key: str | None, mark: str, made_id: str) -> None:
    """Write down what a key was used for."""
    if key is not None:
        session.add(Submission(team_id=team_id, key=key, body_hash=mark, made_id=made_id))
        session.flush()


def mark_of(*parts: str) -> str:
    """The hash of a request; its first part says what kind of request it is."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def retry_on_conflict(make: Callable[[], Made]) -> Made:
    """Run a transaction. If another writer was first, run it once more: it then sees what that one made."""
    try:
        return make()
    except IntegrityError:
        return make()


def _reused() -> Conflict:
    return Conflict(
        "This Idempotency-Key was used for a different request. Send a new key with it.",
        field="Idempotency-Key",
        code="idempotency-key-reused",
    )
