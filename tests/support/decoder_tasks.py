"""Tasks for the children that decode. They import nothing heavy, because a child has little memory."""

import gc
import os
import resource
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def take_300_megabytes(content: bytes) -> str:
    """Take memory in 300 small steps, each of some milliseconds, and say whether it was given."""
    held = []
    try:
        for _ in range(300):
            held.append(os.urandom(1_000_000))
    except MemoryError:
        held.clear()
        return "refused"
    return "given"


def take_a_gigabyte(content: bytes) -> str:
    """Take memory all at once, and say whether it was given."""
    try:
        return "given" if bytearray(10**9) else "nothing"
    except MemoryError:
        return "refused"


def processor_seconds(content: bytes) -> int:
    """The soft limit of processor time in this child."""
    return resource.getrlimit(resource.RLIMIT_CPU)[0]


def die(content: bytes) -> None:
    """End the process as a crash in a C library would."""
    os._exit(11)


def burn(content: bytes) -> None:
    """Use the processor for ever."""
    while True:
        pass


def long_answer(content: bytes) -> bytes:
    """Answer more than was asked for."""
    return bytes(3_000_000)


def write_a_file(content: bytes) -> str:
    """Say why the file with this name cannot be written."""
    try:
        with Path(content.decode()).open("w") as file:
            file.write("I was here")
    except OSError as error:
        return str(error)
    return "written"


def hard_limits(content: bytes) -> dict[str, int]:
    """The limits that this process cannot raise."""
    kinds = ("RLIMIT_AS", "RLIMIT_FSIZE", "RLIMIT_NPROC", "RLIMIT_CORE")
    return {kind: resource.getrlimit(getattr(resource, kind))[1] for kind in kinds}


def chatter(content: bytes) -> None:
    """Print as a C library does, far more than anybody reads."""
    os.write(2, b"libpng warning: something")
    for _ in range(1000):
        print("x" * 1000, file=sys.stderr)


def fail(content: bytes) -> None:
    """Trip over the bytes."""
    raise ZeroDivisionError("whatever \ud800")


@dataclass(frozen=True)
class Cat:
    """A result."""

    name: str
    lives: int


def cat(content: bytes) -> Cat | bool:
    """A result of the type that was promised."""
    return Cat("Tom", 9)


def no_cat(content: bytes) -> Cat | bool:
    """A result of another type than was promised."""
    return {"name": "Tom", "lives": 9}  # type: ignore[return-value]


def strange_cat(content: bytes) -> Cat | bool:
    """A result whose fields are of other types than was promised."""
    return Cat("\ud800", [])  # type: ignore[arg-type]


class Evil:
    """A pickle that creates a file where it is read."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (self._path, "w")


def take_over(content: bytes) -> None:
    """Send the parent a pickle that calls a function, as a child that a file has taken over may."""
    (channel,) = (each for each in gc.get_objects() if type(each).__name__ == "WorkerChannel")
    channel.send(Evil(content.decode()))
