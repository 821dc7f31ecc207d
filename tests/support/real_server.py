"""The web service on a real port, in a thread of the test, and requests whose sockets a test closes when it likes."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI

from tests.support.waiting import PATIENCE_SECONDS, until


@contextmanager
def served(app: FastAPI) -> Iterator[int]:
    """Serve the application; yields its port."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="on"))
    thread = threading.Thread(target=server.run, name="web")
    thread.start()
    try:
        until(lambda: server.started, "the web service")
        yield int(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


@contextmanager
def sent(port: int, path: str, token: str, body: dict[str, Any], *headers: str) -> Iterator[socket.socket]:
    """A POST whose answer is not read. The socket is closed at the end of the block, or before."""
    content = json.dumps(body).encode()
    head = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Authorization: Bearer {token}"]
    head += ["Content-Type: application/json", f"Content-Length: {len(content)}", *headers]
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + content)
        yield connection
