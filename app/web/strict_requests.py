"""Refuses what an endpoint does not declare: query parameters, form fields, a body where none is read, and conditions
(`If-Match`) where they are not checked. `RequestModel` does the same for the fields of JSON bodies.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.params import Form
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel
from starlette.datastructures import UploadFile

from app.core.errors import InvalidInput
from app.core.request_model import refuse_unknown, refuse_unstorable
from app.web.addresses import PAGE

_FORMS: Final = ("multipart/form-data", "application/x-www-form-urlencoded")
_NO_FIELDS: Final = (b"", b"{}", b"null")
_SAFE: Final = ("GET", "HEAD")
_UNREAD_BYTES_MAX: Final = 1000  # of a body that no endpoint reads


@dataclass(frozen=True)
class Declared:
    """The names that an endpoint and its dependencies declare."""

    query: frozenset[str]
    headers: frozenset[str]
    form: frozenset[str] | None  # None: no form
    json: bool


async def only_declared(request: Request) -> None:
    """Raise InvalidInput for a name that the endpoint of this request does not declare."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    declared = _declared(request.app, route)
    _check_conditions(request, declared.headers)
    if route.path == PAGE:
        return  # the page reads its own addresses
    refuse_unknown("query parameter", request.query_params, declared.query)
    for name, value in request.query_params.multi_items():
        refuse_unstorable(value, name)
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared.form is not None and content_type in _FORMS:
        await _check_form(request, declared.form)
    elif not declared.json:
        await _check_no_body(request, takes_form=declared.form is not None)


Strict: Final = Depends(only_declared)


def _check_conditions(request: Request, declared: frozenset[str]) -> None:
    sent = [name for name in ("If-Match", "If-Unmodified-Since") if name in request.headers]
    if request.method not in _SAFE and "If-None-Match" in request.headers:
        sent.append("If-None-Match")
    for name in sent:
        if name.lower() not in declared:
            raise InvalidInput(
                f"This address does not check {name}, so nothing was done. Send the request without it.",
                field=name,
                code="condition-not-checked",
            )


async def _check_form(request: Request, declared: frozenset[str]) -> None:
    form = await request.form()  # the framework has read it already
    refuse_unknown("field", form, declared)
    for name, value in form.multi_items():
        refuse_unstorable(value.filename if isinstance(value, UploadFile) else value, name)


async def _check_no_body(request: Request, *, takes_form: bool) -> None:
    body = b""
    if request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers:
        async for chunk in request.stream():
            body += chunk
            if len(body) > _UNREAD_BYTES_MAX:
                break
    if body.strip() not in _NO_FIELDS:
        what = "takes a form (multipart/form-data)" if takes_form else "takes no body"
        raise InvalidInput(f"This address {what}, so nothing was done. Look it up in /openapi.json.", code="body")


def _declared(app: FastAPI, route: APIRoute) -> Declared:
    """What a route declares. Collected once for all routes of the application."""
    known: dict[int, Declared] | None = getattr(app.state, "declared_names", None)
    if known is None:
        # A route alone does not know the prefix of its router, and with it some of its path parameters.
        contexts = [context for context in iter_route_contexts(app.routes) if hasattr(context, "dependant")]
        known = {id(context.original_route): _of(context.dependant, context.body_field) for context in contexts}
        app.state.declared_names = known
    return known[id(route)]


def _of(dependant: Dependant, body_field: object) -> Declared:
    every = list(_flat(dependant))
    takes_form = isinstance(getattr(body_field, "field_info", None), Form)
    fields = [field for each in every for field in each.body_params]
    form = frozenset(name for field in fields for name in _names(field.field_info.annotation, field.alias))
    return Declared(
        query=frozenset(field.alias for each in every for field in each.query_params),
        headers=frozenset(field.alias.lower() for each in every for field in each.header_params),
        form=form if takes_form else None,
        json=body_field is not None and not takes_form,
    )


def _flat(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for each in dependant.dependencies:
        yield from _flat(each)


def _names(annotation: object, alias: str) -> Iterator[str]:
    """The names of a form's model, or the name of a single field."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            yield field.alias or name
    else:
        yield alias
