"""Who may come in: signing in, other sites, other names. `test_every_route.py` walks every route."""

import pytest
from fastapi.testclient import TestClient

from app.accounts import service as accounts
from app.services import Services


@pytest.fixture
def code(services: Services) -> str:
    with services.database.transaction() as session:
        user, team = accounts.first_administrator(session)
        return accounts.sign_in_link(session, services.settings, user.id, team.id).split("#")[1]


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
