"""Connections that are held open: what an attacker pays for them is a byte a second."""

import socket
import time
from contextlib import ExitStack
from typing import Final

import httpx

from benchmarks.attacks.outcome import Outcome
from benchmarks.attacks.target import SMALL_ORDER, Target
from tests.support.attacks import small_jpeg

HELD_SECONDS: Final = 20  # longer than a server that gives up needs


def unfinished_headers(target: Target) -> Outcome:
    """200 connections that begin a header and never end it."""
    return _held(target.port, 200, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")


def slow_bodies(target: Target) -> Outcome:
    """100 signed-in requests whose body of a megabyte arrives a byte a second."""
    head = (
        "POST /api/concepts HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {target.attacker}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000000\r\n\r\n--x\r\n"
    )
    return _held(target.port, 100, head.encode())


def unsent_forms(target: Target) -> Outcome:
    """40 forms of 130 MB that are announced and never sent, while another team checks a picture."""
    head = (
        "POST /api/pictures/check HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {target.attacker}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 130000000\r\n\r\n--x\r\n"
    )
    return _while_open(target, target.honest, [head.encode()] * 40)


def streams_of_forms(target: Target) -> Outcome:
    """8 event streams that say they send a form, while their team checks a picture."""
    with target.client(target.attacker, 5.0) as client:
        job = (
            client.post("/api/generations", json=SMALL_ORDER | {"steps": 100, "count": 4})
            .raise_for_status()
            .json()["job"]["id"]
        )
    head = (
        f"GET /api/jobs/{job}/events HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {target.attacker}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
    )
    return _while_open(target, target.attacker, [head.encode()] * 8)


def _while_open(target: Target, token: str, beginnings: list[bytes]) -> Outcome:
    """How long the check of a small picture takes while these requests are open."""
    with ExitStack() as stack:
        for beginning in beginnings:
            held = stack.enter_context(socket.create_connection(("127.0.0.1", target.port), timeout=2))
            held.sendall(beginning)
        time.sleep(1.0)
        began = time.monotonic()
        with target.client(token, HELD_SECONDS) as client:
            try:
                files = {"images": ("x.jpg", small_jpeg(1), "image/jpeg")}
                status = str(client.post("/api/pictures/check", files=files).status_code)
            except httpx.TransportError as error:
                status = type(error).__name__
        return Outcome(f"{status} for an honest upload", time.monotonic() - began)


def _held(port: int, count: int, beginning: bytes) -> Outcome:
    """Keep `count` connections alive with a byte a second, and count those that the studio ends."""
    began, refused, ended = time.monotonic(), 0, 0
    last = 0.0
    with ExitStack() as stack:
        held: list[socket.socket] = []
        for _ in range(count):
            try:
                held.append(stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=2)))
                held[-1].sendall(beginning)
                held[-1].setblocking(False)
            except OSError:
                refused += 1
        while held and time.monotonic() - began < HELD_SECONDS:
            time.sleep(1.0)
            alive = [each for each in held if _is_open(each)]
            if len(alive) < len(held):
                ended, last = ended + len(held) - len(alive), time.monotonic() - began
            held = alive
    if not ended + refused:
        return Outcome(f"all {count} held for {HELD_SECONDS} s")
    return Outcome(f"{refused} of {count} refused, {ended} ended, the last after {last:.0f} s")


def _is_open(connection: socket.socket) -> bool:
    try:
        connection.send(b"a")
        if connection.recv(65_536) == b"":
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False
    return _is_open(connection)  # there was an answer; the end of the connection may follow
