"""The problem (RFC 9457) that a failed job keeps, from whatever its handler raised.

UserErrors of the engine and OnewordErrors of the service carry a message for the user. Any other exception is a bug
or a fault of the machine, and another attempt may succeed.
"""

from typing import Any

from app.core.errors import NotReady, OnewordError
from worker.engine.errors import UserError


def is_final(error: Exception) -> bool:
    """Whether another attempt would fail in the same way. What is not ready now, such as the storage, may be later."""
    return isinstance(error, UserError | OnewordError) and not isinstance(error, NotReady)


def problem_of(error: Exception) -> dict[str, Any]:
    """The problem document for the job's row."""
    if isinstance(error, OnewordError):
        return error.problem()
    if isinstance(error, UserError):
        problem = {"type": f"/problems/{error.code}", "title": error.title, "status": 422, "detail": str(error)}
        return problem if error.field is None else {**problem, "field": error.field}
    return {
        "type": "/problems/unexpected",
        "title": "Something unexpected went wrong",
        "status": 500,
        "detail": f"The worker met an unexpected error ({type(error).__name__}: {error}). Its log has the details.",
    }


def message_of(error: Exception) -> str:
    """The message of an error for a warning or a report."""
    return str(error) if isinstance(error, UserError | OnewordError) else f"({type(error).__name__}: {error})"
