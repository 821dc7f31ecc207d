"""The OpenAPI schema: what FastAPI derives from the endpoints, plus summaries, one error shape and examples."""

import json
import threading
from collections.abc import Iterable, Iterator
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.web.etags import tag_of
from app.web.openapi_examples import PROBLEM, REQUESTS, RESPONSES
from app.web.problems import MEDIA_TYPE, Problem

TAGS: Final = [
    {"name": "account", "description": "Sign-in, the signed-in person, and their bearer tokens."},
    {"name": "team", "description": "The members of the team, invitations, usage, and the audit."},
    {"name": "base models", "description": "The base models, and how a base model tokenizes a text."},
    {"name": "concepts", "description": "The library: training, importing, changing and downloading concepts."},
    {"name": "generations", "description": "Drawing, and the drawn pictures."},
    {"name": "jobs", "description": "The queue, and the live events of its jobs."},
    {"name": "retention", "description": "Keeping drawn pictures, and deleting training pictures."},
    {"name": "bin", "description": "Deleted concepts and drawings: restoring them, and removing them for good."},
    {"name": "webhooks", "description": "Messages about the team's events, sent to its own addresses."},
    {"name": "OpenAI", "description": "The endpoints for OpenAI clients, whose base address ends in `/v1`."},
    {"name": "agents", "description": "The endpoint for agents, which speak the Model Context Protocol."},
    {"name": "operations", "description": "Liveness, readiness and metrics. They need no sign-in."},
]


def operation_id(route: APIRoute) -> str:
    """An endpoint's own name, such as `list_concepts`, which generated clients use for their functions."""
    return route.name


def describe_well(app: FastAPI, *, unnamed: Iterable[type[BaseModel]]) -> None:
    """Make `app.openapi()` return the finished schema, with the `unnamed` models that no endpoint's signature has."""

    def schema() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _finished(app, (Problem, *unnamed))
        return app.openapi_schema

    app.openapi = schema  # type: ignore[method-assign]
    app.add_route("/openapi.json", _served, include_in_schema=False)


def document_of(app: FastAPI) -> bytes:
    """The schema as JSON. Deriving it takes a second and depends on the code alone, so a process does that once."""
    global _document
    with _deriving:
        if _document is None:
            _document = json.dumps(app.openapi(), ensure_ascii=False, separators=(",", ":")).encode()
        return _document


_document: bytes | None = None
_deriving: Final = threading.Lock()


def _served(request: Request) -> Response:
    content = document_of(request.app)
    return Response(content, media_type="application/json", headers={"ETag": tag_of(content)})


def _finished(app: FastAPI, unnamed: Iterable[type[BaseModel]]) -> dict[str, Any]:
    schema = get_openapi(
        title=app.title,
        version=app.version,
        summary="Teach a text-to-image model one new word, and draw with it.",
        description=app.description,
        routes=app.routes,
        tags=TAGS,
    )
    schemas = schema["components"]["schemas"]
    for shape in unnamed:
        described = shape.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(described.pop("$defs", {}))
        schemas[shape.__name__] = described
    for operation in _operations(schema):
        _summarise(operation)
        _show_problem(operation)
        _show_examples(operation)
    return schema


def _operations(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in schema["paths"].values():
        yield from methods.values()


def _summarise(operation: dict[str, Any]) -> None:
    """Split the docstring: its first sentence is the summary, the rest the description."""
    first, _, rest = operation.pop("description").partition(". ")
    operation["summary"] = first.rstrip(".")
    if rest:
        operation["description"] = rest


def _show_problem(operation: dict[str, Any]) -> None:
    shape = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": PROBLEM}
    operation["responses"]["default"] = {
        "description": "What happened, to what, and what to do (RFC 9457).",
        "content": {MEDIA_TYPE: shape},
    }


def _show_examples(operation: dict[str, Any]) -> None:
    name = operation["operationId"]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        content["example"] = REQUESTS[name]
    for status, response in operation["responses"].items():
        for media_type, content in response.get("content", {}).items():
            if status != "default" and not media_type.startswith(("image/", "application/octet-stream")):
                content["example"] = RESPONSES[name]
