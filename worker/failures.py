"""How a job that went wrong ends: what its owner is told, and whether another attempt may help.

The engine's errors are sentences for people; anything else is a bug or the machine, and is tried again.
"""

from functools import partial
from typing import Any

import structlog

from app.core.errors import LeaseLost, OnewordError
from app.jobs import ledger
from app.jobs.ledger import Lease
from worker.context import WorkerContext
from worker.engine.errors import UserError
from worker.lease import write

log = structlog.get_logger(__name__)


def fail(context: WorkerContext, lease: Lease, error: Exception) -> None:
    """End the attempt. What another attempt cannot mend fails at once; the rest goes back to the queue."""
    if isinstance(error, LeaseLost):
        raise error
    problem = problem_of(error)
    if isinstance(error, UserError | OnewordError):
        log.warning("job failed", job=lease.job_id, detail=problem["detail"])
        write(context.database, partial(ledger.finish, lease=lease, state="failed", error=problem))
    else:
        log.error("attempt failed", job=lease.job_id, attempt=lease.attempt, exc_info=error)
        write(context.database, partial(ledger.try_again, lease=lease, error=problem))


def problem_of(error: Exception) -> dict[str, Any]:
    """The problem (RFC 9457) that the job's row keeps."""
    if isinstance(error, OnewordError):
        return error.problem()
    if isinstance(error, UserError):
        problem = {"type": f"/problems/{error.code}", "title": error.title, "status": 422, "detail": str(error)}
        return problem if error.field is None else {**problem, "field": error.field}
    return {
        "type": "/problems/unexpected",
        "title": "Something unexpected went wrong",
        "status": 500,
        "detail": f"The worker met an error that it does not know ({type(error).__name__}: {error}). "
        "Its log has the details.",
    }
