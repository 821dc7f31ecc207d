"""A separate installation for a benchmark: `oneword serve` on a free port with an empty data folder, used by REST."""

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from app.core.settings import REPOSITORY

STARTED_SECONDS = 120
POLL_SECONDS = 0.2
LINK = "/sign-in#"


@dataclass(frozen=True)
class RunningStudio:
    """A running installation and a signed-in client."""

    client: httpx.Client
    process: int  # of `oneword serve`
    folder: Path  # its data folder

    def web_process(self) -> int:
        """The process that answers."""
        for line in children_of(self.process):
            if "app.ops.web_server" in Path(f"/proc/{line}/cmdline").read_text():
                return line
        raise RuntimeError("the web service is not among the studio's processes")


@contextmanager
def running_studio(**settings: str) -> Iterator[RunningStudio]:
    """Start a studio with `ONEWORD_…` settings, hand over a signed-in client, stop it."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        environment = os.environ | {"ONEWORD_DATA_DIR": folder, "ONEWORD_PORT": str(port)} | settings
        oneword = [sys.executable, "-m", "app.ops.cli"]
        serving = subprocess.Popen(
            [*oneword, "serve"], env=environment, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
        )
        try:
            assert serving.stdout is not None
            if not any(LINK in line for line in serving.stdout):
                raise RuntimeError("the studio did not start")
            # A full pipe would block the process that writes the next log line.
            threading.Thread(target=serving.stdout.read, daemon=True).start()
            token = subprocess.run(
                [*oneword, "token", "bench"], env=environment, cwd=REPOSITORY, capture_output=True, text=True
            )
            headers = {"Authorization": f"Bearer {token.stdout.strip()}"}
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=STARTED_SECONDS) as client:
                yield RunningStudio(client, serving.pid, Path(folder))
        finally:
            serving.terminate()
            serving.wait(30)


def ended(studio: RunningStudio, job_id: str) -> dict[str, Any]:
    """The job, once it has ended somehow."""
    while True:
        job: dict[str, Any] = studio.client.get(f"/api/jobs/{job_id}").raise_for_status().json()
        if job["finished_at"] is not None:
            return job
        time.sleep(POLL_SECONDS)


def succeeded(studio: RunningStudio, job_id: str) -> dict[str, Any]:
    """The job, once it has succeeded. Raises if it ended otherwise."""
    job = ended(studio, job_id)
    if job["state"] != "succeeded":
        raise RuntimeError(f"the job ended {job['state']}: {job['error']}")
    return job


def children_of(parent: int) -> list[int]:
    """Ids of the processes that a process started."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == parent:
                    found.append(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found
