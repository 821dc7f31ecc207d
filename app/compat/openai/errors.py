"""Errors as the OpenAI clients read them: the usual problem, with OpenAI's `error` object added.

A value that cannot be used is 400 here and not 422, because that is what OpenAI answers and what scripts catch
(`openai.BadRequestError`).
"""

import json
from typing import Any, Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.problems import MEDIA_TYPE

# OpenAI's names of the fields that an error may be about.
_OPENAI_FIELDS: Final = {"base_model": "model", "count": "n", "init_image": "image", "width": "size", "height": "size"}
_STATUSES: Final = {422: 400}


class OpenAIErrors:
    """Middleware that adds the `error` object to every problem under `/v1`, wherever the problem was found."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http" or scope["path"].split("/")[1:2] != ["v1"]:
            await self._app(scope, receive, send)
            return
        start: Message | None = None  # of a problem; not sent before its body is known
        body = b""

        async def sending(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and _is_problem(message):
                start = message
            elif start is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    problem = with_openai_error(json.loads(body))
                    content = json.dumps(problem).encode()
                    MutableHeaders(scope=start)["Content-Length"] = str(len(content))
                    await send({**start, "status": problem["status"]})
                    await send({"type": "http.response.body", "body": content})

        await self._app(scope, receive, sending)


def with_openai_error(problem: dict[str, Any]) -> dict[str, Any]:
    """The same problem with OpenAI's status, its names of fields and its `error` object."""
    if "field" in problem:
        problem["field"] = _OPENAI_FIELDS.get(problem["field"], problem["field"])
    problem["status"] = _STATUSES.get(problem["status"], problem["status"])
    return problem | {"error": error_object(problem)}


def error_object(problem: dict[str, Any]) -> dict[str, Any]:
    """The `error` object of a problem."""
    field = problem.get("field")
    return {
        "message": problem["detail"],
        "type": "invalid_request_error" if problem["status"] < 500 else "server_error",
        "param": _OPENAI_FIELDS.get(field or "", field),
        "code": problem["type"].removeprefix("/problems/"),
    }


def _is_problem(start: Message) -> bool:
    return MutableHeaders(scope=start).get("content-type", "") == MEDIA_TYPE
