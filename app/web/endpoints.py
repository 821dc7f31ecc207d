"""What each endpoint asks of a request before its body is read: who may call it, and what it takes.

FastAPI reads the body before it runs the dependencies. `app.web.admission` therefore looks up here what the
dependencies will ask, with the same functions.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from fastapi import FastAPI, params
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import compile_path
from starlette.types import Scope

from app.accounts.principal import Principal
from app.web.bounded_bodies import BoundedRoute
from app.web.sign_in import SIGNED_IN, Requirement

SIGNED: Final = ("/api/", "/v1/", "/sdapi/", "/mcp/")  # here also an address without an endpoint needs sign-in


@dataclass(frozen=True)
class Endpoint:
    """One endpoint, as far as it matters before its body is read."""

    path: re.Pattern[str]
    methods: frozenset[str]
    checks: tuple[Requirement, ...]  # empty: no sign-in is needed
    takes_form: bool  # whether pictures and files may come in a form
    pictures_in_json: bool = False  # whether they may come in JSON

    @property
    def public(self) -> bool:
        """Whether it answers people who are not signed in."""
        return not self.checks

    def must_allow(self, person: Principal) -> None:
        """Raise Forbidden for a person who may not call it."""
        for check in self.checks:
            check(person)


class Endpoints:
    """Every endpoint of the application, in the order in which FastAPI matches them."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def of(self, scope: Scope) -> Endpoint:
        """The endpoint that will answer a request, or a stand-in for the page, for mounts and for unknown addresses."""
        for endpoint in self._every:
            if scope["method"] in endpoint.methods and endpoint.path.match(scope["path"]):
                return endpoint
        return _UNKNOWN if may_be_signed(scope) else _PAGE

    @cached_property
    def _every(self) -> list[Endpoint]:
        contexts = list(iter_route_contexts(self._app.routes))
        return [
            Endpoint(
                compile_path(context.path or "")[0],
                frozenset(context.methods or ()),
                tuple(call for call in _calls(context.route.dependant) if isinstance(call, Requirement)),
                _takes_form(context.route),
                isinstance(context.route, BoundedRoute) and context.route.pictures_in_json,
            )
            for context in contexts
            if isinstance(context.route, APIRoute) and context.route.include_in_schema
        ]


def may_be_signed(scope: Scope) -> bool:
    """Whether it matters here who sent a request. The page and the operators' endpoints are for everybody."""
    return f"{scope['path']}/".startswith(SIGNED)


_ANY: Final = re.compile("")
_UNKNOWN: Final = Endpoint(_ANY, frozenset(), (SIGNED_IN,), takes_form=False)
_PAGE: Final = Endpoint(_ANY, frozenset(), (), takes_form=False)


def _calls(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    """Every dependency of an endpoint, and theirs."""
    for dependency in dependant.dependencies:
        if dependency.call is not None:
            yield dependency.call
        yield from _calls(dependency)


def _takes_form(route: APIRoute) -> bool:
    if isinstance(route, BoundedRoute) and route.takes_form:
        return True
    return route.body_field is not None and isinstance(route.body_field.field_info, params.Form)
