"""All computing of a worker happens in one thread, one thing after the other, whoever asks for it.

libgomp keeps a team of threads for each thread that has ever computed. Once a second one has, there are more threads
than cores, and every team stops spinning while it waits: each training step takes nearly twice as long from then on.
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

    def run(self, work: Callable[[], None]) -> None:
        """Run `work` in the thread, after what was asked for before. Returns or raises as `work` does."""
        with self._starting:
            if self._thread is None:
                # A daemon, so that a process that has to end does not wait for it.
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
        done: Future[None] = Future()
        self._waiting.put((work, done))
        done.result()

    def _run(self) -> None:
        while True:
            work, done = self._waiting.get()
            try:
                work()
            except BaseException as error:  # the caller has to hear of every error
                done.set_exception(error)
            else:
                done.set_result(None)
