"""Connections that keep the web server waiting, against a real process: they are closed, and others are answered."""

import json
import select
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

from app.accounts import service as accounts
from app.core.database import Database
from tests.support.limited_server import Server, everything, limited_server
from tests.support.waiting import until

TOTAL, OF_ADDRESS = 16, 10
HEAD = b"POST /api/tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
ADDRESSES = ("127.0.0.1", "127.0.0.2", "127.0.0.3")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("connections") / "data"


@pytest.fixture(scope="module")
def server(folder: Path, migrated: Path) -> Iterator[Server]:
    limits = {"connections_max": str(TOTAL), "connections_per_address_max": str(OF_ADDRESS)}
    with limited_server(folder, migrated, **limits) as running:
        yield running


@pytest.fixture(scope="module")
def bearer(server: Server, folder: Path) -> bytes:
    """The header of a signed-in person."""
    database = Database(f"sqlite:///{folder / 'oneword.sqlite3'}")
    with database.transaction() as session:
        user, team = accounts.first_administrator(session)
        _, token = accounts.create_token(session, user.id, team.id, "test")
    database.dispose()
    return f"Authorization: Bearer {token}\r\n".encode()


def is_closed(connection: socket.socket) -> bool:
    """Whether the server has closed a connection on which nothing was answered."""
    if not select.select([connection], [], [], 0)[0]:
        return False
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def trickle(connection: socket.socket, byte: bytes) -> Callable[[], bool]:
    """Sends another byte, and says whether the server has closed the connection."""

    def more() -> bool:
        try:
            connection.sendall(byte)
        except ConnectionError:
            return True
        return is_closed(connection)

    return more


def test_headers_that_never_end_are_closed_while_others_are_answered(server: Server) -> None:
    slow = [server.connect(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ") for _ in range(OF_ADDRESS)]
    assert server.answers()
    assert not is_closed(slow[0])
    for connection in slow:
        with closing(connection):
            until(trickle(connection, b"x"), "the end of a connection that sends its headers byte by byte")


def test_a_connection_that_sends_nothing_is_closed(server: Server) -> None:
    with closing(server.connect()) as silent:
        assert everything(silent) == b""


def test_a_body_that_trickles_is_closed_while_others_are_answered(server: Server, bearer: bytes) -> None:
    with closing(server.connect(HEAD + bearer + b"Content-Length: 500000\r\n\r\n")) as slow:
        assert server.answers()
        assert not is_closed(slow)
        until(trickle(slow, b" "), "the end of a connection that sends its body byte by byte")
    assert server.answers()


def test_a_body_that_comes_in_time_is_answered(server: Server, bearer: bytes) -> None:
    body = json.dumps({"text": "a mug" + " " * 900_000}).encode()
    request = HEAD + bearer + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    with closing(server.connect(request)) as sender:
        sender.sendall(body)
        assert b"at most 2000 characters" in everything(sender)


def test_a_stranger_is_answered_before_the_body_and_its_rest_is_not_waited_for(server: Server) -> None:
    with closing(server.connect(HEAD + b"Content-Length: 30000000\r\n\r\n" + b" " * 100_000)) as stranger:
        assert b"HTTP/1.1 401" in everything(stranger)


def test_no_more_than_a_little_of_a_refused_body_is_taken_from_the_sender(server: Server) -> None:
    sent, megabytes = 0, 500
    with closing(server.connect(HEAD + b"Content-Length: %d\r\n\r\n" % (megabytes * 1_000_000))) as stranger:
        assert b"HTTP/1.1 401" in stranger.recv(65_536)
        with suppress(ConnectionError):
            for sent in range(megabytes):  # noqa: B007
                stranger.sendall(b" " * 1_000_000)
    assert sent < 50, "what the buffers of the kernel hold, and a megabyte"


def test_a_reader_who_does_not_read_is_closed(server: Server) -> None:
    request = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with closing(server.connect(request, receive_buffer=4096)) as slow:
        slow.sendall(request * 300)
        poll = select.poll()
        poll.register(slow, select.POLLHUP | select.POLLERR)
        until(lambda: poll.poll(0), "the end of a connection whose answers nobody reads")
    assert server.answers()


@pytest.fixture(scope="module")
def listening(server: Server, bearer: bytes) -> bytes:
    """A request for an event stream, which goes on until its reader ends it."""
    body = json.dumps({"prompt": "a mug", "count": 1}).encode()
    head = HEAD.replace(b"tokenize", b"generations") + bearer + b"Connection: close\r\n"
    with closing(server.connect(head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))) as drawing:
        job_id = json.loads(everything(drawing).partition(b"\r\n\r\n")[2])["job"]["id"]
    return f"GET /api/jobs/{job_id}/events HTTP/1.1\r\nHost: localhost\r\n".encode() + bearer + b"\r\n"


def listen(server: Server, stack: ExitStack, listening: bytes, address: str = ADDRESSES[0]) -> socket.socket:
    """An open event stream."""
    stream = stack.enter_context(closing(server.connect(listening, address)))
    assert b"HTTP/1.1 200" in stream.recv(65_536)
    return stream


def test_an_event_stream_outlives_every_time_limit(server: Server, listening: bytes) -> None:
    with ExitStack() as stack:
        stream = listen(server, stack, listening)
        for _ in range(4):  # each is closed after the time limit
            with closing(server.connect(b"GET / HTTP/1.1\r\n")) as later:
                everything(later)
        while select.select([stream], [], [], 0)[0]:
            assert stream.recv(65_536) != b""


def test_one_address_has_so_many_connections_and_another_one_is_answered(server: Server, listening: bytes) -> None:
    with ExitStack() as stack:
        for _ in range(OF_ADDRESS):
            listen(server, stack, listening)
        with closing(server.connect()) as refused:
            answer = everything(refused)
        assert b"HTTP/1.1 503" in answer
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["type"] == "/problems/too-many-connections"
        assert b"Retry-After: 5" in answer
        assert server.answers()
    until(lambda: server.answers(ADDRESSES[0]), "the service, which recovers")


def test_a_full_server_closes_connections_without_a_request_for_new_ones(server: Server) -> None:
    with ExitStack() as stack:
        idle = [server.connect(address=ADDRESSES[number % 3]) for number in range(TOTAL)]
        for connection in idle:
            stack.enter_context(closing(connection))
        assert server.answers()
        until(lambda: is_closed(idle[0]), "the end of the connection that waited longest")


def test_a_full_server_with_nothing_but_requests_says_so_and_recovers(server: Server, listening: bytes) -> None:
    with ExitStack() as stack:
        for number in range(TOTAL):
            listen(server, stack, listening, ADDRESSES[number % 3])
        assert not server.answers()
    until(server.answers, "the service, which recovers")
