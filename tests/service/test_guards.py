"""Who may do what: signing in, other sites, and every route as anonymous, as another team and as a viewer."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts import service as accounts
from app.accounts.models import BrowserSession
from app.concepts.models import Version
from app.core.settings import Settings
from app.generation.models import Generation, GenerationUpload, Image
from app.main import create_app
from app.services import Services
from app.webhooks import events
from app.webhooks.models import Webhook
from app.webhooks.outbox import enqueue
from tests.support.http import OPEN, filled
from tests.support.pictures import photo, photos

# They come with the studio and belong to no team.
EVERYBODYS = {"/api/lessons/{lesson_id}/pictures/{number}"}
VIEWERS_MAY_WRITE = {
    ("POST", "/api/tokenize"),
    ("DELETE", "/api/session"),
    ("DELETE", "/api/sessions"),
    ("DELETE", "/api/sessions/{session_id}"),
    ("DELETE", "/api/tokens/{token_id}"),
}


def routes() -> list[tuple[str, str]]:
    paths = create_app(Settings()).openapi()["paths"]
    return sorted((method.upper(), path) for path, methods in paths.items() for method in methods)


@pytest.fixture
def code(services: Services) -> str:
    with services.database.transaction() as session:
        user, team = accounts.first_administrator(session)
        return accounts.sign_in_link(session, services.settings, user.id, team.id).split("#")[1]


def test_nobody_gets_in_without_signing_in(anonymous: TestClient) -> None:
    for method, path in routes():
        if (method, path) not in OPEN:
            answer = anonymous.request(method, filled(path))
            assert answer.status_code == 401, (method, path, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"


@pytest.fixture
def ids(member: TestClient, services: Services) -> dict[str, str]:
    """One of everything that the first team has."""
    made = member.post("/api/concepts", data={"placeholder": "<my-mug>", "initializer": "mug"}, files=photos()).json()
    drawn = member.post("/api/generations", json={"prompt": "a cat", "count": 1}).json()
    services.storage.put("jobs/x/0.png", photo(0, format="PNG"))
    with services.database.transaction() as session:
        generation = session.get_one(Generation, drawn["generation"]["id"])
        image = Image(team_id=generation.team_id, job_id=generation.job_id, generation_id=generation.id, position=0,
                      key="jobs/x/0.png", seed=0, width=64, height=64, recipe={})  # fmt: skip
        upload = GenerationUpload(team_id=generation.team_id, generation_id=generation.id, role="init_image",
                                  key="jobs/x/0.png",
                        width=64, height=64, bytes=1)  # fmt: skip
        session.add(upload)
        session.add(image)
        drawn_by_it = [{"key": "jobs/x/0.png", "step": None, "prompt": 0, "seed": 0}]
        report = {"scorer": None, "chosen": 1, "prompts": ["a {}"], "pictures": None, "initializer": None}
        version = session.scalars(select(Version).where(Version.concept_id == made["concept"]["id"])).one()
        file = {"key": "jobs/x/rows", "bytes": 1, "sha256": "0", "file_name": "x.safetensors"}
        version.state, version.files = "ready", {"oneword": file}
        version.report = {**report, "checkpoints": [], "drawings": drawn_by_it}
        owner = made["concept"]["owner"]["id"]
        webhook = Webhook(
            team_id=generation.team_id, user_id=owner, url="https://x", events=[], secret="whsec_c2VjcmV0"
        )
        session.add(webhook)
        session.flush()
        delivery = enqueue(session, webhook, events.test_message())
        code, _ = accounts.add_code(session, services.settings, owner, generation.team_id)
        link = accounts.sign_in_link(session, services.settings, owner, generation.team_id)
        accounts.start_session(session, services.settings, link.partition("#")[2])
        browser = session.scalars(select(BrowserSession).where(BrowserSession.user_id == owner)).one()
    return {
        "concept_id": made["concept"]["id"],
        "job_id": made["job"]["id"],
        "picture_id": made["concept"]["pictures"][0]["id"],
        "generation_id": drawn["generation"]["id"],
        "image_id": image.id,
        "upload_id": upload.id,
        "token_id": member.get("/api/tokens").json()["items"][0]["id"],
        "user_id": owner,
        "webhook_id": webhook.id,
        "delivery_id": delivery.id,
        "invitation_id": code.id,
        "session_id": browser.id,
    }


def test_another_team_finds_nothing(member: TestClient, stranger: TestClient, ids: dict[str, str]) -> None:
    for method, path in routes():
        if "{" in path and path not in EVERYBODYS:
            answer = stranger.request(method, filled(path, **ids), json={} if method == "PATCH" else None)
            assert answer.status_code == 404, (method, path, answer.text)
            assert answer.json()["status"] == 404
    for path in ("/api/concepts", "/api/generations", "/api/jobs"):
        assert stranger.get(path).json()["items"] == []
        assert len(member.get(path).json()["items"]) >= 1


def test_its_own_team_finds_everything(administrator: TestClient, ids: dict[str, str]) -> None:
    for method, path in routes():
        if method == "GET" and "{" in path and not path.endswith(("/events", "/embedding")):
            assert administrator.get(filled(path, **ids)).status_code == 200, path


def test_a_viewer_changes_nothing(viewer: TestClient) -> None:
    for method, path in routes():
        if method == "GET" or (method, path) in OPEN | VIEWERS_MAY_WRITE:
            continue
        answer = viewer.request(method, filled(path), json={})
        assert answer.status_code == 403, (method, path, answer.text)


def test_a_sign_in_code_works_once_and_sets_a_cookie_that_scripts_cannot_read(anonymous: TestClient, code: str) -> None:
    answer = anonymous.post("/api/session", json={"code": code})
    assert answer.status_code == 204
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "samesite=lax" in answer.headers["set-cookie"].lower()
    assert anonymous.get("/api/me").json()["role"] == "admin"
    assert anonymous.post("/api/session", json={"code": code}).status_code == 401
    assert anonymous.delete("/api/session").status_code == 204
    assert anonymous.get("/api/me").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://localhost:9999"},
        {"Origin": "https://localhost:8000"},  # the same name with another scheme
        {"Origin": "localhost:8000"},
        {"Origin": ""},
    ],
)
def test_another_site_cannot_use_the_cookie(anonymous: TestClient, code: str, headers: dict[str, str]) -> None:
    anonymous.post("/api/session", json={"code": code})
    answer = anonymous.post("/api/tokens", json={"name": "stolen"}, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/origin"


def test_our_own_page_can(anonymous: TestClient, code: str) -> None:
    anonymous.post("/api/session", json={"code": code})
    own = {"Origin": "http://localhost:8000", "Sec-Fetch-Site": "same-origin"}
    assert anonymous.post("/api/tokens", json={"name": "mine"}, headers=own).status_code == 201


def test_a_name_that_was_rebound_to_us_is_not_answered(anonymous: TestClient) -> None:
    answer = anonymous.get("/healthz", headers={"Host": "evil.example"})
    assert answer.json()["type"] == "/problems/unknown-host"


def test_a_body_that_is_too_large_is_refused_before_it_is_read(member: TestClient) -> None:
    answer = member.post("/api/tokenize", content=b"", headers={"Content-Length": "999999999"})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/api/nothing", 404), ("PUT", "/api/concepts", 405), ("GET", "/v1/x", 404)]
)
def test_every_error_is_a_problem(member: TestClient, method: str, path: str, status: int) -> None:
    answer = member.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) >= {"type", "title", "status", "detail"}


def test_a_value_of_the_wrong_type_names_its_field(member: TestClient) -> None:
    answer = member.post("/api/generations", json={"prompt": "x", "count": "many"})
    assert (answer.status_code, answer.json()["field"]) == (422, "count")


def test_guessing_sign_in_codes_is_stopped(anonymous: TestClient) -> None:
    answers = [anonymous.post("/api/session", json={"code": "guess"}).status_code for _ in range(21)]
    assert set(answers[:20]) == {401}
    assert answers[20] == 429
