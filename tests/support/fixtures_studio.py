"""Fixtures of studios in pieces: real workers, a real broker, either database. `tests/conftest.py` registers them."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import Settings
from tests.support.base_models import copy_demo
from tests.support.databases import empty_database
from tests.support.forkserver import ForkServer
from tests.support.studio import Stack


@pytest.fixture(scope="session")
def quick_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the demo model that draws in two steps."""
    return copy_demo(tmp_path_factory.mktemp("models"), steps=2)


@pytest.fixture
def usual(quick_demo: Path) -> dict[str, Any]:
    """Settings of every studio here. A lease outlasts a busy machine; a test that needs one to run out says so."""
    return {
        "base_models": str(quick_demo),
        "lease_seconds": 60.0,
        "sweep_seconds": 0.5,
        "checkpoint_seconds": 0.5,
        "attempts_max": 2,
        "orphan_seconds": 0.0,
    }


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer]:
    """The process that a test's real processes are forked from."""
    server = ForkServer()
    yield server
    server.close()


@pytest.fixture
def build(
    fork_server: ForkServer, migrated: Path, tmp_path: Path, usual: dict[str, Any], shared_cleaner: None
) -> Iterator[Callable[..., Stack]]:
    """Makes a studio with some settings changed, and takes it down."""
    made: list[Stack] = []

    def make(**changes: Any) -> Stack:
        settings = Settings(**{"data_dir": tmp_path / "data"} | usual | changes)
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        if not settings.database_url and not (settings.data_dir / "oneword.sqlite3").exists():
            shutil.copy(migrated, settings.data_dir / "oneword.sqlite3")
        made.append(Stack(settings, fork_server))
        return made[-1]

    yield make
    for stack in made:
        stack.close()


@pytest.fixture
def stack(build: Callable[..., Stack]) -> Stack:
    """On SQLite."""
    return build()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def studio_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Database of a studio in pieces, on each engine. Quicker tests run the same SQL on both engines every time."""
    with empty_database(request, tmp_path) as url:
        yield url


@pytest.fixture
def stack_on_either(build: Callable[..., Stack], studio_database_url: str) -> Stack:
    """On SQLite, and again on PostgreSQL."""
    return build(database_url=studio_database_url)
