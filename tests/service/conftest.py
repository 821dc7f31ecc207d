"""A studio without workers: the real application on a fresh SQLite file, and people who are signed in."""

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.testclient import TestClient
from PIL import Image

from app.accounts import service as accounts
from app.accounts.models import Membership, Team, User
from app.core.settings import Settings
from app.jobs import wake_up
from app.main import create_app
from app.services import Services


def photo(seed: int, size: tuple[int, int] = (200, 160), format: str = "JPEG", **options: object) -> bytes:
    """A sharp picture unlike any with another seed."""
    noise = np.random.default_rng(seed).integers(0, 256, (size[1] // 8, size[0] // 8, 3), dtype=np.uint8)
    content = io.BytesIO()
    Image.fromarray(noise).resize(size, Image.Resampling.NEAREST).save(content, format, **options)
    return content.getvalue()


def photos(count: int = 4) -> list[tuple[str, tuple[str, bytes, str]]]:
    """Multipart `images`."""
    return [("images", (f"{index}.jpg", photo(index), "image/jpeg")) for index in range(count)]


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the jobs that a worker was woken for."""
    sent: list[str] = []
    monkeypatch.setattr(wake_up, "wake", lambda _settings, _kind, job_id: sent.append(job_id))
    return sent


@pytest.fixture
def anonymous(settings: Settings, woken: list[str], migrated: Path, shared_cleaner: None) -> Iterator[TestClient]:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if not settings.database_url:
        shutil.copy(migrated, settings.data_dir / "oneword.sqlite3")
    with TestClient(create_app(settings), base_url="http://localhost:8000", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def services(anonymous: TestClient) -> Services:
    found: Services = anonymous.app.state.services  # type: ignore[attr-defined]
    return found


def token_of(services: Services, role: str, team: str = "Studio") -> str:
    """The bearer token of a new person, in the first team or in a new one."""
    with services.database.transaction() as session:
        _, context = accounts.first_administrator(session)
        if team != context.name:
            context = Team(name=team)
            session.add(context)
        user = User(name=role)
        session.add(user)
        session.flush()
        session.add(Membership(team_id=context.id, user_id=user.id, role=role))
        session.flush()
        _, secret = accounts.create_token(session, user.id, context.id, "test")
    return secret


@pytest.fixture
def member(anonymous: TestClient, services: Services) -> TestClient:
    return _with_token(anonymous, token_of(services, "member"))


@pytest.fixture
def viewer(anonymous: TestClient, services: Services) -> TestClient:
    return _with_token(anonymous, token_of(services, "viewer"))


@pytest.fixture
def administrator(anonymous: TestClient, services: Services) -> TestClient:
    return _with_token(anonymous, token_of(services, "admin"))


@pytest.fixture
def stranger(anonymous: TestClient, services: Services) -> TestClient:
    """Somebody of another team."""
    return _with_token(anonymous, token_of(services, "admin", team="Others"))


def _with_token(anonymous: TestClient, token: str) -> TestClient:
    return TestClient(
        anonymous.app,
        base_url="http://localhost:8000",
        headers={"Authorization": f"Bearer {token}"},
        raise_server_exceptions=False,
    )


def every_route(app: FastAPI) -> list[APIRoute]:
    """Every endpoint that the schema shows."""
    found = [context.route for context in iter_route_contexts(app.routes)]
    return [route for route in found if isinstance(route, APIRoute) and route.include_in_schema]
