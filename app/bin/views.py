"""Builds the responses about the bin."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, cast

from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.accounts.principal import Principal
from app.bin import queries
from app.bin.drawings import PictureInBin
from app.bin.queries import Binned
from app.bin.schemas import BinItem, BinKind, BinPage, Restored
from app.bin.service import LABEL_MAX, Item
from app.concepts.models import Concept
from app.core.settings import Settings
from app.gallery.models import Board
from app.jobs.schemas import Person

# Microseconds since 1970 at which the last row of a page was deleted, and its id.
CURSOR: Final = re.compile(r"[0-9]{1,17}-[0-9a-z]{26}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def page(session: Session, reader: Principal, settings: Settings, *, cursor: str | None, limit: int) -> BinPage:
    """A page of the team's bin."""
    found = queries.page(session, reader.team_id, before=_position(cursor), limit=limit + 1)
    shown = found[:limit]
    names = accounts.names(session, {person for each in shown for person in (each.owner_id, each.deleted_by)})
    return BinPage(
        items=[_item(each, reader, settings, names) for each in shown],
        next=_cursor(shown[-1]) if len(found) > limit else None,
        days=settings.bin_days,
    )


def describe_restored(item: Item) -> Restored:
    """What was restored."""
    if isinstance(item, PictureInBin):
        return Restored(kind="image", id=item.image.id, label=item.generation.prompt[:LABEL_MAX])
    if isinstance(item, Board):
        return Restored(kind="board", id=item.id, label=item.name)
    if isinstance(item, Concept):
        return Restored(kind="concept", id=item.id, label=item.placeholder)
    return Restored(kind="generation", id=item.id, label=item.prompt[:LABEL_MAX])


def _item(binned: Binned, reader: Principal, settings: Settings, names: dict[str, str]) -> BinItem:
    return BinItem(
        kind=cast("BinKind", binned.kind),
        id=binned.id,
        label=binned.label[:LABEL_MAX],
        owner=Person(id=binned.owner_id, name=names.get(binned.owner_id, "")),
        may_change=reader.may_change(binned.owner_id),
        created_at=binned.created_at,
        deleted_at=binned.deleted_at,
        deleted_by=Person(id=binned.deleted_by, name=names.get(binned.deleted_by, "")),
        expires_at=_expiry(binned, settings),
    )


def _expiry(binned: Binned, settings: Settings) -> datetime:
    """When the bin gives a thing up. Old drawings are removed by their age, in the bin too."""
    expiry = binned.deleted_at + timedelta(days=settings.bin_days)
    if binned.kind in ("generation", "image") and settings.drawings_days:
        return min(expiry, binned.created_at + timedelta(days=settings.drawings_days))
    return expiry


def _cursor(binned: Binned) -> str:
    return f"{(binned.deleted_at - _EPOCH) // _MICROSECOND}-{binned.id}"


def _position(cursor: str | None) -> tuple[datetime, str] | None:
    if cursor is None:
        return None
    microseconds, _, item_id = cursor.partition("-")
    return _EPOCH + int(microseconds) * _MICROSECOND, item_id
