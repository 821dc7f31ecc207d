"""`Idempotency-Key`: a request that is sent twice creates one object, also when both copies arrive at once.

The second answer is not a copy of the first. It names the same object and shows its state at that moment: the job that
was `queued` in the first answer may be `succeeded` in the second.

A key belongs to a team. The key, the hash of its request and the id of the created object are written in the
transaction that creates the object. This module does not know what kind of object the id names.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ForeignKey, String
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.database import Base, utc_now
from app.core.errors import Conflict

Made = TypeVar("Made")


class Submission(Base):
    """An `Idempotency-Key` that a team has used, the hash of its request, and the id of the created object."""

    __tablename__ = "submissions"

    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    body_hash: Mapped[str] = mapped_column(String(64))
    made_id: Mapped[str] = mapped_column(String(26))  # of a job, a token, a member or a webhook
    created_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)


def earlier_id(session: Session, team_id: str, key: str | None, request_hash: str) -> str | None:
    """The id of the object that the same request created before, or None.

    Raises Conflict if the key was used for a different request.
    """
    submission = None if key is None else session.get(Submission, (team_id, key))
    if submission is None:
        return None
    if submission.body_hash != request_hash:
        raise key_reused()
    return submission.made_id


def remember_id(session: Session, team_id: str, key: str | None, request_hash: str, made_id: str) -> None:
    """Store a used key with its request and the created object. Without a key nothing is stored."""
    if key is not None:
        session.add(Submission(team_id=team_id, key=key, body_hash=request_hash, made_id=made_id))
        session.flush()


def hash_request(*parts: str) -> str:
    """The hash of a request. The first part names the kind of request."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def retry_on_conflict(make: Callable[[], Made]) -> Made:
    """Run a transaction, and run it a second time if it collides with another writer's row.

    The second run finds the row that the other writer committed.
    """
    try:
        return make()
    except IntegrityError:
        return make()


def key_reused() -> Conflict:
    """The error for a key that a different request has used before."""
    return Conflict(
        "This Idempotency-Key was used for a different request. Send a new key with it.",
        field="Idempotency-Key",
        code="idempotency-key-reused",
    )
