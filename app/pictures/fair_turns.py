"""Which upload is decoded next: teams take turns picture by picture, and a sender who is gone gives up its turns.

The next picture is one of the team that was served the longest time ago. An example with one decoder: team A sends five
pictures, and while the first is decoded, team B sends two.

    waiting                     decoded next
    a2 a3 a4 a5 | b1 b2         b1   (B was never served)
    a2 a3 a4 a5 | b2            a2   (A was served before B)
    a3 a4 a5 | b2               b2
    a3 a4 a5                    a3

So a team that has nothing waiting or running waits for the rest of one picture and no longer, whatever others sent.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any, TypeVar

Result = TypeVar("Result")


class Sender:
    """Who waits for the decoding of a request's uploads. Any thread may call its methods."""

    def __init__(self, team_id: str = "", on_decoded: Callable[[], None] = lambda: None) -> None:
        self.team_id = team_id
        self.decoded = on_decoded  # called when all uploads of the request are decoded and the rest is waiting
        self._gone = False
        self._futures: set[Future[Any]] = set()
        self._lock = threading.Lock()

    def wait_for(self, future: "Future[Any]") -> None:
        """Cancel this future when the sender leaves, or now if the sender has left."""
        with self._lock:
            self._futures.add(future)
            gone = self._gone
        future.add_done_callback(self._futures.discard)
        if gone:
            future.cancel()

    def leave(self) -> None:
        """The connection is closed: cancel what has not begun."""
        with self._lock:
            self._gone = True
            futures = list(self._futures)
        for future in futures:
            future.cancel()


SENDER: ContextVar[Sender] = ContextVar("sender", default=Sender())  # noqa: B039 (without a request nobody leaves)


class FairTurns:
    """Runs tasks in as many threads as there are decoders; the threads wait for the decoders' answers."""

    def __init__(self, decoders: int) -> None:
        self._threads = ThreadPoolExecutor(decoders, thread_name_prefix="decoding")
        self._waiting: dict[str, deque[tuple[Future[Any], Callable[[], Any]]]] = {}
        self._served: Counter[str] = Counter()  # by team, the number of the turn that it had last
        self._turn = 0
        self._lock = threading.Lock()

    def submit(self, task: Callable[[], Result]) -> "Future[Result]":
        """Queue a task for the present SENDER. Its future is cancelled if the sender leaves before its turn."""
        future: Future[Result] = Future()
        sender = SENDER.get()
        with self._lock:
            self._waiting.setdefault(sender.team_id, deque()).append((future, task))
        sender.wait_for(future)
        self._threads.submit(self._run_next)
        return future

    def _run_next(self) -> None:
        future, task = self._next()
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(task())
        except BaseException as error:
            future.set_exception(error)

    def _next(self) -> tuple[Future[Any], Callable[[], Any]]:
        """The first task of the team that was served the longest time ago."""
        with self._lock:
            team_id = min(self._waiting, key=self._served.__getitem__)
            first = self._waiting[team_id].popleft()
            if not self._waiting[team_id]:
                del self._waiting[team_id]
            self._turn += 1
            self._served[team_id] = self._turn
            return first
