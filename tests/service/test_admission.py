"""Bodies that are not read: of strangers, of people who may not, and of more bytes than an address takes."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import update
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.accounts import principal
from app.accounts.models import BrowserSession, Token
from app.accounts.throttle import GUESSES
from app.core import database
from app.core.database import utc_now
from app.core.settings import Settings
from app.services import Services
from app.web.admission import JSON_BYTES_MAX, PUBLIC_BYTES_MAX
from app.web.bounded_bodies import BoundedRoute
from tests.support import principals
from tests.support.asgi import Answer, send
from tests.support.http import OPEN, every_route, filled
from tests.support.pictures import photos
from tests.support.principals import client_of
from tests.support.waiting import until

MEGABYTE = b" " * 1_000_000
FORM = "multipart/form-data; boundary=x"


def megabytes(count: int) -> Iterator[bytes]:
    """A body without an end that anybody waits for."""
    for _ in range(count):
        yield MEGABYTE


def attack(client: TestClient, method: str, path: str, content_type: str, **headers: str) -> Answer:
    """A body of 30 MB whose size is not announced."""
    headers |= {"Content-Type": content_type, "Transfer-Encoding": "chunked"}
    if "authorization" in client.headers:
        headers["Authorization"] = client.headers["authorization"]
    return send(client.app, method, path, headers, megabytes(30))


def writing(client: TestClient) -> list[tuple[str, str]]:
    """Every endpoint that may take a body, by method and path."""
    paths = client.get("/openapi.json").json()["paths"]
    every = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    return sorted((method, path) for method, path in every - OPEN if method != "GET")


@pytest.mark.parametrize("content_type", ["application/json", FORM, "text/plain"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer garbage"}, {"Cookie": "oneword_session=garbage"}])
def test_nothing_of_a_strangers_body_is_read_at_any_address(
    anonymous: TestClient, content_type: str, headers: dict[str, str]
) -> None:
    for method, path in [*writing(anonymous), ("GET", "/api/me")]:
        answer = attack(anonymous, method, filled(path), content_type, **headers)
        assert (answer.status, answer.bytes_read) == (401, 0), (method, path)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == "Bearer"
        assert ("error" in answer.json()) == path.startswith(("/v1/", "/sdapi/"))


def test_nothing_of_a_body_is_read_at_an_address_that_does_not_exist(anonymous: TestClient) -> None:
    for path in ("/api/nothing", "/v1/nothing", "/mcp/nothing"):
        answer = attack(anonymous, "POST", path, "application/json")
        assert (answer.status, answer.bytes_read) == (404, 0), path


def test_an_announced_body_of_a_stranger_is_not_read_either(anonymous: TestClient) -> None:
    headers = {"Content-Type": "application/json", "Content-Length": "30000000"}
    answer = send(anonymous.app, "POST", "/api/generations", headers, megabytes(30))
    assert (answer.status, answer.bytes_read) == (401, 0)


@pytest.mark.parametrize("content_type", ["application/json", FORM])
def test_nothing_of_a_viewers_body_is_read_where_a_member_is_needed(viewer: TestClient, content_type: str) -> None:
    for path in ("/api/concepts", "/api/concepts/import", "/api/generations", "/api/pictures/check", "/api/members"):
        answer = attack(viewer, "POST", path, content_type)
        assert (answer.status, answer.bytes_read, answer.json()["type"]) == (403, 0, "/problems/forbidden"), path


@pytest.mark.parametrize("content_type", ["application/json", "application/ld+json", "text/plain", "", FORM])
def test_json_is_read_to_one_megabyte_and_an_unknown_type_too(member: TestClient, content_type: str) -> None:
    answer = attack(member, "POST", "/api/tokens", content_type)
    assert (answer.status, answer.json()["type"]) == (413, "/problems/too-large")
    assert "larger than 1 MB" in answer.json()["detail"]
    assert answer.bytes_read <= JSON_BYTES_MAX + len(MEGABYTE)


def test_an_address_of_pictures_takes_a_megabyte_of_json_beside_them(member: TestClient) -> None:
    for path in ("/api/generations", "/api/concepts", "/sdapi/v1/img2img", "/sdapi/v1/png-info"):
        answer = attack(member, "POST", path, "application/json")
        assert (answer.status, answer.bytes_read <= 3 * len(MEGABYTE)) == (413, True), path


@pytest.mark.parametrize("content_type", ["application/ld+json", "text/plain", "image/png", ""])
def test_an_address_of_pictures_says_what_it_takes_and_reads_nothing_else(
    member: TestClient, content_type: str
) -> None:
    for path in ("/api/generations", "/api/concepts", "/api/pictures/check", "/api/uploads"):
        answer = attack(member, "POST", path, content_type)
        assert (answer.status, answer.bytes_read, answer.json()["field"]) == (422, 0, "Content-Type"), path
        assert "multipart/form-data" in answer.json()["detail"]
        assert "application/json" in answer.json()["detail"]


def test_a_body_that_is_announced_as_too_large_is_not_begun(member: TestClient) -> None:
    headers = {"Content-Length": str(JSON_BYTES_MAX + 1), "Content-Type": "application/json"}
    headers["Authorization"] = member.headers["authorization"]
    answer = send(member.app, "POST", "/v1/images/generations", headers, megabytes(2))
    assert (answer.status, answer.bytes_read) == (413, 0)
    assert answer.json()["error"]["code"] == "too-large"


def test_the_public_address_of_sign_in_takes_a_few_kilobytes(anonymous: TestClient) -> None:
    answer = attack(anonymous, "POST", "/api/session", "application/json")
    assert (answer.status, answer.bytes_read <= len(MEGABYTE)) == (413, True)
    assert anonymous.post("/api/session", json={"code": "x" * (PUBLIC_BYTES_MAX - 100)}).status_code == 422
    assert anonymous.post("/api/session", json={"code": "x" * PUBLIC_BYTES_MAX}).status_code == 413


def test_pictures_of_more_than_a_megabyte_are_read(member: TestClient) -> None:
    large = ("large.jpg", b"no picture" * 200_000, "image/jpeg")
    checked = member.post("/api/pictures/check", files=[*photos(), ("images", large)]).json()
    assert [picture["problem"] is None for picture in checked["pictures"]] == [True] * len(photos()) + [False]


def test_a_person_is_looked_up_once_for_a_request_and_not_in_the_event_loop(
    member: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []
    look_up = principal.by_token

    def counted(*arguments: Any) -> Any:
        threads.append(threading.current_thread())
        return look_up(*arguments)

    monkeypatch.setattr(principal, "by_token", counted)
    assert member.post("/api/generations", json={"prompt": "x", "count": 1}).status_code == 202
    assert [thread.name for thread in threads] == ["AnyIO worker thread"]
    assert member.get("/healthz").status_code == 200
    assert member.get("/openapi.json").status_code == 200
    assert len(threads) == 1


def test_guessing_tokens_stops_costing_the_database_and_does_not_lock_out_who_shares_the_address(
    member: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert member.get("/api/me").status_code == 200
    looked_up = 0
    look_up = principal.by_token

    def counted(*arguments: Any) -> Any:
        nonlocal looked_up
        looked_up += 1
        return look_up(*arguments)

    monkeypatch.setattr(principal, "by_token", counted)
    for number in range(GUESSES.amount + 5):
        answer = member.get("/api/me", headers={"Authorization": f"Bearer guess-{number}"})
        assert answer.status_code == (401 if number < GUESSES.amount else 429)
    assert looked_up == GUESSES.amount
    assert answer.json()["type"] == "/problems/too-many-guesses"
    assert int(answer.headers["retry-after"]) >= 1
    assert member.get("/api/me").status_code == 200
    expired = {"Authorization": "Bearer expired"}
    assert member.post("/api/session", json={"code": "guess"}, headers=expired).status_code == 401


@pytest.mark.parametrize(("garbage", "good"), [("token", "cookie"), ("cookie", "token")])
def test_unknown_credentials_of_one_kind_refuse_none_of_the_other(
    anonymous: TestClient, services: Services, garbage: str, good: str
) -> None:
    sent = {"token": {"Authorization": "Bearer x"}, "cookie": {"Cookie": "oneword_session=x"}}[garbage]
    for _ in range(GUESSES.amount):
        assert anonymous.get("/api/me", headers=sent).status_code == 401
    refused = anonymous.get("/api/me", headers=sent)
    assert (refused.status_code, garbage in refused.json()["detail"]) == (429, True)
    make = {"token": principals.token, "cookie": principals.browser}[good]
    unseen = make(services, *principals.person(services, "member"))
    assert anonymous.get("/api/me", headers=unseen).status_code == 200


def test_who_has_just_signed_in_is_let_in_however_much_the_address_guesses(
    anonymous: TestClient, services: Services
) -> None:
    for _ in range(GUESSES.amount):
        anonymous.get("/api/me", headers={"Cookie": "oneword_session=x"})
    browser = client_of(anonymous, {})
    code = principals.code(services, *principals.person(services, "member"))
    assert browser.post("/api/session", json={"code": code}).status_code == 204
    assert browser.get("/api/me").status_code == 200


class TestWhileAnotherWrites:
    """SQLite has one writer at a time. Looking a person up must not wait for it."""

    @pytest.fixture
    def settings(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
        monkeypatch.setattr(database, "SQLITE_BUSY_SECONDS", 1000)  # who waits for a writer waits for ever
        return settings

    @pytest.mark.parametrize("kind", [principals.token, principals.browser])
    def test_people_are_signed_in(self, anonymous: TestClient, services: Services, kind: Any) -> None:
        person = principals.person(services, "member")
        headers = kind(services, *person)
        with services.database.transaction() as session:
            session.execute(update(BrowserSession).values(last_used_at=utc_now() - timedelta(hours=2)))
        with ThreadPoolExecutor(1) as pool:
            with services.database.transaction() as session:
                session.execute(update(Token).values(name="x"))
                answered = pool.submit(anonymous.get, "/api/me", headers=headers)
                until(answered.done, "an answer while another transaction writes")
            assert answered.result().status_code == 200
        anonymous.get("/api/me", headers=headers)
        with services.database.reading() as session:
            rows = session.query(Token if kind is principals.token else BrowserSession).filter_by(user_id=person[0])
            assert rows.one().last_used_at > utc_now() - timedelta(hours=1), "stored by the next request"

    def test_a_transaction_after_a_brief_one_waits_as_long_as_before(self, services: Services) -> None:
        with services.database.brief_transaction() as session:
            session.execute(update(Token).values(name="x"))
        with services.database.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 1000 * 1000


def test_a_pool_without_connections_is_a_503(member: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: Any) -> None:
        raise PoolTimeout("QueuePool limit reached")

    monkeypatch.setattr(principal, "by_token", none_left)
    answer = member.get("/api/me")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/database-unreachable")
    assert int(answer.headers["retry-after"]) >= 1


def test_every_thread_that_may_ask_the_database_has_a_connection(services: Services) -> None:
    with ExitStack() as stack:
        for _ in range(40 + 8):  # AnyIO's threads for endpoints, and those that look people up
            stack.enter_context(services.database.reading())


def test_every_endpoint_with_a_body_reads_it_within_bounds(anonymous: TestClient) -> None:
    unbounded = [route.path for route in every_route(anonymous.app) if has_body(route) and not bounded(route)]  # type: ignore[arg-type]
    assert unbounded == []


def has_body(route: APIRoute) -> bool:
    return route.body_field is not None


def bounded(route: APIRoute) -> bool:
    return isinstance(route, BoundedRoute)
