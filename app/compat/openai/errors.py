"""Errors as the OpenAI clients read them: the same problem as everywhere, with an `error` object beside it."""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from app.core.errors import OnewordError
from app.web.problems import as_invalid_input

# What they call the fields that a sentence may be about.
_THEIRS: Final = {"base_model": "model", "count": "n", "init_image": "image"}


class OpenAIRoute(APIRoute):
    """An endpoint whose problems also say what they are in OpenAI's words."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint, with what it raises."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                raise in_their_words(as_invalid_input(error)) from error
            except OnewordError as error:
                raise in_their_words(error) from error

        return handler


def in_their_words(error: OnewordError) -> OnewordError:
    """The same error with OpenAI's object beside it."""
    error.field = _THEIRS.get(error.field or "", error.field)
    kind = "invalid_request_error" if error.status < 500 else "server_error"
    error.extra["error"] = {"message": error.detail, "type": kind, "param": error.field, "code": error.code}
    return error
