"""Builds the responses about the audit: pages and CSV."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, cast

from app.audit.actions import Action, subject_kind
from app.audit.models import AuditEntry
from app.audit.schemas import ActorOut, AuditEntryOut, AuditPage, SubjectOut
from app.audit.service import ROWS_AT_ONCE
from app.audit.who import Credential

COLUMNS: Final = (
    "at",
    "person",
    "person_id",
    "credential",
    "token",
    "address",
    "action",
    "subject_kind",
    "subject",
    "subject_id",
    "details",
    "request_id",
    "id",
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def page(entries: Sequence[AuditEntry], limit: int) -> AuditPage:
    """A page made from up to `limit + 1` entries."""
    shown = entries[:limit]
    return AuditPage(
        items=[describe(entry) for entry in shown], next=shown[-1].id if len(entries) > limit and shown else None
    )


def describe(entry: AuditEntry) -> AuditEntryOut:
    """One entry."""
    return AuditEntryOut(
        id=entry.id,
        at=entry.at,
        person=ActorOut(id=entry.user_id, name=entry.user_name),
        credential=cast("Credential", entry.credential),
        token=entry.token_name,
        address=entry.address,
        request_id=entry.request_id,
        action=cast("Action", entry.action),
        subject=SubjectOut(kind=subject_kind(entry.action), id=entry.subject_id, label=entry.subject_label),
        details=entry.details,
    )


def as_csv(entries: Iterable[AuditEntry]) -> Iterator[str]:
    """The entries as CSV (RFC 4180) with a header, in chunks of up to 500 rows."""
    chunk = io.StringIO()
    writer = csv.writer(chunk)
    writer.writerow(COLUMNS)
    for number, entry in enumerate(entries, start=1):
        writer.writerow(_cell(cell) for cell in _cells(entry))
        if number % ROWS_AT_ONCE == 0:
            yield chunk.getvalue()
            chunk.seek(0)
            chunk.truncate()
    yield chunk.getvalue()


def _cells(entry: AuditEntry) -> tuple[str | None, ...]:
    """The cells of a row, in the order of `COLUMNS`."""
    return (
        entry.at.isoformat(),
        entry.user_name,
        entry.user_id,
        entry.credential,
        entry.token_name,
        entry.address,
        entry.action,
        subject_kind(entry.action),
        entry.subject_label,
        entry.subject_id,
        json.dumps(entry.details, ensure_ascii=False) if entry.details else "",
        entry.request_id,
        entry.id,
    )


def _cell(value: str | None) -> str:
    """A cell that no spreadsheet takes for a formula: one that begins like a formula gets an apostrophe in front."""
    text = value or ""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
