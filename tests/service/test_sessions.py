"""Signing in and out: links that ask first, sessions that slide, and what ends them."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update

from app.accounts import service as accounts
from app.accounts.models import BrowserSession, SignInCode, Token
from app.accounts.principal import COOKIE, by_cookie
from app.accounts.user_agents import shortened
from app.core.database import utc_now
from app.retention.service import tidy
from app.services import Services
from tests.support import principals
from tests.support.http import refused
from tests.support.principals import client_of

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def ada(services: Services) -> tuple[str, str]:
    return principals.person(services, "member", name="Ada")


@pytest.fixture
def browser(anonymous: TestClient) -> TestClient:
    """A browser in which nobody is signed in yet."""
    return client_of(anonymous, {"User-Agent": FIREFOX})


def rows(services: Services) -> dict[str, int]:
    with services.database.reading() as session:
        return {
            table.__tablename__: session.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (BrowserSession, SignInCode, Token)
        }


def age(services: Services, by: timedelta) -> None:
    """Make every session older: created, used and expiring earlier."""
    with services.database.transaction() as session:
        for each in session.scalars(select(BrowserSession)):
            each.created_at, each.last_used_at = each.created_at - by, each.last_used_at - by
            each.expires_at = each.expires_at - by


# --- A link asks first ------------------------------------------------------------------------------------------------


def test_a_link_tells_whom_it_signs_in_and_is_not_used_by_that(
    browser: TestClient, services: Services, ada: tuple[str, str]
) -> None:
    code = principals.code(services, *ada)
    shown = [browser.post("/api/session/preview", json={"code": code}) for _ in range(2)]
    assert [answer.status_code for answer in shown] == [200, 200]
    assert (shown[0].json()["user"]["name"], shown[0].json()["team"]["name"]) == ("Ada", "Studio")
    assert (shown[0].json()["role"], shown[0].json()["signed_in"]) == ("member", None)
    assert not browser.cookies
    assert browser.post("/api/session", json={"code": code}).status_code == 204


@pytest.mark.parametrize("path", ["/api/session", "/api/session/preview"])
def test_a_link_says_why_it_signs_nobody_in(
    browser: TestClient, services: Services, ada: tuple[str, str], path: str
) -> None:
    used, late, revoked = (principals.code(services, *ada) for _ in range(3))
    browser.post("/api/session", json={"code": used})
    with services.database.transaction() as session:
        hash_ = accounts.hash_of(late)
        session.execute(update(SignInCode).where(SignInCode.hash == hash_).values(expires_at=utc_now()))
        session.delete(session.get_one(SignInCode, accounts.hash_of(revoked)))
    for code, says in ((used, "was used already"), (late, "has expired"), (revoked, "is not valid")):
        refused(browser.post(path, json={"code": code}), None, says, "ask an administrator", status=401)


def test_a_link_says_who_is_signed_in_already(browser: TestClient, services: Services, ada: tuple[str, str]) -> None:
    grace = principals.person(services, "viewer", name="Grace")
    browser.post("/api/session", json={"code": principals.code(services, *ada)})
    shown = browser.post("/api/session/preview", json={"code": principals.code(services, *grace)}).json()
    assert (shown["user"]["name"], shown["signed_in"]["name"]) == ("Grace", "Ada")


def test_looking_at_links_is_counted_with_signing_in(browser: TestClient) -> None:
    answers = [browser.post("/api/session/preview", json={"code": "guess"}).status_code for _ in range(20)]
    assert set(answers) == {401}
    assert browser.post("/api/session", json={"code": "guess"}).status_code == 429


# --- Signing in and out -----------------------------------------------------------------------------------------------


def test_signing_in_ends_the_session_that_the_browser_had(
    anonymous: TestClient, services: Services, browser: TestClient, ada: tuple[str, str]
) -> None:
    grace = principals.person(services, "viewer", name="Grace")
    browser.post("/api/session", json={"code": principals.code(services, *ada)})
    old = client_of(anonymous, {"Cookie": f"{COOKIE}={browser.cookies[COOKIE]}"})
    assert old.get("/api/me").json()["user"]["name"] == "Ada"
    assert browser.post("/api/session", json={"code": "guess"}).status_code == 401
    assert old.get("/api/me").status_code == 200  # a link that signs nobody in ends nothing
    browser.post("/api/session", json={"code": principals.code(services, *grace)})
    assert browser.get("/api/me").json()["user"]["name"] == "Grace"
    assert old.get("/api/me").status_code == 401


def test_signing_out_by_a_token_says_that_a_token_has_no_session(member: TestClient) -> None:
    (token,) = member.get("/api/tokens").json()["items"]
    answer = member.delete("/api/session")
    refused(answer, None, "has no session", f"DELETE /api/tokens/{token['id']}", status=409, code="no-session")
    assert member.get("/api/me").status_code == 200


def test_a_person_sees_her_sessions_and_ends_them(
    anonymous: TestClient, services: Services, browser: TestClient, ada: tuple[str, str]
) -> None:
    browser.post("/api/session", json={"code": principals.code(services, *ada)})
    others = [client_of(anonymous, principals.browser(services, *ada)) for _ in range(3)]
    other_person = client_of(anonymous, principals.browser(services, *principals.person(services, "member")))
    listed = browser.get("/api/sessions").json()["items"]
    assert [each["user_agent"] for each in listed if each["current"]] == ["Firefox on Linux"]
    assert [each["current"] for each in listed].count(False) == 3
    ended = next(each["id"] for each in others[0].get("/api/sessions").json()["items"] if each["current"])
    assert other_person.delete(f"/api/sessions/{ended}").status_code == 404
    assert browser.delete(f"/api/sessions/{ended}").status_code == 204
    assert [client.get("/api/me").status_code for client in others] == [401, 200, 200]
    assert browser.delete("/api/sessions").status_code == 204
    assert [client.get("/api/me").status_code for client in (*others, browser)] == [401, 401, 401, 200]
    assert other_person.get("/api/me").status_code == 200
    current = browser.get("/api/sessions").json()["items"][0]["id"]
    assert 'oneword_session=""' in browser.delete(f"/api/sessions/{current}").headers["set-cookie"]
    assert browser.get("/api/me").status_code == 401


def test_a_person_has_only_so_many_sessions_and_the_least_used_ends_first(
    services: Services, anonymous: TestClient, ada: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "SESSIONS_MAX", 2)
    browsers = [client_of(anonymous, principals.browser(services, *ada)) for _ in range(3)]
    assert [client.get("/api/me").status_code for client in browsers] == [401, 200, 200]


# --- Sessions slide ---------------------------------------------------------------------------------------------------


def test_a_session_that_is_used_does_not_expire_and_its_cookie_is_set_again(
    anonymous: TestClient, services: Services, ada: tuple[str, str]
) -> None:
    client = client_of(anonymous, principals.browser(services, *ada))
    for _ in range(4):
        age(services, timedelta(days=20))  # a session that nobody uses lasts 30 days
        answer = client.get("/api/me")
        assert answer.status_code == 200
        assert re.search(r"Max-Age=(2592000|2591999)", answer.headers["set-cookie"])
        assert "HttpOnly" in answer.headers["set-cookie"]
    age(services, timedelta(days=31))
    assert client.get("/api/me").status_code == 401


def test_a_session_is_renewed_at_most_once_an_hour(
    anonymous: TestClient, services: Services, ada: tuple[str, str]
) -> None:
    client = client_of(anonymous, principals.browser(services, *ada))
    renewed: list[bool] = []
    for minutes in (0, 59, 2, 0):
        age(services, timedelta(minutes=minutes))
        renewed.append("set-cookie" in client.get("/api/me").headers)
    assert renewed == [False, False, True, False]


def test_a_session_ends_after_a_year_however_often_it_is_used(
    anonymous: TestClient, services: Services, ada: tuple[str, str]
) -> None:
    client = client_of(anonymous, principals.browser(services, *ada))
    for _ in range(18):
        age(services, timedelta(days=20))
        assert client.get("/api/me").status_code == 200
    age(services, timedelta(days=6))
    assert client.get("/api/me").status_code == 401


def test_every_kind_of_answer_carries_the_renewed_cookie_but_not_the_answer_that_signs_out(
    anonymous: TestClient, services: Services, ada: tuple[str, str]
) -> None:
    client = client_of(anonymous, principals.browser(services, *ada))
    for send in (
        lambda: client.get("/api/lessons/king-purr/pictures/1"),
        lambda: client.get("/api/concepts/nothing"),
        lambda: client.post("/api/generations", json={"prompt": 1}),
    ):
        age(services, timedelta(hours=2))
        assert "Max-Age=2" in send().headers["set-cookie"], send
    age(services, timedelta(hours=2))
    assert "Max-Age=0" in client.delete("/api/session").headers["set-cookie"]


def test_a_token_beside_a_cookie_renews_no_cookie(
    anonymous: TestClient, services: Services, ada: tuple[str, str]
) -> None:
    headers = principals.browser(services, *ada) | principals.token(services, *ada)
    age(services, timedelta(hours=2))
    assert "set-cookie" not in client_of(anonymous, headers).get("/api/me").headers


def test_a_short_session_is_renewed_before_it_expires(services: Services, ada: tuple[str, str]) -> None:
    cookie = principals.browser(services, *ada)["Cookie"].partition("=")[2]
    age(services, timedelta(minutes=6))
    person = by_cookie(services.database, cookie, session_days=10 / 1440)
    assert person is not None
    assert person.renewed


# --- What has expired goes --------------------------------------------------------------------------------------------


def test_the_sweep_removes_expired_sessions_links_and_tokens_and_nothing_else(
    services: Services, ada: tuple[str, str]
) -> None:
    def make() -> None:
        principals.browser(services, *ada)
        principals.code(services, *ada)
        principals.token(services, *ada)

    make()
    with services.database.transaction() as session:
        for table in (BrowserSession, SignInCode, Token):
            session.execute(update(table).values(expires_at=utc_now() - timedelta(seconds=1)))
    make()
    before = rows(services)
    tidy(services.database, services.settings)
    after = rows(services)
    assert {name: before[name] - after[name] for name in before} == {
        "browser_sessions": 1, "sign_in_codes": 2, "tokens": 1
    }  # fmt: skip
    assert after == {"browser_sessions": 1, "sign_in_codes": 2, "tokens": 1}


# --- What is kept of a browser ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "text"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/143.0 Safari/537.36 Edg/143.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/143.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5.0", ""),
        ("<script>" * 1000, ""),
    ],
)
def test_a_browser_is_named_without_its_own_words(header: str, text: str) -> None:
    assert shortened(header) == text
