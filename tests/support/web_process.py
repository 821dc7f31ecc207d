"""A web service in a process of its own, asked over raw sockets: what no client library would send."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.core.settings import REPOSITORY
from tests.support.waiting import until


@dataclass(frozen=True)
class Answer:
    """Status, headers (names in lower case) and all that followed them."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class WebProcess:
    """A web service that listens on a port of this machine."""

    port: int
    log: Path

    def ask(self, method: str, target: str, *headers: str, body: bytes = b"") -> Answer:
        """Send one request byte by byte as it is given, and read until the service closes the connection."""
        lines = [f"{method} {target} HTTP/1.1", *headers]
        if not any(line.lower().startswith("host:") for line in headers):
            lines.append(f"Host: 127.0.0.1:{self.port}")
        if body:
            lines.append(f"Content-Length: {len(body)}")
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body)
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
        head, _, rest = received.partition(b"\r\n\r\n")
        first, *others = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in others)
        return Answer(int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}, rest)


@contextmanager
def web_process(folder: Path, **settings: str) -> Iterator[WebProcess]:
    """A web service on the data folder `folder`, with these settings (`PROXIES="…"`), until the end of the block."""
    port = free_port()
    log = folder.parent / "web.log"
    chosen = {"DATA_DIR": str(folder), "PORT": str(port), "BROKER_URL": "memory://"} | settings
    environment = os.environ | {f"ONEWORD_{name}": value for name, value in chosen.items()}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.ops.web_server"], cwd=REPOSITORY, env=environment, stdout=output, stderr=output
        )
    try:
        until(lambda: _listens(port) or process.poll() is not None, "the web service")
        assert process.poll() is None, log.read_text()
        yield WebProcess(port, log)
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    """A port of this machine on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
