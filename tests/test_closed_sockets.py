"""No test talks to another machine: `pyproject.toml` leaves only loopback and Unix sockets open."""

import socket
import socketserver
from pathlib import Path

import httpx
import pytest
from pytest_socket import SocketConnectBlockedError

ELSEWHERE = "192.0.2.1"  # of a block that is for documentation and that nobody has (RFC 5737)


def test_a_connection_to_another_machine_is_refused() -> None:
    with socket.socket() as client, pytest.raises(SocketConnectBlockedError):
        client.connect((ELSEWHERE, 80))


def test_a_request_to_another_machine_is_refused() -> None:
    with pytest.raises(SocketConnectBlockedError):
        httpx.get(f"http://{ELSEWHERE}/")


def test_this_machine_is_reached() -> None:
    with (
        socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as server,
        socket.create_connection(server.server_address) as client,
    ):
        assert client.getpeername() == server.server_address


def test_a_unix_socket_is_reached(tmp_path: Path) -> None:
    path = str(tmp_path / "test.sock")
    with socketserver.UnixStreamServer(path, socketserver.BaseRequestHandler), socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        assert client.getpeername() == path
