"""The FastAPI dependencies of every endpoint: the services, a transaction, a reading session, the Idempotency-Key, and
the cursor of a list."""

import re
from collections.abc import Iterator
from typing import Annotated, Final

from fastapi import Depends, Header, Query, Request
from pydantic import AfterValidator
from sqlalchemy.orm import Session

from app.core.errors import InvalidInput
from app.services import Services

_ID: Final = re.compile(r"[0-7][0-9a-hjkmnp-tv-z]{25}")  # of any row: a cursor is the id of a page's last row


def services(request: Request) -> Services:
    """The application's long-lived objects."""
    found: Services = request.app.state.services
    return found


def unit_of_work(request: Request) -> Iterator[Session]:
    """A transaction that commits before the response is sent, so that a 2xx answer is never undone."""
    with services(request).database.transaction() as session:
        yield session


def reading(request: Request) -> Iterator[Session]:
    """A session that only reads."""
    with services(request).database.reading() as session:
        yield session


ServicesOf = Annotated[Services, Depends(services)]
UnitOfWork = Annotated[Session, Depends(unit_of_work, scope="function")]
Reading = Annotated[Session, Depends(reading, scope="function")]
_KEY: Final = (
    "A name of your own for this request. The same request with the same key, sent again, makes nothing new: the "
    "answer names what the first one made and shows it in its present state. A different request with the key is a 409."
)
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200, description=_KEY)]


def must_be_ours(pattern: re.Pattern[str]) -> AfterValidator:
    """Refuses a cursor that does not have this pattern."""

    def ours(cursor: str) -> str:
        if not pattern.fullmatch(cursor):
            raise InvalidInput(
                "This cursor is not one of this studio's. Send the `next` of the page before, or leave it out for the "
                "first page.",
                field="cursor",
                code="cursor",
            )
        return cursor

    return AfterValidator(ours)


Cursor = Annotated[Annotated[str, must_be_ours(_ID)] | None, Query(description="The `next` of the page before.")]
