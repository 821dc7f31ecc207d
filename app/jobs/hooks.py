"""Calls other rooms when a job is submitted, when an attempt ends, and when a job reaches a final state.

The ledger knows people and teams and no room above. A room that has to act on a job registers a function here:

- `before_submit`: may refuse a new job by raising an error (quotas).
- `on_attempt_over`: an attempt has ended, whatever its outcome (GPU seconds).
- `on_final_state`: the job has just become succeeded, failed or cancelled (versions, counters, webhooks).

Every hook runs in the transaction that changes the job's row, so its writes are committed or rolled back with that
change. Hooks must not depend on each other's order.

Importing `app.rooms` loads every room that registers, and then calls `close_registration`. A process that does not
import it fails at its first job with HooksNotLoaded. Otherwise it would end jobs without running any hook.
"""

from collections.abc import Callable
from typing import Final

from sqlalchemy.orm import Session

from app.contracts.jobs import Kind
from app.core.settings import Settings
from app.jobs.models import Job

SubmitHook = Callable[[Session, str, Kind, Settings], None]  # session, team id, kind, settings
AttemptHook = Callable[[Session, Job, float], None]  # session, job, seconds that the attempt used
FinalStateHook = Callable[[Session, Job], None]


class HooksNotLoaded(RuntimeError):
    """This process changes jobs and has not imported `app.rooms`."""


class HookRegistry:
    """The functions that rooms have registered, and whether all of them have."""

    def __init__(self) -> None:
        self.submit: list[SubmitHook] = []
        self.attempt_over: list[AttemptHook] = []
        self.final_state: list[FinalStateHook] = []
        self.closed = False

    def must_be_open(self) -> None:
        """Raise RuntimeError if `app.rooms` is loaded already: other processes would then lack the new hook."""
        if self.closed:
            raise RuntimeError("a hook was registered after app.rooms was loaded; import its module in app.rooms")

    def must_be_closed(self) -> None:
        """Raise HooksNotLoaded if `app.rooms` has not been imported."""
        if not self.closed:
            raise HooksNotLoaded("import app.rooms before changing jobs: it loads what follows from a final state")


registry: Final = HookRegistry()


def before_submit(hook: SubmitHook) -> SubmitHook:
    """Register a function that is called before a job is queued. It refuses the job by raising an OnewordError."""
    registry.must_be_open()
    registry.submit.append(hook)
    return hook


def on_attempt_over(hook: AttemptHook) -> AttemptHook:
    """Register a function that is called once for each attempt that has ended on a GPU."""
    registry.must_be_open()
    registry.attempt_over.append(hook)
    return hook


def on_final_state(hook: FinalStateHook) -> FinalStateHook:
    """Register a function that is called once for each job, when it reaches a final state."""
    registry.must_be_open()
    registry.final_state.append(hook)
    return hook


def close_registration() -> None:
    """Say that every room has registered. Only `app.rooms` calls this."""
    registry.closed = True


def run_before_submit(session: Session, team_id: str, kind: Kind, settings: Settings) -> None:
    """Call the `before_submit` hooks. Raises what they raise."""
    registry.must_be_closed()
    for hook in registry.submit:
        hook(session, team_id, kind, settings)


def run_attempt_over(session: Session, job: Job, seconds: float) -> None:
    """Call the `on_attempt_over` hooks."""
    registry.must_be_closed()
    for hook in registry.attempt_over:
        hook(session, job, seconds)


def run_final_state(session: Session, job: Job) -> None:
    """Call the `on_final_state` hooks."""
    registry.must_be_closed()
    for hook in registry.final_state:
        hook(session, job)
