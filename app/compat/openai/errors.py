"""Errors as the OpenAI clients read them: the usual problem, with OpenAI's `error` object added."""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from app.core.errors import OnewordError
from app.generation.sizes import SizeRefused
from app.web.problems import as_invalid_input

# OpenAI's names of the fields that an error may be about.
_OPENAI_FIELDS: Final = {"base_model": "model", "count": "n", "init_image": "image", "width": "size", "height": "size"}


class OpenAIRoute(APIRoute):
    """An endpoint whose problems also have OpenAI's `error` object."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint, with the `error` object added to what it raises."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                raise with_openai_error(as_invalid_input(error)) from error
            except OnewordError as error:
                raise with_openai_error(error) from error

        return handler


def with_openai_error(error: OnewordError) -> OnewordError:
    """The same error with OpenAI's names of fields and its `error` object."""
    if isinstance(error, SizeRefused):  # the clients' examples ask for 1024x1024
        error.detail = f'{error.reason} Send size="{error.nearest}", or size="auto" for {error.own}.'
    error.field = _OPENAI_FIELDS.get(error.field or "", error.field)
    kind = "invalid_request_error" if error.status < 500 else "server_error"
    error.extra["error"] = {"message": error.detail, "type": kind, "param": error.field, "code": error.code}
    return error
