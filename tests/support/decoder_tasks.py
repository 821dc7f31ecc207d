"""Tasks for the children that decode. They import nothing heavy, because a child has little memory."""

import os
import resource


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


def processor_seconds(content: bytes) -> int:
    """The soft limit of processor time in this child."""
    return resource.getrlimit(resource.RLIMIT_CPU)[0]


def die(content: bytes) -> None:
    """End the process as a crash in a C library would."""
    os._exit(11)
