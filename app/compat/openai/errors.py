"""Errors as the OpenAI clients read them: the usual problem, with OpenAI's `error` object added.

A value that cannot be used is 400 here and not 422, because that is what OpenAI answers and what scripts catch
(`openai.BadRequestError`).
"""

from typing import Any, Final

from starlette.types import Scope

from app.web.rewritten_problems import Rewritten

# OpenAI's names of the fields that an error may be about.
_OPENAI_FIELDS: Final = {"base_model": "model", "count": "n", "init_image": "image", "width": "size", "height": "size"}
_STATUSES: Final = {422: 400}


def rewritten(problem: dict[str, Any], _: Scope) -> Rewritten:
    """The same problem with OpenAI's status, its names of fields and its `error` object."""
    if "field" in problem:
        problem["field"] = _OPENAI_FIELDS.get(problem["field"], problem["field"])
    problem["status"] = _STATUSES.get(problem["status"], problem["status"])
    return Rewritten(problem | {"error": error_object(problem)}, problem["status"])


def error_object(problem: dict[str, Any]) -> dict[str, Any]:
    """The `error` object of a problem."""
    field = problem.get("field")
    return {
        "message": problem["detail"],
        "type": "invalid_request_error" if problem["status"] < 500 else "server_error",
        "param": _OPENAI_FIELDS.get(field or "", field),
        "code": problem["type"].removeprefix("/problems/"),
    }
