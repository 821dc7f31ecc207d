"""Child processes that read foreign bytes. A pool that breaks is replaced, and no caller waits forever.

A pool breaks when its children cannot start, or when an idle child dies (the kernel kills it for memory, for example).
From then on it answers nothing. The pool is replaced as soon as a caller notices, and what was waiting is submitted
once more to the new pool. If that breaks too, the caller gets NotReady with the code `decoder-unavailable`.

Knows nothing of pictures or embeddings: a task is a function from bytes to plain data (`app.foreign_bytes.answers`),
from a module that a child can import.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from signal import SIGXCPU
from typing import Any, Final, Generic, TypeVar, cast

import structlog
from pebble import ProcessExpired, ProcessPool

from app.core.errors import NotReady
from app.foreign_bytes import answers
from app.foreign_bytes.answers import ReadingFailed
from app.foreign_bytes.limits import Limits, limit_this_process, run_limited
from app.foreign_bytes.plain_pipes import PlainPipes

log = structlog.get_logger(__name__)

STALLED_SECONDS: Final = 60.0  # a pool with tasks that answers none of them for so long does not work
WORKERS: Final = 2
TASKS_PER_CHILD: Final = 500
RETRY_SECONDS: Final = 10.0
_CHECK_SECONDS: Final = 0.5  # between two checks of a pool that has not answered

Result = TypeVar("Result")


class _Children:
    """One set of child processes. Once broken it stays broken."""

    def __init__(self, pool: "DecoderPool") -> None:
        # The children are forked from a small server process that has loaded what they need, not from this process,
        # which has threads and connections.
        context = PlainPipes(pool.limits.answer_bytes)
        context.set_forkserver_preload([*pool.preload, "app.foreign_bytes.limits"])
        self._limits = pool.limits
        self._pool = ProcessPool(
            max_workers=pool.workers,
            max_tasks=pool.tasks_per_child,
            initializer=pool.initializer,
            context=context,
        )
        self.last_answer = time.monotonic()

    def submit(self, task: Callable[[bytes], object], content: bytes) -> "Future[bytes]":
        """Queue one task. The future of a broken pool fails with BrokenProcessPool."""
        try:
            future: Future[bytes] = self._pool.schedule(
                run_limited, args=(task, content, self._limits), timeout=self._limits.wall_seconds
            )
        except RuntimeError as error:  # what pebble raises for a pool that is broken, stopped or cannot start
            future = Future()
            future.set_exception(BrokenProcessPool(str(error)))
        future.add_done_callback(self._note_answer)
        return future

    @property
    def alive(self) -> bool:
        """Whether the pool takes tasks and works on them."""
        try:
            return bool(self._pool.active)
        except RuntimeError:  # the children cannot start
            return False

    def stop(self) -> None:
        """End the children. Takes seconds if one of them does not react."""
        self._pool.stop()
        self._pool.join()

    def _note_answer(self, _: "Future[Any]") -> None:
        self.last_answer = time.monotonic()


@dataclass(frozen=True)
class Submission(Generic[Result]):
    """A task in the queue of a pool, with what is needed to submit it again."""

    task: Callable[[bytes], Result]
    content: bytes
    future: "Future[bytes]"
    children: _Children | None  # None if the pool was closed
    at: float  # time.monotonic()


class DecoderPool:
    """A few child processes with limits. They start with the first task and serve until `close`.

    `preload` names the modules that every child needs. `initializer` runs in each child before its first task.
    """

    def __init__(
        self,
        initializer: Callable[[], object] | None = None,
        stalled_seconds: float = STALLED_SECONDS,
        *,
        limits: Limits = Limits(),  # noqa: B008 (immutable)
        preload: Sequence[str] = ("app.pictures.decoding", "app.pictures.recipes"),
        workers: int = WORKERS,
        tasks_per_child: int = TASKS_PER_CHILD,
    ) -> None:
        self.limits = limits
        self.preload = preload
        self.workers = workers
        self.tasks_per_child = tasks_per_child
        self.initializer = initializer or partial(limit_this_process, memory_bytes=limits.memory_bytes)
        self._stalled_seconds = stalled_seconds
        self._children: _Children | None = None
        self._closed = False
        self._lock = threading.Lock()

    def open(self) -> None:
        """Start the children now, so that the first task need not wait for them."""
        self._closed = False
        for _ in range(self.workers):
            self.submit(_nothing, b"")

    def close(self) -> None:
        """Stop the children. Tasks that wait fail with NotReady."""
        with self._lock:
            self._closed = True
            children, self._children = self._children, None
        if children is not None:
            children.stop()

    def submit(self, task: Callable[[bytes], Result], content: bytes) -> Submission[Result]:
        """Queue a task. Never raises: what is wrong with the pool shows in `result`."""
        children = self._current()
        if children is not None:
            return Submission(task, content, children.submit(task, content), children, time.monotonic())
        failed: Future[bytes] = Future()
        failed.set_exception(BrokenProcessPool("closed"))
        return Submission(task, content, failed, None, time.monotonic())

    def result(self, submission: Submission[Result]) -> Result:
        """Wait for the result of a task.

        Raises ReadingFailed if the task needs more than its limits, or if the child died of it, and NotReady if there
        is no child that could run it.
        """
        try:
            answer = self._answer(submission)
        except ProcessExpired as expired:
            slow = expired.exitcode == -SIGXCPU
            raise ReadingFailed("slow" if slow else "crash", f"exit status {expired.exitcode}") from expired
        except TimeoutError as error:
            raise ReadingFailed("slow") from error
        return cast("Result", answers.decode(answer, submission.task, note_printed))

    def _answer(self, submission: Submission[Result]) -> bytes:
        try:
            return self._wait(submission)
        except BrokenProcessPool as error:
            self._replace(submission.children, error)
        try:
            submission = self.submit(submission.task, submission.content)
            return self._wait(submission)
        except BrokenProcessPool as error:
            self._replace(submission.children, error)
            raise _unavailable() from error

    def _wait(self, submission: Submission[Result]) -> bytes:
        """The answer. Raises BrokenProcessPool if the pool broke, and NotReady if it has stalled."""
        children = submission.children
        while children is not None and not wait([submission.future], timeout=_CHECK_SECONDS).done:
            if not children.alive:
                raise BrokenProcessPool("stopped with tasks in its queue")
            if time.monotonic() - max(submission.at, children.last_answer) > self._stalled_seconds:
                self._replace(children, TimeoutError(f"no answer for {self._stalled_seconds:g} s"))
                raise _unavailable()
        return submission.future.result()

    def _current(self) -> _Children | None:
        """The children that take tasks, new ones if there are none; None after `close`."""
        with self._lock:
            children = self._children
        if children is not None and not children.alive:
            self._replace(children, BrokenProcessPool("an idle child died"))
        with self._lock:
            if self._children is None and not self._closed:
                self._children = _Children(self)
            return self._children

    def _replace(self, children: _Children | None, why: BaseException) -> None:
        """Forget these children, unless another thread has replaced them already. The next task starts new ones."""
        with self._lock:
            if children is None or self._children is not children:
                return
            self._children = None
        log.error("decoder pool replaced", reason=repr(why))
        # Not in this thread: a child that does not react to SIGTERM takes 3 s.
        threading.Thread(target=children.stop, name="stop decoder pool", daemon=True).start()


def _nothing(content: bytes) -> None:
    """A task that a child answers as soon as it is there."""


def note_printed(text: str) -> None:
    """Log what a library printed while it read a file."""
    log.info("a decoder printed", text=text)


def _unavailable() -> NotReady:
    return NotReady(
        "Files cannot be opened now, because the processes that decode them do not run. Try again in "
        f"{RETRY_SECONDS:.0f} s. If that does not help, the log of the service says why.",
        code="decoder-unavailable",
        retry_after=RETRY_SECONDS,
    )
