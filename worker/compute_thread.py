"""Runs all computations of a worker in one thread, one after the other.

libgomp keeps a team of threads for each thread that has ever computed. After a second thread has computed, there are
more threads than cores, and the waiting teams no longer spin: each training step then takes nearly twice as long.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue


class ComputeThread:
    """A thread that starts with the first work, and so after a fork."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._waiting: SimpleQueue[tuple[Callable[[], None], Future[None]]] = SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def submit(self, work: Callable[[], None]) -> "Future[None]":
        """Queue `work` behind all earlier work. Returns at once; the future ends as `work` does."""
        with self._starting:
            if self._thread is None:
                # A daemon thread, so that the process can end without waiting for it.
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
        done: Future[None] = Future()
        self._waiting.put((work, done))
        return done

    def run(self, work: Callable[[], None]) -> None:
        """Run `work` in the thread, after all earlier work. Returns or raises as `work` does."""
        self.submit(work).result()

    def _run(self) -> None:
        while True:
            work, done = self._waiting.get()
            try:
                work()
            except BaseException as error:  # every error goes to the caller
                done.set_exception(error)
            else:
                done.set_result(None)
