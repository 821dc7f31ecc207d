"""Under `/v1` every error has OpenAI's `error` object, whatever its status and wherever it was found."""

from collections.abc import Callable

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.core.errors import NotReady, StorageFull
from app.core.settings import Settings
from app.services import Services
from tests.support import principals
from tests.support.pictures import photo
from tests.support.principals import client_of

DRAW = "/v1/images/generations"
CAT = {"prompt": "a cat"}
Ask = Callable[[TestClient], httpx.Response]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"queued_jobs_max": 0, "streams_max": 0})


def in_the_form_of_openai(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert int(answer.headers["content-length"]) == len(answer.content)
    problem = answer.json()
    assert set(problem["error"]) == {"message", "type", "param", "code"}
    assert problem["error"]["message"] == problem["detail"]
    assert problem["error"]["code"] == code
    assert problem["error"]["type"] == ("server_error" if status >= 500 else "invalid_request_error")
    assert problem["status"] == status


@pytest.mark.parametrize(
    ("status", "code", "ask"),
    [
        (400, "invalid-input", lambda client: client.post(DRAW, json={"prompt": "x", "n": "many"})),
        (400, "invalid-input", lambda client: client.post(DRAW, content=b"{", headers={"Content-Type": "text/plain"})),
        (400, "invalid-input", lambda client: client.post(DRAW, content=b"{")),
        (400, "invalid-input", lambda client: client.get("/v1/models?limit=3")),
        (400, "body", lambda client: client.post("/v1/images/edits", json=CAT)),
        (400, "picture-damaged", lambda client: client.post("/v1/images/edits", data={"prompt": "x"},
                                                            files={"image": ("x.png", photo(0, format="PNG")[:90])})),
        (401, "not-signed-in", lambda client: client.get("/v1/models", headers={"Authorization": "Bearer x"})),
        (403, "unknown-host", lambda client: client.get("/v1/models", headers={"Host": "elsewhere.example"})),
        (404, "not-found", lambda client: client.post("/v1/chat/completions", json={})),
        (404, "base-model-unknown", lambda client: client.get("/v1/models/org/name@0123abc")),
        (405, "method", lambda client: client.get(DRAW)),
        (413, "too-large", lambda client: client.post(DRAW, content=b" " * 1_000_001)),
        (429, "queue-full", lambda client: client.post(DRAW, json=CAT)),
    ],
)  # fmt: skip
def test_an_error_that_a_client_can_cause(member: TestClient, status: int, code: str, ask: Ask) -> None:
    in_the_form_of_openai(ask(member), status, code)


def test_a_token_without_the_scope_is_refused(anonymous: TestClient, services: Services) -> None:
    client = client_of(anonymous, principals.reader(services))
    in_the_form_of_openai(client.post(DRAW, json=CAT), 403, "scope")


@pytest.mark.parametrize(
    ("raised", "status", "code"),
    [
        (RuntimeError("boom"), 500, "internal"),
        (NotReady("Not yet. Try again.", code="base-model"), 503, "base-model"),
        (OperationalError("SELECT 1", {}, Exception("gone")), 503, "database-unreachable"),
        (StorageFull("Full. Free some space."), 507, "storage-full"),
    ],
)
def test_an_error_of_the_studio(
    member: TestClient, monkeypatch: pytest.MonkeyPatch, raised: Exception, status: int, code: str
) -> None:
    def fails(*_: object) -> Session:
        raise raised

    monkeypatch.setattr("app.compat.openai.drawing.draw", fails)
    in_the_form_of_openai(member.post(DRAW, json=CAT), status, code)


def test_a_stream_too_many_is_refused_before_anything_is_queued(member: TestClient) -> None:
    in_the_form_of_openai(member.post(DRAW, json=CAT | {"stream": True}), 429, "too-many-streams")
