"""`oneword serve`: the whole studio on one machine, as processes under one small supervisor.

It starts the broker, the web service, a training worker, a generation worker and the sweep; restarts a process that
dies; and stops them all, workers first, so that a running training can store its checkpoint.
"""

import fcntl
import http
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from app.core.errors import OnewordError
from app.core.parent_watch import PARENT
from app.core.private_folder import keep_private
from app.core.settings import Settings

STOP_SECONDS = 12.0
START_SECONDS = 60.0
PAUSE_SECONDS_MOST = 30.0  # the longest pause before a process is restarted
STEADY_SECONDS = 60.0  # a process that ran for longer is stable: its next death counts as its first
LOG_BYTES_MAX = 5_000_000
WORKERS = ("training", "generation")
LOCK = "serve.lock"


class CannotStart(OnewordError):
    """The studio cannot start; the message says what to do."""


@dataclass
class Child:
    """A process that is restarted whenever it ends."""

    name: str
    arguments: Sequence[str]
    log_path: Path | None = None  # None: the supervisor's own output
    environment: Mapping[str, str] = field(default_factory=dict)
    first: bool = False  # started before the others, because people wait for it
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0  # in a row
    started: float = 0.0
    due: float = 0.0

    def start(self) -> None:
        """Start the process in a session of its own, so that Ctrl-C reaches only the supervisor."""
        with self._log() as log:
            self.process = subprocess.Popen(  # noqa: S603 (our own arguments)
                self.arguments,
                env={**os.environ, PARENT: str(os.getpid()), **self.environment},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.started = time.monotonic()

    def _log(self) -> AbstractContextManager[IO[bytes] | None]:
        if self.log_path is None:
            return nullcontext()
        if self.log_path.exists() and self.log_path.stat().st_size > LOG_BYTES_MAX:
            self.log_path.replace(self.log_path.with_suffix(".old.log"))
        return self.log_path.open("ab")

    def tend(self, report: Callable[[str], None]) -> None:
        """Restart the process if it has died, after a pause that doubles with each death in a row."""
        if self.process is None or self.process.poll() is None:
            return
        now = time.monotonic()
        if not self.due:
            self.deaths = 1 if now - self.started > STEADY_SECONDS else self.deaths + 1
            pause = min(PAUSE_SECONDS_MOST, 2.0 ** (self.deaths - 1))
            where = f" See {self.log_path}" if self.log_path else ""
            report(f"{self.name} ended ({self.process.returncode}); again in {pause:.0f} s.{where}")
            self.due = now + pause
        elif now >= self.due:
            self.due = 0.0
            self.start()

    def signal(self, number: int) -> None:
        """Send a signal to the process; SIGKILL goes to its whole process group."""
        if self.process is None or self.process.poll() is not None:
            return
        if number == signal.SIGKILL:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)

    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None


