"""The problems that the OpenAPI schema shows are those that the service answers with, to the letter."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from app.core.errors import TooMany
from app.core.settings import Settings
from app.jobs.stream import Viewers
from app.web.openapi_problem_examples import EXAMPLES
from tests.support.http import MUG
from tests.support.pictures import photos

NEW = MUG | {"placeholder": "<my-mug-2>"}
TEXT = ("images", ("2.jpg", b"a text", "image/jpeg"))
NOT_ASKED_FOR_HERE = {"storage-full", "too-fast"}  # a full disk: tests/chaos; 600 changes: tests/service/test_limits.py


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"queued_jobs_max": 1})


def as_shown(answer: httpx.Response) -> dict[str, Any]:
    """A problem with the names and ids that the examples have."""
    problem: dict[str, Any] = answer.json()
    detail = problem["detail"].replace("member", "Ada").replace("at most 1 may", "at most 100 may")
    detail = detail.replace("already has 1 jobs", "already has 100 jobs")
    return problem | {"detail": re.sub(r"/api/tokens/\w{26}", "/api/tokens/01k9t0ken0000000000000000a", detail)}


def test_the_examples_of_problems_are_the_answers_of_the_service(
    anonymous: TestClient, member: TestClient, colleague: TestClient, administrator: TestClient, learned: str
) -> None:
    concept, pictures = f"/api/concepts/{learned}", photos()
    made = administrator.post("/api/tokens", json={"name": "reader", "scopes": ["read"]}).json()
    reader = {"Authorization": f"Bearer {made['token']}"}
    key = {"Idempotency-Key": "mug-1"}
    job = member.post("/api/generations", json={"prompt": "a cat"}, headers=key).json()["job"]["id"]

    def draw(**fields: Any) -> httpx.Response:
        return member.post("/api/generations", json={"prompt": "a photo of <my-mug>"} | fields)

    def teach(files: Any = pictures, **fields: str) -> httpx.Response:
        return member.post("/api/concepts", data=NEW | fields, files=files)

    def take_in(files: Any = None) -> httpx.Response:
        return member.post("/api/concepts/import", data=NEW, files=files)

    asked: dict[str, Callable[[], httpx.Response]] = {
        "not-signed-in": lambda: anonymous.get("/api/concepts"),
        "sign-in-link": lambda: anonymous.post("/api/session", json={"code": "x"}),
        "scope": lambda: anonymous.delete(concept, headers=reader),
        "not-owner": lambda: colleague.delete(concept),
        "webhooks-off": lambda: administrator.post("/api/webhooks", json={"url": "https://example.org"}),
        "not-found": lambda: member.get("/api/nothing"),
        "not-found-concept": lambda: member.get("/api/concepts/nothing"),
        "not-found-job": lambda: member.get("/api/jobs/nothing"),
        "not-found-image": lambda: member.get("/api/images/nothing"),
        "not-found-generation": lambda: member.get("/api/generations/nothing"),
        "no-report": lambda: member.get(f"{concept}/versions/1/report"),
        "no-session": lambda: member.delete("/api/session"),
        "idempotency-key-reused": lambda: member.post("/api/generations", json={"prompt": "a dog"}, headers=key),
        "queue-full": lambda: draw(prompt="a dog"),
        "changed-meanwhile": lambda: member.patch(concept, json={"name": "x"}, headers={"If-Match": '"old"'}),
        "too-large": lambda: member.post("/api/generations", content=b" " * 1_000_001),
        "invalid-input": lambda: member.get("/api/concepts?lmit=3"),
        "cursor": lambda: member.get("/api/concepts?cursor=x"),
        "initializer-unknown": lambda: teach(initializer="mugg"),
        "placeholder-malformed": lambda: teach(placeholder="my mug!"),
        "placeholder-taken": lambda: teach(placeholder="<my-mug>"),
        "picture-count": lambda: teach(pictures[:2]),
        "picture-not-a-picture": lambda: teach([pictures[0], TEXT, pictures[2]]),
        "base-model-unknown": lambda: teach(base_model="dmo"),
        "file-count": take_in,
        "file-kind": lambda: take_in([("file", ("a.txt", b"x", "text/plain"))]),
        "format-unknown": lambda: member.get(f"{concept}/embedding?format=comfy"),
        "prompt-unknown-placeholder": lambda: draw(prompt="a photo of <my-mugg>"),
        "size-too-large": lambda: draw(width=2048, height=2048),
        "count": lambda: draw(count=1000),
        "recipe-missing": lambda: member.post("/api/generations/read", files={"image": pictures[0][1]}),
        "job-ended": lambda: (
            member.post(f"/api/jobs/{job}/cancel") and member.post(f"/api/jobs/{job}/cancel")
        ),  # the last one: the queue has room then
    }
    assert {*asked, "too-many-streams", *NOT_ASKED_FOR_HERE} == set(EXAMPLES)
    assert {name: as_shown(ask()) for name, ask in asked.items()} == {name: EXAMPLES[name] for name in asked}


def test_the_example_of_too_many_streams_is_the_error_for_it() -> None:
    viewers = Viewers(0)
    with pytest.raises(TooMany) as refusal:
        viewers.must_have_room("somebody")
    shown = EXAMPLES["too-many-streams"]
    assert refusal.value.problem() == shown | {"detail": shown["detail"].replace("50", "0")}
