"""Requests that many tests send, and checks of the answers."""

import io
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.testclient import TestClient
from PIL import Image

FAST = {"prompt": "a photo of a red cat", "steps": 2, "count": 1, "seed": 7}
MUG = {"placeholder": "<my-mug>", "initializer": "mug", "kind": "object", "base_model": "demo"}
OPEN = {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics"), ("POST", "/api/session"),
        ("POST", "/api/session/preview")}  # fmt: skip  # without signing in


def every_route(app: FastAPI) -> list[APIRoute]:
    """Every endpoint that the schema shows."""
    found = [context.route for context in iter_route_contexts(app.routes)]
    return [route for route in found if isinstance(route, APIRoute) and route.include_in_schema]


def form(member: TestClient, files: dict[str, bytes], **fields: Any) -> Any:
    """Ask for a generation as a form does, with pictures beside its fields."""
    sent = {name: (f"{name}.png", content, "image/png") for name, content in files.items()}
    return member.post("/api/generations", data={name: str(value) for name, value in fields.items()}, files=sent)


def picture(member: TestClient, made: Any) -> Image.Image:
    """The first picture of a generation, as served."""
    assert made.status_code == 202, made.text
    generation = member.get(f"/api/generations/{made.json()['generation']['id']}").json()
    assert generation["state"] == "succeeded", member.get(f"/api/jobs/{generation['job_id']}").json()["error"]
    return Image.open(io.BytesIO(member.get(generation["images"][0]["url"]).content))


def send(client: TestClient, *files: tuple[str, bytes], headers: Any = None, **form: str) -> httpx.Response:
    """Upload embeddings of another tool."""
    sent = [("file", (name, content, "application/octet-stream")) for name, content in files]
    return client.post("/api/concepts/import", data=form, files=sent, headers=headers)


def refused(answer: httpx.Response, field: str | None, *says: str, status: int = 422, code: str | None = None) -> Any:
    """The problem, which has the documented shape and says what happened and what to do."""
    status = unusable(answer.url.path) if status == 422 else status
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert set(problem) >= {"type", "title", "status", "detail"}
    assert problem["status"] == status
    assert problem.get("field") == field
    assert code is None or problem["type"] == f"/problems/{code}"
    for part in says:
        assert part in problem["detail"]
    assert problem["detail"].endswith((".", "?"))
    assert any(part in problem["detail"] for part in (". ", ", and ", ": ")), "says what happened but not what to do"
    return problem


def unusable(path: str) -> int:
    """The status for a value that cannot be used: OpenAI's clients know it as 400."""
    return 400 if path.startswith("/v1/") else 422


def filled(path: str, **ids: str) -> str:
    """A path with each parameter replaced by an id that is given, or by one that nothing has."""
    for name in (
        "concept_id", "job_id", "picture_id", "image_id", "upload_id", "generation_id", "token_id", "user_id",
        "webhook_id", "delivery_id", "session_id", "invitation_id", "item_id", "grid_id", "board_id",
        "preset_name", "list_name",
    ):  # fmt: skip
        path = path.replace(f"{{{name}}}", ids.get(name, "nothing"))
    path = path.replace("{lesson_id}", "king-purr").replace("{model_id}", "demo")
    for name, number in (("number", "1"), ("place", "0"), ("step", "100")):
        path = path.replace(f"{{{name}}}", number)
    assert "{" not in path
    return path
