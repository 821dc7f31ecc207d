"""The web service as `make serve` runs it, with limits that a test need not wait long for.

`python -m tests.support.limited_server` takes its settings from the environment.
"""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from app.core.settings import REPOSITORY, Settings
from app.ops.web_server import limits_of, serve
from tests.support.waiting import PATIENCE_SECONDS, until

SECONDS = 0.5  # each time limit
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Server:
    """A process that serves, and sockets to it."""

    port: int
    process: subprocess.Popen[bytes]

    def connect(self, sent: bytes = b"", address: str = HOST, receive_buffer: int | None = None) -> socket.socket:
        """A connection from this address, over which this much was sent."""
        connection = socket.socket()
        if receive_buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(PATIENCE_SECONDS)
        connection.bind((address, 0))
        connection.connect((HOST, self.port))
        connection.sendall(sent)
        return connection

    def answers(self, address: str = "127.0.0.9") -> bool:
        """Whether it says that it is well, to this address."""
        with self.connect(
            b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "127.0.0.9"
        ) as asked:
            return b"HTTP/1.1 200" in everything(asked)


def everything(connection: socket.socket) -> bytes:
    """What the server sends until it closes the connection."""
    content = b""
    with suppress(ConnectionError):
        while received := connection.recv(65_536):
            content += received
    return content


@contextmanager
def limited_server(folder: Path, migrated: Path, **settings: str) -> Iterator[Server]:
    """A server with these settings, on an empty studio in this folder."""
    folder.mkdir(parents=True)
    shutil.copy(migrated, folder / "oneword.sqlite3")
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])
    environment = {"ONEWORD_PORT": str(port), "ONEWORD_DATA_DIR": str(folder), "ONEWORD_PROXIES": "192.0.2.1"}
    environment |= {f"ONEWORD_{name.upper()}": value for name, value in settings.items()}
    with (folder / "web.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.limited_server"],
            cwd=REPOSITORY,
            env=os.environ | environment,
            stdout=log,
            stderr=log,
        )
    try:
        until(lambda: _is_up(port), "the web service")
        yield Server(port, process)
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def _is_up(port: int) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"http://{HOST}:{port}/healthz").is_success
    return False


if __name__ == "__main__":
    found = Settings()
    serve(
        found,
        replace(
            limits_of(found),
            headers_seconds=SECONDS,
            body_seconds=SECONDS,
            reader_seconds=SECONDS,
            linger_seconds=SECONDS,
            tick_seconds=SECONDS / 5,
        ),
    )