@dataclass
class Supervisor:
    """Child processes in the order in which they start. They stop in the opposite order, but workers first."""

    children: list[Child]
    over: threading.Event = field(default_factory=threading.Event)

    def run(self, open_: Callable[[], None] = lambda: None) -> None:
        """Start the `first` children, call `open_`, start the rest, and restart what dies until a signal says stop."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.over.set())
        try:
            for child in self.children:
                if child.first:
                    child.start()
            open_()
            for child in self.children:
                if not child.first and not self.over.is_set():
                    child.start()
            while not self.over.wait(0.2):
                for child in self.children:
                    child.tend(_print)
        finally:
            self.stop()

    def stop(self) -> None:
        """Stop the workers at once, then the others one by one in reverse order; kill what does not stop in time."""
        workers = [child for child in self.children if child.name.endswith("worker")]
        others = [child for child in reversed(self.children) if child not in workers]
        for children in (workers, *([child] for child in others)):
            for child in children:
                child.signal(signal.SIGTERM)
            self._wait(children)
        for child in self.children:
            child.signal(signal.SIGKILL)

    @staticmethod
    def _wait(children: Sequence[Child]) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        for child in children:
            if child.process is not None:
                try:
                    child.process.wait(max(0.0, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    child.signal(signal.SIGKILL)


def serve(settings: Settings, prepare: Callable[[], str]) -> None:
    """Run the studio. `prepare` migrates the database and returns the address to open."""
    with _only_one(settings) as killed:
        _check_port(settings, patience=STOP_SECONDS if killed else 0.0)
        supervisor = Supervisor(_children(settings))
        supervisor.run(lambda: _announce(settings, prepare(), supervisor))
    _print("Stopped.")


def _children(settings: Settings) -> list[Child]:
    logs = settings.data_dir / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    python = sys.executable
    commands: dict[str, list[str]] = {}
    if settings.embedded_broker:
        commands["broker"] = [python, "-m", "app.ops.embedded_broker"]
    commands["web"] = [python, "-m", "app.ops.web_server"]
    commands["sweep"] = [python, "-m", "worker.maintenance.sweep"]
    for kind in WORKERS:
        commands[f"{kind} worker"] = worker_command(kind)
    return [
        Child(name, command, logs / f"{name.replace(' ', '-')}.log", first=name in ("broker", "web"))
        for name, command in commands.items()
    ]


def worker_command(kind: str) -> list[str]:
    """The command of a worker: a parent process that talks to the broker, and one child that computes."""
    celery = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "worker.celery_app",
        "worker",
        "-Q",
        kind,
        "-n",
        f"{kind}.%h.{os.getpid()}",
    ]
    return [*celery, "-c", "1", "--without-gossip", "--without-mingle", "-l", "WARNING"]


def local_address(settings: Settings) -> str:
    """Where this machine reaches the studio of the data folder, which may have been started with another port."""
    try:
        written = (settings.data_dir / LOCK).read_text().split()
    except OSError:
        written = []
    return written[1] if len(written) == 2 else _local(settings)


def _local(settings: Settings) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def _announce(settings: Settings, link: str, supervisor: Supervisor) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(f"{_local(settings)}/healthz"):
        if supervisor.over.wait(0.05):
            return
        web = next(child for child in supervisor.children if child.name == "web")
        if not web.alive() or time.monotonic() > deadline:
            raise CannotStart(f"The web service did not start. {web.log_path} says why.")
    _print(f"\n  Oneword is running. Open this:\n\n      {link}\n\n  It signs you in once. Ctrl-C stops everything.\n")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2.0) as answer:  # noqa: S310 (our own address)
            return bool(answer.status == http.HTTPStatus.OK)
    except OSError:
        return False


def _check_port(settings: Settings, patience: float) -> None:
    """Raise CannotStart if the port is taken for longer than `patience` seconds.

    After a studio was killed, its web service needs some seconds to end.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            _bind(settings)
            return
        except CannotStart:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.2)


def _bind(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise CannotStart(
                f"Port {settings.port} on {settings.host} cannot be used ({error.strerror}): another program, perhaps "
                f"another Oneword, has it. Stop that one, or choose another port: --port {settings.port + 1}, or "
                f"ONEWORD_PORT={settings.port + 1}."
            ) from error


@contextmanager
def _only_one(settings: Settings) -> Iterator[bool]:
    """Lock the data folder, whose broker only one studio can use. Yields whether the last studio was killed."""
    keep_private(settings.data_dir)
    with (settings.data_dir / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotStart(
                f"A studio already runs on {settings.data_dir.resolve()}. Use that one, stop it, or set "
                "ONEWORD_DATA_DIR to another folder."
            ) from error
        lock.seek(0)
        killed = lock.read() != ""
        lock.write(f"{os.getpid()} {_local(settings)}")  # the address is for `local_address`
        lock.flush()
        try:
            yield killed
        finally:
            lock.truncate(0)


def _print(text: str) -> None:
    print(text, flush=True)
