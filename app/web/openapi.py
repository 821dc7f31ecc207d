"""The OpenAPI schema: what FastAPI derives from the endpoints, plus summaries, one error shape and examples."""

import json
import threading
from collections.abc import Iterable, Mapping
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.web.etags import tag_of
from app.web.openapi_examples import REQUESTS, RESPONSES
from app.web.openapi_examples_streams import STREAMS
from app.web.openapi_json_forms import add_json_bodies
from app.web.openapi_problems import ANY_PROBLEM, add_problems, any_problem
from app.web.openapi_shapes import operations, rewrite_operation, rewrite_schemas
from app.web.problems import Problem

TAGS: Final = [
    {"name": "account", "description": "Sign-in, the signed-in person, and their bearer tokens."},
    {"name": "team", "description": "The members of the team, invitations, usage, and the audit."},
    {"name": "base models", "description": "The base models, and how a base model tokenizes a text."},
    {"name": "concepts", "description": "The library: training, importing, changing and downloading concepts."},
    {"name": "generations", "description": "Drawing, and the drawn pictures."},
    {"name": "gallery", "description": "Drawn pictures one by one: finding them, many at once, and boards."},
    {"name": "uploads", "description": "Pictures that are sent once, and named in later requests."},
    {"name": "jobs", "description": "The queue, and the live events of its jobs."},
    {"name": "retention", "description": "Keeping drawn pictures, and deleting training pictures."},
    {"name": "bin", "description": "Deleted concepts and drawings: restoring them, and removing them for good."},
    {"name": "webhooks", "description": "Messages about the team's events, sent to its own addresses."},
    {"name": "OpenAI", "description": "The endpoints for OpenAI clients, whose base address ends in `/v1`."},
    {"name": "AUTOMATIC1111", "description": "The endpoints for AUTOMATIC1111's clients, under `/sdapi/v1`."},
    {"name": "agents", "description": "The endpoint for agents, which speak the Model Context Protocol."},
    {"name": "operations", "description": "Liveness, readiness and metrics. They need no sign-in."},
]

Messages = Mapping[str, type[BaseModel]]  # by event


def operation_id(route: APIRoute) -> str:
    """An endpoint's own name, such as `list_concepts`, which generated clients use for their functions."""
    return route.name


def describe_well(app: FastAPI, *, unnamed: Iterable[type[BaseModel]], messages: Messages) -> None:
    """Make `app.openapi()` return the finished schema, with the `unnamed` models that no endpoint's signature has.

    `messages` has the body that webhooks receive, for each event.
    """

    def schema() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _finished(app, tuple(unnamed), messages)
        return app.openapi_schema

    app.openapi = schema  # type: ignore[method-assign]
    app.add_api_route("/openapi.json", _served, methods=["GET"], include_in_schema=False)


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


def _finished(app: FastAPI, unnamed: Iterable[type[BaseModel]], messages: Messages) -> dict[str, Any]:
    schema = get_openapi(
        title=app.title,
        version=app.version,
        summary="Teach a text-to-image model one new word, and draw with it.",
        description=app.description,
        routes=app.routes,
        tags=TAGS,
        servers=[{"url": "/", "description": "This studio."}],
    )
    add_json_bodies(schema, app.routes)
    components = schema["components"]
    schemas = components["schemas"]
    named_here: list[type[BaseModel]] = [Problem, *unnamed, *dict.fromkeys(messages.values())]
    for shape in named_here:
        described = shape.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(described.pop("$defs", {}))
        schemas[shape.__name__] = described
    rewrite_schemas(schemas)
    components["responses"] = {ANY_PROBLEM: any_problem()}
    for path, method, operation in operations(schema):
        _summarise(operation)
        _show_examples(operation)
        rewrite_operation(operation, schemas)
        add_problems(path, method, operation)
        operation.setdefault("security", [])  # nobody need sign in
    schema["webhooks"] = {event: {"post": _message(event, shape)} for event, shape in messages.items()}
    return schema


def _message(event: str, shape: type[BaseModel]) -> dict[str, Any]:
    """A message that the studio sends to the addresses which subscribe to an event."""
    described = {"schema": {"$ref": f"#/components/schemas/{shape.__name__}"}}
    return {
        "operationId": f"receive_{event.replace('.', '_')}",
        "summary": f"The event {event}",
        "description": "Signed according to Standard Webhooks. If the answer has another status, or none comes, the "
        "message is sent again later.",
        "tags": ["webhooks"],
        "requestBody": {"required": True, "content": {"application/json": described}},
        "responses": {
            "2XX": {"description": "The message has arrived."},
            "410": {"description": "The address takes no more messages. The webhook is paused."},
        },
        "security": [],
    }


def _summarise(operation: dict[str, Any]) -> None:
    """Split the docstring: its first sentence is the summary, the rest the description."""
    first, _, rest = " ".join(operation.pop("description").split()).partition(". ")
    operation["summary"] = first.rstrip(".")
    if rest:
        operation["description"] = rest


def _as_events(answer: object) -> str:
    """An answer as the only event of a stream."""
    return f"event: message\ndata: {json.dumps(answer)}\n\n"


_BINARY: Final = ("image/", "application/octet-stream")  # nothing to show of these


def _show_examples(operation: dict[str, Any]) -> None:
    name = operation["operationId"]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        content["example"] = REQUESTS[name]
    for status, response in operation["responses"].items():
        for media_type, content in response.get("content", {}).items():
            if status != "default" and not media_type.startswith(_BINARY):
                answer = STREAMS.get(name, RESPONSES[name]) if media_type == "text/event-stream" else RESPONSES[name]
                is_stream = media_type == "text/event-stream" and not isinstance(answer, str)
                content["example"] = _as_events(answer) if is_stream else answer
