"""A studio in pieces for every test, with short leases so that nobody waits long for a dead worker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import Settings
from tests.acceptance.stack import Stack


def settings_for(tmp_path: Path, database_url: str = "") -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        database_url=database_url,
        lease_seconds=3.0,
        checkpoint_seconds=0.5,
        attempts_max=2,
        orphan_seconds=0.0,
    )


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """On SQLite."""
    stack = Stack(settings_for(tmp_path))
    yield stack
    stack.close()


@pytest.fixture
def stack_on_either(tmp_path: Path, database_url: str) -> Iterator[Stack]:
    """On SQLite, and again on PostgreSQL."""
    stack = Stack(settings_for(tmp_path, database_url))
    yield stack
    stack.close()
