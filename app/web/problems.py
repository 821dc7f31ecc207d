"""Sends every error as application/problem+json (RFC 9457).

An error of Oneword carries its own text. This module has the texts for errors of the framework, the database and the
operating system.
"""

import errno
import json
from math import ceil
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from app.core.errors import Conflict, InvalidInput, NotReady, OnewordError, StorageFull
from app.core.log import request_id

log = structlog.get_logger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
# SQLite's SQLITE_FULL, and PostgreSQL's disk_full.
_DATABASE_FULL: Final = ("database or disk is full", "No space left on device", "could not extend file")
_HTTP: Final = {
    400: (
        "request",
        "The request cannot be read",
        "The body is not in the form that this address takes. /openapi.json shows it.",
    ),
    404: ("not-found", "Not found", "There is nothing at this address. /openapi.json lists every address there is."),
    405: ("method", "Not possible here", "This address does not take that method. /openapi.json lists what it takes."),
}


class PictureProblem(BaseModel):
    """The problem with one of several pictures."""

    index: int
    name: str
    detail: str


class Problem(BaseModel):
    """The body of every error response (RFC 9457)."""

    model_config = ConfigDict(json_schema_extra={"additionalProperties": True})

    type: str = Field(description="`/problems/` and a code that never changes, for programs.")
    title: str = Field(description="The kind of problem, in a few words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened, to what, and what to do, for people.")
    field: str | None = Field(None, description="The field that is at fault, where one is.")
    suggestions: list[str] | None = Field(None, description="What could be sent instead.")
    pictures: list[PictureProblem] | None = Field(None, description="Of an upload: each picture that is at fault.")


def problem_response(error: OnewordError, headers: dict[str, str] | None = None) -> JSONResponse:
    """An error as application/problem+json."""
    problem = error.problem()
    retry = {"Retry-After": str(ceil(error.retry_after or 60))} if problem["status"] in (429, 503) else {}
    return _ProblemResponse(problem, problem["status"], retry | (headers or {}), media_type=MEDIA_TYPE)


def status_problem(status: int, headers: dict[str, str] | None = None) -> JSONResponse:
    """A status that the framework would answer by itself, such as 404 and 405, as application/problem+json."""
    code, title, detail = _HTTP[status]
    return problem_response(_WithStatus(status, code, title, detail), headers)


def response_to(request: Request, error: Exception) -> Response:
    """The answer to an error, by the table of `answer_with_problems`."""
    handlers = request.app.exception_handlers
    handler = next(handlers[kind] for kind in type(error).__mro__ if kind in handlers)
    answer: Response = handler(request, error)
    return answer


def refusal(error: OnewordError) -> JSONResponse:
    """An error that an exception handler or a middleware answers with."""
    return problem_response(error, {"WWW-Authenticate": "Bearer"} if error.status == 401 else None)


def answer_with_problems(app: FastAPI) -> None:
    """Give every error of this application the same shape."""
    app.add_exception_handler(OnewordError, _domain_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(IntegrityError, _collision)
    app.add_exception_handler(StaleDataError, _collision)
    app.add_exception_handler(DataError, _unstorable)
    app.add_exception_handler(UnicodeEncodeError, _unstorable)  # half a surrogate pair, which JSON can spell
    app.add_exception_handler(DBAPIError, _database_error)
    app.add_exception_handler(PoolTimeout, _database_error)  # every connection was in use for too long
    app.add_exception_handler(OSError, _system_error)
    app.add_exception_handler(Exception, _unexpected)


def _domain_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, OnewordError)
    return refusal(error)


def as_invalid_input(error: RequestValidationError) -> OnewordError:
    """The first fault that the framework found, as an error about its field."""
    first: dict[str, Any] = dict(error.errors()[0])
    place = [str(part) for part in first["loc"] if part not in ("body", "query", "path", "header")]
    field, message = ".".join(place) or None, str(first["msg"]).rstrip(".")
    if "UploadFile" in message:
        field, message = place[0], "send files here (multipart/form-data with a file name), not text"
    if first["type"] == "json_invalid":
        field, message = None, f"its body is not valid JSON ({first['ctx']['error']})"
    return InvalidInput(f"{field or 'The request'}: {message}.", field=field)


def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return _domain_error(request, as_invalid_input(error))


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    cause = error.__cause__
    if isinstance(cause, OnewordError):  # raised while the body was read, and wrapped by the framework
        return _domain_error(request, cause)
    if isinstance(cause, OSError):
        return _system_error(request, cause)
    code, title, detail = _HTTP.get(
        error.status_code, ("request", "The request cannot be answered", f"{error.detail}. Check what was sent.")
    )
    return problem_response(_WithStatus(error.status_code, code, title, detail), dict(error.headers or {}))


def _collision(_: Request, error: Exception) -> Response:
    log.warning("two writers at once", error=str(error))
    return problem_response(
        Conflict("Another request made the same change at the same moment. Look at the present state, then try again.")
    )


def _unstorable(_: Request, error: Exception) -> Response:
    log.warning("a value that the database does not take", error=str(error))
    return problem_response(
        InvalidInput(
            "A text has a character that cannot be stored, such as NUL or half an emoji, or a number is too large. "
            "Take it out and try again."
        )
    )


def _database_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, SQLAlchemyError)
    log.error("database error", error=str(error))
    return _domain_error(request, _database_trouble(error))


def _database_trouble(error: SQLAlchemyError) -> OnewordError:
    if any(text in str(error) for text in _DATABASE_FULL):
        return _full()
    return NotReady(
        "The database does not answer, so nothing was changed. Try again in a minute; if that does not help, tell "
        "the administrator of this studio.",
        code="database-unreachable",
    )


def _system_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, OSError)
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return _unexpected(request, error)
    log.error("disk full", error=str(error))
    return _domain_error(request, _full())


def _unexpected(_: Request, error: Exception) -> Response:
    log.error("unexpected error", exc_info=error)
    name = request_id()
    where = "" if name is None else f" under the request id {name}"
    return problem_response(
        OnewordError(
            f"The studio met an unexpected error. Its log has the details{where}: give this id to the administrator of "
            "this studio.",
            request_id=name,
        )
    )


def _full() -> StorageFull:
    return StorageFull(
        "There is no room left to store this, so nothing was kept. Free some space, or ask the administrator of this "
        "studio to do so, and try again."
    )


class _ProblemResponse(JSONResponse):
    """JSON that may quote a text which is not Unicode: half a surrogate pair is written as JSON's `\\ud800`."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


class _WithStatus(OnewordError):
    """An error of the framework, as a problem."""

    def __init__(self, status: int, code: str, title: str, detail: str, field: str | None = None) -> None:
        super().__init__(detail, field=field, code=code)
        self._shape = {"title": title, "status": status}

    def problem(self) -> dict[str, Any]:
        """The body of application/problem+json."""
        return super().problem() | self._shape
