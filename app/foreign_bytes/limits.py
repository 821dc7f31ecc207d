"""Limits of a child process that reads foreign bytes. Imports the standard library alone, so that a child stays small.

    limit             Linux                              macOS, and other systems without /proc
    memory            RLIMIT_AS: an allocation beyond    A thread compares the peak resident memory with the limit
                      the limit raises MemoryError.      every 50 ms and ends the process (exit status 70).
    processor time    RLIMIT_CPU, set again before each task: SIGXCPU ends the process (both systems).
    wall-clock time   The pool stops the process (`app.foreign_bytes.decoder_pool`, both systems).
    answer            The child sends no answer of more than `answer_bytes`, and the pool reads no more (both systems).
    files             RLIMIT_FSIZE 0: nothing can be written to a file (both systems).
    new processes     RLIMIT_NPROC 0 (both systems; without effect for root).
    core dumps        RLIMIT_CORE 0 (both systems).

What a library prints goes into a pipe of 64 KB inside the child, and after each task to the log of the parent.

macOS accepts RLIMIT_AS only as a number above everything that is mapped already. A new process there maps the shared
library cache of several gigabytes, and without /proc the standard library cannot tell how much.
"""

import math
import os
import resource
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.foreign_bytes import answers

STATM: Final = Path("/proc/self/statm")
OUT_OF_MEMORY: Final = 70  # exit status
_WATCH_SECONDS: Final = 0.05
_MAXRSS_UNIT: Final = 1 if sys.platform == "darwin" else 1024  # bytes; see getrusage(2)
_PRINTED_CHARACTERS_MAX: Final = 2000

_printed: int | None = None  # file descriptor from which the child reads what its libraries print


@dataclass(frozen=True)
class Limits:
    """What one task may take."""

    memory_bytes: int = 400_000_000  # beyond what the process uses when it starts
    processor_seconds: int = 10
    wall_seconds: float = 20.0  # on a busy machine a task waits for the processor
    answer_bytes: int = 32_000_000


def limit_this_process(statm: Path = STATM, memory_bytes: int = Limits.memory_bytes) -> None:
    """Set every limit that holds for all tasks of this process. The process cannot lift one of them again.

    `statm` is the file from which Linux tells the mapped memory, in pages. Without it the resident memory is watched.
    """
    _catch_what_is_printed()
    try:
        mapped = int(statm.read_text().split()[0]) * resource.getpagesize()
    except OSError:
        limit = _peak_resident_bytes() + memory_bytes
        threading.Thread(target=_watch_memory, args=(limit,), name="memory watch", daemon=True).start()
    else:
        _limit(resource.RLIMIT_AS, mapped + memory_bytes)
    for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC, resource.RLIMIT_CORE):
        _limit(kind, 0)


def run_limited(task: Callable[[bytes], object], content: bytes, allowed: Limits) -> bytes:
    """The answer to a task. Only for a child process: beyond its processor time it dies."""
    _limit_processor_seconds(allowed.processor_seconds)
    try:
        answer = answers.encode(task(content), _read_printed())
        if len(answer) <= allowed.answer_bytes:
            return answer
        return answers.encode_failure("answer", f"{len(answer)} bytes")
    except MemoryError:
        return answers.encode_failure("memory", "", _read_printed())
    except BaseException as error:  # whatever a reader of foreign bytes trips over, the parent has to be told
        return answers.encode_failure("error", f"{type(error).__name__}: {error}", _read_printed())


def _limit_processor_seconds(seconds: int) -> None:
    """Let this process use so many more seconds of processor time. Beyond that it dies."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = math.ceil(used.ru_utime + used.ru_stime) + seconds
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _read_printed() -> str:
    """What libraries have printed in this process since the last call, cut to 2,000 characters."""
    if _printed is None:
        return ""
    try:
        return os.read(_printed, 2**16).decode("utf-8", "replace")[:_PRINTED_CHARACTERS_MAX].strip()
    except BlockingIOError:  # nothing
        return ""


def _catch_what_is_printed() -> None:
    """Replace standard output and standard error by a pipe that drops what does not fit."""
    global _printed
    _printed, write = os.pipe()
    os.set_blocking(_printed, False)
    os.set_blocking(write, False)
    os.dup2(write, 1)
    os.dup2(write, 2)
    os.close(write)


def _limit(kind: int, value: int) -> None:
    """Set the soft and the hard limit. A process that started under `ulimit` keeps a lower one."""
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def _watch_memory(limit: int) -> None:
    while _peak_resident_bytes() <= limit:
        time.sleep(_WATCH_SECONDS)
    os._exit(OUT_OF_MEMORY)


def _peak_resident_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT
