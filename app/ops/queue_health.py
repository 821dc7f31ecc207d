"""Whether waiting jobs are being done, judged by how long they have waited and by the workers' heartbeats.

A process that exists may be stuck, so a process id proves nothing.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from app.contracts.jobs import Kind
from app.core.database import now
from app.jobs import queries as jobs
from app.workers import queries
from app.workers.models import Worker

PATIENCE: Final = timedelta(seconds=60)  # the time that a worker may need to start
STUCK: Final = timedelta(minutes=5)
DOES: Final[dict[Kind, str]] = {
    "training": "teaches",
    "generation": "draws",
    "import": "imports",
    "report": "draws reports",
}


def complaints(session: Session) -> list[str]:
    """A complaint about each kind of job that no worker takes; empty when all is well."""
    moment = now(session)
    alive = queries.alive(session, moment)
    found = []
    for kind, does in DOES.items():
        queue = jobs.queue_of(session, kind)
        if not queue.waiting or queue.oldest is None:
            continue
        waited, of_kind = moment - queue.oldest, [worker for worker in alive if kind in worker.kinds]
        if not of_kind and waited > PATIENCE:
            found.append(f"no worker that {does} is there, and {_jobs(queue.waiting)} for one: start one")
        elif of_kind and waited > STUCK and not queue.running:
            found.append(
                f"a worker that {does} is there but takes nothing, and {_jobs(queue.waiting)}: restart it, and look at "
                "its log and at the broker"
            )
    return found


def clock_skews(workers: Sequence[Worker]) -> dict[str, timedelta]:
    """How far each worker's clock is from the database's."""
    return {worker.name: abs(worker.clock_at - worker.seen_at) for worker in workers}


def _jobs(count: int) -> str:
    return "1 job waits" if count == 1 else f"{count} jobs wait"
