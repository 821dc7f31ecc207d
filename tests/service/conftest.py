"""A studio without workers: the real application on a fresh SQLite file, and people who are signed in."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.concepts.models import Concept, Version
from app.core.database import utc_now
from app.core.settings import Settings
from app.jobs import ledger, wake_up
from app.jobs.ledger import Lease
from app.main import create_app
from app.services import Services
from tests.support import principals
from tests.support.embeddings import native
from tests.support.pictures import photos
from tests.support.principals import client_of


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the jobs that a worker was woken for."""
    sent: list[str] = []
    monkeypatch.setattr(wake_up, "wake", lambda _settings, _kind, job_id: sent.append(job_id))
    return sent


@pytest.fixture
def anonymous(
    settings: Settings, woken: list[str], migrated: Path, shared_cleaner: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient]:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if not settings.database_url:
        shutil.copy(migrated, settings.data_dir / "oneword.sqlite3")
    monkeypatch.setattr("app.main.document_of", lambda _app: None)  # most of a start; made when a test asks for it
    with TestClient(create_app(settings), base_url="http://localhost:8000", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def services(anonymous: TestClient) -> Services:
    found: Services = anonymous.app.state.services  # type: ignore[attr-defined]
    return found


@pytest.fixture
def member(anonymous: TestClient, services: Services) -> TestClient:
    return client_of(anonymous, principals.member(services))


@pytest.fixture
def colleague(anonymous: TestClient, services: Services) -> TestClient:
    """Another member of the first team."""
    return client_of(anonymous, principals.member(services))


@pytest.fixture
def viewer(anonymous: TestClient, services: Services) -> TestClient:
    return client_of(anonymous, principals.viewer(services))


@pytest.fixture
def administrator(anonymous: TestClient, services: Services) -> TestClient:
    return client_of(anonymous, principals.administrator(services))


@pytest.fixture
def stranger(anonymous: TestClient, services: Services) -> TestClient:
    """Somebody of another team."""
    return client_of(anonymous, principals.other_team(services))


@pytest.fixture
def learned(member: TestClient, services: Services) -> str:
    """Id of the concept `<my-mug>`, learned with three vectors."""
    form = {"placeholder": "<my-mug>", "initializer": "mug"}
    made = member.post("/api/concepts", data=form, files=photos()).json()
    services.storage.put("jobs/x/embedding", native())
    with services.database.transaction() as session:
        job = ledger.claim(session, "training", "test", 60)
        assert job is not None
        version = session.get_one(Version, job.version_id)
        version.state, version.vectors, version.finished_at = "ready", 3, utc_now()
        file = {"key": "jobs/x/embedding", "bytes": 4, "sha256": "0", "file_name": "my-mug.safetensors"}
        version.files = {"oneword": file}
        session.get_one(Concept, job.concept_id).current_version = 1
        session.flush()
        ledger.finish(session, Lease(job.id, job.attempt), "succeeded")
    return str(made["concept"]["id"])
