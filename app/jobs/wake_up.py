"""Wakes the workers of a kind of job. The ledger holds the work; this only shortens the wait for it."""

from app.contracts.jobs import Kind
from app.contracts.queues import QUEUES, TASKS
from app.core import broker
from app.core.settings import Settings


def wake(settings: Settings, kind: Kind, job_id: str) -> bool:
    """Tell the workers of a kind that `job_id` waits. Returns whether the broker accepted the message."""
    return broker.send(settings, TASKS[kind], QUEUES[kind], job_id)


def waiting_messages(settings: Settings, kind: Kind) -> int | None:
    """The number of wake-up messages in the queue of a kind; None when the broker cannot be asked."""
    return broker.depth(settings, QUEUES[kind])
