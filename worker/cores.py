"""How many threads a computation on a CPU has: one for each core, and fewer while others need the same cores.

The threads of one computation wait for each other thousands of times a second, so one that another program keeps from
its core holds up all the rest: two threads are then slower than one. Linux says how long the threads of this process
were ready and had to wait. What is computed is the same to the bit however many compute it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import torch

LOOK_SECONDS: Final = 0.5
PUT_OFF: Final = 0.15  # threads, on average over a look: from here on the cores are taken to be shared
RETRY_SECONDS: Final = 5.0  # after which all cores are tried again; twice as long each time that it was in vain
RETRY_SECONDS_MAX: Final = 60.0
TASKS: Final = Path("/proc/self/task")


def seconds_put_off() -> float:
    """How long the threads of this process have been ready to run without a core, all together; 0 if nobody says so."""
    waited = 0
    for thread in TASKS.glob("*/schedstat"):
        try:
            waited += int(thread.read_text().split()[1])
        except OSError:
            continue  # it has ended meanwhile
    return waited / 1e9


@dataclass
class Cores:
    """The threads that torch computes with in this process. Only the thread that computes may ask."""

    clock: Callable[[], float] = time.monotonic
    put_off: Callable[[], float] = seconds_put_off
    all: int = field(default_factory=torch.get_num_threads)
    _looked: float | None = None
    _put_off: float = 0.0
    _retry: float = 0.0
    _pause: float = RETRY_SECONDS

    def look(self) -> None:
        """Called between two steps: take as many threads as there are cores to be had."""
        moment, since = self.clock(), self._looked
        if since is not None and moment - since < LOOK_SECONDS:
            return
        before, self._looked, self._put_off = self._put_off, moment, self.put_off()
        if since is not None:
            self._take((self._put_off - before) / (moment - since), moment)

    def _take(self, missing: float, moment: float) -> None:
        """`missing` threads had no core, on average."""
        threads = torch.get_num_threads()
        if missing > PUT_OFF and threads > 1:
            self._retry, self._pause = moment + self._pause, min(2 * self._pause, RETRY_SECONDS_MAX)
            torch.set_num_threads(max(1, threads - max(1, round(missing))))
        elif missing <= PUT_OFF and threads == self.all:
            self._pause = RETRY_SECONDS
        elif missing <= PUT_OFF and moment >= self._retry:
            torch.set_num_threads(self.all)
