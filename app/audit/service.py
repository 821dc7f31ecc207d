"""Writes the audit: one call in the transaction that makes the change, so that neither exists without the other.

A download is the exception: see `record_download`.

`who` is the `Principal` of the request, or an `Actor` where there is none. The address and the request id are those of
the request that the code serves.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.audit import queries
from app.audit.actions import Action
from app.audit.models import AuditEntry
from app.audit.who import Credential, Who
from app.core.caller import address
from app.core.database import Database, utc_now
from app.core.log import request_id

Detail = str | int | float | bool | None | Sequence[str]

DETAILS_MAX: Final = 12
TEXT_MAX: Final = 200  # characters of a label and of each text among the details
ITEMS_MAX: Final = 30
ROWS_AT_ONCE: Final = 500
DOWNLOAD_AGAIN: Final = timedelta(hours=1)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Actor:
    """Somebody who acts without a signed-in request: a person who is just signing in, the command line, the sweep."""

    team_id: str
    user_name: str
    credential: Credential
    user_id: str | None = None
    token_name: str | None = None


def command_line(team_id: str) -> Actor:
    """A person at the machine of the studio, who runs `oneword`."""
    return Actor(team_id, "oneword", "command-line")


def system(team_id: str) -> Actor:
    """The studio itself: what the settings say is removed after some time."""
    return Actor(team_id, "Oneword", "system")


def record(
    session: Session, who: Who, action: Action, /, subject_id: str | None = None, label: str = "", **details: Detail
) -> None:
    """Add one entry. Texts are cut at 200 characters; at most 12 details are kept."""
    entry = AuditEntry(
        team_id=who.team_id,
        user_id=who.user_id,
        user_name=who.user_name[:100],
        credential=who.credential,
        token_name=who.token_name,
        address=address()[:64],
        request_id=request_id(),
        action=action,
        subject_id=subject_id,
        subject_label=label[:TEXT_MAX],
        details=_bounded(details),
    )
    session.add(entry)
    session.flush()


def record_download(
    database: Database, who: Who, concept_id: str, placeholder: str, *, format: str, version: int
) -> None:
    """Write a download of a version of a concept down, in a transaction of its own: once per hour, credential and
    version, so that nobody who may only read fills the disk.

    This entry alone is not worth a refusal: a download changes nothing, so it goes on while the database takes no
    writes, and the studio's log has it then.
    """
    try:
        with database.reading() as session:
            if queries.is_downloaded(session, who.team_id, who, concept_id, version, utc_now() - DOWNLOAD_AGAIN):
                return
        with database.transaction() as session:
            record(session, who, "concept.downloaded", concept_id, placeholder, format=format, version=version)
    except DBAPIError as error:
        log.warning("a download is not in the audit", concept=concept_id, user=who.user_id, error=str(error.orig))


def every(database: Database, team_id: str, matching: queries.Matching) -> Iterator[AuditEntry]:
    """Every entry of a team that matches, newest first. Each 500 rows are read in a short session of their own."""
    before: str | None = None
    while True:
        with database.reading() as session:
            found = queries.page(session, team_id, matching, before=before, limit=ROWS_AT_ONCE)
        yield from found
        if len(found) < ROWS_AT_ONCE:
            return
        before = found[-1].id


def _bounded(details: Mapping[str, Detail]) -> dict[str, Any]:
    kept = [(name, value) for name, value in details.items() if value is not None][:DETAILS_MAX]
    return {name: _cut(value) for name, value in kept}


def _cut(value: Detail) -> Any:
    if isinstance(value, str):
        return value[:TEXT_MAX]
    if isinstance(value, Sequence):
        return [each[:TEXT_MAX] for each in value[:ITEMS_MAX]]
    return value
