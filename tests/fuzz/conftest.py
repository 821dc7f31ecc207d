"""How long each test fuzzes, and a studio on PostgreSQL that all examples of a file share."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.settings import Settings
from app.jobs import ledger, wake_up
from app.jobs.models import Job
from app.main import create_app
from app.services import Services
from tests.support.databases import database_of
from tests.support.fuzzing import Fuzz, signed_in

SHARE = pytest.StashKey[float]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """`FUZZ_MINUTES` is divided among the tests of this folder, which run on all of xdist's workers."""
    minutes, here = os.environ.get("FUZZ_MINUTES"), [item for item in items if "tests/fuzz/" in item.nodeid]
    if minutes and here:
        workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
        config.stash[SHARE] = float(minutes) * 60 * workers / len(here)


@pytest.fixture
def fuzz(pytestconfig: pytest.Config) -> Fuzz:
    """Runs a property for this test's share of the time."""
    return Fuzz(pytestconfig.stash.get(SHARE, None))


@pytest.fixture(scope="module")
def application(
    postgres: str, migrated_postgres: str, cleaner: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestClient]:
    """A studio in which every job is cancelled at once, since nobody works there, and whose quotas are out of reach."""
    with pytest.MonkeyPatch.context() as patch, database_of(postgres, migrated_postgres) as url:
        for name in [name for name in os.environ if name.startswith("ONEWORD_")]:
            patch.delenv(name)
        patch.setitem(Settings.model_config, "env_file", None)
        patch.setattr("app.main.PictureCleaner", lambda bytes_max: Lent(cleaner))
        settings = Settings(
            data_dir=tmp_path_factory.mktemp("data"),
            database_url=url,
            changes_per_minute=0,
            queued_jobs_max=10**9,
            webhooks=True,
        )
        app = create_app(settings)
        services: Services = app.state.services

        def cancel(_: Settings, __: str, job_id: str) -> None:
            with services.database.transaction() as session:
                ledger.cancel(session, session.get_one(Job, job_id), keep=False)

        patch.setattr(wake_up, "wake", cancel)
        with TestClient(app, base_url="http://localhost:8000", raise_server_exceptions=False) as client:
            yield client


class Lent:
    """A cleaner that outlives the application."""

    def __init__(self, cleaner: Any) -> None:
        self.check, self.decode = cleaner.check, cleaner.decode

    def warm(self) -> None:
        """It is."""

    def close(self) -> None:
        """Not yet."""


@pytest.fixture(scope="module")
def administrator(application: TestClient) -> TestClient:
    """An administrator of that studio."""
    return signed_in(application, "fuzz", "admin")
