"""One claimed job while it runs: its lease, its writes, and the only places where it ends.

    guard(action) ── returns ──▶ the job goes on
        │
        ├─ JobCancelled ──────▶ cancelled
        ├─ ShuttingDown ──────▶ queued again, without counting the attempt
        ├─ PassOver ──────────▶ the same: what was done is stored, and the rest follows
        ├─ LeaseLost ─────────▶ nothing is written: another worker runs the job
        ├─ UserError and such ▶ failed: another attempt would fail in the same way
        └─ any other error ───▶ queued again, or failed after the last attempt

Knows nothing of what the job computes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import structlog
from sqlalchemy.orm import Session

from app.contracts.jobs import State
from app.core.errors import LeaseLost, OnewordError
from app.jobs import ledger
from app.jobs.ledger import Lease
from app.jobs.models import Job
from worker import failures
from worker.context import WorkerContext
from worker.lease import LeaseRenewal, read, write
from worker.shutdown import Shutdown

if TYPE_CHECKING:
    from worker.runner import Handler

log = structlog.get_logger(__name__)

Work = TypeVar("Work")
Result = TypeVar("Result")
Event = tuple[str, dict[str, Any]]


class JobCancelled(Exception):
    """A user cancelled the job without keeping its result."""


class PassOver(Exception):
    """A pass of the job has ended, and a job that waits goes first."""


class ShuttingDown(Exception):
    """The worker is shutting down. Another worker continues the job."""


@dataclass(eq=False)
class JobRun(Generic[Work]):
    """One attempt at one job. `work` is what its handler made of the job's specification."""

    context: WorkerContext
    handler: "Handler[Work]"
    job: Job
    renewal: LeaseRenewal
    shutdown: Shutdown
    over: bool = False
    work: Work = field(init=False)

    @property
    def lease(self) -> Lease:
        """The right to write the job's outcome."""
        return Lease(self.job.id, self.job.attempt)

    @property
    def cancellation(self) -> str | None:
        """How a person cancelled the job: None, `discard` or `keep`. Raises LeaseLost."""
        return self.renewal.cancellation(self.lease)

    def key(self, name: str) -> str:
        """The key of a blob of this attempt. Two attempts never write the same blob."""
        return f"jobs/{self.job.id}/attempt-{self.job.attempt}/{name}"

    def delete_blob(self, key: str) -> None:
        """Delete a blob that no row names. If the storage is unreachable, the sweep deletes it later."""
        try:
            self.context.storage.delete(key)
        except OnewordError as error:
            log.warning("blob not deleted; the sweep will", key=key, reason=error.detail)

    def raise_if_stopped(self) -> None:
        """Raise JobCancelled, ShuttingDown or LeaseLost if the job must not go on here."""
        if self.cancellation == "discard":
            raise JobCancelled
        if self.shutdown.is_set():
            raise ShuttingDown

    def write(self, change: Callable[[Session], Result]) -> Result:
        """Run a change in a transaction, and repeat it while the database is unreachable. See `worker.lease.write`."""
        return write(self.context.database, change)

    def read(self, query: Callable[[Session], Result]) -> Result:
        """Run a query, and repeat it while the database is unreachable. See `worker.lease.read`."""
        return read(self.context.database, query)

    def record(self, events: Sequence[Event], **progress: Any) -> None:
        """Write events, and `progress`, `checkpoint_key` or `share` of `ledger.record`. Raises LeaseLost."""
        self.write(partial(ledger.record, lease=self.lease, events=events, **progress))

    def guard(self, action: Callable[[], object]) -> bool:
        """Run this job's own part of a shared computation. An exception ends this job alone.

        Returns whether the job goes on. Nothing runs once the job is over.
        """
        if not self.over:
            try:
                action()
            except Exception as error:  # whatever it is, the job's row has to say so
                self.end(error)
        return not self.over

    def finish(self) -> None:
        """Write the result and `succeeded`, in one fenced transaction."""
        self.write(self._succeed)
        self._close()

    def end(self, error: Exception) -> None:
        """End the job as the table at the top of this module says. Never raises."""
        if self.over:
            return
        try:
            self._write_outcome(error)
        except LeaseLost as lost:
            log.warning("lease lost; nothing more is written", job=self.job.id, reason=str(lost))
        except Exception as failure:  # the lease expires, and another attempt follows
            log.error("outcome not written", job=self.job.id, exc_info=failure)
        finally:
            self._close()

    def _write_outcome(self, error: Exception) -> None:
        if isinstance(error, LeaseLost):
            raise error
        if isinstance(error, JobCancelled):
            self._release(partial(ledger.finish, lease=self.lease, state="cancelled"))
        elif isinstance(error, ShuttingDown | PassOver):
            log.info("handed back", job=self.job.id, reason=type(error).__name__)
            self._release(partial(ledger.hand_back, lease=self.lease))
        elif failures.is_final(error):
            problem = failures.problem_of(error)
            log.warning("job failed", job=self.job.id, detail=problem["detail"])
            self._release(partial(ledger.finish, lease=self.lease, state="failed", error=problem))
        else:
            log.error("attempt failed", job=self.job.id, attempt=self.job.attempt, exc_info=error)
            problem = failures.problem_of(error)
            self._release(partial(ledger.try_again, lease=self.lease, error=problem))

    def _release(self, outcome: Callable[[Session], State]) -> None:
        def change(session: Session) -> None:
            self.handler.release(session, self, outcome(session))

        self.write(change)

    def _succeed(self, session: Session) -> None:
        ledger.lock(session, self.lease)
        self.handler.finish(session, self)
        ledger.finish(session, self.lease, "succeeded")

    def _close(self) -> None:
        self.over = True
        self.renewal.remove(self.lease)
