"""Which addresses there are, and which methods each takes.

The router answers the first route that fits, and the page's route fits every address. This middleware therefore decides
before the router: an address of the interfaces for programs that no route has is a 404 for every method, a method that
no route of the address has is a 405, and OPTIONS is answered with the methods that there are.
"""

import re
from collections.abc import Sequence
from typing import Final

from fastapi.routing import iter_route_contexts
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from app.web.problems import status_problem

PAGE: Final = "/{path:path}"  # the route that serves the page
PROGRAMS: Final = ("api", "v1", "sdapi", "mcp", "docs", ".well-known")  # below these the page has no address
LONGEST: Final = 1000  # characters of a path; the longest of ours has less than 200
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")  # a file system and PostgreSQL refuse NUL with an exception


class Addresses:
    """Middleware around the router."""

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        self._routes = [
            (context.path_regex, frozenset(context.methods or ()))
            for context in iter_route_contexts(routes)
            if context.path != PAGE
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on if there is a route for it."""
        refusal = self._answer(scope["path"], scope["method"]) if scope["type"] == "http" else None
        await (refusal or self._app)(scope, receive, send)

    def _answer(self, path: str, method: str) -> Response | None:
        """OPTIONS, 404 or 405; None if a route takes the request."""
        methods = self._methods(path)
        if not methods:
            return status_problem(404)
        if method in methods:
            return None
        allow = {"Allow": ", ".join(sorted(methods | {"OPTIONS"}))}
        return Response(status_code=204, headers=allow) if method == "OPTIONS" else status_problem(405, allow)

    def _methods(self, path: str) -> set[str]:
        if len(path) > LONGEST or _CONTROL.search(path):
            return set()
        methods = {method for regex, methods in self._routes if regex.match(path) for method in methods}
        if not methods and path.split("/", 2)[1:2] != [] and path.split("/")[1] not in PROGRAMS:
            methods = {"GET"}  # the page
        if "GET" in methods:
            methods.add("HEAD")
        return methods
