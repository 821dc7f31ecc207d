"""Limits of a child process that decodes pictures. Imports nothing but the standard library.

    limit             Linux                              macOS, and other systems without /proc
    memory            RLIMIT_AS: an allocation beyond    A thread compares the peak resident memory with the limit
                      the limit raises MemoryError.      every 50 ms and ends the process (exit status 70).
    processor time    RLIMIT_CPU, set again before each task: SIGXCPU ends the process (both systems).
    wall-clock time   The pool stops the process (`app.pictures.decoder_pool`, both systems).

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
from pathlib import Path
from typing import Final, TypeVar

MEMORY_BYTES: Final = 1_200_000_000  # beyond what the process uses when it starts
PROCESSOR_SECONDS: Final = 30  # per task; more than the pool's wall-clock limit, which therefore ends a task first
STATM: Final = Path("/proc/self/statm")
OUT_OF_MEMORY: Final = 70  # exit status
_WATCH_SECONDS: Final = 0.05
_MAXRSS_UNIT: Final = 1 if sys.platform == "darwin" else 1024  # bytes; see getrusage(2)

Result = TypeVar("Result")


def limit_this_process(statm: Path = STATM, memory_bytes: int = MEMORY_BYTES) -> None:
    """Limit the memory of this process to `memory_bytes` more than it uses now, in the way that the system offers.

    `statm` is the file from which Linux tells the mapped memory, in pages. Without it the resident memory is watched.
    """
    try:
        mapped = int(statm.read_text().split()[0]) * resource.getpagesize()
    except OSError:
        limit = _peak_resident_bytes() + memory_bytes
        threading.Thread(target=_watch_memory, args=(limit,), name="memory watch", daemon=True).start()
        return
    _set_soft_limit(resource.RLIMIT_AS, mapped + memory_bytes)


def run_limited(task: Callable[[bytes], Result], content: bytes) -> Result:
    """Run `task` with at most PROCESSOR_SECONDS of processor time. Only for a child process: beyond that it dies."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _set_soft_limit(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime) + PROCESSOR_SECONDS)
    return task(content)


def _set_soft_limit(kind: int, value: int) -> None:
    """Set the soft limit. The hard limit stays: a process that started under `ulimit` cannot raise it."""
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _watch_memory(limit: int) -> None:
    while _peak_resident_bytes() <= limit:
        time.sleep(_WATCH_SECONDS)
    os._exit(OUT_OF_MEMORY)


def _peak_resident_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT
