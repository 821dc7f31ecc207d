"""`oneword serve`: one studio on a folder and a port, which leaves nothing running however it ends."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from app.core.settings import REPOSITORY
from app.ops.supervisor import STEADY_SECONDS, Child
from tests.support.studio import kill
from tests.support.waiting import PATIENCE_SECONDS, until

pytestmark = pytest.mark.acceptance

LINK = re.compile(r"http://\S+/sign-in#\S+")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Served:
    """A running `oneword serve`."""

    def __init__(self, folder: Path, port: int) -> None:
        self.process = subprocess.Popen(
            serving(), env=environment(folder, port), cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        assert any(LINK.search(line) for line in self.process.stdout), "it ended without printing a link"
        until(lambda: len(self.children()) >= 5, "broker, web, sweep and two workers")

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def close(self) -> None:
        if self.process.poll() is None:
            kill(psutil.Process(self.process.pid))
        self.process.communicate()


def serving() -> list[str]:
    return [sys.executable, "-m", "app.ops.cli", "serve"]


def environment(folder: Path, port: int) -> dict[str, str]:
    return os.environ | {"ONEWORD_DATA_DIR": str(folder), "ONEWORD_PORT": str(port), "ONEWORD_DEVICE": "cpu"}


def refused(folder: Path, port: int) -> str:
    """What `oneword serve` says when it does not start."""
    ran = subprocess.run(
        serving(), env=environment(folder, port), cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    return ran.stderr


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[int], Served]]:
    started: list[Served] = []

    def start(port: int) -> Served:
        started.append(Served(tmp_path / "data", port))
        return started[-1]

    yield start
    for served in started:
        served.close()


def gone(processes: list[psutil.Process]) -> bool:
    return not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes)


def test_a_second_studio_is_refused_with_a_sentence_and_ctrl_c_stops_everything_the_first_started(
    serve: Callable[[int], Served], tmp_path: Path
) -> None:
    port = free_port()
    served = serve(port)
    assert "A studio already runs on" in refused(tmp_path / "data", free_port())
    assert f"ONEWORD_PORT={port + 1}" in refused(tmp_path / "other", port)
    children = served.children()
    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(PATIENCE_SECONDS) == 0
    assert gone(children)


def test_after_a_killed_studio_its_processes_end_by_themselves_and_the_next_one_starts_on_the_same_folder_and_port(
    serve: Callable[[int], Served],
) -> None:
    port = free_port()
    first = serve(port)
    left = first.children()
    first.process.kill()
    second = serve(port)
    until(lambda: gone(left), "what the killed studio started to end")
    assert second.process.poll() is None


def test_a_process_whose_supervisor_died_before_it_could_look_ends_too() -> None:
    supervisor = subprocess.Popen(["true"])
    supervisor.wait()
    script = (
        "from app.core.parent_watch import end_with_parent; end_with_parent(); import threading; "
        "threading.Event().wait()"
    )
    left = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"ONEWORD_PARENT": str(supervisor.pid)},
        cwd=REPOSITORY,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert left.returncode == -signal.SIGTERM


def test_what_dies_again_and_again_is_started_ever_later_and_what_ran_well_is_started_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr("app.ops.supervisor.time.monotonic", lambda: now[0])
    child, said = Child("web", [sys.executable, "-c", ""]), []

    def dies_after(seconds: float) -> None:
        child.start()
        assert child.process is not None
        child.process.wait()
        now[0] += seconds
        child.tend(said.append)
        child.due = 0.0

    for seconds in (1, 1, 1, STEADY_SECONDS + 1, 1):
        dies_after(seconds)
    assert [line.partition("again in ")[2] for line in said] == ["1 s.", "2 s.", "4 s.", "1 s.", "2 s."]
