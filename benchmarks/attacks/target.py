"""The studio under attack: an attacker and an honest person in two teams, and ways to send what no client sends."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx

import app.rooms  # noqa: F401 (every table)
from app.accounts import service as accounts
from app.accounts.models import Membership, Team, User
from app.core.database import Database
from app.core.settings import Settings
from benchmarks.attacks.watch import Observed
from benchmarks.running_studio import POLL_SECONDS, RunningStudio, running_studio
from tests.support.attacks import small_jpeg

SMALL_ORDER: Final = {"prompt": "a cat", "steps": 2, "count": 1, "width": 64, "height": 64}
SETTLED_SECONDS: Final = 10.0


@dataclass(frozen=True)
class Target:
    """A studio, and who talks to it."""

    studio: RunningStudio
    watch: "subprocess.Popen[str]"
    attacker: str  # bearer token of a member of one team
    spare: str  # of another member of that team
    honest: str  # of a member of another team

    @property
    def port(self) -> int:
        """Where the studio listens."""
        port = self.studio.client.base_url.port
        assert port is not None
        return port

    def client(self, token: str | None, seconds: float) -> httpx.Client:
        """A client that waits `seconds` for an answer, signed in with `token`."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.studio.client.base_url, headers=headers, timeout=seconds)

    def observed(self) -> Observed:
        """What the watch has seen since the last call."""
        assert self.watch.stdin is not None
        assert self.watch.stdout is not None
        self.watch.stdin.write("\n")
        self.watch.stdin.flush()
        return Observed(**json.loads(self.watch.stdout.readline()))

    def is_settled(self) -> bool:
        """Whether the studio answers again and computes nothing, within some seconds."""
        deadline = time.monotonic() + SETTLED_SECONDS
        while time.monotonic() < deadline:
            try:
                with self.client(self.attacker, 1.0) as client:
                    if not client.get("/api/jobs?active=true").raise_for_status().json()["items"]:
                        return True
            except httpx.HTTPError:
                pass
            time.sleep(POLL_SECONDS)
        return False


@contextmanager
def target() -> Iterator[Target]:
    """Start a studio with everything loaded, and a watch beside it; stop both."""
    with running_studio(ONEWORD_LOG_LEVEL="ERROR") as studio:
        attacker, spare = (_token(studio, name, "Attackers") for name in ("attacker", "spare"))
        honest = _token(studio, "honest", "Honest people")
        _warm(studio)
        port = str(studio.client.base_url.port)
        command = [sys.executable, "-m", "benchmarks.attacks.watch", port, str(studio.process), honest]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as watch:
            yield Target(studio, watch, attacker, spare, honest)
            assert watch.stdin is not None
            watch.stdin.close()


def finished(client: httpx.Client, job_id: str, seconds: float) -> dict[str, Any] | None:
    """The job once it has ended; None if that takes longer."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        job: dict[str, Any] = client.get(f"/api/jobs/{job_id}").raise_for_status().json()
        if job["finished_at"] is not None:
            return job
        time.sleep(POLL_SECONDS)
    return None


def _token(studio: RunningStudio, name: str, team_name: str) -> str:
    database = Database(Settings(data_dir=studio.folder).resolved_database_url)
    try:
        with database.transaction() as session:
            team = session.query(Team).filter_by(name=team_name).one_or_none() or Team(name=team_name)
            user = User(name=name)
            session.add_all([team, user])
            session.flush()
            session.add(Membership(team_id=team.id, user_id=user.id, role="member"))
            session.flush()
            return accounts.create_token(session, user.id, team.id, name)[1]
    finally:
        database.dispose()


def _warm(studio: RunningStudio) -> None:
    """Draw and check something, so that what is loaded once is loaded."""
    files = [("images", (f"{number}.jpg", small_jpeg(number), "image/jpeg")) for number in range(2)]
    studio.client.post("/api/pictures/check", files=files).raise_for_status()
    job = studio.client.post("/api/generations", json=SMALL_ORDER).raise_for_status().json()["job"]["id"]
    if finished(studio.client, job, 120) is None:
        raise RuntimeError("the studio draws nothing")
