"""The shutdown flag of a worker: the parent process sets it, the children read it. Knows no signals or jobs."""

import mmap
from typing import Protocol


class Shutdown(Protocol):
    """The flag that a running job checks between two steps."""

    def is_set(self) -> bool:
        """Whether to save and hand the job back now."""
        ...


class SharedFlag:
    """A flag that a process and the children it forks share: one byte of memory, and no lock.

    A child may be killed at any instruction. A `multiprocessing.Event` whose holder dies stays locked: the next child
    would wait for it forever, and so would the parent at shutdown.
    """

    def __init__(self) -> None:
        self._byte = mmap.mmap(-1, 1)

    def set(self) -> None:
        """Raise the flag in every process that shares it."""
        self._byte[0] = 1

    def is_set(self) -> bool:
        """Whether a process has raised the flag."""
        return self._byte[0] != 0
