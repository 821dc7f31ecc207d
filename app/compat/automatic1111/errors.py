"""Errors as AUTOMATIC1111's clients read them: the usual problem, with `error`, `body` and `errors` beside `detail`."""

import json
from typing import Any, Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.problems import MEDIA_TYPE

# AUTOMATIC1111's names of the fields that an error may be about.
_FIELDS: Final = {
    "base_model": "override_settings.sd_model_checkpoint",
    "count": "batch_size",
    "guidance": "cfg_scale",
    "scheduler": "sampler_name",
    "strength": "denoising_strength",
    "init_image": "init_images",
}


class Automatic1111Errors:
    """Middleware that completes every problem under `/sdapi`, wherever the problem was found."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http" or scope["path"].split("/")[1:2] != ["sdapi"]:
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
                    content = json.dumps(completed(json.loads(body))).encode()
                    MutableHeaders(scope=start)["Content-Length"] = str(len(content))
                    await send(start)
                    await send({"type": "http.response.body", "body": content})

        await self._app(scope, receive, sending)


def completed(problem: dict[str, Any]) -> dict[str, Any]:
    """The same problem with AUTOMATIC1111's names of fields and its keys of errors."""
    if problem.get("type") != "/problems/sampler" and "field" in problem:
        problem["field"] = _FIELDS.get(problem["field"], problem["field"])
    return problem | {"error": "HTTPException", "body": "", "errors": f"{problem['status']}: {problem['detail']}"}


def _is_problem(start: Message) -> bool:
    return MutableHeaders(scope=start).get("content-type", "") == MEDIA_TYPE
