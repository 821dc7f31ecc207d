"""The FastAPI dependencies of every endpoint: the services, a transaction, a reading session, the Idempotency-Key."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Header, Request
from sqlalchemy.orm import Session

from app.services import Services


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
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]
