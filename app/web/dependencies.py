"""What endpoints ask for: a unit of work, the settings, the blobs. Made once by `app.main`, kept on the application."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry
from sqlalchemy.orm import Session

from app.accounts.throttle import SignInThrottle
from app.base_models.catalog import Catalog
from app.core.database import Database
from app.core.settings import Settings
from app.core.storage import Storage
from app.jobs.stream import EventFeed, Viewers
from app.pictures.cleaning import PictureCleaner


@dataclass(frozen=True)
class Services:
    """The long-lived objects behind every endpoint."""

    settings: Settings
    database: Database
    storage: Storage
    catalog: Catalog
    pictures: PictureCleaner
    feed: EventFeed
    viewers: Viewers
    sign_ins: SignInThrottle = field(default_factory=SignInThrottle)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)


def services(request: Request) -> Services:
    """The application's long-lived objects."""
    found: Services = request.app.state.services
    return found


def unit_of_work(request: Request) -> Iterator[Session]:
    """A transaction that commits before the response is sent, so that a 2xx is a promise kept."""
    with services(request).database.transaction() as session:
        yield session


def reading(request: Request) -> Iterator[Session]:
    """A session that only reads."""
    with services(request).database.reading() as session:
        yield session


ServicesOf = Annotated[Services, Depends(services)]
UnitOfWork = Annotated[Session, Depends(unit_of_work, scope="function")]
Reading = Annotated[Session, Depends(reading, scope="function")]
