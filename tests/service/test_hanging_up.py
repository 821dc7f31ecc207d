"""Clients that close their connection while they wait for a drawing: a real server, and sockets that are closed."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.core.database import Database
from app.core.settings import Settings
from app.jobs import ledger, wake_up
from app.jobs.ledger import Lease
from app.jobs.models import Job
from app.main import create_app
from app.services import Services
from tests.support import principals
from tests.support.http import FAST
from tests.support.real_server import sent, served
from tests.support.waiting import until

LINGER = 60.0  # seconds of a lease; no test waits for it


@dataclass
class Studio:
    port: int
    token: str
    database: Database

    def newest(self) -> Job | None:
        with self.database.reading() as session:
            return session.scalars(select(Job).order_by(Job.id.desc()).limit(1)).one_or_none()

    def job(self) -> Job:
        """The only job, once it is there."""
        return until(self.newest, "the job")


@pytest.fixture
def studio(
    settings: Settings, migrated: Path, shared_cleaner: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Studio]:
    monkeypatch.setattr(wake_up, "wake", lambda *_: None)
    settings.data_dir.mkdir(parents=True)
    shutil.copy(migrated, settings.data_dir / "oneword.sqlite3")
    app = create_app(settings)
    services: Services = app.state.services
    with served(app) as port:
        yield Studio(port, principals.bearer(principals.member(services)), services.database)


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_hangs_up_cancels_its_waiting_job(studio: Studio, stream: bool) -> None:
    with sent(studio.port, "/v1/images/generations", studio.token, {"prompt": "a cat", "stream": stream}):
        assert studio.job().state == "queued"
    until(lambda: studio.job().state == "cancelled", "the cancellation")


def test_a_client_that_hangs_up_cancels_its_running_job(studio: Studio) -> None:
    with sent(studio.port, "/v1/images/generations", studio.token, {"prompt": "a cat"}):
        studio.job()
        with studio.database.transaction() as session:
            claimed = ledger.claim(session, "generation", "w", LINGER)
            assert claimed is not None

    def told() -> str | None:
        with studio.database.transaction() as session:
            return ledger.renew(session, Lease(claimed.id, 1), LINGER)

    assert until(told, "the worker to be told") == "discard"


def goes_on(studio: Studio, watchers: Callable[[], int], path: str, *headers: str, stream: bool = False) -> None:
    """The job still waits after the server has noticed that its client is gone."""
    body = {"prompt": "a cat", "stream": stream} if "/v1" in path else FAST
    with sent(studio.port, path, studio.token, body, *headers):
        job = studio.job()
        until(lambda: watchers() == 1, "the server to wait for the job")
    # A second client of the same kind, without a key, hangs up after the first: once its job is cancelled, the server
    # has had its chance to cancel the first.
    with sent(studio.port, "/v1/images/generations", studio.token, {"prompt": "a dog"}):
        until(lambda: (newest := studio.newest()) is not None and newest.id != job.id, "the second job")
    until(lambda: (newest := studio.newest()) is not None and newest.state == "cancelled", "the second's cancellation")
    with studio.database.reading() as session:
        kept = session.get_one(Job, job.id)
    assert (kept.state, kept.cancel) == ("queued", None)


@pytest.fixture
def watchers(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How often the server has begun to wait for a job."""
    from app.jobs.stream import EventFeed

    begun: list[str] = []
    watch = EventFeed.watch

    def counted(self: EventFeed, job_id: str, *arguments: Any) -> object:
        begun.append(job_id)
        return watch(self, job_id, *arguments)

    monkeypatch.setattr(EventFeed, "watch", counted)
    return lambda: len(begun)


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_with_an_idempotency_key_may_come_back_so_its_job_goes_on(
    studio: Studio, watchers: Callable[[], int], stream: bool
) -> None:
    goes_on(studio, watchers, "/v1/images/generations", "Idempotency-Key: once", stream=stream)


def test_a_client_of_the_rest_interface_that_hangs_up_leaves_its_job_alone(
    studio: Studio, watchers: Callable[[], int]
) -> None:
    goes_on(studio, watchers, "/api/generations?wait=1")
